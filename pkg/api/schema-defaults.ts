// Fills in the defaults that schemas declare: of built-in types where the type itself has one, of custom resources all of them.
import { isJsonObject, thaw } from './json.ts'
import type { JsonObject } from './json.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'

/** Changes the draft. A field is missing if it is not there, or null where null is no value of it. */
export function applySchemaDefaults(schema: ObjectSchema, draft: JsonObject): void {
  if (hasDefaults(schema)) fillObject(schema, draft)
}

function fillObject(schema: ObjectSchema, draft: JsonObject): void {
  for (const field of schema.fields.values()) {
    const value = draft[field.name]
    const missing = value === undefined || (value === null && !field.schema.nullable)
    if (missing && hasEffect(field)) draft[field.name] = thaw(field.default)
    const current = draft[field.name]
    if (typeof current === 'object' && current !== null && hasDefaults(field.schema)) fill(field.schema, current)
  }
}

/** The empty text as default of a field that is left out when empty says nothing. */
const hasEffect = (field: Field): boolean => field.default !== undefined && !(field.default === '' && field.omitEmpty && !field.pointer)

function fill(schema: Schema, value: unknown): void {
  if (schema.type === 'object') {
    if (isJsonObject(value)) fillObject(schema, value)
  } else if (schema.type === 'list') {
    if (Array.isArray(value)) for (const item of value) fill(schema.items, item)
  } else if (schema.type === 'map' && isJsonObject(value)) {
    for (const item of Object.values(value)) fill(schema.values, item)
  }
}

/** Whether any default stands below. Derived from the schema alone. */
const known = new WeakMap<Schema, boolean>()

function hasDefaults(schema: Schema): boolean {
  const answer = known.get(schema)
  if (answer !== undefined) return answer
  // Types may contain themselves: while an answer is worked out, it counts as no.
  known.set(schema, false)
  const result = schema.type === 'object' ? [...schema.fields.values()].some((field) => hasEffect(field) || hasDefaults(field.schema))
    : schema.type === 'list' ? hasDefaults(schema.items)
    : schema.type === 'map' ? hasDefaults(schema.values) : false
  known.set(schema, result)
  return result
}
