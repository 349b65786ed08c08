// image: the files of an image, which the runtime mounts itself.
import type { VolumeType } from './volume.ts'

export const imageVolume: VolumeType = {
  name: 'image',
  sources: () => [],
  async setUp({ volume }) {
    const reference = volume.image?.reference
    if (!reference) throw new Error(`volume ${volume.name} refers to no image`)
    return { hostPath: '', readOnly: true, image: reference }
  },
}
