// Building blocks of table columns: the texts that `kubectl get` prints.
import type { KubeObject } from '../../api/object.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import { ageText, humanDuration } from '../../api/human-duration.ts'
import { selectorMatcher } from '../../api/label-selector.ts'
import type { Column } from '../definition.ts'

interface Now {
  readonly now: number
}

export const none = '<none>'
export const unset = '<unset>'
export const unknown = '<unknown>'

export function text<T extends KubeObject>(name: string, description: string, value: (object: T, context: Now) => string | number): Column<T> {
  return { name, type: 'string', description, value }
}

export function integer<T extends KubeObject>(name: string, description: string, value: (object: T) => number): Column<T> {
  return { name, type: 'integer', description, value }
}

/** A number that Kubernetes declares to be a text. */
export function number<T extends KubeObject>(name: string, description: string, value: (object: T) => number): Column<T> {
  return { name, type: 'string', description, value }
}

/** Shown with `-o wide` only. */
export function wide<T extends KubeObject>(column: Column<T>): Column<T> {
  return { ...column, priority: 1 }
}

export const nameColumn: Column<KubeObject> = {
  name: 'Name', type: 'string', format: 'name', description: 'Name of the object, unique within its namespace and kind.',
  value: (object) => object.metadata.name ?? '',
}

export const ageColumn: Column<KubeObject> =
  text('Age', 'Time since the object was created.', (object, { now }) => since(object.metadata.creationTimestamp, now))

/** What kinds without own columns show; the client turns the time into an age or prints it. */
export const defaultColumns: readonly Column<KubeObject>[] = [
  nameColumn,
  { name: 'Created At', type: 'date', description: 'When the object was created.', value: (object) => object.metadata.creationTimestamp ?? '' },
]

/** How long ago a time was, in kubectl's words. */
export function since(time: string | undefined, now: number): string {
  return ageText(time, now)
}

/** How long after `now` a time is. */
export function until(time: string | undefined, now: number): string {
  const end = time === undefined ? NaN : Date.parse(time)
  return Number.isNaN(end) ? unknown : humanDuration(end - now)
}

export function orNone(value: string | undefined): string {
  return value ? value : none
}

/** `a=b,c=d` in key order, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? none : pairs.sort().join(',')
}

/** A selector as a query string: `a=b,c in (x,y)`; empty for a selector of everything. */
export function selectorQuery(selector: LabelSelector | undefined): string {
  return selectorMatcher(selector).toString()
}

/** A selector as a cell: `<none>` for a missing or empty one. */
export function selectorText(selector: LabelSelector | undefined): string {
  return selectorQuery(selector) || none
}
