// Brings a JSON value into the shape of its schema: unknown fields dropped and reported, types checked, values in canonical form.
//
// Types of the built-in table behave as their Go types do when they are read and written back: null is missing, a zero that would
// not be written is dropped, and what is always written (structs, numbers, texts without omitempty) is there. Inside a custom
// resource only unknown fields are dropped; what else is wrong with it is a matter of validation.
import { conformScalar, kindOf } from './conform-scalar.ts'
import { setKey } from './json.ts'
import type { JsonObject } from './json.ts'
import { objectMetaSchema } from './schema-table.ts'
import type { Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts'

/** A value of the wrong type, in the words of Go's decoder. */
export class DecodingError extends Error {
  override name = 'DecodingError'
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
  const walk: Walk = { unknown: [], fill: options.fill ?? true }
  const object = schema.goName === undefined
    ? structuralObject(value, schema, '', walk)
    : typedObject(value, schema, { path: '', fields: '', owner: '' }, walk)
  return { object: object as JsonObject, unknown: walk.unknown }
}

interface Walk {
  readonly unknown: string[]
  readonly fill: boolean
}

interface Place {
  /** With indices, for unknown fields: `spec.containers[0]`. */
  readonly path: string
  /** Without indices, for type errors: `spec.containers`. */
  readonly fields: string
  /** The struct that holds the field. */
  readonly owner: string
}

function wrongType(what: string, schema: Schema, place: Place): DecodingError {
  const target = place.owner === '' ? 'value' : `struct field ${place.owner}.${place.fields}`
  return new DecodingError(`json: cannot unmarshal ${what} into Go ${target} of type ${goType(schema)}`)
}

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

function typed(value: unknown, schema: Schema, place: Place, walk: Walk): unknown {
  switch (schema.type) {
    case 'scalar': return typedScalar(value, schema, place)
    case 'object': return schema.goName === undefined ? structuralObject(value, schema, place.path, walk) : typedObject(value, schema, place, walk)
    case 'list': return typedList(value, schema, place, walk)
    case 'map': return typedMap(value, schema, place, walk)
    case 'any': return value
  }
}

function typedScalar(value: unknown, schema: ScalarSchema, place: Place): unknown {
  if (schema.format === 'string' && typeof value === 'string') return value
  const result = conformScalar(value, schema.format)
  if ('value' in result) return result.value
  if ('message' in result) throw new DecodingError(result.message)
  throw wrongType(result.what, schema, place)
}

function typedList(value: unknown, schema: ListSchema, place: Place, walk: Walk): unknown[] {
  if (!Array.isArray(value)) throw wrongType(kindOf(value), schema, place)
  return value.map((item: unknown, index) =>
    item === null ? zeroOf(schema.items, walk) : typed(item, schema.items, { ...place, path: `${place.path}[${index}]` }, walk))
}

function typedMap(value: unknown, schema: MapSchema, place: Place, walk: Walk): JsonObject {
  if (typeof value !== 'object' || Array.isArray(value) || value === null) throw wrongType(kindOf(value), schema, place)
  const result: JsonObject = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    setKey(result, key, item === null ? zeroOf(schema.values, walk) : typed(item, schema.values, { ...place, path: `${place.path}.${key}` }, walk))
  }
  return result
}

function zeroOf(schema: Schema, walk: Walk): unknown {
  switch (schema.type) {
    case 'object': return typedObject({}, schema, { path: '', fields: '', owner: '' }, walk)
    case 'map': return {}
    case 'list': return []
    case 'any': return null
    case 'scalar': return Object.hasOwn(zeroScalars, schema.format) ? zeroScalars[schema.format] : ''
  }
}

const zeroScalars: Readonly<Record<string, unknown>> = {
  boolean: false, int32: 0, int64: 0, uint32: 0, uint64: 0, double: 0, quantity: '0', 'int-or-string': 0, time: null, 'micro-time': null, duration: '0s',
}

function typedObject(value: unknown, schema: ObjectSchema, place: Place, walk: Walk): JsonObject {
  if (typeof value !== 'object' || Array.isArray(value) || value === null) throw wrongType(kindOf(value), schema, place)
  const result: JsonObject = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const field = schema.fields.get(key)
    if (!field) {
      walk.unknown.push(place.path === '' ? key : `${place.path}.${key}`)
      continue
    }
    if (item === null) continue
    const child = typed(item, field.schema, {
      path: place.path === '' ? key : `${place.path}.${key}`, fields: place.fields === '' ? key : `${place.fields}.${key}`, owner: schema.goName ?? '',
    }, walk)
    if (walk.fill && isDropped(child, field)) continue
    result[key] = child
  }
  if (walk.fill) {
    for (const field of filledFields(schema)) if (!Object.hasOwn(result, field.name)) result[field.name] = zeroOf(field.schema, walk)
  }
  return result
}

/** Whether Go would leave the value out when it writes the object. */
function isDropped(value: unknown, field: Field): boolean {
  if (!field.omitEmpty || field.pointer) return false
  switch (field.schema.type) {
    case 'list': return (value as unknown[]).length === 0
    case 'map': return Object.keys(value as JsonObject).length === 0
    case 'scalar': return value === '' || value === false || (value === 0 && field.schema.format !== 'int-or-string')
    default: return false
  }
}

/** Fields that Go always writes. Derived from the schema alone. */
const filled = new WeakMap<ObjectSchema, readonly Field[]>()

function filledFields(schema: ObjectSchema): readonly Field[] {
  const known = filled.get(schema)
  if (known) return known
  const result = [...schema.fields.values()].filter(isFilled)
  filled.set(schema, result)
  return result
}

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
function structural(value: unknown, schema: Schema, path: string, walk: Walk): unknown {
  switch (schema.type) {
    case 'object':
      if (schema.goName !== undefined) return value === null ? null : typedObject(value, schema, { path, fields: path, owner: schema.goName }, walk)
      return structuralObject(value, schema, path, walk)
    case 'list':
      if (!Array.isArray(value)) return value
      return value.map((item: unknown, index) => structural(item, schema.items, `${path}[${index}]`, walk))
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      const result: JsonObject = {}
      for (const [key, item] of Object.entries(value)) setKey(result, key, structural(item, schema.values, `${path}.${key}`, walk))
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
    const childPath = path === '' ? key : `${path}.${key}`
    if (field) setKey(result, key, structural(item, field.schema, childPath, walk))
    else if (schema.preserveUnknown) setKey(result, key, item)
    else walk.unknown.push(childPath)
  }
  return result
}

/** What every custom resource has, whether or not its schema names it. */
function rootField(key: string): Pick<Field, 'schema'> | undefined {
  if (key === 'metadata') return { schema: objectMetaSchema() }
  return key === 'apiVersion' || key === 'kind' ? typeField : undefined
}

const typeField: Pick<Field, 'schema'> = { schema: { type: 'scalar', format: 'string' } }
