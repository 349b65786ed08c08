// Columns and selectable fields of custom resources: paths into the object, as cells and texts.
import { ageText } from '../api/human-duration.ts'
import { isJsonObject } from '../api/json.ts'
import type { JsonPath } from '../api/json-path.ts'
import { compileJsonPath, JsonPathError } from '../api/json-path.ts'
import type { AnyObject } from '../api/object.ts'
import { parseTime } from '../api/times.ts'
import type { CustomColumn } from '../api/types-custom.ts'
import type { Column } from './definition.ts'
import { goFloat, goJson } from '../util/go-text.ts'
import { nameColumn } from './kinds/columns.ts'

type Cell = string | number | bigint | boolean | null

const created: CustomColumn = {
  name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since the object was created.',
}

/** The name, and what the CRD asks for; an age if it asks for nothing. Columns end before the first path that leads nowhere. */
export function customColumns(stated: readonly CustomColumn[] | undefined): readonly Column[] {
  const columns: Column[] = [nameColumn as Column]
  for (const column of stated && stated.length > 0 ? stated : [created]) {
    const path = pathOf(column.jsonPath)
    if (!path) break
    columns.push(customColumn(column, path))
  }
  return columns
}

function pathOf(jsonPath: string): JsonPath | undefined {
  try {
    return compileJsonPath(jsonPath)
  } catch (error) {
    if (error instanceof JsonPathError) return undefined
    throw error
  }
}

function customColumn({ name, type, format, description, priority, jsonPath }: CustomColumn, path: JsonPath): Column {
  return {
    name, type: type as NonNullable<Column['type']>, description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    ...(format ? { format } : {}), ...(priority ? { priority } : {}),
    value: (object, { now }) => cellOf(path(object), type, now),
  }
}

function cellOf(values: readonly unknown[], type: string, now: number): Cell {
  const [value] = values
  if (value === undefined) return null
  switch (type) {
    case 'integer': return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null
    case 'number': return typeof value === 'number' || typeof value === 'bigint' ? value : null
    case 'boolean': return typeof value === 'boolean' ? value : null
    case 'date': return typeof value === 'string' ? dateText(value, now) : null
    // Of several values the first is shown, as kube-apiserver does.
    default: return value === null ? '<no value>' : shown(value)
  }
}

function dateText(text: string, now: number): string {
  if (text === '') return '<unknown>'
  return parseTime(text) ? ageText(text, now) : '<invalid>'
}

const mostInteger = 2 ** 63
/** Whole numbers are integers. */
const isFloat = (value: unknown): value is number => typeof value === 'number' && !(Number.isInteger(value) && Math.abs(value) < mostInteger)
const shown = (value: unknown): string => (typeof value === 'object' ? goJson(sorted(value)) : isFloat(value) ? goFloat(value) : String(value))

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  return isJsonObject(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value
}

/** A field for selectors, named as its path without the dot in front. */
export function selectableField(jsonPath: string): readonly [name: string, read: (object: AnyObject) => string] {
  const path = compileJsonPath(jsonPath)
  return [jsonPath.replace(/^\./, ''), (object) => {
    const [value] = path(object)
    return value === undefined || value === null ? '' : shown(value)
  }]
}
