// What a CSI driver is told of a volume, from the objects of the API. Pure.
import { inlineHandle } from '../api/csi-names.ts'
import type { Pod } from '../api/types-pod.ts'
import type { CSIDriverSpec } from '../api/types-storage.ts'
import type { PersistentVolume, SecretReference, Volume } from '../api/types-volume.ts'
import type { NodeCapability, VolumeCapability } from './csi-driver.ts'

/** A CSI volume of a pod, persistent or inline, in one form. */
export interface CsiVolume {
  /** The persistent volume's name, or the pod volume's. */
  readonly name: string
  readonly driver: string
  readonly handle: string
  readonly mode: 'Persistent' | 'Ephemeral'
  readonly block: boolean
  readonly readOnly: boolean
  readonly fsType: string
  /** Empty for an inline volume. */
  readonly accessModes: readonly string[]
  readonly mountOptions: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
  readonly capacity?: string
  readonly stageSecret?: SecretReference
  readonly publishSecret?: SecretReference
  readonly expandSecret?: SecretReference
}

export function persistentCsi(volume: PersistentVolume, { readOnly }: { readOnly: boolean }): CsiVolume | undefined {
  const { csi, accessModes = [], mountOptions = [], volumeMode, capacity } = volume.spec
  if (!csi) return undefined
  return {
    name: volume.metadata.name ?? '', driver: csi.driver, handle: csi.volumeHandle, mode: 'Persistent', block: volumeMode === 'Block', readOnly,
    fsType: csi.fsType ?? '', accessModes, mountOptions, attributes: csi.volumeAttributes ?? {},
    ...(capacity?.['storage'] === undefined ? {} : { capacity: capacity['storage'] }),
    ...(csi.nodeStageSecretRef ? { stageSecret: csi.nodeStageSecretRef } : {}),
    ...(csi.nodePublishSecretRef ? { publishSecret: csi.nodePublishSecretRef } : {}),
    ...(csi.nodeExpandSecretRef ? { expandSecret: csi.nodeExpandSecretRef } : {}),
  }
}

export function inlineCsi(pod: Pod, { name, csi }: Volume): CsiVolume | undefined {
  if (!csi) return undefined
  const { uid = '', namespace = '' } = pod.metadata
  return {
    name, driver: csi.driver, handle: inlineHandle(uid, name), mode: 'Ephemeral', block: false, readOnly: csi.readOnly ?? false,
    fsType: csi.fsType ?? '', accessModes: [], mountOptions: [], attributes: csi.volumeAttributes ?? {},
    ...(csi.nodePublishSecretRef?.name ? { publishSecret: { name: csi.nodePublishSecretRef.name, namespace } } : {}),
  }
}

/** Why the driver does not offer volumes of this sort; undefined when it does. */
export function modeFault({ driver, mode }: CsiVolume, spec: CSIDriverSpec | undefined): string | undefined {
  if (!spec) return mode === 'Persistent' ? undefined : `volume mode "${mode}" not supported by driver ${driver} (no CSIDriver object)`
  const modes = spec.volumeLifecycleModes ?? ['Persistent']
  return modes.includes(mode) ? undefined : `volume mode "${mode}" not supported by driver ${driver} (only supports ${JSON.stringify(modes)})`
}

/** Only the first of the modes is told: CSI knows one. */
export function csiAccessMode(mode: string, capabilities: ReadonlySet<NodeCapability>): string {
  const precise = capabilities.has('SINGLE_NODE_MULTI_WRITER')
  switch (mode) {
    case 'ReadOnlyMany': return 'MULTI_NODE_READER_ONLY'
    case 'ReadWriteMany': return 'MULTI_NODE_MULTI_WRITER'
    case 'ReadWriteOncePod': return precise ? 'SINGLE_NODE_SINGLE_WRITER' : 'SINGLE_NODE_WRITER'
    default: return precise ? 'SINGLE_NODE_MULTI_WRITER' : 'SINGLE_NODE_WRITER'
  }
}

export function volumeCapability(volume: CsiVolume, { capabilities, mountGroup }: { capabilities: ReadonlySet<NodeCapability>; mountGroup?: string }): VolumeCapability {
  const accessMode = { mode: csiAccessMode(volume.accessModes[0] ?? 'ReadWriteOnce', capabilities) }
  if (volume.block) return { block: {}, accessMode }
  return { mount: { fsType: volume.fsType, mountFlags: volume.mountOptions, volumeMountGroup: mountGroup ?? '' }, accessMode }
}

/** Who gives the volume to the pod's fsGroup: the driver while it mounts, we afterwards, or nobody. */
export function fsGroupBy(volume: CsiVolume, { fsGroup, policy, capabilities }: {
  fsGroup: number | undefined; policy: string | undefined; capabilities: ReadonlySet<NodeCapability>
}): 'driver' | 'kubelet' | 'nobody' {
  if (fsGroup === undefined || volume.block) return 'nobody'
  if (capabilities.has('VOLUME_MOUNT_GROUP')) return 'driver'
  if (policy === 'None' || volume.readOnly) return 'nobody'
  if (policy === 'File') return 'kubelet'
  if (volume.fsType === '') return 'nobody'
  const writtenBySome = volume.mode === 'Ephemeral' || volume.accessModes.includes('ReadWriteOnce') || volume.accessModes.includes('ReadWriteOncePod')
  return writtenBySome ? 'kubelet' : 'nobody'
}

const prefix = 'csi.storage.k8s.io/'

export function podContext(pod: Pod, { mode }: CsiVolume, spec: CSIDriverSpec | undefined): Record<string, string> {
  if (!spec?.podInfoOnMount) return {}
  const { name = '', namespace = '', uid = '' } = pod.metadata
  return {
    [`${prefix}pod.name`]: name, [`${prefix}pod.namespace`]: namespace, [`${prefix}pod.uid`]: uid,
    [`${prefix}serviceAccount.name`]: pod.spec.serviceAccountName ?? '',
    [`${prefix}ephemeral`]: String(mode === 'Ephemeral'),
  }
}

/** The tokens of the pod's account, by audience, as the one value that drivers read. */
export const tokensKey = `${prefix}serviceAccount.tokens`
