// emptyDir: a directory, or memory, that lives as long as the pod.
import { chmod, lstat, mkdir } from 'node:fs/promises'
import type { Pod } from '../api/types-pod.ts'
import { giveToGroup } from './ownership.ts'
import { wholeValue } from './quantity-values.ts'
import type { VolumeType } from './volume.ts'

export const emptyDirVolume: VolumeType = {
  name: 'empty-dir',
  sources: () => [],
  async setUp({ pod, volume, directory, mounter, allocatable }) {
    const { medium = '', sizeLimit } = volume.emptyDir ?? {}
    const pages = medium.startsWith('HugePages') ? pageSize(pod, medium) : undefined
    if (medium !== '' && medium !== 'Memory' && pages === undefined) throw new Error(`emptyDir medium ${medium} is not supported`)
    const existed = await lstat(directory).then(() => true, () => false)
    await mkdir(directory, { recursive: true })
    if (medium === 'Memory') await mounter.mountTmpfs(directory, { sizeBytes: memorySize(pod.spec.containers, sizeLimit, allocatable['memory']) })
    if (pages !== undefined) await mounter.mountHugePages(directory, pages)
    if (!existed) {
      await chmod(directory, 0o777)
      const gid = pod.spec.securityContext?.fsGroup
      if (gid !== undefined) await giveToGroup(directory, gid, { readOnly: false })
    }
    return { hostPath: directory, readOnly: false }
  },
}

/** Of `HugePages`, that of the only huge pages which the pod asks for. Throws when that says nothing, or another thing. */
function pageSize({ spec }: Pod, medium: string): string {
  const asked = new Set([...(spec.initContainers ?? []), ...spec.containers].flatMap(({ resources }) => Object.keys({ ...resources?.limits, ...resources?.requests })).filter((name) => name.startsWith('hugepages-')))
  const wanted = medium === 'HugePages' ? [...asked][0] : `hugepages-${medium.slice('HugePages-'.length)}`
  if (wanted === undefined || !asked.has(wanted) || (medium === 'HugePages' && asked.size > 1)) throw new Error(`medium ${medium}: expected one size of huge pages among the pod's resources, found ${[...asked].join(', ') || 'none'}`)
  return wanted.slice('hugepages-'.length).replace(/i$/, '')
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
