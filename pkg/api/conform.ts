// Brings a JSON value into the shape of its schema: unknown fields dropped and reported, types checked, values in canonical form.
//
// Types of the built-in table behave as their Go types do when they are read and written back: null is missing, a zero that would
// not be written is dropped, and what is always written (structs, numbers, texts without omitempty) is there. Inside a custom
// resource only unknown fields are dropped; what else is wrong with it is a matter of validation.
import { conformScalar, kindOf } from './conform-scalar.ts'
import { goKind } from './go-print.ts'
import { below as stepBelow, clipped } from './json-text.ts'
import { setKey } from './json.ts'
import type { JsonObject } from './json.ts'
import { definitionNamed, objectMetaSchema } from './schema-table.ts'
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts'

/** A value of the wrong type, in the words of Go's decoder. */
export class DecodingError extends Error {
  override name = 'DecodingError'
  /** In the words of Kubernetes' converter of what is no text any more. */
  readonly converted: string

  constructor(message: string, converted = message) {
    super(message)
    this.converted = converted
  }
}

export interface ConformOptions {
  /** False for partial objects (patches, apply): only what was sent is in the result. Default true. */
  readonly fill?: boolean
}

export interface Conformed {
  /** A new value; nothing of it is shared with the input, except within schemaless parts. */
  readonly object: JsonObject
  /** `spec.foo`, `spec.containers[0].bar`, in the order of the input. */
  readonly unknown: readonly string[]
}

/** Fails with DecodingError. */
export function conform(value: unknown, schema: ObjectSchema, options: ConformOptions = {}): Conformed {
  const walk = newWalk(options)
  const object = schema.goName === undefined ? structuralObject(value, schema, '', walk) : typedObject(value, schema, root, walk)
  return { object: object as JsonObject, unknown: walk.unknown }
}

export interface Walk {
  readonly unknown: string[]
  readonly fill: boolean
  /** Bytes that are left for the object in etcd, if all its texts were empty. Little input may stand for much: what Go always writes is added. */
  left: number
}

/** Etcd takes no more of one object. */
export const mostStoredBytes = 1.5 * 1024 * 1024

export const newWalk = ({ fill = true }: ConformOptions): Walk => ({ unknown: [], fill, left: mostStoredBytes })

/** More than anybody is told of. */
export const mostUnknown = 1000

export function noteUnknown({ unknown }: Walk, place: Place): void {
  if (unknown.length < mostUnknown) unknown.push(pathOf(place))
}

/** Where a value stands. Its texts are only made when there is something to report. */
export interface Place {
  readonly parent?: Place
  /** A field's or member's name, or an index; for a part of a custom resource, the path to it. */
  readonly key: string | number
  /** The struct that holds the field; undefined for members of lists and maps. */
  readonly owner?: string
}

export const root: Place = { key: '' }

/** With indices and members, for unknown fields: `spec.containers[0]`. */
export function pathOf(place: Place): string {
  const head = place.parent ? pathOf(place.parent) : ''
  if (typeof place.key === 'number') return `${head}[${place.key}]`
  return head === '' ? clipped(place.key) : below(head, place.key)
}

/** The path of a member. */
export const below = (path: string, key: string): string => stepBelow(path, `.${key}`)

/** In the words of Go: fields alone, and the innermost struct. */
export function wrongType(value: unknown, what: string, schema: Schema, place: Place): DecodingError {
  const fields: (string | number)[] = []
  let owner: string | undefined
  for (let at: Place | undefined = place; at; at = at.parent) {
    if (at.owner === undefined) continue
    fields.unshift(at.key)
    owner ??= at.owner
  }
  const target = owner === undefined ? 'value' : `struct field ${owner}.${fields.join('.')}`
  return new DecodingError(`json: cannot unmarshal ${what} into Go ${target} of type ${goType(schema)}`, unrestored(value, schema))
}

function unrestored(value: unknown, schema: Schema): string {
  const kind = goKind(value)
  switch (schema.type) {
    case 'list': return `cannot restore slice from ${kind}`
    case 'map': return `cannot restore map from ${kind}`
    case 'object': return `cannot restore struct from: ${kind}`
    case 'any': return `cannot restore interface from ${kind}`
    case 'scalar': {
      const target = goType(schema)
      // Go converts numbers to texts and to each other, which is then refused; nothing else.
      if (schema.format === 'bytes') return `cannot restore slice from ${kind}`
      return isNumber(kind) && (target === 'string' || /^u?int/.test(target)) ? `cannot convert ${kind} to ${target}` : `unrecognized type: ${target}`
    }
  }
}

const isNumber = (kind: string): boolean => kind === 'int64' || kind === 'float64'

function goType(schema: Schema): string {
  switch (schema.type) {
    case 'list': return `[]${goType(schema.items)}`
    case 'map': return `map[string]${goType(schema.values)}`
    case 'any': return 'interface {}'
    case 'object': return schema.name ? schema.name.split('.').slice(-2).join('.') : 'map[string]interface {}'
    case 'scalar': return goScalars[schema.format] ?? schema.format
  }
}

const goScalars: Readonly<Record<string, string>> = {
  boolean: 'bool', double: 'float64', bytes: '[]uint8', quantity: 'resource.Quantity', 'int-or-string': 'intstr.IntOrString',
  time: 'v1.Time', 'micro-time': 'v1.MicroTime', duration: 'v1.Duration',
}

export function typed(value: unknown, schema: Schema, place: Place, walk: Walk): unknown {
  switch (schema.type) {
    case 'scalar': return typedScalar(value, schema, place)
    case 'object': return schema.goName === undefined ? structuralObject(value, schema, pathOf(place), walk) : typedObject(value, schema, place, walk)
    case 'list': return typedList(value, schema, place, walk)
    case 'map': return typedMap(value, schema, place, walk)
    case 'any': return schema.wire === undefined || schema.wire === 'raw' || schema.wire === 'json' ? value : typedProps(value, schema.wire, walk)
  }
}

/** Schemas within schemas: Go reads them apart, without telling of fields that it does not know. */
function typedProps(value: unknown, wire: NonNullable<AnySchema['wire']>, walk: Walk): unknown {
  const props = (one: unknown): unknown => {
    const inner = { unknown: [], fill: walk.fill, left: walk.left }
    const result = typedObject(one, propsSchema(), root, inner)
    walk.left = inner.left
    return result
  }
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? value.map((one: unknown) => (typeof one === 'object' ? props(one) : one)) : props(value)
  if (wire === 'props-or-bool' && typeof value !== 'boolean') throw new DecodingError('boolean or JSON schema expected')
  return value
}

function propsSchema(): ObjectSchema {
  const schema = definitionNamed('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps')
  if (!schema) throw new Error('schema table: JSONSchemaProps is missing')
  return schema
}

function typedScalar(value: unknown, schema: ScalarSchema, place: Place): unknown {
  const result = conformScalar(value, schema.format)
  if ('value' in result) return result.value
  if ('message' in result) throw new DecodingError(result.message)
  throw wrongType(value, result.what, schema, place)
}

function typedList(value: unknown, schema: ListSchema, parent: Place, walk: Walk): unknown[] {
  if (!Array.isArray(value)) throw wrongType(value, kindOf(value), schema, parent)
  const { items } = schema
  walk.left -= value.length * leastOfOne
  return value.map((item: unknown, index) => {
    if (item === null) return zeroOf(items, walk)
    return isPlainText(items, item) ? item : typed(item, items, { parent, key: index }, walk)
  })
}

export const isPlainText = (schema: Schema, value: unknown): boolean => typeof value === 'string' && schema.type === 'scalar' && schema.format === 'string'

function typedMap(value: unknown, schema: MapSchema, parent: Place, walk: Walk): JsonObject {
  if (typeof value !== 'object' || Array.isArray(value) || value === null) throw wrongType(value, kindOf(value), schema, parent)
  const result: JsonObject = {}
  const { values } = schema
  for (const key in value) {
    const item = (value as JsonObject)[key]
    if (item === undefined) continue
    walk.left -= leastOfMember
    setKey(result, key, item === null ? zeroOf(values, walk) : isPlainText(values, item) ? item : typed(item, values, { parent, key }, walk))
  }
  return result
}

export function zeroOf(schema: Schema, walk: Walk): unknown {
  switch (schema.type) {
    case 'object': return typedObject({}, schema, root, walk)
    case 'map': return {}
    case 'list': return []
    case 'any': return null
    case 'scalar': return Object.hasOwn(zeroScalars, schema.format) ? zeroScalars[schema.format] : ''
  }
}

const zeroScalars: Readonly<Record<string, unknown>> = {
  boolean: false, int32: 0, int64: 0, uint32: 0, uint64: 0, double: 0, quantity: '0', 'int-or-string': 0, time: null, 'micro-time': null, duration: '0s',
}

function typedObject(value: unknown, schema: ObjectSchema, parent: Place, walk: Walk): JsonObject {
  if (typeof value !== 'object' || Array.isArray(value) || value === null) throw wrongType(value, kindOf(value), schema, parent)
  const result: JsonObject = {}
  const owner = schema.goName ?? ''
  for (const key in value) {
    const item = (value as JsonObject)[key]
    if (item === undefined) continue
    const field = schema.fields.get(key)
    if (!field) {
      noteUnknown(walk, { parent, key })
      continue
    }
    if (item === null) continue
    const child = isPlainText(field.schema, item) ? item : typed(item, field.schema, { parent, key, owner }, walk)
    if (!walk.fill || !isDropped(child, field)) result[key] = child
  }
  if (walk.fill) fillIn(result, schema, walk)
  return result
}

export function fillIn(result: JsonObject, schema: ObjectSchema, walk: Walk): void {
  const { fields, bytes } = writtenOf(schema)
  walk.left -= bytes
  for (const field of fields) if (!Object.hasOwn(result, field.name)) result[field.name] = zeroOf(field.schema, walk)
}

/** Whether Go would leave the value out when it writes the object. */
export function isDropped(value: unknown, field: Field): boolean {
  if (!field.omitEmpty || field.pointer) return false
  switch (field.schema.type) {
    case 'list': return (value as unknown[]).length === 0
    case 'map': return Object.keys(value as JsonObject).length === 0
    case 'scalar': return value === '' || value === false || (value === 0 && field.schema.format !== 'int-or-string')
    default: return false
  }
}

interface Written {
  /** What Go always writes as JSON. */
  readonly fields: readonly Field[]
  /** A tag and a length or value each of what it always writes as protobuf. */
  readonly bytes: number
}

/** Derived from the schema alone. */
const written = new WeakMap<ObjectSchema, Written>()

function writtenOf(schema: ObjectSchema): Written {
  let known = written.get(schema)
  if (!known) {
    const all = [...schema.fields.values()]
    written.set(schema, known = { fields: all.filter(isFilled), bytes: leastOfOne * all.filter(isOnWire).length })
  }
  return known
}

export const leastOfOne = 2
/** Of a map: itself, its key and its value. */
export const leastOfMember = 3 * leastOfOne
/** Of custom resources, which are JSON there: a value of one character, and a comma; and before it quotes and a colon, and what is between the quotes. */
export const leastOfItem = 2
export const leastOfKey = 5

/** What an object of the type takes in etcd at least. */
export const leastBytes = (schema: ObjectSchema): number => leastOfOne + writtenOf(schema).bytes

const isOnWire = ({ number, pointer, schema }: Field): boolean =>
  number > 0 && !pointer && (schema.type === 'object' || (schema.type === 'scalar' && ['string', 'boolean', 'int32', 'int64', 'double'].includes(schema.format)))

function isFilled(field: Field): boolean {
  if (field.number === 0 || field.pointer) return false
  switch (field.schema.type) {
    case 'object': return true
    case 'list': return !field.omitEmpty
    case 'scalar': return !field.omitEmpty && ['string', 'boolean', 'int32', 'int64', 'double', 'bytes'].includes(field.schema.format)
    default: return false
  }
}

/** Inside custom resources: only drops what the schema does not know. */
export function structural(value: unknown, schema: Schema, path: string, walk: Walk): unknown {
  switch (schema.type) {
    case 'object':
      if (schema.goName !== undefined) return value === null ? null : typedObject(value, schema, { key: path }, walk)
      return structuralObject(value, schema, path, walk)
    case 'list':
      if (!Array.isArray(value)) return value
      walk.left -= value.length * leastOfItem
      return value.map((item: unknown, index) => structural(item, schema.items, `${path}[${index}]`, walk))
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      const result: JsonObject = {}
      for (const [key, item] of Object.entries(value)) {
        walk.left -= leastOfKey + key.length
        setKey(result, key, structural(item, schema.values, below(path, key), walk))
      }
      return result
    }
    default: return value
  }
}

function structuralObject(value: unknown, schema: ObjectSchema, path: string, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (path === '') throw new DecodingError(`json: cannot unmarshal ${kindOf(value)} into Go value of type map[string]interface {}`)
    return value
  }
  const result: JsonObject = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const field = path === '' ? rootField(key) ?? schema.fields.get(key) : schema.fields.get(key)
    if (field || schema.preserveUnknown) walk.left -= leastOfKey + key.length
    const childPath = path === '' ? clipped(key) : below(path, key)
    if (field) setKey(result, key, structural(item, field.schema, childPath, walk))
    else if (schema.preserveUnknown) setKey(result, key, item)
    else if (walk.unknown.length < mostUnknown) walk.unknown.push(childPath)
  }
  return result
}

/** What every custom resource has, whether or not its schema names it. */
export function rootField(key: string): Pick<Field, 'schema'> | undefined {
  if (key === 'metadata') return { schema: objectMetaSchema() }
  return key === 'apiVersion' || key === 'kind' ? typeField : undefined
}

const typeField: Pick<Field, 'schema'> = { schema: { type: 'scalar', format: 'string' } }
