// What an object has, and what has changed between two, as sets of field paths.
import { ListItemError, fieldStep, itemStep, sameItem } from './field-paths.ts'
import type { FieldSet } from './field-set.ts'
import { asMember, leaf, withChild } from './field-set.ts'
import { equalJson, isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'
import type { ListSchema, Schema } from './schema.ts'
import type { Fields } from './typed-shape.ts'
import { asFields, asList, childSchema, isHollow, isNamed, shapeOf } from './typed-shape.ts'

/** The paths that an applied configuration lays claim to: leaves, items and map keys, but not the structs around them. */
export function claimedFields(schema: Schema, value: unknown): FieldSet | undefined {
  const shape = shapeOf(schema, value)
  if (shape === 'leaf') return leaf
  if (isHollow(value)) return undefined
  let children: Record<string, FieldSet> | undefined
  if (shape === 'items') {
    const items = stepsOf(asList(schema), value as unknown[])
    if (!items) return leaf
    for (const [step, [item]] of items) children = withChild(children, step, asMember(claimedFields(asList(schema).items, item)))
    return children
  }
  for (const key in value as JsonObject) {
    const item = (value as JsonObject)[key]
    if (item === undefined) continue
    const below = claimedFields(childSchema(asFields(schema), key), item)
    const own = item === null || (isJsonObject(item) && isHollow(item)) || !isNamed(asFields(schema), key)
    children = withChild(children, fieldStep(key), own ? asMember(below) : below)
  }
  return children
}

/** Every path of a value: its own and all below it. */
function allFields(schema: Schema, value: unknown): FieldSet {
  if (schema.type === 'scalar') return leaf
  const shape = shapeOf(schema, value)
  if (shape === 'leaf' || isHollow(value)) return leaf
  return shape === 'items' ? allItems(asList(schema), value as unknown[]) : allMembers(asFields(schema), value as JsonObject)
}

function allMembers(schema: Fields, value: JsonObject): FieldSet {
  const children: Record<string, FieldSet> = { '.': leaf }
  for (const key in value) {
    const item = value[key]
    // Steps to fields are no names of properties that mean something else.
    if (item !== undefined) children[fieldStep(key)] = allFields(childSchema(schema, key), item)
  }
  return children
}

function allItems(schema: ListSchema, list: readonly unknown[]): FieldSet {
  const steps = stepsOf(schema, list)
  if (!steps) return leaf
  const children: Record<string, FieldSet> = { '.': leaf }
  for (const [step, items] of steps) children[step] = items.length === 1 ? allFields(schema.items, items[0]) : leaf
  return children
}

export interface Comparison {
  /** Paths that were added or have another value. */
  readonly changed?: FieldSet
  readonly removed?: FieldSet
}

/** Undefined when nothing differs. Shared subtrees cost nothing, and nothing is allocated for what is equal. */
export function compareTyped(schema: Schema, before: unknown, after: unknown): Comparison | undefined {
  if (before === after) return undefined
  if (before === undefined) return { changed: allFields(schema, after) }
  if (after === undefined) return { removed: allFields(schema, before) }
  const shape = shapeOf(schema, before, after)
  if (shape === 'leaf') return equalJson(before, after) ? undefined : modified
  if (isHollow(before) && isHollow(after)) return equalJson(before, after) ? undefined : modified
  return shape === 'items' ? compareItems(asList(schema), (before ?? []) as unknown[], (after ?? []) as unknown[])
    : compareFields(asFields(schema), (before ?? {}) as JsonObject, (after ?? {}) as JsonObject)
}

const modified: Comparison = { changed: leaf }

class Collected {
  changed: Record<string, FieldSet> | undefined
  removed: Record<string, FieldSet> | undefined

  add(step: string, comparison: Comparison): void {
    if (comparison.changed) this.changed = withChild(this.changed, step, comparison.changed)
    if (comparison.removed) this.removed = withChild(this.removed, step, comparison.removed)
  }

  result(): Comparison | undefined {
    const { changed, removed } = this
    if (!changed && !removed) return undefined
    return { ...(changed ? { changed } : {}), ...(removed ? { removed } : {}) }
  }
}

/** `except` names fields that are not looked at. */
export function compareFields(schema: Fields, before: JsonObject, after: JsonObject, except?: ReadonlySet<string>): Comparison | undefined {
  let found: Collected | undefined
  let common = 0
  for (const key in after) {
    if (except?.has(key)) continue
    const value = after[key]
    let old = before[key]
    if (old === value) {
      if (value !== undefined) common++
      continue
    }
    // Not what objects have of themselves, such as a constructor.
    if (!Object.hasOwn(before, key)) old = undefined
    if (old !== undefined) common++
    const comparison = compareTyped(childSchema(schema, key), old, value)
    if (comparison) (found ??= new Collected()).add(fieldStep(key), comparison)
  }
  if (countKeys(before, except) === common) return found?.result()
  for (const key in before) {
    if (except?.has(key) || before[key] === undefined || Object.hasOwn(after, key)) continue
    const comparison = compareTyped(childSchema(schema, key), before[key], undefined)
    if (comparison) (found ??= new Collected()).add(fieldStep(key), comparison)
  }
  return found?.result()
}

/** Without those that are left aside, or have no value. */
export function countKeys(object: JsonObject, except: ReadonlySet<string> | undefined): number {
  let count = 0
  for (const key in object) if (object[key] !== undefined && !except?.has(key)) count++
  return count
}

function compareItems(schema: ListSchema, before: readonly unknown[], after: readonly unknown[]): Comparison | undefined {
  if (isAligned(schema, before, after)) {
    let found: Collected | undefined
    for (let index = 0; index < after.length; index++) {
      const comparison = compareTyped(schema.items, before[index], after[index])
      if (comparison) (found ??= new Collected()).add(itemStep(schema, after[index]), comparison)
    }
    return found?.result()
  }
  const old = stepsOf(schema, before)
  const now = stepsOf(schema, after)
  if (!old || !now) return equalJson(before, after) ? undefined : modified
  const found = new Collected()
  for (const [step, values] of now) {
    const comparison = compareGroup(schema.items, old.get(step), values)
    if (comparison) found.add(step, comparison)
  }
  for (const [step, values] of old) if (!now.has(step)) found.add(step, { removed: groupFields(schema.items, values) })
  return found.result()
}

/** The usual case: the same items in the same order. */
function isAligned(schema: ListSchema, before: readonly unknown[], after: readonly unknown[]): boolean {
  if (before.length !== after.length) return false
  for (let index = 0; index < after.length; index++) if (!sameItem(schema, before[index], after[index])) return false
  return true
}

const groupFields = (schema: Schema, values: readonly unknown[]): FieldSet => (values.length === 1 ? allFields(schema, values[0]) : leaf)

/** Items that share a step are one leaf together. */
function compareGroup(schema: Schema, before: readonly unknown[] | undefined, after: readonly unknown[]): Comparison | undefined {
  if (!before) return { changed: groupFields(schema, after) }
  if (before.length === 1 && after.length === 1) return compareTyped(schema, before[0], after[0])
  return equalJson(before, after) ? undefined : modified
}

/** Items by step, in order; undefined for a list that holds what no step names, which is then one leaf. */
export function stepsOf(schema: ListSchema, list: readonly unknown[]): Map<string, unknown[]> | undefined {
  const result = new Map<string, unknown[]>()
  try {
    for (const item of list) {
      const step = itemStep(schema, item)
      const known = result.get(step)
      if (known) known.push(item)
      else result.set(step, [item])
    }
  } catch (error) {
    if (error instanceof ListItemError) return undefined
    throw error
  }
  return result
}
