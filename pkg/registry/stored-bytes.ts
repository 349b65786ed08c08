// Whether a stored object is too large for etcd: custom resources are JSON there, all others protobuf.
import { mostStoredBytes } from '../api/conform.ts'
import { textOf } from '../api/object-text.ts'
import type { AnyObject } from '../api/object.ts'
import type { Schema } from '../api/schema.ts'
import type { Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'
import type { Definition } from './definition.ts'

/** Of a character, as JavaScript counts them. */
const mostBytesOfOne = 3

/** `text` is its JSON. */
export function* exceedsStorage({ schema }: Definition, object: AnyObject, text: string): Parts<boolean> {
  if (text.length * mostBytesOfOne <= mostStoredBytes || Buffer.byteLength(text) <= mostStoredBytes) return false
  if (schema.goName === undefined) return true
  return (yield* messageParts(object, schema)) > mostStoredBytes
}

const stride = 256

/** Like `messageBytes`; it stops when it is too much. */
function* messageParts(value: unknown, schema: Schema): Parts<number> {
  if (!isHeavy(value) || (schema.type !== 'list' && schema.type !== 'map' && schema.type !== 'object')) return messageBytes(value, schema)
  let sum = 0
  let count = 0
  const list = schema.type === 'list' ? (value as readonly unknown[]).keys() : membersOf(value as object)
  for (const key of list) {
    const member = (value as Record<string | number, unknown>)[key]
    const inner = schema.type === 'list' ? schema.items : schema.type === 'map' ? schema.values : schema.fields.get(key as string)?.schema
    if (inner && member !== undefined && member !== null) sum += framedIn(schema, key, inner, member, isHeavy(member) ? yield* messageParts(member, inner) : messageBytes(member, inner))
    if (sum > mostStoredBytes) break
    if (++count % stride === 0) yield
  }
  return sum
}

function* membersOf(object: object): Generator<string> {
  for (const key in object) yield key
}

/** A tag and a length, of fields whose number is small. */
const framed = (length: number): number => 2 + (length > 127 ? 1 : 0) + (length > 16_383 ? 1 : 0) + length

/** With what stands around a member of a list, map or object. */
function framedIn(schema: Schema, key: string | number, inner: Schema, member: unknown, bytes: number): number {
  if (schema.type === 'map') return framed(framed(Buffer.byteLength(key as string)) + framed(bytes))
  if (schema.type === 'list') return framed(bytes)
  return inner.type === 'list' || inner.type === 'map' || typeof member === 'number' ? bytes : framed(bytes)
}

function messageBytes(value: unknown, schema: Schema): number {
  switch (schema.type) {
    case 'scalar': return schema.format === 'bytes' && typeof value === 'string' ? Math.floor(value.length * 3 / 4) : scalarBytes(value)
    // Such parts are JSON within the message.
    case 'any': return Buffer.byteLength(textOf(value) ?? '')
    case 'list': return (value as readonly unknown[]).reduce<number>((sum, item, index) => sum + framedIn(schema, index, schema.items, item, messageBytes(item, schema.items)), 0)
    case 'map': case 'object': {
      let sum = 0
      for (const key in value as object) {
        const inner = schema.type === 'map' ? schema.values : schema.fields.get(key)?.schema
        const member = (value as Record<string, unknown>)[key]
        if (inner && member !== undefined && member !== null) sum += framedIn(schema, key, inner, member, messageBytes(member, inner))
      }
      return sum
    }
  }
}

const scalarBytes = (value: unknown): number => (typeof value === 'string' ? Buffer.byteLength(value) : typeof value === 'boolean' ? 1 : 4)
