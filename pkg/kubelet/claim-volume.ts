// persistentVolumeClaim and ephemeral: a bound claim on a volume that is a path of this node.
import { stat } from 'node:fs/promises'
import { isNotFound } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Volume } from '../api/types-volume.ts'
import { persistentVolumeClaims, persistentVolumes } from '../api/types-volume.ts'
import { checkHostPath } from './host-path-volume.ts'
import { giveToGroup } from './ownership.ts'
import type { VolumeType } from './volume.ts'

const claimName = (pod: Pod, volume: Volume): string => volume.persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${volume.name}`

export const claimVolume: VolumeType = {
  name: 'claim',
  sources: (pod, volume) => [{ resource: persistentVolumeClaims, name: claimName(pod, volume), namespace: pod.metadata.namespace ?? '' }],
  async setUp({ pod, volume, client }) {
    const name = claimName(pod, volume)
    const claim = await client.get(persistentVolumeClaims, { namespace: pod.metadata.namespace ?? '', name }).catch((error: unknown) => {
      throw isNotFound(error) ? new Error(`persistentvolumeclaim "${name}" not found`, { cause: error }) : error
    })
    const volumeName = claim.spec?.volumeName
    if (!volumeName || claim.status?.phase !== 'Bound') throw new Error(`persistentvolumeclaim "${name}" is not bound`)
    const { spec } = await client.get(persistentVolumes, { name: volumeName })
    const path = spec?.hostPath?.path ?? spec?.local?.path
    if (!path) throw new Error(`persistentvolume "${volumeName}" is neither hostPath nor local`)
    if (spec?.hostPath) await checkHostPath(spec.hostPath)
    if (spec?.local) {
      await stat(path)
      const gid = pod.spec.securityContext?.fsGroup
      if (gid !== undefined) await giveToGroup(path, gid, { readOnly: false })
    }
    const readOnlyClaim = volume.persistentVolumeClaim?.readOnly ?? false
    return { hostPath: path, readOnly: readOnlyClaim }
  },
}
