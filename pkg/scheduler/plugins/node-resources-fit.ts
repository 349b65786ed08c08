// NodeResourcesFit: the node must have room for what the pod asks for; the emptier the better.
import type { Node } from '../../api/types-node.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Plugin, Refusal } from '../plugin.ts'
import { resourcesOf } from '../resources.ts'

const tooManyPods = 'Too many pods'

/** What is missing on the node, in upstream's order: pods, CPU, memory, storage, then the others. */
export function missing({ requests }: PodInfo, node: NodeInfo): Refusal | undefined {
  const reasons: string[] = []
  // Without more space at all there is no use in removing pods.
  let resolvable = true
  const allowed = node.allocatable.get('pods') ?? 0
  if (node.pods.size + 1 > allowed) reasons.push(tooManyPods)
  for (const [name, amount] of requests) {
    if (amount === 0) continue
    const allocatable = node.allocatable.get(name) ?? 0
    if (amount <= allocatable - (node.requested.get(name) ?? 0)) continue
    reasons.push(`Insufficient ${name}`)
    if (amount > allocatable) resolvable = false
  }
  return reasons.length > 0 ? { reasons, resolvable } : undefined
}

/** Share of the node that stays free, 0 to 100. */
function freeShare(allocatable: number, requested: number): number {
  return requested > allocatable ? 0 : Math.floor(((allocatable - requested) * 100) / allocatable)
}

export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  enqueueOn: ['pod-gone', 'node-added', 'node-allocatable'],
  mayHelp({ requests }, { kind, object }) {
    // Whatever it asked for, a pod that goes frees a place.
    if (kind === 'pod-gone') return true
    const allocatable = resourcesOf((object as Node).status?.allocatable)
    return [...requests].every(([name, amount]) => amount <= (allocatable.get(name) ?? 0))
  },
  preFilter: (pod) => ({ filter: (node) => missing(pod, node) }),
  preScore: ({ comparable }) => ({
    score({ allocatable, comparable: taken }) {
      const cpu = allocatable.get('cpu') ?? 0
      const memory = allocatable.get('memory') ?? 0
      const shares: number[] = []
      if (cpu > 0) shares.push(freeShare(cpu, taken.milliCpu + comparable.milliCpu))
      if (memory > 0) shares.push(freeShare(memory, taken.memory + comparable.memory))
      return shares.length === 0 ? 0 : Math.floor(shares.reduce((sum, share) => sum + share, 0) / shares.length)
    },
  }),
}
