// How large a stored object is to etcd, which bounds it: custom resources are JSON there, all others protobuf.
import type { AnyObject } from '../api/object.ts'
import type { Schema } from '../api/schema.ts'
import type { Definition } from './definition.ts'

/** `text` is its JSON. */
export const storedBytes = ({ schema }: Definition, object: AnyObject, text: string): number =>
  schema.goName === undefined ? Buffer.byteLength(text) : messageBytes(object, schema)

/** A tag and a length, of fields whose number is small. */
const framed = (length: number): number => 2 + (length > 127 ? 1 : 0) + (length > 16_383 ? 1 : 0) + length

function messageBytes(value: unknown, schema: Schema): number {
  switch (schema.type) {
    case 'scalar': return schema.format === 'bytes' && typeof value === 'string' ? Math.floor(value.length * 3 / 4) : scalarBytes(value)
    // Such parts are JSON within the message.
    case 'any': return Buffer.byteLength(JSON.stringify(value) ?? '')
    case 'list': return (value as readonly unknown[]).reduce<number>((sum, item) => sum + framed(messageBytes(item, schema.items)), 0)
    case 'map': {
      let sum = 0
      for (const key in value as object) sum += framed(framed(Buffer.byteLength(key)) + framed(messageBytes((value as Record<string, unknown>)[key], schema.values)))
      return sum
    }
    case 'object': {
      let sum = 0
      for (const key in value as object) {
        const field = schema.fields.get(key)
        const member = (value as Record<string, unknown>)[key]
        if (!field || member === undefined || member === null) continue
        const bytes = messageBytes(member, field.schema)
        sum += field.schema.type === 'list' || field.schema.type === 'map' || typeof member === 'number' ? bytes : framed(bytes)
      }
      return sum
    }
  }
}

const scalarBytes = (value: unknown): number => (typeof value === 'string' ? Buffer.byteLength(value) : typeof value === 'boolean' ? 1 : 4)
