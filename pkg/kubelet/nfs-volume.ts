// nfs: a directory of a file server, mounted by the node's own mount(8).
import { mkdir, rmdir } from 'node:fs/promises'
import type { NFSVolumeSource } from '../api/types-volume.ts'
import type { MountedVolume, VolumeContext, VolumeType } from './volume.ts'

export const nfsVolume: VolumeType = {
  name: 'nfs',
  sources: () => [],
  setUp(context) {
    if (!context.volume.nfs) throw new Error(`volume ${context.volume.name} has no nfs source`)
    return mountNfs(context.volume.nfs, context, { mountOptions: [], readOnly: false })
  },
}

/** The directory is what the mount is at: it goes with the pod. */
export async function mountNfs({ server, path, readOnly = false }: NFSVolumeSource, { directory, mounter }: Pick<VolumeContext, 'directory' | 'mounter'>, claim: {
  mountOptions: readonly string[]; readOnly: boolean
}): Promise<MountedVolume> {
  await mkdir(directory, { recursive: true, mode: 0o750 })
  const onlyRead = readOnly || claim.readOnly
  try {
    await mounter.mount(`${server}:${path}`, directory, { type: 'nfs', options: [...(onlyRead ? ['ro'] : []), ...claim.mountOptions] })
  } catch (error) {
    await rmdir(directory).catch(() => undefined)
    throw error
  }
  return { hostPath: directory, readOnly: onlyRead }
}
