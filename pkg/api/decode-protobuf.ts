// Protobuf bodies to plain JSON, driven by the schema table. Clients send them for typed objects and DeleteOptions; nothing is ever encoded.
import { leastBytes, mostStoredBytes } from './conform.ts'
import { formatGoDuration } from './go-duration.ts'
import { setKey } from './json.ts'
import type { JsonObject } from './json.ts'
import { checkMembers } from './members.ts'
import { ProtobufError, WireReader, wire } from './protobuf-wire.ts'
import { definitionNamed } from './schema-table.ts'
import type { AnySchema, Field, ObjectSchema, ScalarSchema, Schema } from './schema.ts'
import { entityTooLarge } from './status-error.ts'
import { formatMicroTime, formatTime } from './times.ts'
import type { Parts } from '../util/slices.ts'

export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  readonly message: Uint8Array
}

const magic = [0x6b, 0x38, 0x73, 0x00]

/** Takes a body apart: `k8s\0`, then the type's name and the bytes of the message. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new ProtobufError('empty data')
  if (magic.some((byte, index) => bytes[index] !== byte)) throw new ProtobufError(`provided data does not appear to be a protobuf message, expected prefix [${magic.join(' ')}]`)
  if (bytes.length === magic.length) throw new ProtobufError('empty body')
  const envelope = { apiVersion: '', kind: '', message: new Uint8Array() }
  const reader = new WireReader(bytes, magic.length)
  while (reader.next()) {
    if (reader.number === 1) readTypeMeta(reader.message(), envelope)
    else if (reader.number === 2) envelope.message = new Uint8Array(reader.bytes())
    else reader.skip()
  }
  return envelope
}

function readTypeMeta(reader: WireReader, into: { apiVersion: string; kind: string }): void {
  while (reader.next()) {
    if (reader.number === 1) into.apiVersion = reader.string()
    else if (reader.number === 2) into.kind = reader.string()
    else reader.skip()
  }
}

export function decodeMessage(bytes: Uint8Array, schema: ObjectSchema): JsonObject {
  return readObject(new WireReader(bytes), schema, {})
}

/** The same in parts, for long messages; fails with 413 where they stand for more than could ever be stored. */
export function* decodeMessageParts(bytes: Uint8Array, schema: ObjectSchema): Parts<JsonObject> {
  return yield* readLong(new WireReader(bytes), schema, {}, { left: mostStoredBytes })
}

/** Shorter messages within are read in one go, so many of them at once. */
const longBytes = 16 * 1024
const stride = 128

function* readLong(reader: WireReader, schema: ObjectSchema, target: JsonObject, room: { left: number }): Parts<JsonObject> {
  const byNumber = slotsOf(schema)
  const sizes = new Map<Field, number>()
  let count = 0
  while (reader.next()) {
    if (++count % stride === 0) yield
    const slot = byNumber.get(reader.number)
    if (!slot) reader.skip()
    else if ('inline' in slot) yield* readLong(message(reader), slot.inline, target, room)
    else {
      const { name, schema: inner } = slot.field
      const object = inner.type === 'list' ? inner.items : inner
      if (object.type !== 'object') {
        if (inner.type === 'map') {
          const size = (sizes.get(slot.field) ?? 0) + 1
          sizes.set(slot.field, size)
          checkMembers(size)
        }
        readField(reader, slot.field, target)
        continue
      }
      const within = message(reader)
      if ((room.left -= leastBytes(object)) < 0) throw entityTooLarge(mostStoredBytes)
      const value = within.left > longBytes ? yield* readLong(within, object, {}, room) : readObject(within, object, {})
      if (inner.type === 'list') ((target[name] ??= []) as unknown[]).push(value)
      else target[name] = value
    }
  }
  return target
}

type Slot = { readonly field: Field } | { readonly inline: ObjectSchema }

/** Fields of a message by number. Derived from the schema alone. */
const slots = new WeakMap<ObjectSchema, ReadonlyMap<number, Slot>>()

function slotsOf(schema: ObjectSchema): ReadonlyMap<number, Slot> {
  const known = slots.get(schema)
  if (known) return known
  const result = new Map<number, Slot>()
  for (const field of schema.fields.values()) {
    // Fields of an inlined child are the child's own values, numbered within the child.
    const inlined = schema.inlines?.some((inline) => inline.schema.fields.get(field.name) === field)
    if (field.number > 0 && !inlined) result.set(field.number, { field })
  }
  for (const inline of schema.inlines ?? []) result.set(inline.number, { inline: inline.schema })
  slots.set(schema, result)
  return result
}

function readObject(reader: WireReader, schema: ObjectSchema, target: JsonObject): JsonObject {
  const byNumber = slotsOf(schema)
  while (reader.next()) {
    const slot = byNumber.get(reader.number)
    if (!slot) reader.skip()
    else if ('inline' in slot) readObject(message(reader), slot.inline, target)
    else readField(reader, slot.field, target)
  }
  return target
}

function message(reader: WireReader): WireReader {
  reader.expect(wire.bytes)
  return reader.message()
}

function readField(reader: WireReader, field: Field, target: JsonObject): void {
  const { schema } = field
  if (schema.type === 'list') {
    const list = (target[field.name] ??= []) as unknown[]
    if (reader.wireType === wire.bytes && isNumeric(schema.items)) {
      const packed = reader.message()
      while (!packed.done) list.push(readScalarNumber(packed, schema.items as ScalarSchema))
    } else {
      list.push(readValue(reader, schema.items))
    }
  } else if (schema.type === 'map') {
    const map = (target[field.name] ??= {}) as JsonObject
    readEntry(message(reader), schema.values, map)
  } else {
    const value = readValue(reader, schema)
    if (value !== undefined) target[field.name] = value
  }
}

const isNumeric = (schema: Schema): boolean =>
  schema.type === 'scalar' && ['int32', 'int64', 'uint32', 'uint64', 'double', 'boolean'].includes(schema.format)

function readScalarNumber(reader: WireReader, schema: ScalarSchema): number | boolean {
  if (schema.format === 'double') return reader.double()
  return schema.format === 'boolean' ? reader.varint() !== 0n : reader.integer()
}

function readEntry(reader: WireReader, values: Schema, map: JsonObject): void {
  let key = ''
  let value: unknown
  while (reader.next()) {
    if (reader.number === 1) key = reader.string()
    else if (reader.number === 2) value = readValue(reader, values)
    else reader.skip()
  }
  setKey(map, key, value ?? emptyValue(values))
}

function emptyValue(schema: Schema): unknown {
  switch (schema.type) {
    case 'object': case 'map': return {}
    case 'list': return []
    case 'any': return null
    case 'scalar':
      if (schema.format === 'time' || schema.format === 'micro-time') return null
      return schema.format === 'quantity' ? '0' : isNumeric(schema) ? 0 : ''
  }
}

/** undefined stands for a time that is not set. */
function readValue(reader: WireReader, schema: Schema): unknown {
  switch (schema.type) {
    case 'object': return readObject(message(reader), schema, {})
    case 'any': return readAny(message(reader), schema)
    case 'list': return readWrappedList(message(reader), schema.items)
    case 'map': throw new ProtobufError('proto: a map cannot be the value of a field or list')
    case 'scalar': return readScalar(reader, schema)
  }
}

/** A list within a map or list is a message whose field 1 repeats. */
function readWrappedList(reader: WireReader, items: Schema): unknown[] {
  const list: unknown[] = []
  while (reader.next()) {
    if (reader.number === 1) list.push(readValue(reader, items))
    else reader.skip()
  }
  return list
}

function readScalar(reader: WireReader, schema: ScalarSchema): unknown {
  switch (schema.format) {
    case 'boolean': case 'int32': case 'int64': case 'uint32': case 'uint64':
      reader.expect(wire.varint)
      return readScalarNumber(reader, schema)
    case 'double':
      reader.expect(wire.fixed64)
      return reader.double()
    case 'string':
      reader.expect(wire.bytes)
      return reader.string()
    case 'bytes':
      reader.expect(wire.bytes)
      return Buffer.from(reader.bytes()).toString('base64')
    case 'quantity': return readQuantity(message(reader))
    case 'int-or-string': return readIntOrString(message(reader))
    case 'time': case 'micro-time': return readTime(message(reader), schema.format)
    case 'duration': return readDuration(message(reader))
  }
}

function readQuantity(reader: WireReader): string {
  let text = '0'
  while (reader.next()) {
    if (reader.number === 1) text = reader.string()
    else reader.skip()
  }
  return text
}

function readIntOrString(reader: WireReader): number | string {
  let isString = false
  let number = 0
  let text = ''
  while (reader.next()) {
    if (reader.number === 1) isString = reader.varint() === 1n
    else if (reader.number === 2) number = reader.integer()
    else if (reader.number === 3) text = reader.string()
    else reader.skip()
  }
  return isString ? text : number
}

/** Times that a client can mean: years 1 to 9999. */
const firstSecond = -62_135_596_800
const lastSecond = 253_402_300_799

function readTime(reader: WireReader, format: 'time' | 'micro-time'): string | undefined {
  let seconds: number | undefined
  let nanos = 0
  while (reader.next()) {
    if (reader.number === 1) seconds = reader.integer()
    else if (reader.number === 2) nanos = reader.integer()
    else reader.skip()
  }
  if (seconds === undefined || seconds === firstSecond) return undefined
  if (seconds < firstSecond || seconds > lastSecond || nanos < 0 || nanos > 999_999_999) throw new ProtobufError(`proto: time out of range: ${seconds}`)
  if (format === 'time') return formatTime(seconds * 1000)
  const micros = Math.floor(nanos / 1000)
  return formatMicroTime(seconds * 1000 + Math.floor(micros / 1000), micros % 1000)
}

function readDuration(reader: WireReader): string {
  let nanoseconds = 0n
  while (reader.next()) {
    if (reader.number === 1) nanoseconds = BigInt.asIntN(64, reader.varint())
    else reader.skip()
  }
  return formatGoDuration(nanoseconds)
}

function readAny(reader: WireReader, schema: AnySchema): unknown {
  switch (schema.wire) {
    case undefined: case 'raw': case 'json': return readRaw(reader)
    case 'props-or-bool': return readUnion(reader, (number, member) => (number === 1 ? member.varint() !== 0n : readProps(member)))
    case 'props-or-array': return readUnion(reader, (number, member) => (number === 1 ? readProps(member) : undefined), (member) => readProps(member))
    case 'props-or-strings': return readUnion(reader, (number, member) => (number === 1 ? readProps(member) : undefined), (member) => member.string())
  }
}

function readProps(reader: WireReader): JsonObject {
  const schema = definitionNamed('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps')
  if (!schema) throw new Error('schema table: JSONSchemaProps is missing')
  return readObject(message(reader), schema, {})
}

/** A message of which one member is set; member 2 may repeat. The schema wins over `allows: false` beside it. */
function readUnion(reader: WireReader, one: (number: number, reader: WireReader) => unknown, many?: (reader: WireReader) => unknown): unknown {
  let value: unknown
  const list: unknown[] = []
  while (reader.next()) {
    if (reader.number === 2 && many) list.push(many(reader))
    else if (reader.number === 1 || reader.number === 2) value = one(reader.number, reader)
    else reader.skip()
  }
  return many && value === undefined ? list : value
}

function readRaw(reader: WireReader): unknown {
  let value: unknown
  while (reader.next()) {
    if (reader.number !== 1) {
      reader.skip()
      continue
    }
    const text = reader.string()
    if (text === '') continue
    try {
      value = JSON.parse(text)
    } catch (error) {
      if (error instanceof SyntaxError) throw new ProtobufError('expected JSON in an embedded object, found something else')
      throw error
    }
  }
  return value
}
