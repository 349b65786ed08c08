// What lists that are sets or maps promise: no item twice, no key twice.
import type { FieldError } from './field-error.ts'
import { duplicate, invalid } from './field-error.ts'
import type { JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import { sparseOf, visitSparse } from './structural-sparse.ts'
import type { PathStep } from './structural-walk.ts'
import { pathText } from './structural-walk.ts'
import { spend } from '../util/allowance.ts'

/** All errors of an object; none where the old one had some already. undefined for a schema without such lists. */
export function compileListCheck(props: JsonSchemaProps): ((object: unknown, old?: unknown) => FieldError[]) | undefined {
  const lists = sparseOf(props, ({ 'x-kubernetes-list-type': listType }) => listType === 'set' || listType === 'map')
  if (!lists) return undefined
  const broken = (object: unknown): FieldError[] => {
    const errors: FieldError[] = []
    visitSparse(lists, object, (own, value, path) => {
      if (Array.isArray(value)) checkList(errors, own, value as readonly unknown[], path)
    })
    return errors
  }
  return (object, old) => {
    const errors = broken(object)
    return errors.length > 0 && old !== undefined && broken(old).length > 0 ? [] : errors
  }
}

function checkList(errors: FieldError[], props: JsonSchemaProps, list: readonly unknown[], path: readonly PathStep[]): void {
  const at = (index: number): string => pathText([...path, index])
  if (props['x-kubernetes-list-type'] === 'set') {
    for (const index of repeated(list)) errors.push(duplicate(at(index), list[index]))
    return
  }
  const odd = list.findIndex((item) => item !== null && (!isJsonObject(item) || Array.isArray(item)))
  if (odd >= 0) return void errors.push(invalid(at(odd), list[odd], 'must be an object for an array of list-type map'))
  if (list.length <= 1) return
  const keys = list.map((item) => keysOf(item, props['x-kubernetes-list-map-keys'] ?? []))
  for (const index of repeated(keys)) errors.push(duplicate(at(index), keys[index]))
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
    const text = typeof value === 'string' ? `"${value}` : JSON.stringify(value, sorted)
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
