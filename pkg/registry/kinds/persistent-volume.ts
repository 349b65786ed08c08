// PersistentVolume: storage of the cluster, for claims.
import { persistentVolumes } from '../../api/types-volume.ts'
import type { PersistentVolume } from '../../api/types-volume.ts'
import { timestamp } from '../object-metadata.ts'
import { ageColumn, nameColumn, text, unset, wide } from './columns.ts'
import { define, subresource } from './define.ts'
import { validateVolume } from './persistent-volume-validation.ts'
import { defaultDisk } from './pod-spec-defaults.ts'
import { deprecatedLabelText } from './deprecated-labels.ts'
import { accessModesText } from './volume-rules.ts'

const oldAnnotations: Readonly<Record<string, string>> = {
  'volume.beta.kubernetes.io/storage-class': 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
}

const oldSources: readonly (readonly [field: keyof PersistentVolume['spec'], shown: string, text: string])[] = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

function warnings({ metadata, spec }: PersistentVolume): string[] {
  const path = 'spec.nodeAffinity.required.nodeSelectorTerms'
  return [
    ...Object.entries(oldAnnotations).flatMap(([key, text]) => (metadata.annotations?.[key] === undefined ? [] : [`metadata.annotations[${key}]: ${text}`])),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle' ? ['spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'] : []),
    ...(spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions = [] }, index) => matchExpressions.flatMap(({ key }, position) => {
      const text = deprecatedLabelText(key)
      return text ? [`${path}[${index}].matchExpressions[${position}].key: ${key} is ${text}`] : []
    })),
    ...oldSources.flatMap(([field, shown, text]) => (spec[field] ? [`spec.${shown}: ${text}`] : [])),
  ]
}

export default define(persistentVolumes, {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.persistentVolumeReclaimPolicy ||= 'Retain'
    draft.spec.volumeMode ??= 'Filesystem'
    if (draft.spec.hostPath) draft.spec.hostPath.type ??= ''
    defaultDisk(draft.spec as Parameters<typeof defaultDisk>[0])
  },
  prepareCreate(draft, { clock }) {
    draft.status = { phase: 'Pending', lastPhaseTransitionTime: timestamp(clock.now()) }
  },
  validate: validateVolume,
  warnings,
  subresources: [subresource<PersistentVolume>('status', {
    // When a volume came to its phase is noted by the server, unless who changes the phase says it.
    prepareUpdate(draft, old, { clock }) {
      const [status, before] = [draft.status ??= {}, old.status]
      const moved = status.phase !== before?.phase
      const told = status.lastPhaseTransitionTime
      if (moved && (told === undefined || told === before?.lastPhaseTransitionTime)) status.lastPhaseTransitionTime = timestamp(clock.now())
      else if (!moved && told === undefined && before?.lastPhaseTransitionTime !== undefined) status.lastPhaseTransitionTime = before.lastPhaseTransitionTime
    },
  })],
  columns: [
    nameColumn,
    text('Capacity', 'How much the volume holds.', ({ spec }) => spec.capacity?.['storage'] ?? '0'),
    text('Access Modes', 'How the volume may be mounted: RWO, ROX, RWX, RWOP.', ({ spec }) => accessModesText(spec.accessModes)),
    text('Reclaim Policy', 'What happens to the volume when its claim is gone.', ({ spec }) => spec.persistentVolumeReclaimPolicy ?? ''),
    text('Status', 'Available, Bound, Released or Failed.', ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status?.phase ?? '' : 'Terminating')),
    text('Claim', 'Claim that the volume is bound to.', ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '')),
    text('StorageClass', 'Class of the volume.', ({ metadata, spec }) => metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? ''),
    text('VolumeAttributesClass', 'Class of the volume\'s attributes.', ({ spec }) => spec.volumeAttributesClassName ?? unset),
    text('Reason', 'Why the volume is in its phase.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    wide(text('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec.volumeMode ?? unset)),
  ],
})
