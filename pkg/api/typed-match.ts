// Whether what a write sets is exactly a set that is known already: most objects of a kind get what the one before them got,
// and to find that out costs a third of making the set.
import { ListItemError, fieldStep, itemStep } from './field-paths.ts'
import type { FieldSet } from './field-set.ts'
import { isBare } from './field-set.ts'
import { equalJson } from './json.ts'
import type { JsonObject } from './json.ts'
import type { ListSchema, ObjectSchema, Schema } from './schema.ts'
import { compareTyped, countKeys } from './typed-compare.ts'
import { asFields, asList, childSchema, isHollow, shapeOf } from './typed-shape.ts'
import type { Fields } from './typed-shape.ts'

/** Fields that are left aside. */
interface Except {
  readonly root: ReadonlySet<string>
  readonly metadata: ReadonlySet<string>
}

/**
 * True only if the paths that are added or changed from `before` to `after` are those of `set`, and none is removed.
 * May answer false for odd lists.
 */
export function setsExactly(schema: ObjectSchema, objects: { before: JsonObject; after: JsonObject }, set: FieldSet, except: Except): boolean {
  const { before, after } = objects
  try {
    return matchesSome(schema, before, after, set, except.root)
      + metadataMatches(schema, objects, set['f:metadata'], except.metadata) === countOf(set)
  } catch (error) {
    if (error instanceof ListItemError || error instanceof Mismatch) return false
    throw error
  }
}

class Mismatch extends Error {}
const mismatch = new Mismatch('the sets differ')

function metadataMatches(schema: ObjectSchema, { before, after }: { before: JsonObject; after: JsonObject }, set: FieldSet | undefined, except: ReadonlySet<string>): number {
  const fields = asFields(childSchema(schema, 'metadata'))
  const found = matchesSome(fields, (before.metadata ?? {}) as JsonObject, (after.metadata ?? {}) as JsonObject, set ?? noSteps, except)
  if (set !== undefined && (found === 0 || found !== countOf(set))) throw mismatch
  return set === undefined ? 0 : 1
}

const noSteps: FieldSet = Object.freeze({})

/** How many steps of the node the fields account for. Throws when a field does not match its step. */
function matchesSome(schema: Fields, before: JsonObject, after: JsonObject, node: FieldSet, except?: ReadonlySet<string>): number {
  let found = 0
  let common = 0
  for (const key in after) {
    const value = after[key]
    if (value === undefined || except?.has(key)) continue
    const child = node[fieldStep(key)]
    const old = Object.hasOwn(before, key) ? before[key] : undefined
    if (!matches(childSchema(schema, key), old, value, child)) throw mismatch
    if (old !== undefined) common++
    if (child !== undefined) found++
  }
  if (countKeys(before, except) !== common) throw mismatch
  return found
}

function matches(schema: Schema, before: unknown, after: unknown, node: FieldSet | undefined): boolean {
  if (before === after) return node === undefined
  if (before === undefined) return node !== undefined && matchesWhole(schema, after, node)
  if (node === undefined) return compareTyped(schema, before, after) === undefined
  const shape = shapeOf(schema, before, after)
  if (shape === 'leaf' || (isHollow(before) && isHollow(after))) return isBare(node) && !equalJson(before, after)
  if ('.' in node) return false
  if (shape === 'items') return isHollow(before) && itemsMatch(asList(schema), after as unknown[], node) === countOf(node)
  return matchesSome(asFields(schema), (before ?? {}) as JsonObject, (after ?? {}) as JsonObject, node) === countOf(node)
}

/** A value that was not there before: its own path and all below. */
function matchesWhole(schema: Schema, value: unknown, node: FieldSet): boolean {
  if (schema.type === 'scalar') return isBare(node)
  const shape = shapeOf(schema, value)
  if (shape === 'leaf' || isHollow(value)) return isBare(node)
  if (!('.' in node)) return false
  return 1 + (shape === 'items' ? itemsMatch(asList(schema), value as unknown[], node) : membersMatch(asFields(schema), value as JsonObject, node)) === countOf(node)
}

function membersMatch(schema: Fields, value: JsonObject, node: FieldSet): number {
  let found = 0
  for (const key in value) {
    if (value[key] === undefined) continue
    const child = node[fieldStep(key)]
    if (child === undefined || !matchesWhole(childSchema(schema, key), value[key], child)) throw mismatch
    found++
  }
  return found
}

/** Items that share a step make the count differ. */
function itemsMatch(schema: ListSchema, list: readonly unknown[], node: FieldSet): number {
  for (const item of list) {
    const child = node[itemStep(schema, item)]
    if (child === undefined || !matchesWhole(schema.items, item, child)) throw mismatch
  }
  return list.length
}

function countOf(node: FieldSet): number {
  let count = 0
  for (const _ in node) count++
  return count
}
