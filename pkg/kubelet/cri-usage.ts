// What containers have used, as a runtime tells by the CRI.
import type { CriClient } from '../containerd/cri.ts'
import { nanosToMs } from '../containerd/cri.ts'
import { ownerLabel } from './labels.ts'
import type { RuntimeStats, RuntimeUsage } from './usage-source.ts'

export class CriUsage implements RuntimeStats {
  readonly #cri: Pick<CriClient, 'listContainerStats'>
  readonly #owner: string

  /** `owner`: as CriRuntime has it. */
  constructor({ cri, owner }: { cri: Pick<CriClient, 'listContainerStats'>; owner: string }) {
    this.#cri = cri
    this.#owner = owner
  }

  async usages(): Promise<readonly RuntimeUsage[]> {
    const { stats } = await this.#cri.listContainerStats({ filter: { labelSelector: { [ownerLabel]: this.#owner } } })
    return stats.flatMap(({ attributes, cpu, memory, writableLayer }) => {
      const atMs = nanosToMs(cpu?.timestamp ?? 0)
      // Not measured: it has just ended, or has not started.
      if (atMs === undefined || cpu?.usageCoreNanoSeconds === undefined) return []
      return [{
        id: attributes.id, atMs, cpuNanos: cpu.usageCoreNanoSeconds.value, workingSetBytes: memory?.workingSetBytes?.value ?? 0,
        ...(writableLayer?.usedBytes ? { writableBytes: writableLayer.usedBytes.value } : {}),
        ...(writableLayer?.inodesUsed ? { writableInodes: writableLayer.inodesUsed.value } : {}),
      }]
    })
  }
}
