// The JSON text of an object. What it says of owners, which is much of it, is made once for all objects that share it.
import { isShared } from './apply-owners.ts'
import type { FieldSet } from './field-set.ts'
import type { KubeObject, ManagedFieldsEntry } from './object.ts'

const texts = new WeakMap<object, string>()

/** The same value as JSON.stringify writes, with kind, apiVersion and metadata before the rest where there are managedFields, and those as the last of metadata. */
export function objectText(object: object): string
export function objectText(value: unknown): string | undefined
export function objectText(object: unknown): string | undefined {
  if (typeof object !== 'object' || object === null) return JSON.stringify(object)
  const { metadata } = object as Partial<KubeObject>
  const entries = metadata?.managedFields
  if (!metadata || !Array.isArray(entries) || entries.length === 0) return othersText(object)
  // Two calls in all: each costs something, however little it has to write.
  const { kind, apiVersion, metadata: _metadata, ...rest } = object as KubeObject
  const others = othersText(rest)
  return `{${named('kind', kind)}${named('apiVersion', apiVersion)}"metadata":${metadataText(metadata, entries)}${others.length > 2 ? ',' : ''}${others.slice(1)}`
}

const named = (name: string, value: unknown): string => (value === undefined ? '' : `"${name}":${JSON.stringify(value)},`)

function othersText(others: object): string {
  for (const key in others) if (isKept(others[key as keyof typeof others])) return membersText(others)
  return JSON.stringify(others)
}

const membersText = (object: object): string =>
  `{${Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [`${JSON.stringify(key)}:${textOf(value)}`])).join(',')}}`

/** The text of a large frozen value, which has been written already. */
export function keepText(value: object, text: string): void {
  texts.set(value, text)
}

const textOf = (value: unknown): string | undefined => (typeof value === 'object' && value !== null ? texts.get(value) : undefined) ?? JSON.stringify(value)

const isKept = (value: unknown): boolean => typeof value === 'object' && value !== null && texts.has(value)

/** Metadata with members that are large and written already. */
function composed({ managedFields: _owners, ...metadata }: KubeObject['metadata']): string {
  return membersText(metadata)
}

function metadataText(metadata: KubeObject['metadata'], entries: readonly ManagedFieldsEntry[]): string {
  // Quicker than a copy without the member, and written the same.
  const { labels, annotations, finalizers, ownerReferences } = metadata
  const isLarge = isKept(labels) || isKept(annotations) || isKept(finalizers) || isKept(ownerReferences)
  const text = isLarge ? composed(metadata) : JSON.stringify({ ...metadata, managedFields: undefined })
  return `${text.slice(0, -1)}${text.length > 2 ? ',' : ''}"managedFields":${kept(entries, listText)}}`
}

const listText = (entries: readonly ManagedFieldsEntry[]): string => `[${entries.map((entry) => kept(entry, entryText)).join(',')}]`

function entryText(entry: ManagedFieldsEntry): string {
  const set = entry.fieldsV1 as FieldSet | undefined
  if (set === undefined || (!isShared(set) && !texts.has(set))) return JSON.stringify(entry)
  const { fieldsV1: _set, ...rest } = entry
  const text = JSON.stringify(rest)
  return `${text.slice(0, -1)}${text.length > 2 ? ',' : ''}"fieldsV1":${texts.get(set) ?? kept(set, JSON.stringify)}}`
}

/** The text of a part; kept when other objects have the same part. */
function kept<T extends object>(part: T, make: (part: T) => string): string {
  if (!isShared(part)) return make(part)
  let text = texts.get(part)
  if (text === undefined) texts.set(part, text = make(part))
  return text
}
