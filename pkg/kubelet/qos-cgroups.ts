// The cgroups above the pods: each class gets CPU by what its pods ask for, so that those that ask for nothing come last.
import type { Pod } from '../api/types-pod.ts'
import { type CgroupDriver, cpuSharesOf, podRequests, qosClass } from './container-resources.ts'
import type { PodCgroups } from './pod-cgroup.ts'
import type { CgroupLimits } from './pod-cgroup-limits.ts'
import { same } from './status-patch.ts'

export interface QosCgroupsOptions {
  readonly cgroups: PodCgroups
  readonly driver: CgroupDriver
  readonly root: string
  /** For all pods together. */
  readonly total: Partial<CgroupLimits>
}

/** Pure. Shares by class; Guaranteed pods lie beside the two, each with its own. */
export function qosShares(pods: readonly Pod[]): { burstable: number; besteffort: number } {
  const burstable = pods.filter((pod) => qosClass(pod) === 'Burstable').reduce((sum, pod) => sum + podRequests(pod).cpuMilli, 0)
  return { burstable: cpuSharesOf(burstable), besteffort: cpuSharesOf(0) }
}

export class QosCgroups {
  readonly #options: QosCgroupsOptions
  readonly #written = new Map<string, Partial<CgroupLimits>>()

  constructor(options: QosCgroupsOptions) {
    this.#options = options
  }

  #last: Promise<void> = Promise.resolve()

  /** Writes what has changed, after what was to be written before: the last word is the newest. */
  update(pods: readonly Pod[]): Promise<void> {
    const turn = this.#last.then(() => this.#write(pods))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #write(pods: readonly Pod[]): Promise<void> {
    const { cgroups, driver, root, total } = this.#options
    const shares = qosShares(pods)
    const wanted: [string, Partial<CgroupLimits>][] = [['', total], ['burstable', { cpuShares: shares.burstable }], ['besteffort', { cpuShares: shares.besteffort }]]
    for (const [name, limits] of wanted) {
      if (same(this.#written.get(name), limits)) continue
      await cgroups.limit(driver === 'cgroupfs' ? `${root}/kubepods${name && `/${name}`}` : `kubepods${name && `-${name}`}.slice`, limits)
      this.#written.set(name, limits)
    }
  }
}
