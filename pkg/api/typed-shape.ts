// How ownership sees a value: as one leaf, as fields, or as items that are known apart.
import { isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { objectMetaSchema } from './schema-table.ts'
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, Schema } from './schema.ts'

export type Fields = ObjectSchema | MapSchema | AnySchema
export type Shape = { readonly kind: 'leaf' } | { readonly kind: 'fields'; readonly schema: Fields } | { readonly kind: 'items'; readonly schema: ListSchema }

const leafShape: Shape = { kind: 'leaf' }
const shapes = new WeakMap<Schema, Shape>()
/** Values without a schema: objects have fields, all else is a leaf. */
const free: AnySchema = { type: 'any' }
const freeFields: Shape = { kind: 'fields', schema: free }

/** The shape of the pair of a schema and the values under it, of which one may be missing. */
export function shapeOf(schema: Schema, a: unknown, b?: unknown): Shape {
  if (schema.type === 'any') {
    if (schema.wire === 'raw') return leafShape
    const fields = (isJsonObject(a) || isNothing(a)) && (isJsonObject(b) || isNothing(b)) && (isJsonObject(a) || isJsonObject(b))
    return fields ? freeFields : leafShape
  }
  const shape = shapes.get(schema) ?? remember(schema)
  if (shape.kind === 'leaf') return shape
  const fits = shape.kind === 'items' ? Array.isArray : isJsonObject
  return (fits(a) || isNothing(a)) && (fits(b) || isNothing(b)) ? shape : leafShape
}

const isNothing = (value: unknown): boolean => value === undefined || value === null

function remember(schema: Schema): Shape {
  const shape = workedOut(schema)
  shapes.set(schema, shape)
  return shape
}

function workedOut(schema: Schema): Shape {
  switch (schema.type) {
    case 'object': case 'map': return schema.mapType === 'atomic' ? leafShape : { kind: 'fields', schema }
    case 'list': return schema.listType === 'map' || schema.listType === 'set' ? { kind: 'items', schema } : leafShape
    default: return leafShape
  }
}

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
