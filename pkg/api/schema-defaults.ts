// Fills in the defaults that schemas declare: of built-in types where the type itself has one, of custom resources all of them.
import { mostStoredBytes } from './conform.ts'
import { isJsonObject, thaw } from './json.ts'
import type { JsonObject } from './json.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import { entityTooLarge } from './status-error.ts'
import { atOnce, type Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'

/** How much may be filled in. */
interface Room {
  /** Characters of JSON. */
  left: number
}

/** Changes the draft. A field is missing if it is not there, or null where null is no value of it. Fails with 413 where the draft would be larger than anything that is stored. */
export function applySchemaDefaults(schema: ObjectSchema, draft: JsonObject): void {
  if (applySomeDefaults(schema, draft).left < 0) throw entityTooLarge(mostStoredBytes)
}

/** The same, but that what would be too much is left out. */
export function applySomeDefaults(schema: ObjectSchema, draft: JsonObject): Room {
  const room = { left: mostStoredBytes }
  if (hasDefaults(schema)) fillObject(schema, draft, room)
  return room
}

/** Like `applySchemaDefaults`, in parts. */
export function* schemaDefaultParts(schema: ObjectSchema, draft: JsonObject): Parts<void> {
  const room = { left: mostStoredBytes }
  yield* fillParts(schema, draft, room)
  if (room.left < 0) throw entityTooLarge(mostStoredBytes)
}

function fillObject(schema: ObjectSchema, draft: JsonObject, room: Room): void {
  for (const filling of fillingsOf(schema)) {
    const current = filled(filling, draft, room)
    if (filling.below && typeof current === 'object' && current !== null) fill(filling.field.schema, current, room)
  }
}

/** What the field has then. */
function filled({ field, weight }: Filling, draft: JsonObject, room: Room): unknown {
  const value = draft[field.name]
  const missing = value === undefined || (value === null && !field.schema.nullable)
  if (weight === 0 || !missing) return value
  room.left -= weight
  return room.left < 0 ? value : draft[field.name] = thaw(field.default)
}

function fill(schema: Schema, value: unknown, room: Room): void {
  if (schema.type === 'object') {
    if (isJsonObject(value)) fillObject(schema, value, room)
  } else if (schema.type === 'list') {
    if (Array.isArray(value)) for (const item of value) fill(schema.items, item, room)
  } else if (schema.type === 'map' && isJsonObject(value)) {
    for (const key in value) fill(schema.values, value[key], room)
  }
}

const stride = 128

function* fillParts(schema: Schema, value: unknown, room: Room): Parts<void> {
  if (!isHeavy(value)) return fill(schema, value, room)
  if (schema.type === 'object') {
    if (!isJsonObject(value)) return
    for (const filling of yield* fillingParts(schema)) {
      const current = filled(filling, value, room)
      yield
      if (filling.below && typeof current === 'object' && current !== null) yield* fillParts(filling.field.schema, current, room)
    }
    return
  }
  const inner = schema.type === 'list' ? schema.items : schema.type === 'map' ? schema.values : undefined
  if (!inner || Array.isArray(value) !== (schema.type === 'list')) return
  let count = 0
  for (const member of Array.isArray(value) ? value as unknown[] : membersOf(value as JsonObject)) {
    if (isHeavy(member)) yield* fillParts(inner, member, room)
    else fill(inner, member, room)
    if (++count % stride === 0) yield
    if (room.left < 0) return
  }
}

function* membersOf(object: JsonObject): Generator {
  for (const key in object) yield object[key]
}

interface Filling {
  readonly field: Field
  /** Of its default, in characters of JSON; 0 if there is none that has an effect. */
  readonly weight: number
  /** Whether there are defaults below. */
  readonly below: boolean
}

/** Fields that defaults are about. Derived from the schema alone. */
const fillings = new WeakMap<ObjectSchema, readonly Filling[]>()

const fillingsOf = (schema: ObjectSchema): readonly Filling[] => fillings.get(schema) ?? atOnce(fillingParts(schema))

function* fillingParts(schema: ObjectSchema): Parts<readonly Filling[]> {
  let known = fillings.get(schema)
  if (known) return known
  const all: Filling[] = []
  let count = 0
  for (const field of schema.fields.values()) {
    if (++count % stride === 0) yield
    const weight = hasEffect(field) ? JSON.stringify(field.default).length : 0
    const below = hasDefaults(field.schema)
    if (weight > 0 || below) all.push({ field, weight, below })
  }
  fillings.set(schema, known = all)
  return known
}

/** The empty text as default of a field that is left out when empty says nothing. */
const hasEffect = (field: Field): boolean => field.default !== undefined && !(field.default === '' && field.omitEmpty && !field.pointer)

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
