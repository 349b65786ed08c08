// JSON values as Go prints them with %v, as they stand in some errors.
import { isJsonObject } from './json.ts'
import type { SelectorObject } from './label-selector.ts'

/** `map[a:1 b:[x y]]`; maps by their keys. */
export function goPrint(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goPrint).join(' ')}]`
  if (isJsonObject(value)) return `map[${Object.keys(value).sort().map((key) => `${key}:${goPrint(value[key])}`).join(' ')}]`
  return String(value as string | number | bigint | boolean)
}

/** The kind of what Go has read from JSON. */
export function goKind(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (Array.isArray(value)) return 'slice'
  switch (typeof value) {
    case 'number': return Number.isInteger(value) ? 'int64' : 'float64'
    case 'bigint': return 'int64'
    case 'boolean': return 'bool'
    case 'object': return 'map'
    default: return 'string'
  }
}

/** A selector as Go's generated code prints it. */
export function selectorInGo({ matchLabels = {}, matchExpressions = [] }: SelectorObject): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}: ${value},`).sort()
  const rules = matchExpressions.map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`)
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${rules.join('')}},}`
}
