// csi: a volume that a driver makes for one pod, and that goes with it.
import { inlineCsi } from './csi-request.ts'
import type { CsiVolumes } from './csi-volumes.ts'
import type { VolumeType } from './volume.ts'

export const csiVolume = (csi: CsiVolumes): VolumeType => ({
  name: 'csi',
  various: true,
  sources: () => [],
  async setUp(context) {
    const volume = inlineCsi(context.pod, context.volume)
    if (!volume) throw new Error(`volume ${context.volume.name} has no csi source`)
    context.servedBy(`kubernetes.io/csi:${context.volume.csi?.driver ?? ''}`)
    return csi.setUp(volume, context)
  },
})
