// How large a stored object is to etcd, which bounds it: custom resources are JSON there, all others protobuf.
import type { JsonObject } from '../api/json.ts'
import type { AnyObject } from '../api/object.ts'
import type { Schema } from '../api/schema.ts'
import { StatusError } from '../api/status-error.ts'
import type { Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'
import type { Definition } from './definition.ts'

/** Etcd takes no more of one object. */
const mostBytes = 1.5 * 1024 * 1024

/** Refuses what is too large. `text` is its JSON. */
export function* checkSize({ schema }: Definition, object: AnyObject, text: string): Parts<void> {
  refuse(schema.goName === undefined ? Buffer.byteLength(text) : yield* messageParts(object, schema, Infinity))
}

/** Refuses what is too large even if its texts were short: those cost nobody much, and many kinds have bounds of their own for them. */
export function* checkStructure({ schema }: Definition, object: AnyObject): Parts<void> {
  refuse(schema.goName === undefined ? yield* jsonParts(object, shortText) : yield* messageParts(object, schema, shortText))
}

const shortText = 64

function refuse(bytes: number): void {
  if (bytes > mostBytes) throw new StatusError(500, '', 'etcdserver: request is too large')
}

const stride = 128

const isLarge = (value: unknown): value is object => typeof value === 'object' && value !== null && isHeavy(value)

/** A tag and a length, of fields whose number is small. */
const framed = (length: number): number => 2 + (length > 127 ? 1 : 0) + (length > 16_383 ? 1 : 0) + length

const textBytes = (text: string, most: number): number => Math.min(text.length > most ? most : Buffer.byteLength(text), most)

const scalarBytes = (value: unknown, most: number): number => (typeof value === 'string' ? textBytes(value, most) : typeof value === 'boolean' ? 1 : 4)

/** Of a field's own tags, where it has some: the items of lists and maps have theirs. */
const inField = (schema: Schema, member: unknown, bytes: number): number =>
  (schema.type === 'list' || schema.type === 'map' || typeof member === 'number' ? bytes : framed(bytes))

const mapEntry = (key: string, bytes: number): number => framed(framed(Buffer.byteLength(key)) + framed(bytes))

function messageBytes(value: unknown, schema: Schema, most: number): number {
  if (value === undefined || value === null) return 0
  switch (schema.type) {
    case 'scalar': return schema.format === 'bytes' && typeof value === 'string' ? Math.min(Math.floor(value.length * 3 / 4), most) : scalarBytes(value, most)
    // Such parts are JSON within the message.
    case 'any': return jsonBytes(value, most)
    case 'list': return (value as readonly unknown[]).reduce<number>((sum, item) => sum + framed(messageBytes(item, schema.items, most)), 0)
    case 'map': {
      let sum = 0
      for (const key in value as object) sum += mapEntry(key, messageBytes((value as JsonObject)[key], schema.values, most))
      return sum
    }
    case 'object': {
      let sum = 0
      for (const key in value as object) {
        const field = schema.fields.get(key)
        const member = (value as JsonObject)[key]
        if (field && member !== undefined && member !== null) sum += inField(field.schema, member, messageBytes(member, field.schema, most))
      }
      return sum
    }
  }
}

/** The same of what is large. */
function* messageParts(value: unknown, schema: Schema, most: number): Parts<number> {
  if (!isLarge(value)) return messageBytes(value, schema, most)
  if (schema.type === 'any' || schema.type === 'scalar') return yield* jsonParts(value, most)
  let sum = 0
  let count = 0
  if (schema.type === 'list') {
    for (const item of value as readonly unknown[]) {
      sum += framed(isLarge(item) ? yield* messageParts(item, schema.items, most) : messageBytes(item, schema.items, most))
      if (++count % stride === 0) yield
    }
    return sum
  }
  for (const key in value) {
    if (++count % stride === 0) yield
    const member = (value as JsonObject)[key]
    if (schema.type === 'map') sum += mapEntry(key, isLarge(member) ? yield* messageParts(member, schema.values, most) : messageBytes(member, schema.values, most))
    else {
      const field = schema.fields.get(key)
      if (field && member !== undefined && member !== null) sum += inField(field.schema, member, yield* messageParts(member, field.schema, most))
    }
  }
  return sum
}

/** At least: what must be escaped in a text is longer. */
function jsonBytes(value: unknown, most: number): number {
  if (typeof value === 'string') return textBytes(value, most) + 2
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' ? 4 : value === undefined ? 0 : String(value).length
  let sum = 1
  if (Array.isArray(value)) for (const item of value) sum += memberBytes(0, jsonBytes(item, most))
  else for (const key in value) sum += memberBytes(Buffer.byteLength(key) + 3, jsonBytes((value as JsonObject)[key], most))
  return sum
}

/** With its comma, of which there is one less, as there is one bracket more. */
const memberBytes = (name: number, bytes: number): number => (bytes === 0 ? 0 : name + bytes + 1)

function* jsonParts(value: unknown, most: number): Parts<number> {
  if (!isLarge(value)) return jsonBytes(value, most)
  let sum = 1
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) {
      sum += memberBytes(0, isLarge(item) ? yield* jsonParts(item, most) : jsonBytes(item, most))
      if (++count % stride === 0) yield
    }
    return sum
  }
  for (const key in value) {
    const member = (value as JsonObject)[key]
    sum += memberBytes(Buffer.byteLength(key) + 3, isLarge(member) ? yield* jsonParts(member, most) : jsonBytes(member, most))
    if (++count % stride === 0) yield
  }
  return sum
}
