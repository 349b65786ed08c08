// The owners of an object's fields: entries of metadata.managedFields as the API shows them. Entries and lists are never changed.
import type { FieldSet } from './field-set.ts'
import { difference, isFieldSet, union, withoutFields } from './field-set.ts'
import { equalJson } from './json.ts'
import { deepFreeze } from '../util/deep-freeze.ts'
import type { ManagedFieldsEntry } from './object.ts'
import type { ObjectSchema } from './schema.ts'

export interface Owner extends Readonly<ManagedFieldsEntry> {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly fieldsV1: FieldSet
}

/** An owner without what it owns. */
export interface OwnerName {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource?: string
}

const mostUpdaters = 10
const bucketName = 'ancient-changes'

/** Appliers are one whatever the version that they apply in. */
export const isSameOwner = (a: OwnerName, b: OwnerName): boolean =>
  a.manager === b.manager && a.operation === b.operation && (a.subresource ?? '') === (b.subresource ?? '')
  && (a.operation === 'Apply' || a.apiVersion === b.apiVersion)

/** Entries that are known to be good are not looked at again. */
const good = new WeakSet<ManagedFieldsEntry>()

/** In the order of the API. */
export function ownerEntry(name: OwnerName, fieldsV1: FieldSet, time: string | undefined): Owner {
  const { manager, operation, apiVersion, subresource } = name
  const entry: Owner = {
    manager, operation, apiVersion, ...(time === undefined ? {} : { time }), fieldsType: 'FieldsV1', fieldsV1, ...(subresource ? { subresource } : {}),
  }
  good.add(entry)
  return entry
}

/** What a manager had last on an object of the kind: most objects of a kind are alike, and what is said of owners is larger than many an object. */
interface Last {
  readonly set: FieldSet
  entry?: Owner
}

const lasts = new WeakMap<ObjectSchema, Map<string, Last>>()
const mostManagers = 200
/** Sets, entries and lists that more than one object has. */
const shared = new WeakSet<object>()

export const isShared = (part: object): boolean => shared.has(part)

function lastOf(schema: ObjectSchema, { manager, operation, apiVersion, subresource = '' }: OwnerName, set?: FieldSet): Last | undefined {
  let known = lasts.get(schema)
  if (!known) lasts.set(schema, known = new Map())
  const key = `${operation}/${apiVersion}/${manager}/${subresource}`
  const last = known.get(key)
  if (!set || last?.set === set) return last
  if (last && equalJson(last.set, set)) return last
  if (known.size >= mostManagers) known.clear()
  const next: Last = { set: deepFreeze(set) }
  known.set(key, next)
  return next
}

/** The set that this manager had last on an object of the kind. */
export const lastSet = (schema: ObjectSchema, name: OwnerName): FieldSet | undefined => lastOf(schema, name)?.set

/** An entry like ownerEntry's; the very one that the manager had last on an object of the kind, if that says the same. */
export function sharedEntry(schema: ObjectSchema, name: OwnerName, set: FieldSet, time: string): Owner {
  const last = lastOf(schema, name, set)
  if (!last) return ownerEntry(name, set, time)
  shared.add(last.set)
  if (last.entry?.time === time) {
    shared.add(last.entry)
    return last.entry
  }
  last.entry = ownerEntry(name, last.set, time)
  return last.entry
}

const lists = new WeakMap<Owner, readonly Owner[]>()

/** A list of one; the same list for the same shared entry. */
export function listOfOne(entry: Owner): readonly Owner[] {
  if (!shared.has(entry)) return [entry]
  let list = lists.get(entry)
  if (!list) {
    lists.set(entry, list = Object.freeze([entry]))
    shared.add(list)
  }
  return list
}

/** The entries of a stored or sent object; undefined when any of them is not one. */
export function ownersFrom(entries: readonly ManagedFieldsEntry[] | undefined): readonly Owner[] | undefined {
  if (!entries || entries.length === 0) return []
  return entries.every(isOwner) ? entries as readonly Owner[] : undefined
}

function isOwner(entry: ManagedFieldsEntry): boolean {
  if (good.has(entry)) return true
  const { manager = '', operation, apiVersion, fieldsType, fieldsV1 } = entry
  const fine = typeof manager === 'string' && (operation === 'Apply' || operation === 'Update') && typeof apiVersion === 'string' && apiVersion !== ''
    && (fieldsType === 'FieldsV1') && isFieldSet(fieldsV1)
  if (fine && Object.isFrozen(entry)) good.add(entry)
  return fine
}

/** `[{}]` asks that nobody shall own anything. */
const isReset = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries?.length === 1 && Object.values(entries[0] ?? {}).every((value) => value === undefined || value === null || value === '')

/** The owners that a write starts from: those that the client sends, if they are any good; else those that stand. */
export function startingOwners(sent: readonly ManagedFieldsEntry[] | undefined, standing: readonly ManagedFieldsEntry[] | undefined): readonly Owner[] {
  if (isReset(sent)) return []
  const own = sent === undefined || sent === standing || equalJson(sent, standing) ? undefined : ownersFrom(sent)
  return own && own.length > 0 ? own : ownersFrom(standing) ?? []
}

// Identity of the object is nobody's, nor is what the server alone sets.
const neverOwned: FieldSet = Object.freeze({
  'f:apiVersion': {}, 'f:kind': {},
  'f:metadata': {
    '.': {}, 'f:name': {}, 'f:namespace': {}, 'f:creationTimestamp': {}, 'f:selfLink': {}, 'f:uid': {}, 'f:clusterName': {}, 'f:generation': {},
    'f:managedFields': {}, 'f:resourceVersion': {},
  },
})

const fieldsOf = (set: FieldSet = {}): string[] => Object.keys(set).flatMap((step) => (step === '.' ? [] : [step.slice(2)]))

/** Fields of metadata that nobody owns. */
export const unownedMetadata: ReadonlySet<string> = new Set(fieldsOf(neverOwned['f:metadata']))
/** Root fields that nobody owns; of metadata only some. */
export const unownedRoot: ReadonlySet<string> = new Set(fieldsOf(neverOwned).filter((name) => name !== 'metadata'))

/** What may be owned of a set. `ignored` names root fields that the request cannot write. */
export const ownable = (set: FieldSet | undefined, ignored: readonly string[]): FieldSet | undefined =>
  difference(withoutFields(set, ignored), neverOwned)

/** With the oldest updaters joined by version when there are more than ten. */
export function capped(owners: readonly Owner[]): readonly Owner[] {
  const updaters = owners.filter(({ operation }) => operation === 'Update')
  let surplus = updaters.length - mostUpdaters
  if (surplus <= 0) return owners
  const first = new Map<string, Owner>()
  const buckets = new Map<string, Owner>()
  const gone = new Set<Owner>()
  for (const owner of [...updaters].sort(byAge)) {
    if (surplus <= 0) break
    const { apiVersion } = owner
    const earlier = buckets.get(apiVersion) ?? first.get(apiVersion)
    if (!earlier) {
      first.set(apiVersion, owner)
      continue
    }
    const name: OwnerName = { manager: bucketName, operation: 'Update', apiVersion }
    const standing = owners.find((candidate) => isSameOwner(candidate, name) && !gone.has(candidate))
    gone.add(owner).add(earlier)
    if (standing) gone.add(standing)
    const all = union(union(owner.fieldsV1, earlier.fieldsV1), standing?.fieldsV1)
    buckets.set(apiVersion, ownerEntry(name, all ?? owner.fieldsV1, owner.time))
    surplus--
  }
  return [...owners.filter((owner) => !gone.has(owner)), ...buckets.values()]
}

const byAge = (a: Owner, b: Owner): number => compareText(a.time ?? '', b.time ?? '') || compareText(a.manager, b.manager)

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** As the API lists them: appliers first, then by age and name. */
export const sorted = (owners: readonly Owner[]): readonly Owner[] => (owners.length < 2 ? owners : [...owners].sort((a, b) =>
  compareText(a.operation, b.operation) || compareText(a.time ?? '', b.time ?? '') || compareText(a.manager, b.manager)
  || compareText(a.apiVersion, b.apiVersion) || compareText(a.subresource ?? '', b.subresource ?? '')))

/** Equal but for when. */
export function sameOwnership(a: readonly ManagedFieldsEntry[] | undefined, b: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (a === b) return true
  if ((a?.length ?? 0) !== (b?.length ?? 0)) return false
  const rest = [...b ?? []]
  return (a ?? []).every((entry) => {
    const index = rest.findIndex((other) => isSameOwner(entry as Owner, other as Owner) && entry.apiVersion === other.apiVersion && equalJson(entry.fieldsV1, other.fieldsV1))
    if (index >= 0) rest.splice(index, 1)
    return index >= 0
  })
}
