// PersistentVolume: storage of the cluster, for claims.
import { persistentVolumes } from '../../api/types-volume.ts'
import type { PersistentVolume } from '../../api/types-volume.ts'
import { ageColumn, nameColumn, text, unset, wide } from './columns.ts'
import { define } from './define.ts'
import { defaultDisk } from './pod-spec-defaults.ts'
import type { Errors } from './rules.ts'
import { checkNodeSelector } from './scheduling-validation.ts'
import { accessModesText, checkAccessModes } from './volume-rules.ts'
import { checkDnsSubdomain, checkImmutable, checkOneOf, checkQuantity, forbiddenField, invalid, notSupported, required, same } from './rules.ts'

// Fields of the spec that are not a source.
const settings = new Set([
  'accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeAttributesClassName', 'volumeMode',
])

const sourceOf = (spec: PersistentVolume['spec']): Record<string, unknown> => Object.fromEntries(Object.entries(spec).filter(([field]) => !settings.has(field)))

function checkSource(out: Errors, { spec }: PersistentVolume): void {
  const sources = Object.keys(sourceOf(spec))
  if (sources.length === 0) out.push(required('spec', 'must specify a volume type'))
  for (const extra of sources.slice(1)) out.push(forbiddenField(`spec.${extra}`, 'may not specify more than 1 volume type'))
  if (spec.hostPath) {
    if (!spec.hostPath.path) out.push(required('spec.hostPath.path'))
    else if (spec.hostPath.path.split('/').includes('..')) out.push(invalid('spec.hostPath.path', spec.hostPath.path, "must not contain '..'"))
    if (spec.hostPath.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      out.push(forbiddenField('spec.persistentVolumeReclaimPolicy', 'may not be \'recycle\' for a hostPath mount of \'/\''))
    }
  }
  if (spec.local) {
    if (!spec.local.path) out.push(required('spec.local.path'))
    if (!spec.nodeAffinity) out.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
  }
  if (spec.nfs && !spec.nfs.server) out.push(required('spec.nfs.server'))
  if (spec.csi) {
    if (!spec.csi.driver) out.push(required('spec.csi.driver'))
    if (!spec.csi.volumeHandle) out.push(required('spec.csi.volumeHandle'))
  }
}

function validate(object: PersistentVolume, old?: PersistentVolume): Errors {
  const out: Errors = []
  const { spec } = object
  checkAccessModes(out, 'spec.accessModes', spec.accessModes)
  const capacity = Object.entries(spec.capacity ?? {})
  if (capacity.length === 0) out.push(required('spec.capacity'))
  else if (capacity.length > 1 || spec.capacity?.['storage'] === undefined) out.push(notSupported('spec.capacity', spec.capacity, ['storage']))
  for (const [name, value] of capacity) {
    if (checkQuantity(out, `spec.capacity[${name}]`, value) && /^0+[A-Za-z]*$/.test(value)) out.push(invalid(`spec.capacity[${name}]`, value, 'must be greater than zero'))
  }
  checkOneOf(out, 'spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, ['Delete', 'Recycle', 'Retain'])
  checkOneOf(out, 'spec.volumeMode', spec.volumeMode, ['Block', 'Filesystem'])
  if (spec.storageClassName) checkDnsSubdomain(out, 'spec.storageClassName', spec.storageClassName)
  if (spec.nodeAffinity) {
    if (!spec.nodeAffinity.required) out.push(required('spec.nodeAffinity.required', 'must specify required node constraints'))
    else checkNodeSelector(out, 'spec.nodeAffinity.required', spec.nodeAffinity.required)
  }
  checkSource(out, object)
  if (!old) return out
  if (!same(sourceOf(spec), sourceOf(old.spec))) out.push(forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'))
  checkImmutable(out, 'spec.volumeMode', spec.volumeMode, old.spec.volumeMode)
  if (old.spec.nodeAffinity) checkImmutable(out, 'spec.nodeAffinity', spec.nodeAffinity, old.spec.nodeAffinity)
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
