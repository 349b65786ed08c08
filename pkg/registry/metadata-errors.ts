// The checks of metadata that hold for every kind: names, labels, annotations, owners, finalizers, and what is said of the owners of fields.
import type { FieldError } from '../api/field-error.ts'
import { forbiddenField, invalid, mostToTell, required, tooLong } from '../api/field-error.ts'
import { dnsLabel1035Faults, dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, pathSegmentFaults, qualifiedNameFaults } from '../api/names.ts'
import type { AnyObject, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../api/object.ts'
import type { Parts } from '../util/slices.ts'
import type { Definition } from './definition.ts'

const annotationBytes = 256 * 1024
const managerBytes = 128
const subresourceBytes = 256

function nameFaults(definition: Pick<Definition, 'names'>, name: string): string[] {
  switch (definition.names) {
    case 'dns-label': return dnsLabelFaults(name)
    case 'dns-label-1035': return dnsLabel1035Faults(name)
    case 'path-segment': return pathSegmentFaults(name)
    default: return dnsSubdomainFaults(name)
  }
}

/** A prefix may end in a dash, since more follows. */
const withoutDash = (prefix: string): string => (prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix)

/** In the order of the API. */
const shownOwner = ({ apiVersion = '', kind = '', name = '', uid = '', controller, blockOwnerDeletion }: OwnerReference): object => ({
  apiVersion, kind, name, uid, ...(controller === undefined ? {} : { controller }), ...(blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion }),
})

/** `apps/v1` has one, `apps/` and `a/b/c` have none. */
function hasVersion(apiVersion: string): boolean {
  const parts = apiVersion.split('/')
  return parts.length <= 2 && parts.at(-1) !== ''
}

/** Errors, as far as they will be told. */
class Telling {
  readonly errors: FieldError[] = []
  #left = mostToTell

  get isOver(): boolean {
    return this.#left < 0
  }

  push(...errors: readonly FieldError[]): void {
    for (const error of errors) {
      this.errors.push(error)
      this.#left -= error.field.length + error.text.length
    }
  }

  all(path: string, value: string, texts: readonly string[]): void {
    for (const text of texts) this.push(invalid(path, value, text))
  }
}

const stride = 64

/** The items, for work in parts: it ends when no more will be told. */
function* each<T>(out: Telling, items: Iterable<T>, look: (item: T, index: number) => void): Parts<void> {
  let count = 0
  for (const item of items) {
    if (out.isOver) return
    look(item, count)
    if (++count % stride === 0) yield
  }
}

function* ownerErrors(out: Telling, owners: readonly OwnerReference[]): Parts<void> {
  const path = 'metadata.ownerReferences'
  let controller = ''
  yield* each(out, owners, (owner) => {
    const { apiVersion = '', kind = '', name = '', uid = '' } = owner
    if (!hasVersion(apiVersion)) out.push(invalid(`${path}.apiVersion`, apiVersion, 'version must not be empty'))
    if (kind === '') out.push(invalid(`${path}.kind`, kind, 'must not be empty'))
    if (name === '') out.push(invalid(`${path}.name`, name, 'must not be empty'))
    if (uid === '') out.push(invalid(`${path}.uid`, uid, 'must not be empty'))
    if (apiVersion === 'v1' && kind === 'Event') out.push(invalid(path, shownOwner(owner), '/v1, Kind=Event is disallowed from being an owner'))
    if (owner.controller !== true) return
    const shown = `${kind}/${name}`
    if (controller === '') controller = shown
    else out.push(invalid(path, owners.map(shownOwner), `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${shown}`))
  })
}

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u

/** Of who says to own fields: short and printable. */
export function managerErrors(out: FieldError[], path: string, manager: string): void {
  if (Buffer.byteLength(manager) > managerBytes) out.push(tooLong(path, managerBytes))
  if (printable.test(manager)) return
  let at = 0
  for (const character of manager) {
    if (!printable.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      out.push(invalid(path, manager, `invalid character U+${code} (at position ${at})`))
    }
    at += Buffer.byteLength(character)
  }
}

/** What of a sent list is no entry at all is dropped before; these are entries that say too much. */
function fieldOwnerErrors(out: Telling, { manager = '', subresource = '' }: ManagedFieldsEntry, index: number): void {
  const errors: FieldError[] = []
  managerErrors(errors, `metadata.managedFields[${index}].manager`, manager)
  if (Buffer.byteLength(subresource) > subresourceBytes) errors.push(tooLong(`metadata.managedFields[${index}].subresource`, subresourceBytes))
  out.push(...errors)
}

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion']

/** Only Kubernetes' own finalizers have no domain. */
export const bareFinalizerErrors = (path: string, name: string): FieldError[] =>
  (name.includes('/') || standardFinalizers.includes(name) ? [] : [invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified')])

const none: Readonly<Record<string, string>> = {}

/** Checks that hold on every write, in the API's order; in parts, for there may be many labels. */
export function* metadataErrors(definition: Pick<Definition, 'names' | 'finalizers'>, object: AnyObject): Parts<FieldError[]> {
  const { metadata: { name, generateName, namespace, labels = none, annotations = none, ownerReferences, finalizers = [], managedFields } } = object
  const out = new Telling()
  if (generateName) out.all('metadata.generateName', generateName, nameFaults(definition, withoutDash(generateName)))
  if (!name) out.push(required('metadata.name', 'name or generateName is required'))
  else out.all('metadata.name', name, nameFaults(definition, name))
  if (namespace) out.all('metadata.namespace', namespace, dnsLabelFaults(namespace))
  if (labels !== none) yield* each(out, Object.keys(labels), (key) => {
    const value = labels[key] ?? ''
    out.all('metadata.labels', key, qualifiedNameFaults(key))
    out.all('metadata.labels', value, labelValueFaults(value))
  })
  let size = 0
  if (annotations !== none) yield* each(out, Object.keys(annotations), (key) => {
    out.all('metadata.annotations', key, qualifiedNameFaults(key.toLowerCase()))
    size += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] ?? '')
  })
  if (size > annotationBytes) out.push(tooLong('metadata.annotations', annotationBytes))
  if (ownerReferences) yield* ownerErrors(out, ownerReferences)
  if (finalizers.length > 0) yield* each(out, finalizers, (finalizer) => out.all('metadata.finalizers', finalizer, qualifiedNameFaults(finalizer)))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    out.push(invalid('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  if (managedFields) yield* each(out, managedFields, (entry, index) => fieldOwnerErrors(out, entry, index))
  if (definition.finalizers === 'with-domain' && finalizers.length > 0) yield* each(out, finalizers, (finalizer, index) => out.push(...bareFinalizerErrors(`metadata.finalizers[${index}]`, finalizer)))
  return out.errors
}

/** An object that is being deleted takes no new finalizers. */
export function finalizerErrors(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (!old.deletionTimestamp) return []
  const standing = new Set(old.finalizers)
  const added = [...new Set((metadata.finalizers ?? []).filter((finalizer) => !standing.has(finalizer)))].sort()
  if (added.length === 0) return []
  const shown = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`
  return [forbiddenField('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`)]
}
