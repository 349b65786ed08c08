// What pods use of the node, measured for eviction: memory and processes from the kernel and the runtime, disk by walking their directories.
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import { readFile } from 'node:fs/promises'
import { readCgroups } from '../containerd/host.ts'
import { cgroupDirectory, type CgroupMounts, readCgroupUsage } from './cgroup-usage.ts'
import { type CgroupDriver, podCgroup } from './container-resources.ts'
import { diskUsage } from './disk-usage.ts'
import type { MeasuredPod } from './eviction-manager.ts'
import type { ContainerConsumption } from './eviction-ranking.ts'
import type { Observations } from './eviction-signals.ts'
import { fileSystemUsage, memoryOf } from './machine-usage.ts'
import type { NodePaths } from './pod-files.ts'
import { podDirectory } from './pod-files.ts'
import { logDirectory, podUid } from './pod-names.ts'
import type { RuntimePod } from './runtime-service.ts'
import type { RuntimeStats, RuntimeUsage } from './usage-source.ts'

export interface PodConsumptionOptions {
  readonly stats: RuntimeStats
  readonly paths: Pick<NodePaths, 'pods' | 'logs'>
  readonly cgroupDriver: CgroupDriver
  readonly cgroupRoot: string
  runtime(uid: string): RuntimePod | undefined
}

export class ConsumptionSource {
  readonly #options: PodConsumptionOptions
  #mounts: Promise<CgroupMounts> | undefined

  constructor(options: PodConsumptionOptions) {
    this.#options = options
  }

  async measure(pods: readonly Pod[], { disk }: { disk: boolean }): Promise<readonly MeasuredPod[]> {
    this.#mounts ??= readFile('/proc/self/mountinfo', 'utf8').then(readCgroups)
    const [mounts, usages] = await Promise.all([this.#mounts, this.#options.stats.usages()])
    const byId = new Map(usages.map((usage) => [usage.id, usage]))
    const measured: MeasuredPod[] = []
    // One after the other: it is not to take the disk from those that work.
    for (const pod of pods) measured.push(await this.#pod(pod, byId, { disk, mounts }))
    return measured
  }

  async #pod(pod: Pod, usages: ReadonlyMap<string, RuntimeUsage>, { disk, mounts }: { disk: boolean; mounts: CgroupMounts }): Promise<MeasuredPod> {
    const { cgroupDriver, cgroupRoot, runtime } = this.#options
    const running = (runtime(podUid(pod))?.containers ?? []).flatMap(({ id, name }) => {
      const usage = usages.get(id)
      return usage ? [{ name, usage }] : []
    })
    const containers = new Map<string, ContainerConsumption>()
    for (const { name, usage } of running) {
      const logs = disk ? await this.#logs(pod, name) : { bytes: 0, inodes: 0 }
      containers.set(name, { memoryBytes: usage.workingSetBytes, diskBytes: (usage.writableBytes ?? 0) + logs.bytes, diskInodes: (usage.writableInodes ?? 0) + logs.inodes })
    }
    const volumes = disk ? await this.#volumes(pod) : new Map<string, { bytes: number; inodes: number }>()
    const volumeBytes = new Map([...volumes].map(([name, { bytes }]) => [name, bytes]))
    if (running.length === 0 && volumes.size === 0) return { pod, volumeBytes }
    const cgroup = await readCgroupUsage(mounts, cgroupDirectory(podCgroup(pod, cgroupDriver, cgroupRoot)))
    const all = [...containers.values()]
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
    return {
      pod, volumeBytes,
      used: {
        memoryBytes: cgroup?.workingSetBytes ?? sum(all.map(({ memoryBytes }) => memoryBytes)), processes: cgroup?.processes ?? 0, containers,
        diskBytes: sum([...all.map(({ diskBytes }) => diskBytes), ...volumeBytes.values()]),
        diskInodes: sum([...all.map(({ diskInodes }) => diskInodes), ...[...volumes.values()].map(({ inodes }) => inodes)]),
      },
    }
  }

  #logs(pod: Pod, container: string): Promise<{ bytes: number; inodes: number }> {
    const { namespace = '', name = '', uid = '' } = pod.metadata
    return diskUsage(join(logDirectory(this.#options.paths.logs, { namespace, name, uid }), container))
  }

  /** Those that live on the node's disk: a mounted one is its own affair. */
  async #volumes(pod: Pod): Promise<Map<string, { bytes: number; inodes: number }>> {
    const found = new Map<string, { bytes: number; inodes: number }>()
    for (const { name, emptyDir, configMap } of pod.spec.volumes ?? []) {
      const type = emptyDir && emptyDir.medium !== 'Memory' ? 'empty-dir' : configMap ? 'configmap' : undefined
      if (type) found.set(name, await diskUsage(join(podDirectory({ ...this.#options.paths, seccomp: '' }, podUid(pod)), 'volumes', `kubernetes.io~${type}`, name)))
    }
    return found
  }
}

/** What this machine has left; `directory` is on the file system of pods' files and of images. */
export async function observeNode(directory: string): Promise<Observations> {
  const text = (path: string): Promise<string> => readFile(path, 'utf8')
  const [meminfo, disk, load, pidMax, threadsMax] = await Promise.all([
    text('/proc/meminfo'), fileSystemUsage(directory), text('/proc/loadavg'), text('/proc/sys/kernel/pid_max'), text('/proc/sys/kernel/threads-max'),
  ])
  const memory = memoryOf(meminfo)
  const bytes = { available: disk.availableBytes, capacity: disk.capacityBytes }
  const inodes = { available: disk.inodesFree, capacity: disk.inodes }
  const processes = Math.min(Number(pidMax), Number(threadsMax))
  return new Map([
    ['memory.available', { available: memory.totalBytes - memory.workingSetBytes, capacity: memory.totalBytes }],
    ['nodefs.available', bytes], ['nodefs.inodesFree', inodes], ['imagefs.available', bytes], ['imagefs.inodesFree', inodes],
    ['pid.available', { available: processes - Number(/\/(\d+)/.exec(load)?.[1] ?? 0), capacity: processes }],
  ])
}
