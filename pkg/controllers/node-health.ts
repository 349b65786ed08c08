// What a node's silence and conditions mean for its conditions and taints: pure.
import { formatTime } from '../api/times.ts'
import type { Node, NodeCondition, Taint } from '../api/types-node.ts'

export const notReadyTaint = 'node.kubernetes.io/not-ready'
export const unreachableTaint = 'node.kubernetes.io/unreachable'
const unschedulableTaint = 'node.kubernetes.io/unschedulable'

/** Taints that follow from conditions: type, status that taints, key. */
const conditionTaints: readonly (readonly [type: string, status: string, key: string])[] = [
  ['Ready', 'False', notReadyTaint], ['Ready', 'Unknown', unreachableTaint],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'], ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'], ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
]
const reported = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

export function readyStatus(node: Node): string | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status
}

/** The conditions of a node that has gone silent: what it reported is unknown now. undefined when they say so already. */
export function silentConditions(node: Node, nowMs: number): NodeCondition[] | undefined {
  const conditions = node.status?.conditions ?? []
  const now = formatTime(nowMs)
  const next = reported.map((type): NodeCondition => {
    const before = conditions.find((condition) => condition.type === type)
    if (before?.status === 'Unknown') return before
    if (before) return { ...before, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime: now }
    return {
      type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata.creationTimestamp ?? now, lastTransitionTime: now,
    }
  })
  if (next.every((condition) => conditions.includes(condition))) return undefined
  return [...conditions.filter(({ type }) => !reported.includes(type)), ...next]
}

/** The taints that the node should have; undefined when it has them. Taints set by others are kept. */
export function wantedTaints(node: Node, nowMs: number): Taint[] | undefined {
  const taints = node.spec.taints ?? []
  const status = (type: string): string | undefined => node.status?.conditions?.find((condition) => condition.type === type)?.status
  const wanted = new Map<string, Taint>()
  for (const [type, tainting, key] of conditionTaints) {
    if (status(type) !== tainting) continue
    wanted.set(`${key}:NoSchedule`, { key, effect: 'NoSchedule' })
    if (type === 'Ready') wanted.set(`${key}:NoExecute`, { key, effect: 'NoExecute', timeAdded: formatTime(nowMs) })
  }
  if (node.spec.unschedulable) wanted.set(`${unschedulableTaint}:NoSchedule`, { key: unschedulableTaint, effect: 'NoSchedule' })
  const own = new Set([...conditionTaints.map(([, , key]) => key), unschedulableTaint])
  // A node that has not reported yet stays closed, as it was admitted.
  const isOwn = ({ key, effect }: Taint): boolean => own.has(key) && (effect === 'NoSchedule' || key === notReadyTaint || key === unreachableTaint)
    && !(key === notReadyTaint && status('Ready') === undefined)
  const kept = taints.filter((taint) => !isOwn(taint) || wanted.has(`${taint.key}:${taint.effect}`))
  const added = [...wanted].filter(([name]) => !taints.some(({ key, effect }) => `${key}:${effect}` === name)).map(([, taint]) => taint)
  return added.length === 0 && kept.length === taints.length ? undefined : [...kept, ...added]
}
