// The volume that a claim on local storage gets: a directory of one node. Pure.
import { posix } from 'node:path'
import { compareQuantities, parseQuantity } from '../api/quantity.ts'
import type { StorageClass } from '../api/types-config.ts'
import type { Node } from '../api/types-node.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../api/types-volume.ts'
import { classOf, provisionedBy, storageOf } from './volume-match.ts'

export const localPathProvisioner = 'kinglet.io/local-path'
/** Keeps a volume, however it is deleted, until its directory is dealt with. */
export const localPathFinalizer = 'kinglet.io/local-path'

export interface LocalVolumeRequest {
  readonly claim: PersistentVolumeClaim
  readonly storageClass: StorageClass
  readonly node: Node
  /** Where directories of volumes are on every node. */
  readonly directory: string
}

/** Why there can be no such volume; undefined when there can. */
export function localPathFault({ spec }: PersistentVolumeClaim): string | undefined {
  if (spec.selector) return 'claim.Spec.Selector is not supported'
  if (spec.volumeMode === 'Block') return 'block volumes are not supported'
  return undefined
}

export function localPathVolume({ claim, storageClass, node, directory }: LocalVolumeRequest): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const volumeName = `pvc-${uid}`
  const { accessModes, resources, volumeMode } = claim.spec
  const { reclaimPolicy = 'Delete', mountOptions } = storageClass
  return {
    apiVersion: 'v1', kind: 'PersistentVolume',
    metadata: { name: volumeName, annotations: { [provisionedBy]: localPathProvisioner }, finalizers: [localPathFinalizer] },
    spec: {
      capacity: { storage: resources?.requests?.['storage'] ?? '0' },
      ...(accessModes ? { accessModes: [...accessModes] } : {}),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: classOf(claim),
      ...(mountOptions ? { mountOptions: [...mountOptions] } : {}),
      volumeMode: volumeMode ?? 'Filesystem',
      hostPath: { path: posix.join(directory, `${volumeName}_${namespace}_${name}`), type: 'DirectoryOrCreate' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [whichNode(node)] }] } },
    },
  }
}

const whichNode = ({ metadata }: Node): { key: string; operator: string; values: string[] } =>
  ({ key: 'kubernetes.io/hostname', operator: 'In', values: [metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name ?? ''] })

/** The hostname of the node that the volume is on. */
export function hostOf({ spec }: PersistentVolume): string | undefined {
  return spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.find(({ key }) => key === 'kubernetes.io/hostname')?.values?.[0]
}

/** What to do with the directory of a volume: undefined while the volume is of use. */
export function reclaimOf({ metadata, spec, status }: PersistentVolume): 'remove' | 'keep' | undefined {
  if (metadata.annotations?.[provisionedBy] !== localPathProvisioner) return undefined
  if (status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete') return 'remove'
  return metadata.deletionTimestamp && status?.phase !== 'Bound' && metadata.finalizers?.includes(localPathFinalizer) ? 'keep' : undefined
}

/** The size that a bound claim asks for beyond what its volume says; undefined when that is enough. */
export function wantedSize(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (volume.metadata.annotations?.[provisionedBy] !== localPathProvisioner || volume.spec.claimRef?.uid !== claim.metadata.uid) return undefined
  const wanted = claim.spec.resources?.requests?.['storage']
  if (wanted === undefined) return undefined
  const shown = claim.status?.capacity
  const larger = (than: Readonly<Record<string, string>> | undefined): boolean => compareQuantities(parseQuantity(wanted), storageOf(than)) > 0
  return larger(volume.spec.capacity) || larger(shown) ? wanted : undefined
}
