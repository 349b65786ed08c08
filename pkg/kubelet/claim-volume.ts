// persistentVolumeClaim and ephemeral: a bound claim on a volume that a driver mounts, or that is a path of this node.
import { stat } from 'node:fs/promises'
import { controllerOf } from '../api/object.ts'
import { isNotFound } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import type { PersistentVolume, Volume } from '../api/types-volume.ts'
import { persistentVolumeClaims, persistentVolumes } from '../api/types-volume.ts'
import { persistentCsi } from './csi-request.ts'
import type { CsiVolumes } from './csi-volumes.ts'
import { checkHostPath } from './host-path-volume.ts'
import { mountNfs } from './nfs-volume.ts'
import { giveToFsGroup } from './ownership.ts'
import type { MountedVolume, VolumeContext, VolumeType } from './volume.ts'

const claimName = (pod: Pod, volume: Volume): string => volume.persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${volume.name}`

export const claimVolume = (csi: CsiVolumes): VolumeType => ({
  name: 'claim',
  various: true,
  sources: (pod, volume) => [{ resource: persistentVolumeClaims, name: claimName(pod, volume), namespace: pod.metadata.namespace ?? '' }],
  async setUp(context) {
    const { pod, volume, client, watch } = context
    const name = claimName(pod, volume)
    const claim = await client.get(persistentVolumeClaims, { namespace: pod.metadata.namespace ?? '', name }).catch((error: unknown) => {
      throw isNotFound(error) ? new Error(`persistentvolumeclaim "${name}" not found`, { cause: error }) : error
    })
    if (volume.ephemeral && controllerOf(claim)?.uid !== pod.metadata.uid) {
      throw new Error(`PVC ${pod.metadata.namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`)
    }
    const volumeName = claim.spec?.volumeName
    if (!volumeName || claim.status?.phase !== 'Bound') throw new Error(`persistentvolumeclaim "${name}" is not bound`)
    watch({ resource: persistentVolumes, name: volumeName })
    const found = await client.get(persistentVolumes, { name: volumeName })
    checkMode(found, context)
    const readOnly = volume.persistentVolumeClaim?.readOnly ?? false
    const driven = persistentCsi(found, { readOnly })
    context.servedBy(pluginOf(found))
    if (driven) return csi.setUp(driven, context, claim)
    const { nfs, mountOptions = [] } = found.spec
    return nfs ? mountNfs(nfs, context, { mountOptions, readOnly }) : ownPath(found, { pod, readOnly })
  },
})

/** As Kubernetes names what mounts it. */
const pluginOf = ({ spec }: PersistentVolume): string => `kubernetes.io/${spec.csi ? `csi:${spec.csi.driver}` : spec.nfs ? 'nfs' : spec.local ? 'local-volume' : 'host-path'}`

/** A volume is used as what it is. */
function checkMode({ spec }: PersistentVolume, { pod, volume }: VolumeContext): void {
  const mode = spec.volumeMode ?? 'Filesystem'
  const containers = [...pod.spec.containers, ...pod.spec.initContainers ?? []]
  const uses = (field: 'volumeMounts' | 'volumeDevices'): boolean => containers.some((container) => container[field]?.some(({ name }) => name === volume.name))
  const wrong = mode === 'Block' ? 'volumeMounts' : 'volumeDevices'
  if (uses(wrong)) throw new Error(`volume ${volume.name} has volumeMode ${mode}, but is specified in ${wrong}`)
}

async function ownPath({ metadata, spec }: PersistentVolume, { pod, readOnly }: { pod: Pod; readOnly: boolean }): Promise<MountedVolume> {
  const path = spec.hostPath?.path ?? spec.local?.path
  if (!path) throw new Error(`persistentvolume "${metadata.name}" is of no kind that this node can mount`)
  if (spec.hostPath) await checkHostPath(spec.hostPath)
  if (spec.local) {
    const found = await stat(path)
    if (spec.volumeMode === 'Block') {
      if (!found.isBlockDevice()) throw new Error(`${path} is not a block device`)
      return { hostPath: path, readOnly, block: true }
    }
    await giveToFsGroup(path, pod)
  }
  return { hostPath: path, readOnly }
}
