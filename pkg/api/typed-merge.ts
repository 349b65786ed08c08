// Merges an applied configuration into an object, and takes fields out of an object, by the schema.
import type { FieldSet, Step } from './field-set.ts'
import { asMember, childOf, isBare, isMember, withChild } from './field-set.ts'
import { fieldStep, itemStep } from './field-paths.ts'
import { isJsonObject, setKey } from './json.ts'
import type { JsonObject } from './json.ts'
import type { ListSchema, Schema } from './schema.ts'
import { stepsOf } from './typed-compare.ts'
import type { Fields } from './typed-shape.ts'
import { asFields, asList, childSchema, isHollow, isNamed, shapeOf } from './typed-shape.ts'

/** `config` over `live`. The result shares parts of both. */
export function mergeTyped(schema: Schema, live: unknown, config: unknown): unknown {
  if (config === undefined || live === undefined) return config === undefined ? live : config
  const shape = shapeOf(schema, live, config)
  if (shape === 'leaf' || (isHollow(live) && isHollow(config))) return config
  if (shape === 'items') return mergeItems(asList(schema), (live ?? []) as unknown[], (config ?? []) as unknown[])
  return mergeFields(asFields(schema), (live ?? {}) as JsonObject, (config ?? {}) as JsonObject)
}

function mergeFields(schema: Fields, live: JsonObject, config: JsonObject): JsonObject {
  const result: JsonObject = {}
  for (const key in live) {
    const value = Object.hasOwn(config, key) ? mergeTyped(childSchema(schema, key), live[key], config[key]) : live[key]
    if (value !== undefined) setKey(result, key, value)
  }
  for (const key in config) if (!Object.hasOwn(live, key) && config[key] !== undefined) setKey(result, key, config[key])
  return result
}

/**
 * Items of the configuration keep its order among themselves; items that only the live list has keep their place after the
 * item that they followed.
 */
function mergeItems(schema: ListSchema, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const wanted = stepsOf(schema, config)
  const known = stepsOf(schema, live)
  if (!wanted || !known) return [...config]
  const liveSteps = live.map((item) => itemStep(schema, item))
  const wantedSteps = [...wanted.keys()]
  const shared = wantedSteps.filter((step) => known.has(step))
  const done = new Set<Step>()
  const result: unknown[] = []
  const take = (step: Step): void => {
    done.add(step)
    const group = known.get(step)
    const merged = mergeTyped(schema.items, group?.length === 1 ? group[0] : undefined, wanted.get(step)?.[0])
    if (merged !== undefined) result.push(merged)
    if (shared[0] === step) shared.shift()
  }
  let left = 0
  let right = 0
  while (left < liveSteps.length || right < wantedSteps.length) {
    const here = liveSteps[left]
    const next = wantedSteps[right]
    if (here !== undefined && here === next) {
      take(here)
      left++
      right++
    } else if (here !== undefined && !wanted.has(here)) {
      result.push(live[left++])
    } else if (here !== undefined && (done.has(here) || (next !== undefined && shared.length > 0 && shared[0] !== here))) {
      // It comes, or has come, where the configuration has it.
      left++
    } else if (next !== undefined) {
      take(next)
      right++
    } else left++
  }
  return result
}

/**
 * The value without the fields and items of the set; undefined when nothing stays, unless `wanted` has the emptied value itself.
 * Leaves stay whole.
 */
export function removeFields(schema: Schema, value: unknown, set: FieldSet | undefined, wanted?: FieldSet): unknown {
  if (set === undefined || isBare(set)) return value
  const shape = shapeOf(schema, value)
  if (shape === 'leaf' || isHollow(value)) return value
  if (shape === 'items') {
    const result: unknown[] = []
    for (const item of value as unknown[]) {
      const step = itemStep(asList(schema), item)
      const node = childOf(set, step)
      if (node && isMember(node)) continue
      result.push(node ? removeFields(asList(schema).items, item, node, wanted && childOf(wanted, step)) ?? emptied(item) : item)
    }
    return result.length === 0 && !(wanted && isMember(wanted)) ? undefined : result
  }
  const result: JsonObject = {}
  let empty = true
  for (const key in value as JsonObject) {
    const step = fieldStep(key)
    const node = childOf(set, step)
    if (node && isMember(node)) continue
    const item = (value as JsonObject)[key]
    const kept = node ? removeFields(childSchema(asFields(schema), key), item, node, wanted && childOf(wanted, step)) : item
    if (kept === undefined) continue
    setKey(result, key, kept)
    empty = false
  }
  return empty && !(wanted && isMember(wanted)) ? undefined : result
}

/** An item that has lost all its fields but is not itself removed. */
const emptied = (item: unknown): unknown => (isJsonObject(item) ? {} : item)

/** The set with the structs around its paths in it: a struct goes when all that was in it goes. */
export function withStructs(schema: Schema, set: FieldSet | undefined): FieldSet | undefined {
  if (set === undefined || isBare(set)) return set
  let children: Record<string, FieldSet> | undefined
  for (const step in set) {
    if (step === '.') continue
    const child = set[step] as FieldSet
    const key = step.slice(2)
    const fields = step[0] === 'f' && (schema.type === 'object' || schema.type === 'map' || schema.type === 'any') ? schema : undefined
    const below = fields ? childSchema(fields, key) : schema.type === 'list' ? schema.items : { type: 'any' } as const
    const node = withStructs(below, child)
    children = withChild(children, step, fields && isNamed(fields, key) && !isBare(child) ? asMember(node) : node)
  }
  if (children === undefined) return set
  return '.' in set ? asMember(children) : children
}
