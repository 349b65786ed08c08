// PersistentVolumeClaim: a wish for storage, bound to a volume.
import { persistentVolumeClaims } from '../../api/types-volume.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../api/types-volume.ts'
import { classAnnotation, validateClaim, validateClaimStatus } from './claim-validation.ts'
import { ageColumn, nameColumn, text, unset, wide } from './columns.ts'
import { define, subresource } from './define.ts'
import { accessModesText, claimSpecWarnings } from './volume-rules.ts'

/** The old field takes claims and snapshots only, and the new one has no other namespaces; what they do not take is left out. */
function settleSources(spec: PersistentVolumeClaimSpec, old?: PersistentVolumeClaimSpec): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef
  const { kind, apiGroup = '' } = spec.dataSource ?? {}
  const taken = (kind === 'PersistentVolumeClaim' && apiGroup === '') || (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io')
  if (!old?.dataSource && !old?.dataSourceRef && !spec.dataSourceRef && !taken) delete spec.dataSource
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource }
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { namespace: _namespace, ...source } = spec.dataSourceRef
    spec.dataSource = source
  }
}

export default define(persistentVolumeClaims, {
  generation: false,
  initialStatus: () => ({ phase: 'Pending' }),
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.volumeMode ??= 'Filesystem'
    draft.spec.resources ??= {}
  },
  prepareCreate({ spec }) {
    settleSources(spec)
  },
  prepareUpdate({ spec }, old) {
    settleSources(spec, old.spec)
  },
  validate: validateClaim,
  warnings: ({ metadata, spec }) => [
    ...(metadata.annotations?.[classAnnotation] === undefined ? [] : [`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
    ...claimSpecWarnings('spec', spec),
  ],
  subresources: [subresource<PersistentVolumeClaim>('status', { validate: validateClaimStatus })],
  columns: [
    nameColumn,
    text('Status', 'Pending, Bound or Lost.', ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status?.phase ?? '' : 'Terminating')),
    text('Volume', 'Volume that the claim is bound to.', ({ spec }) => spec.volumeName ?? ''),
    text('Capacity', 'How much the volume holds.', ({ spec, status }) => (spec.volumeName ? status?.capacity?.['storage'] ?? '0' : '')),
    text('Access Modes', 'How the volume may be mounted: RWO, ROX, RWX, RWOP.', ({ spec, status }) => (spec.volumeName ? accessModesText(status?.accessModes) : '')),
    text('StorageClass', 'Class that the claim asks for.', ({ metadata, spec }) => metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ''),
    text('VolumeAttributesClass', 'Class of the volume\'s attributes.', ({ spec }) => spec.volumeAttributesClassName ?? unset),
    ageColumn,
    wide(text('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec.volumeMode ?? unset)),
  ],
})
