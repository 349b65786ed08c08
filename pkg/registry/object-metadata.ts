// The server's part of metadata: what it sets, what clients may not change, and the checks of what they may.
import type { FieldError } from '../api/field-error.ts'
import { duplicate, forbiddenField, invalid, required, tooLong } from '../api/field-error.ts'
import { dnsLabel1035Faults, dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, pathSegmentFaults, qualifiedNameFaults } from '../api/names.ts'
import type { AnyObject, ObjectMeta } from '../api/object.ts'
import { badRequest } from '../api/status-error.ts'
import type { Clock } from '../util/clock.ts'
import type { Definition } from './definition.ts'

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'
const longestGeneratedBase = 58
const annotationBytes = 256 * 1024

export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** A version 4 UUID. Uids need to differ, not to be secret. */
export function newUid(clock: Clock): string {
  const byte = (): number => Math.floor(clock.random() * 256)
  const bytes = Array.from({ length: 16 }, byte)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.map((value) => value.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
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

const sameTime = (a: string | undefined, b: string | undefined): boolean => a === b || (!!a && !!b && Date.parse(a) === Date.parse(b))

/** The draft's metadata with what clients may not change carried from the old; errors where they tried. */
export function keepMetadata(metadata: ObjectMeta, old: ObjectMeta): { metadata: ObjectMeta; errors: FieldError[] } {
  const errors: FieldError[] = []
  const immutable = 'field is immutable'
  const uid = metadata.uid || old.uid || ''
  if (uid !== (old.uid ?? '')) errors.push(invalid('metadata.uid', uid, immutable))
  if (metadata.creationTimestamp && !sameTime(metadata.creationTimestamp, old.creationTimestamp)) {
    errors.push(invalid('metadata.creationTimestamp', metadata.creationTimestamp, immutable))
  }
  if (metadata.deletionTimestamp && !old.deletionTimestamp) errors.push(invalid('metadata.deletionTimestamp', metadata.deletionTimestamp, immutable))
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

function nameErrors(definition: Definition, name: string): string[] {
  switch (definition.names) {
    case 'dns-label': return dnsLabelFaults(name)
    case 'dns-label-1035': return dnsLabel1035Faults(name)
    case 'path-segment': return pathSegmentFaults(name)
    default: return dnsSubdomainFaults(name)
  }
}

function ownerErrors(metadata: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  const path = 'metadata.ownerReferences'
  const owners = metadata.ownerReferences ?? []
  for (const owner of owners) {
    if (!owner.apiVersion) errors.push(invalid(`${path}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
    if (!owner.kind) errors.push(invalid(`${path}.kind`, owner.kind ?? '', 'must not be empty'))
    if (!owner.name) errors.push(invalid(`${path}.name`, owner.name ?? '', 'must not be empty'))
    if (!owner.uid) errors.push(invalid(`${path}.uid`, owner.uid ?? '', 'must not be empty'))
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') errors.push(invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'))
  }
  const [first, second] = owners.filter((owner) => owner.controller === true)
  if (first && second) {
    errors.push(invalid(path, owners, `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`))
  }
  return errors
}

/** Checks that hold on every write. */
export function metadataErrors(definition: Definition, object: AnyObject): FieldError[] {
  const { metadata } = object
  const errors: FieldError[] = []
  const all = (path: string, value: string, texts: readonly string[]): void => {
    for (const text of texts) errors.push(invalid(path, value, text))
  }
  if (metadata.generateName) all('metadata.generateName', metadata.generateName, nameErrors(definition, metadata.generateName.replace(/-$/, 'a')))
  if (!metadata.name) errors.push(required('metadata.name', 'name or generateName is required'))
  else all('metadata.name', metadata.name, nameErrors(definition, metadata.name))
  if (metadata.namespace) all('metadata.namespace', metadata.namespace, dnsLabelFaults(metadata.namespace))
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    all('metadata.labels', key, qualifiedNameFaults(key))
    all('metadata.labels', value, labelValueFaults(value))
  }
  let size = 0
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    all('metadata.annotations', key, qualifiedNameFaults(key.toLowerCase()))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > annotationBytes) errors.push(tooLong('metadata.annotations', annotationBytes))
  errors.push(...ownerErrors(metadata))
  const finalizers = metadata.finalizers ?? []
  for (const [index, finalizer] of finalizers.entries()) {
    all('metadata.finalizers', finalizer, qualifiedNameFaults(finalizer))
    if (finalizers.indexOf(finalizer) < index) errors.push(duplicate(`metadata.finalizers[${index}]`, finalizer))
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid('metadata.finalizers', finalizers, 'finalizer "foregroundDeletion" and "orphan" cannot be both set'))
  }
  return errors
}

/** An object that is being deleted takes no new finalizers. */
export function finalizerErrors(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (!old.deletionTimestamp) return []
  const added = (metadata.finalizers ?? []).filter((finalizer) => !old.finalizers?.includes(finalizer))
  if (added.length === 0) return []
  const shown = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`
  return [forbiddenField('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`)]
}
