// What the metrics API wants to know of a node: CPU in use and memory held, of the node and of each pod's containers. Pure.
import type { NodeUsageReport } from '../api/node-connection.ts'
import { nodeKey } from './usage-sampler.ts'
import type { RatedSample } from './usage-sampler.ts'
import type { CpuRate } from './usage-rates.ts'

/** A pod with a container that has no rate yet is left out, so that nobody takes a part for the whole. */
export function usageReport({ sample, rates }: RatedSample): NodeUsageReport {
  const nodeRate = rates.get(nodeKey)
  return {
    atMs: sample.atMs, windowMs: nodeRate?.windowMs ?? 0,
    node: { cpuNanoCores: nodeRate?.nanoCores ?? 0, memoryBytes: sample.machine.memory.workingSetBytes },
    pods: sample.pods.flatMap(({ namespace, name, containers }) => {
      const rated = containers.flatMap((container) => {
        const rate = rates.get(container.id)
        return rate ? [{ container, rate }] : []
      })
      if (rated.length < containers.length) return []
      return [{
        namespace, name, windowMs: Math.max(...rated.map(({ rate }: { rate: CpuRate }) => rate.windowMs)),
        containers: rated.map(({ container, rate }) => ({ name: container.name, cpuNanoCores: rate.nanoCores, memoryBytes: container.workingSetBytes })),
      }]
    }),
  }
}
