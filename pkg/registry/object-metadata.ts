// The server's part of metadata: what it sets, and what clients may not change.
import type { FieldError } from '../api/field-error.ts'
import { invalid } from '../api/field-error.ts'
import type { ObjectMeta, OwnerReference } from '../api/object.ts'
import { badRequest } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import type { Clock } from '../util/clock.ts'
import type { Parts } from '../util/slices.ts'
import type { Definition } from './definition.ts'

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'
const longestGeneratedBase = 58

/** Most are of the second that the one before was of. */
let latest = { second: NaN, text: '' }

export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== latest.second) latest = { second, text: formatTime(ms) }
  return latest.text
}

const hex = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'))

/** A version 4 UUID. Uids need to differ, not to be secret. */
export function newUid(clock: Clock): string {
  let uid = ''
  for (let index = 0; index < 16; index++) {
    const byte = Math.floor(clock.random() * 256)
    if (index === 4 || index === 6 || index === 8 || index === 10) uid += '-'
    uid += hex[index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte]!
  }
  return uid
}

export function randomSuffix(clock: Clock): string {
  return Array.from({ length: 5 }, () => suffixAlphabet[Math.floor(clock.random() * suffixAlphabet.length)]).join('')
}

export const generatedName = (base: string, clock: Clock): string => base.slice(0, longestGeneratedBase) + randomSuffix(clock)

/** Empty collections are the same as none; dropping them keeps equal objects equal. */
function dropEmpty(metadata: ObjectMeta): void {
  for (const field of ['labels', 'annotations'] as const) {
    if (metadata[field] && Object.keys(metadata[field]).length === 0) delete metadata[field]
  }
  for (const field of ['ownerReferences', 'finalizers'] as const) {
    if (metadata[field]?.length === 0) delete metadata[field]
  }
  for (const field in metadata) {
    const value = metadata[field as keyof ObjectMeta] as unknown
    if (value === null || value === '') delete (metadata as Record<string, unknown>)[field]
  }
}

/** Puts the request's namespace on the draft, or refuses another one. */
export function settleNamespace(definition: Definition, metadata: ObjectMeta, namespace: string | undefined): void {
  if (!definition.resource.namespaced) {
    delete metadata.namespace
    return
  }
  if (metadata.namespace && namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  metadata.namespace ||= namespace ?? ''
  if (!metadata.namespace) throw badRequest('an empty namespace may not be set during creation')
}

/** Drops what only the server may set, and sets it. The name is settled later, by the transaction. */
export function startMetadata(metadata: ObjectMeta, clock: Clock, generation: boolean): void {
  if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.managedFields
  delete (metadata as Record<string, unknown>).selfLink
  metadata.uid = newUid(clock)
  metadata.creationTimestamp = timestamp(clock.now())
  if (generation) metadata.generation = 1
  else delete metadata.generation
  dropEmpty(metadata)
}

/** What clients may not change, where they tried. Of the time of creation nobody is told; it stays as it is. */
function immutableErrors(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  const refuse = (field: string, value: unknown): void => void errors.push(invalid(`metadata.${field}`, value, 'field is immutable'))
  const { uid, deletionTimestamp, deletionGracePeriodSeconds: grace } = metadata
  if (uid && uid !== (old.uid ?? '')) refuse('uid', uid)
  if (deletionTimestamp && !old.deletionTimestamp) refuse('deletionTimestamp', deletionTimestamp)
  if (grace !== undefined && grace !== null && grace !== old.deletionGracePeriodSeconds) refuse('deletionGracePeriodSeconds', grace)
  return errors
}

/** The draft's metadata with what clients may not change carried from the old; errors where they tried. */
export function keepMetadata(metadata: ObjectMeta, old: ObjectMeta): { metadata: ObjectMeta; errors: FieldError[] } {
  const errors = immutableErrors(metadata, old)
  // A copy: an object from which members are deleted is a slow one ever after.
  const { resourceVersion: _version, managedFields: _owners, selfLink: _link, ...kept } = metadata as ObjectMeta & { selfLink?: string }
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) {
    if (kept[field] === old[field]) continue
    if (old[field] === undefined) delete kept[field]
    else Object.assign(kept, { [field]: old[field] })
  }
  dropEmpty(kept)
  return { metadata: kept, errors }
}

const duplicateOwners = (when: string, uids: string): string =>
  `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`

/** Equal for owners that say the same. */
const ownerKey = ({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: OwnerReference): string => JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion])

const stride = 256

/** Drops owners that are named twice, on a draft, and warns of it. */
export function* dropDuplicateOwners(metadata: ObjectMeta, warn: (text: string) => void, afterAdmission = false): Parts<void> {
  const owners = metadata.ownerReferences
  if (!owners || owners.length < 2) return
  const kept = new Map<string, OwnerReference>()
  const twice: string[] = []
  for (const [index, owner] of owners.entries()) {
    const key = ownerKey(owner)
    if (kept.has(key)) twice.push(owner.uid)
    else kept.set(key, owner)
    if (index % stride === stride - 1) yield
  }
  if (twice.length === 0) return
  warn(duplicateOwners(afterAdmission ? ' after mutating admission happens' : '', twice.join(', ')))
  metadata.ownerReferences = [...kept.values()]
}
