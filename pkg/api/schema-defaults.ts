// Fills in the defaults that schemas declare: of built-in types where the type itself has one, of custom resources all of them.
import { isJsonObject, thaw } from './json.ts'
import type { JsonObject } from './json.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import type { Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'

/** Changes the draft. A field is missing if it is not there, or null where null is no value of it. */
export function applySchemaDefaults(schema: ObjectSchema, draft: JsonObject): void {
  if (hasDefaults(schema)) fillObject(schema, draft)
}

/** The same in parts, of what may be large. */
export function* schemaDefaultParts(schema: ObjectSchema, draft: JsonObject): Parts<void> {
  if (hasDefaults(schema)) yield* fillParts(schema, draft)
}

const stride = 64

function* fillParts(schema: Schema, value: unknown): Parts<void> {
  if (typeof value !== 'object' || value === null || !hasDefaults(schema)) return
  if (!isHeavy(value)) return fill(schema, value)
  if (schema.type === 'object') {
    for (const field of schema.fields.values()) {
      fillField(field, value as JsonObject)
      yield* fillParts(field.schema, (value as JsonObject)[field.name])
    }
    return
  }
  if (schema.type !== 'list' && schema.type !== 'map') return
  const inner = schema.type === 'list' ? schema.items : schema.values
  let count = 0
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    yield* fillParts(inner, item)
    if (++count % stride === 0) yield
  }
}

function fillField(field: Field, draft: JsonObject): void {
  const value = draft[field.name]
  const missing = value === undefined || (value === null && !field.schema.nullable)
  if (missing && hasEffect(field)) draft[field.name] = thaw(field.default)
}

function fillObject(schema: ObjectSchema, draft: JsonObject): void {
  for (const field of schema.fields.values()) {
    fillField(field, draft)
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
