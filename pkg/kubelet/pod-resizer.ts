// Gives running containers, and their pod's cgroup, what has been allocated to them: in place, or by a restart where their resize policy says so.
import type { Container, Pod, ResourceRequirements } from '../api/types-pod.ts'
import { cgroupDirectory, containerCgroup } from './cgroup-usage.ts'
import { containerLimits } from './container-resources.ts'
import type { PodAllocation } from './pod-allocation.ts'
import { withResources } from './pod-allocation.ts'
import type { PodCgroups } from './pod-cgroup.ts'
import { type CgroupLimits, looserLimits, podCgroupLimits } from './pod-cgroup-limits.ts'
import { podContainers } from './pod-names.ts'
import { milliValue, wholeValue } from './quantity-values.ts'
import type { RuntimeContainer, RuntimePod, RuntimeService } from './runtime-service.ts'
import { sandboxSizes } from './sandbox-sizes.ts'
import { same } from './status-patch.ts'

const resizable = ['cpu', 'memory'] as const

/** Which of them differ in amount. Pure. */
export function changedResources(before: ResourceRequirements | undefined, after: ResourceRequirements | undefined): string[] {
  return resizable.filter((name) => (['limits', 'requests'] as const).some((list) => milliValue(before?.[list]?.[name]) !== milliValue(after?.[list]?.[name])))
}

export interface PodResizerOptions {
  readonly runtime: Pick<RuntimeService, 'updateContainer' | 'resizeSandbox'>
  readonly cgroups: PodCgroups
  readonly allocation: PodAllocation
  readonly nodeMemoryBytes: number
  readonly cgroupPath: (pod: Pod) => string
  readonly pidsLimit: number
}

interface Difference {
  readonly running: RuntimeContainer
  readonly container: Container
  readonly before: ResourceRequirements
  readonly changed: readonly string[]
}

export class PodResizer {
  readonly #options: PodResizerOptions
  #podLimits: CgroupLimits | undefined

  constructor(options: PodResizerOptions) {
    this.#options = options
  }

  /** Confines the pod as a whole, before its containers start. */
  async confine(pod: Pod): Promise<void> {
    await this.#limit(pod, podCgroupLimits(pod, this.#options.pidsLimit))
  }

  /** Before a container starts in a pod that exists: what it has been allocated since then must fit into the pod's cgroup. */
  async widen(pod: Pod, runtime: RuntimePod): Promise<void> {
    await this.#limit(pod, looserLimits(this.#current(pod, runtime), podCgroupLimits(pod, this.#options.pidsLimit)))
  }

  /** Whether something does not have yet what it has been allocated. */
  due(pod: Pod, runtime: RuntimePod): boolean {
    return this.#differences(pod, runtime).length > 0 || !same(this.#current(pod, runtime), podCgroupLimits(pod, this.#options.pidsLimit))
  }

  /** Resolves with the containers that have to be started anew for it. Throws when the kernel or the runtime refuses, or a limit would be below what is used. */
  async apply(pod: Pod, runtime: RuntimePod): Promise<readonly RuntimeContainer[]> {
    const { allocation, nodeMemoryBytes, pidsLimit } = this.#options
    const differences = this.#differences(pod, runtime)
    const [current, wanted] = [this.#current(pod, runtime), podCgroupLimits(pod, pidsLimit)]
    await this.#checkUsage(pod, differences, { current, wanted })
    await this.#limit(pod, looserLimits(current, wanted))
    const restarts = differences.filter(({ container, changed }) => needsRestart(container, changed))
    for (const { running, container, before } of differences.filter((each) => !restarts.includes(each))) {
      const limits = containerLimits(pod, container, nodeMemoryBytes)
      if (!same(containerLimits(pod, { ...container, resources: before }, nodeMemoryBytes), limits)) await this.#options.runtime.updateContainer(running.id, limits)
      allocation.note(running.id, container.resources ?? {})
    }
    if (restarts.length > 0) return restarts.map(({ running }) => running)
    await this.#limit(pod, wanted)
    const sandbox = runtime.sandboxes.find(({ ready }) => ready)
    if (sandbox) await this.#options.runtime.resizeSandbox(sandbox.id, sandboxSizes(pod))
    return []
  }

  /** Writes what is not known to be there already; after a restart of the kubelet nothing is. */
  async #limit(pod: Pod, limits: CgroupLimits): Promise<void> {
    const { cgroups, cgroupPath } = this.#options
    if (this.#podLimits && same(this.#podLimits, limits)) return
    await cgroups.limit(cgroupPath(pod), this.#podLimits ? changes(this.#podLimits, limits) : limits)
    this.#podLimits = limits
  }

  #differences(pod: Pod, runtime: RuntimePod): Difference[] {
    const containers = new Map(podContainers(pod).filter(({ kind }) => kind !== 'ephemeral').map(({ container }) => [container.name, container]))
    return runtime.containers.filter(({ phase }) => phase === 'running').flatMap((running) => {
      const container = containers.get(running.name)
      if (!container) return []
      const before = this.#options.allocation.actuated(running.id, container)
      const changed = changedResources(before, container.resources)
      // Other words for the same amount are only noted, so that the status has the spec's.
      if (changed.length === 0 && !same(before, container.resources ?? {})) this.#options.allocation.note(running.id, container.resources ?? {})
      return changed.length === 0 ? [] : [{ running, container, before, changed }]
    })
  }

  /** What the pod's cgroup has; after a restart of the kubelet, what its containers let expect. */
  #current(pod: Pod, runtime: RuntimePod): CgroupLimits {
    if (this.#podLimits) return this.#podLimits
    const had = Object.fromEntries(this.#differences(pod, runtime).map(({ container, before }) => [container.name, before]))
    return podCgroupLimits(withResources(pod, had), this.#options.pidsLimit)
  }

  async #checkUsage(pod: Pod, differences: readonly Difference[], { current, wanted }: { current: CgroupLimits; wanted: CgroupLimits }): Promise<void> {
    const { cgroups, cgroupPath } = this.#options
    const path = cgroupPath(pod)
    const problems: string[] = []
    const check = async (what: string, limits: { before: number; after: number }, below?: string): Promise<void> => {
      const { before, after } = limits
      if (after === 0 || (before !== 0 && after >= before)) return
      const used = await cgroups.workingSetBytes(path, below)
      if (used !== undefined && used >= after) problems.push(`attempting to set ${what} memory limit (${after}) below current usage (${used})`)
    }
    await check('pod', { before: current.memoryBytes, after: wanted.memoryBytes })
    for (const { running, container, before, changed } of differences) {
      if (needsRestart(container, changed)) continue
      const limits = { before: wholeValue(before.limits?.['memory']), after: wholeValue(container.resources?.limits?.['memory']) }
      await check(`container "${container.name}"`, limits, containerCgroup(cgroupDirectory(path), running.id).slice(cgroupDirectory(path).length))
    }
    if (problems.length > 0) throw new Error(`cannot decrease memory limits: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`)
  }
}

const needsRestart = (container: Container, changed: readonly string[]): boolean =>
  changed.some((name) => container.resizePolicy?.some((each) => each.resourceName === name && each.restartPolicy === 'RestartContainer'))

function changes(before: CgroupLimits, after: CgroupLimits): Partial<CgroupLimits> {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name as keyof CgroupLimits] !== value))
}
