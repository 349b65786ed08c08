// How ownership sees a value: as one leaf, as fields, or as items that are known apart.
import { isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { objectMetaSchema } from './schema-table.ts'
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, Schema } from './schema.ts'

export type Fields = ObjectSchema | MapSchema | AnySchema
/** One value as a whole, fields by name, or the items of a ListSchema by what they are known by. */
export type Shape = 'leaf' | 'fields' | 'items'

/** Values without a schema: objects have fields, all else is a leaf. */
const free: AnySchema = { type: 'any' }

/** The shape of a pair of values under a schema, of which one may be missing. Values that do not fit are leaves. */
export function shapeOf(schema: Schema, a: unknown, b?: unknown): Shape {
  switch (schema.type) {
    case 'scalar': return 'leaf'
    case 'object': case 'map': return schema.mapType !== 'atomic' && holdsFields(a) && holdsFields(b) ? 'fields' : 'leaf'
    case 'list': return (schema.listType === 'map' || schema.listType === 'set') && holdsItems(a) && holdsItems(b) ? 'items' : 'leaf'
    case 'any': return schema.wire !== 'raw' && holdsFields(a) && holdsFields(b) && (isJsonObject(a) || isJsonObject(b)) ? 'fields' : 'leaf'
  }
}

/** The schema of a value whose shape is known. */
export const asFields = (schema: Schema): Fields => schema as Fields
export const asList = (schema: Schema): ListSchema => schema as ListSchema

const holdsFields = (value: unknown): boolean => value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value))
const holdsItems = (value: unknown): boolean => value === undefined || value === null || Array.isArray(value)

/** The schema of a field or map value; of what the schema does not name, that of any value. */
export function childSchema(schema: Fields, key: string): Schema {
  if (schema.type === 'object') return schema.fields.get(key)?.schema ?? free
  return schema.type === 'map' ? schema.values : free
}

/** Whether the schema names the key, in contrast to the keys of maps. */
export const isNamed = (schema: Fields, key: string): boolean => schema.type === 'object' && schema.fields.has(key)

/** Nothing to tell apart inside: neither fields nor items. */
export const isHollow = (value: unknown): boolean => {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  for (const _ in value as JsonObject) return false
  return true
}

const text: Schema = { type: 'scalar', format: 'string' }
const roots = new WeakMap<ObjectSchema, ObjectSchema>()

/** A kind's schema with what every object has: custom resources need not name their type and metadata. */
export function rootSchema(schema: ObjectSchema): ObjectSchema {
  if (schema.goName !== undefined) return schema
  let known = roots.get(schema)
  if (!known) {
    const own: Field[] = [
      { name: 'apiVersion', number: 0, schema: text }, { name: 'kind', number: 0, schema: text }, { name: 'metadata', number: 0, schema: objectMetaSchema() },
    ]
    known = { ...schema, mapType: 'granular', fields: new Map([...schema.fields, ...own.map((field) => [field.name, field] as const)]) }
    roots.set(schema, known)
  }
  return known
}
