// What lists that are sets or maps promise: no item twice, no key twice.
import type { FieldError } from './field-error.ts'
import { duplicate, invalid } from './field-error.ts'
import type { JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'
import { fieldProps } from './structural-past.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import type { PathStep } from './structural-walk.ts'
import { pathText } from './structural-walk.ts'
import { spend } from '../util/allowance.ts'

interface Walk {
  readonly path: PathStep[]
  readonly errors: FieldError[]
}

const promising = new WeakMap<JsonSchemaProps, boolean>()

/** Whether there are such lists in the schema, outside of its logic. */
function promises(props: JsonSchemaProps): boolean {
  let found = promising.get(props)
  if (found === undefined) {
    const { additionalProperties: values, properties = {}, items } = props
    const listType = props['x-kubernetes-list-type']
    found = listType === 'set' || listType === 'map' || (items !== undefined && promises(items)) || (typeof values === 'object' && promises(values)) || Object.values(properties).some(promises)
    promising.set(props, found)
  }
  return found
}

/** All errors of an object; none where the old one had some already. */
export function listErrors(props: JsonSchemaProps, object: unknown, old?: unknown): FieldError[] {
  const errors = broken(props, object)
  return errors.length > 0 && old !== undefined && broken(props, old).length > 0 ? [] : errors
}

function broken(props: JsonSchemaProps, object: unknown): FieldError[] {
  const walk: Walk = { path: [], errors: [] }
  visit(props, object, walk)
  return walk.errors
}

function visit(props: JsonSchemaProps, value: unknown, walk: Walk): void {
  if (!promises(props)) return
  spend(3)
  if (Array.isArray(value)) return visitList(props, value, walk)
  if (!isJsonObject(value)) return
  for (const [name, child] of Object.entries(value)) {
    const known = fieldProps(props, name)
    if (!known) continue
    walk.path.push(props.properties && Object.hasOwn(props.properties, name) ? name : { key: name })
    visit(known, child, walk)
    walk.path.pop()
  }
}

function visitList(props: JsonSchemaProps, list: readonly unknown[], walk: Walk): void {
  const at = (index: number): string => pathText([...walk.path, index])
  const listType = props['x-kubernetes-list-type']
  if (listType === 'set') for (const index of repeated(list)) walk.errors.push(duplicate(at(index), list[index]))
  if (listType === 'map') {
    const odd = list.findIndex((item) => item !== null && (!isJsonObject(item) || Array.isArray(item)))
    if (odd >= 0) walk.errors.push(invalid(at(odd), list[odd], 'must be an object for an array of list-type map'))
    else {
      const keys = list.map((item) => keysOf(item, props['x-kubernetes-list-map-keys'] ?? []))
      for (const index of repeated(keys)) walk.errors.push(duplicate(at(index), keys[index]))
    }
  }
  const { items } = props
  if (!items) return
  for (const [index, item] of list.entries()) {
    walk.path.push(index)
    visit(items, item, walk)
    walk.path.pop()
  }
}

function keysOf(item: unknown, names: readonly string[]): JsonObject {
  const keys: JsonObject = {}
  if (isJsonObject(item)) for (const name of names) if (Object.hasOwn(item, name) && item[name] !== undefined) keys[name] = item[name]
  return keys
}

/** Where something stands for the second time; a third time is not told. */
function repeated(values: readonly unknown[]): number[] {
  if (values.length <= 1) return []
  const seen = new Map<string, number>()
  const found: number[] = []
  for (const [index, value] of values.entries()) {
    const text = JSON.stringify(value, sorted)
    spend(5 + text.length / 8)
    const times = (seen.get(text) ?? 0) + 1
    seen.set(text, times)
    if (times === 2) found.push(index)
  }
  return found
}

/** The order of fields makes no difference. */
function sorted(_key: string, value: unknown): unknown {
  if (!isJsonObject(value) || Array.isArray(value)) return value
  const names = Object.keys(value)
  return names.every((name, index) => index === 0 || (names[index - 1] ?? '') <= name) ? value : Object.fromEntries(names.sort().map((name) => [name, value[name]]))
}
