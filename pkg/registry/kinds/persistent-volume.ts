// PersistentVolume: storage of the cluster, for claims.
import { persistentVolumes } from '../../api/types-volume.ts'
import type { PersistentVolume } from '../../api/types-volume.ts'
import { ageColumn, nameColumn, text, unset, wide } from './columns.ts'
import { define } from './define.ts'
import { defaultDisk } from './pod-spec-defaults.ts'
import type { Errors } from './rules.ts'
import { checkNodeSelector } from './scheduling-validation.ts'
import { accessModesText, checkAccessModes } from './volume-rules.ts'
import { checkCsiDriver, checkDisk } from './volume-disks.ts'
import { checkNoBacksteps } from './volume-projection.ts'
import { checkHostPath } from './volume-validation.ts'
import { checkDnsLabel, checkDnsSubdomain, checkImmutable, checkOneOf, checkPositiveQuantity, forbiddenField, invalid, notSupported, required, same } from './rules.ts'

// Fields of the spec that are not a source.
const settings = new Set([
  'accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeAttributesClassName', 'volumeMode',
])

type Source = Readonly<Record<string, unknown>>

const sourceOf = (spec: PersistentVolume['spec']): Source => Object.fromEntries(Object.entries(spec).filter(([field]) => !settings.has(field)))

function checkSource(out: Errors, { spec }: PersistentVolume): void {
  const sources = Object.keys(sourceOf(spec))
  if (sources.length === 0) out.push(required('spec', 'must specify a volume type'))
  for (const extra of sources.slice(1)) out.push(forbiddenField(`spec.${extra}`, 'may not specify more than 1 volume type'))
  const [field] = sources
  if (field && field !== 'hostPath' && field !== 'csi') checkDisk(out, `spec.${field}`, field, { ...spec[field as 'nfs'] }, true)
  if (spec.hostPath) {
    checkHostPath(out, 'spec.hostPath', spec.hostPath)
    if (/^\/+(\.\/*)*$/.test(spec.hostPath.path ?? '') && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      out.push(forbiddenField('spec.persistentVolumeReclaimPolicy', 'may not be \'recycle\' for a hostPath mount of \'/\''))
    }
  }
  if (spec.local) {
    checkNoBacksteps(out, 'spec.local.path', spec.local.path ?? '')
    if (!spec.nodeAffinity) out.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
  }
  if (spec.csi) checkCsi(out, 'spec.csi', spec.csi)
}

const secretRefs = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const

function checkCsi(out: Errors, path: string, csi: NonNullable<PersistentVolume['spec']['csi']>): void {
  checkCsiDriver(out, `${path}.driver`, csi.driver)
  if (!csi.volumeHandle) out.push(required(`${path}.volumeHandle`))
  for (const field of secretRefs) {
    const reference = csi[field]
    if (!reference) continue
    if (!reference.name) out.push(required(`${path}.${field}.name`))
    else checkDnsSubdomain(out, `${path}.${field}.name`, reference.name)
    if (!reference.namespace) out.push(required(`${path}.${field}.namespace`))
    else checkDnsLabel(out, `${path}.${field}.namespace`, reference.namespace)
  }
}

/** Which class the attributes of a volume are of, that only drivers know. */
function checkAttributesClass(out: Errors, { volumeAttributesClassName: name, csi }: PersistentVolume['spec'], old?: PersistentVolume['spec']): void {
  if (name === '') out.push(required('spec.volumeAttributesClassName', 'an empty string is disallowed'))
  else if (name !== undefined) checkDnsSubdomain(out, 'spec.volumeAttributesClassName', name)
  if (name !== undefined && !csi) out.push(required('spec.csi', 'has to be specified when using volumeAttributesClassName'))
  if (name === undefined && old?.volumeAttributesClassName !== undefined) out.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'))
}

// The secret for growing a volume may come later.
function fixedSource({ spec }: PersistentVolume, old: PersistentVolume): Source {
  const source = sourceOf(spec)
  if (!spec.csi || !old.spec.csi || old.spec.csi.controllerExpandSecretRef) return source
  return { ...source, csi: { ...spec.csi, controllerExpandSecretRef: undefined } }
}

function validate(object: PersistentVolume, old?: PersistentVolume): Errors {
  const out: Errors = []
  const { spec } = object
  checkAccessModes(out, 'spec.accessModes', spec.accessModes)
  const capacity = Object.entries(spec.capacity ?? {})
  if (capacity.length === 0) out.push(required('spec.capacity'))
  else if (capacity.length > 1 || spec.capacity?.['storage'] === undefined) out.push(notSupported('spec.capacity', spec.capacity, ['storage']))
  for (const [name, value] of capacity) {
    checkPositiveQuantity(out, `spec.capacity[${name}]`, value)
  }
  checkOneOf(out, 'spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, ['Delete', 'Recycle', 'Retain'])
  checkOneOf(out, 'spec.volumeMode', spec.volumeMode, ['Block', 'Filesystem'])
  if (spec.storageClassName) checkDnsSubdomain(out, 'spec.storageClassName', spec.storageClassName)
  if (spec.nodeAffinity) {
    if (!spec.nodeAffinity.required) out.push(required('spec.nodeAffinity.required', 'must specify required node constraints'))
    else checkNodeSelector(out, 'spec.nodeAffinity.required', spec.nodeAffinity.required)
  }
  checkSource(out, object)
  checkAttributesClass(out, spec, old?.spec)
  if (!old) return out
  if (!same(fixedSource(object, old), sourceOf(old.spec))) out.push(forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'))
  checkImmutable(out, 'volumeMode', spec.volumeMode, old.spec.volumeMode)
  if (old.spec.nodeAffinity && !same(spec.nodeAffinity, old.spec.nodeAffinity)) {
    out.push(invalid('nodeAffinity', spec.nodeAffinity ?? null, 'field is immutable, except for updating from beta label to GA'))
  }
  return out
}

export default define(persistentVolumes, {
  generation: false,
  initialStatus: () => ({ phase: 'Pending' }),
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.persistentVolumeReclaimPolicy ||= 'Retain'
    draft.spec.volumeMode ??= 'Filesystem'
    if (draft.spec.hostPath) draft.spec.hostPath.type ??= ''
    defaultDisk(draft.spec as Parameters<typeof defaultDisk>[0])
  },
  validate,
  columns: [
    nameColumn,
    text('Capacity', 'How much the volume holds.', ({ spec }) => spec.capacity?.['storage'] ?? ''),
    text('Access Modes', 'How the volume may be mounted: RWO, ROX, RWX, RWOP.', ({ spec }) => accessModesText(spec.accessModes)),
    text('Reclaim Policy', 'What happens to the volume when its claim is gone.', ({ spec }) => spec.persistentVolumeReclaimPolicy ?? ''),
    text('Status', 'Available, Bound, Released or Failed.', ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status?.phase ?? '' : 'Terminating')),
    text('Claim', 'Claim that the volume is bound to.', ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '')),
    text('StorageClass', 'Class of the volume.', ({ metadata, spec }) => metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? ''),
    text('VolumeAttributesClass', 'Class of the volume\'s attributes.', ({ spec }) => spec.volumeAttributesClassName || unset),
    text('Reason', 'Why the volume is in its phase.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    wide(text('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec.volumeMode ?? unset)),
  ],
})
