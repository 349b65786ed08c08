// emptyDir: a directory, or memory, that lives as long as the pod.
import { chmod, lstat, mkdir } from 'node:fs/promises'
import { giveToGroup } from './ownership.ts'
import { wholeValue } from './quantity-values.ts'
import type { VolumeType } from './volume.ts'

export const emptyDirVolume: VolumeType = {
  name: 'empty-dir',
  sources: () => [],
  async setUp({ pod, volume, directory, mounter, allocatable }) {
    const { medium = '', sizeLimit } = volume.emptyDir ?? {}
    if (medium !== '' && medium !== 'Memory') throw new Error(`emptyDir medium ${medium} is not supported`)
    const existed = await lstat(directory).then(() => true, () => false)
    await mkdir(directory, { recursive: true })
    if (medium === 'Memory') await mounter.mountTmpfs(directory, { sizeBytes: memorySize(pod.spec.containers, sizeLimit, allocatable['memory']) })
    if (!existed) {
      await chmod(directory, 0o777)
      const gid = pod.spec.securityContext?.fsGroup
      if (gid !== undefined) await giveToGroup(directory, gid, { readOnly: false })
    }
    return { hostPath: directory, readOnly: false }
  },
}

interface Limited {
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> }
}

/** The least of the size limit, of what all containers may use (when each has a limit), and of what the node has. */
function memorySize(containers: readonly Limited[], sizeLimit: string | undefined, nodeMemory: string | undefined): number {
  const limits = containers.map((container) => wholeValue(container.resources?.limits?.['memory']))
  const podLimit = limits.includes(0) ? Infinity : limits.reduce((sum, limit) => sum + limit, 0)
  const own = wholeValue(sizeLimit)
  return Math.min(own === 0 ? Infinity : own, podLimit, nodeMemory === undefined ? 2 ** 30 : wholeValue(nodeMemory))
}
