// Stored entries as the objects that callers see: keys, resourceVersion, version conversion, encoded bytes. Each is made once.
import type { AnyObject, KubeObject, ObjectMeta } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { objectText } from '../api/object-text.ts'
import type { Change, Entry } from '../storage/store.ts'
import { deepFreeze } from '../util/deep-freeze.ts'
import { keeper } from '../util/kept.ts'
import type { Conversions } from './conversions.ts'
import type { Definition } from './definition.ts'

/** The prefix of a kind's keys, within one namespace if given. */
export function prefixOf(definition: Definition, namespace?: string): string {
  if (definition.storage === undefined) throw new Error(`${definition.resource.plural}: nothing is stored`)
  const root = `/registry/${definition.storage}/`
  return namespace ? `${root}${namespace}/` : root
}

export function keyOf(definition: Definition, namespace: string | undefined, name: string): string {
  return prefixOf(definition, definition.resource.namespaced ? namespace : undefined) + name
}

/** A kind's stored value: an object without its resourceVersion. */
export type StoredEntry = Entry<AnyObject>
export type StoredChange = Change<AnyObject>

/** What was made of an entry or change, the newest first. */
interface Made {
  readonly definition: Definition
  readonly view: AnyObject
  readonly next: Made | undefined
}

const kept = keeper<Made>()
/** More definitions than a kind has versions; those of a CRD are new with each change of it. */
const mostKept = 8

function keptView(definition: Definition, of: object): AnyObject | undefined {
  for (let made = kept.get(of); made; made = made.next) if (made.definition === definition) return made.view
  return undefined
}

function keep(definition: Definition, of: object, view: AnyObject): AnyObject {
  let next = kept.get(of)
  let count = 0
  for (let made = next; made; made = made.next) count++
  if (count >= mostKept) next = undefined
  kept.set(of, { definition, view, next })
  return view
}

/** The entry's object in the definition's version, with its resourceVersion; the same frozen object each time. */
export function viewOf(definition: Definition, entry: StoredEntry, made?: Conversions): AnyObject {
  return keptView(definition, entry) ?? keep(definition, entry, decorate(definition, entry.value, entry.revision, made))
}

/** What a watcher is shown of a deletion: the last state with the revision of the delete. */
export function deletedView(definition: Definition, change: StoredChange, last: StoredEntry): AnyObject {
  return keptView(definition, change) ?? keep(definition, change, decorate(definition, last.value, change.revision))
}

/** A view that is not kept; without a revision for what was never stored. */
export function decorate(definition: Definition, stored: AnyObject, revision: number | undefined, made?: Conversions): AnyObject {
  const value = definition.convert ? deepFreeze(definition.convert.fromStored(stored, made)) : stored
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = value
  const versioned: ObjectMeta = Object.freeze(revision === undefined ? { ...metadata } : { ...metadata, resourceVersion: String(revision) })
  return Object.freeze({
    kind: definition.resource.kind, apiVersion: apiVersionOf(definition.resource), metadata: versioned, ...rest,
  })
}

/** A draft in the definition's version as the value to store. */
export function storedForm(definition: Definition, draft: AnyObject, made?: Conversions): AnyObject {
  const value = definition.convert ? definition.convert.toStored(draft, made) : draft
  if (value.metadata.resourceVersion === undefined) return value
  const { resourceVersion: _resourceVersion, ...metadata } = value.metadata
  return { ...value, metadata }
}

const bytes = keeper<Buffer>()

/** The JSON bytes of an object that the registry handed out; made on first use and kept as long as the object. */
export function encoded(object: object): Buffer {
  let buffer = bytes.get(object)
  if (!buffer) bytes.set(object, buffer = Buffer.from(objectText(object)))
  return buffer
}

/** How long the JSON of an entry is, if it was made; a deletion's or another version's does not count. */
export function knownLength(definition: Definition, entry: StoredEntry): number | undefined {
  const view = keptView(definition, entry)
  return view && bytes.get(view)?.length
}

export const revisionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? 0)
