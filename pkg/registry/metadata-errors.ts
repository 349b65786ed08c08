// The checks of metadata that hold for every kind: names, labels, annotations, owners, finalizers, and what is said of the owners of fields.
import type { FieldError } from '../api/field-error.ts'
import { forbiddenField, invalid, required, tooLong } from '../api/field-error.ts'
import { dnsLabel1035Faults, dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, pathSegmentFaults, qualifiedNameFaults } from '../api/names.ts'
import type { AnyObject, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../api/object.ts'
import type { Definition } from './definition.ts'

const annotationBytes = 256 * 1024
const managerBytes = 128
const subresourceBytes = 256

function nameFaults(definition: Definition, name: string): string[] {
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

function ownerErrors(out: FieldError[], owners: readonly OwnerReference[]): void {
  const path = 'metadata.ownerReferences'
  let controller = ''
  for (const owner of owners) {
    const { apiVersion = '', kind = '', name = '', uid = '' } = owner
    if (!hasVersion(apiVersion)) out.push(invalid(`${path}.apiVersion`, apiVersion, 'version must not be empty'))
    if (kind === '') out.push(invalid(`${path}.kind`, kind, 'must not be empty'))
    if (name === '') out.push(invalid(`${path}.name`, name, 'must not be empty'))
    if (uid === '') out.push(invalid(`${path}.uid`, uid, 'must not be empty'))
    if (apiVersion === 'v1' && kind === 'Event') out.push(invalid(path, shownOwner(owner), '/v1, Kind=Event is disallowed from being an owner'))
    if (owner.controller !== true) continue
    const shown = `${kind}/${name}`
    if (controller === '') controller = shown
    else out.push(invalid(path, owners.map(shownOwner), `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${shown}`))
  }
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
function fieldOwnerErrors(out: FieldError[], entries: readonly ManagedFieldsEntry[]): void {
  for (const [index, { manager = '', subresource = '' }] of entries.entries()) {
    managerErrors(out, `metadata.managedFields[${index}].manager`, manager)
    if (Buffer.byteLength(subresource) > subresourceBytes) out.push(tooLong(`metadata.managedFields[${index}].subresource`, subresourceBytes))
  }
}

/** Checks that hold on every write, in the API's order. */
export function metadataErrors(definition: Definition, object: AnyObject): FieldError[] {
  const { metadata } = object
  const errors: FieldError[] = []
  const all = (path: string, value: string, texts: readonly string[]): void => {
    for (const text of texts) errors.push(invalid(path, value, text))
  }
  if (metadata.generateName) all('metadata.generateName', metadata.generateName, nameFaults(definition, withoutDash(metadata.generateName)))
  if (!metadata.name) errors.push(required('metadata.name', 'name or generateName is required'))
  else all('metadata.name', metadata.name, nameFaults(definition, metadata.name))
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
  ownerErrors(errors, metadata.ownerReferences ?? [])
  const finalizers = metadata.finalizers ?? []
  for (const finalizer of finalizers) all('metadata.finalizers', finalizer, qualifiedNameFaults(finalizer))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  fieldOwnerErrors(errors, metadata.managedFields ?? [])
  return errors
}

/** An object that is being deleted takes no new finalizers. */
export function finalizerErrors(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (!old.deletionTimestamp) return []
  const added = [...new Set((metadata.finalizers ?? []).filter((finalizer) => !old.finalizers?.includes(finalizer)))].sort()
  if (added.length === 0) return []
  const shown = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`
  return [forbiddenField('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`)]
}
