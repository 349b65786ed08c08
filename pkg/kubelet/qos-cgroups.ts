// The cgroups above the pods: each class gets CPU by what its pods ask for, so that those that ask for nothing come last.
import type { Pod } from '../api/types-pod.ts'
import { type CgroupDriver, cpuSharesOf, podRequests, qosClass } from './container-resources.ts'
import type { PodCgroups } from './pod-cgroup.ts'

export interface QosCgroupsOptions {
  readonly cgroups: PodCgroups
  readonly driver: CgroupDriver
  readonly root: string
}

/** Pure. Shares by class; Guaranteed pods lie beside the two, each with its own. */
export function qosShares(pods: readonly Pod[]): { burstable: number; besteffort: number } {
  const burstable = pods.filter((pod) => qosClass(pod) === 'Burstable').reduce((sum, pod) => sum + podRequests(pod).cpuMilli, 0)
  return { burstable: cpuSharesOf(burstable), besteffort: cpuSharesOf(0) }
}

export class QosCgroups {
  readonly #options: QosCgroupsOptions
  readonly #written = new Map<string, number>()

  constructor(options: QosCgroupsOptions) {
    this.#options = options
  }

  /** Writes what has changed. */
  async update(pods: readonly Pod[]): Promise<void> {
    const { cgroups, driver, root } = this.#options
    const shares = qosShares(pods)
    for (const name of ['burstable', 'besteffort'] as const) {
      if (this.#written.get(name) === shares[name]) continue
      try {
        await cgroups.limit(driver === 'cgroupfs' ? `${root}/kubepods/${name}` : `kubepods-${name}.slice`, { cpuShares: shares[name] })
        this.#written.set(name, shares[name])
      } catch (error) {
        // systemd makes a slice with the first pod in it, and takes it away with the last.
        if (driver !== 'systemd' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        this.#written.delete(name)
      }
    }
  }
}
