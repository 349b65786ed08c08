// What part of an old custom resource a part of the new one corresponds to, and whether it is still the same: by the schema, as Kubernetes' ratcheting sees it.
import { equalJson, isJsonObject } from './json.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import { spend } from '../util/allowance.ts'

/** What tells an item of a list by keys from the others; undefined for what lacks a key. */
function keyOf(item: unknown, keys: readonly string[]): string | undefined {
  if (!isJsonObject(item)) return undefined
  let text = ''
  for (const name of keys) {
    const value = Object.hasOwn(item, name) ? item[name] : undefined
    if (value === undefined || value === null || typeof value === 'object') return undefined
    text += `${JSON.stringify(value)},`
  }
  return text
}

/** Finds the old item of an item; undefined where items of this list are not told apart. */
export function oldItems({ type, 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys = [] }: JsonSchemaProps, old: unknown): ((item: unknown) => unknown) | undefined {
  if (type !== 'array' || listType !== 'map' || keys.length === 0 || !Array.isArray(old)) return undefined
  const found = new Map<string, unknown>()
  for (const item of old as unknown[]) {
    spend(2)
    const key = keyOf(item, keys)
    if (key !== undefined && !found.has(key)) found.set(key, item)
  }
  return (item) => {
    const key = keyOf(item, keys)
    return key === undefined ? undefined : found.get(key)
  }
}

/** The schema of a field, if the schema of its holder tells. */
export function fieldProps({ properties, additionalProperties }: JsonSchemaProps, name: string): JsonSchemaProps | undefined {
  if (properties && Object.hasOwn(properties, name)) return properties[name]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/** A part of the new object beside that of the old one it corresponds to. */
export interface Pair {
  readonly props: JsonSchemaProps
  readonly value: unknown
  readonly old: unknown
}

/** undefined where one of the two lacks the field, or the schema does not know it. */
export function pairOfField({ props, value, old }: Pair, name: string): Pair | undefined {
  if (!isJsonObject(value) || !isJsonObject(old) || !Object.hasOwn(value, name) || !Object.hasOwn(old, name) || old[name] === undefined) return undefined
  const known = fieldProps(props, name)
  return known && { props: known, value: value[name], old: old[name] }
}

/** Fields that the schema does not know make an object another one, even where they are kept and the same. */
export function isUnchanged({ props, value, old }: Pair): boolean {
  spend(3)
  if (value === null || old === null) return value === old
  if (Array.isArray(value)) return Array.isArray(old) && sameItems(props, value, old)
  if (!isJsonObject(value)) return equalJson(value, old)
  if (!isJsonObject(old) || Array.isArray(old)) return false
  let fields = 0
  for (const name in value) {
    if (value[name] === undefined) continue
    fields++
    const pair = pairOfField({ props, value, old }, name)
    if (!pair || !isUnchanged(pair)) return false
  }
  for (const name in old) if (old[name] !== undefined) fields--
  return fields === 0
}

/** Items that have keys may have changed places. */
function sameItems(props: JsonSchemaProps, value: readonly unknown[], old: readonly unknown[]): boolean {
  if (value.length !== old.length) return false
  const itemBefore = oldItems(props, old)
  const { items } = props
  if (!itemBefore || !items) return equalJson(value, old)
  return value.every((item) => {
    const before = itemBefore(item)
    return before !== undefined && isUnchanged({ props: items, value: item, old: before })
  })
}
