// One sample of what this node, its pods and their containers have used, put together from the kernel and the runtime.
import { readCgroups } from '../containerd/host.ts'
import type { Pod } from '../api/types-pod.ts'
import { readFile } from 'node:fs/promises'
import type { Clock } from '../util/clock.ts'
import { type CgroupMounts, type CgroupUsage, cgroupDirectory, containerCgroup, firstProcess, readCgroupUsage } from './cgroup-usage.ts'
import type { CgroupDriver } from './container-resources.ts'
import { podCgroup } from './container-resources.ts'
import { type InterfaceUsage, interfacesOfProcess, type MachineUsage, readMachineUsage } from './machine-usage.ts'
import type { PodWorker } from './pod-worker.ts'
import { type Pressure, readPressure } from './pressure.ts'
import type { RuntimeContainer } from './runtime-service.ts'

/** What a runtime measures of one running container. */
export interface RuntimeUsage {
  readonly id: string
  readonly atMs: number
  readonly cpuNanos: number
  readonly workingSetBytes: number
  /** What it has written to its own layer. */
  readonly writableBytes?: number
  readonly writableInodes?: number
}

export interface RuntimeStats {
  /** Of all running containers of this kubelet. */
  usages(): Promise<readonly RuntimeUsage[]>
}

export interface ContainerUsage extends RuntimeUsage {
  readonly name: string
  readonly image: string
  readonly startedAtMs: number
  /** Below the hierarchy's root. */
  readonly cgroupPath: string
  /** What the kernel tells in more detail, where it can be read. */
  readonly cgroup?: CgroupUsage
}

export interface PodUsage {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly startedAtMs: number
  readonly cgroupPath: string
  readonly cgroup?: CgroupUsage
  readonly containers: readonly ContainerUsage[]
  /** Empty with the host's network. */
  readonly interfaces: readonly InterfaceUsage[]
}

export interface NodeSample {
  readonly atMs: number
  readonly machine: MachineUsage
  /** Of the machine as a whole. */
  readonly pressure?: Pressure
  readonly pods: readonly PodUsage[]
}

export interface UsageSourceOptions {
  readonly clock: Clock
  readonly dataDirectory: string
  readonly cgroupDriver: CgroupDriver
  readonly cgroupRoot: string
  /** Without it no container is measured. */
  readonly stats: RuntimeStats | undefined
  /** Default: as this machine is. */
  readonly machine?: (usages: readonly RuntimeUsage[]) => Promise<MachineUsage>
  readonly workers: () => Iterable<Pick<PodWorker, 'pod' | 'runtime'>>
}

export class UsageSource {
  readonly #options: UsageSourceOptions
  #mounts: Promise<CgroupMounts> | undefined

  constructor(options: UsageSourceOptions) {
    this.#options = options
  }

  async take(): Promise<NodeSample> {
    const { clock, dataDirectory, stats, workers, machine: measure = () => readMachineUsage(dataDirectory) } = this.#options
    this.#mounts ??= readFile('/proc/self/mountinfo', 'utf8').then(readCgroups)
    const [mounts, usages] = await Promise.all([this.#mounts, stats?.usages() ?? []])
    const [machine, pressure] = await Promise.all([measure(usages), mounts.version === 'v2' ? readPressure(mounts.mounts[''] ?? '') : {}])
    const atMs = clock.now()
    const byId = new Map(usages.map((usage) => [usage.id, usage]))
    const pods = await Promise.all([...workers()].map((worker) => this.#pod(worker, byId, mounts)))
    return { atMs, machine, ...pressure, pods: pods.filter((pod) => pod.containers.length > 0) }
  }

  async #pod({ pod, runtime }: Pick<PodWorker, 'pod' | 'runtime'>, usages: ReadonlyMap<string, RuntimeUsage>, mounts: CgroupMounts): Promise<PodUsage> {
    const { cgroupDriver, cgroupRoot } = this.#options
    const { namespace = '', name = '', uid = '' } = pod.metadata
    const cgroupPath = cgroupDirectory(podCgroup(pod, cgroupDriver, cgroupRoot))
    const running = runtime.containers.flatMap((container) => {
      const usage = container.phase === 'running' ? usages.get(container.id) : undefined
      return usage ? [{ container, usage }] : []
    })
    if (running.length === 0) return { namespace, name, uid, startedAtMs: 0, cgroupPath, containers: [], interfaces: [] }
    const [cgroup, interfaces, ...containers] = await Promise.all([
      readCgroupUsage(mounts, cgroupPath),
      interfacesOfPod(pod, containerCgroup(cgroupPath, running[0]!.container.id), mounts),
      ...running.map(({ container, usage }) => this.#container(container, usage, { podPath: cgroupPath, mounts })),
    ])
    return {
      namespace, name, uid, cgroupPath, containers, interfaces,
      startedAtMs: Math.min(...runtime.sandboxes.filter((sandbox) => sandbox.ready).map((sandbox) => sandbox.createdAtMs), ...containers.map((each) => each.startedAtMs)),
      ...(cgroup ? { cgroup } : {}),
    }
  }

  async #container(container: RuntimeContainer, usage: RuntimeUsage, { podPath, mounts }: { podPath: string; mounts: CgroupMounts }): Promise<ContainerUsage> {
    const cgroupPath = containerCgroup(podPath, container.id)
    const cgroup = await readCgroupUsage(mounts, cgroupPath)
    return { ...usage, name: container.name, image: container.image, startedAtMs: container.startedAtMs, cgroupPath, ...(cgroup ? { cgroup } : {}) }
  }
}

async function interfacesOfPod(pod: Pod, containerPath: string, mounts: CgroupMounts): Promise<readonly InterfaceUsage[]> {
  if (pod.spec.hostNetwork) return []
  const pid = await firstProcess(mounts, containerPath)
  return pid === undefined ? [] : interfacesOfProcess(pid)
}
