// How much the cluster or the node itself needs a pod. Pure.
import type { Pod } from '../api/types-pod.ts'

const systemCriticalPriority = 2_000_000_000

/** Others go before it. */
export function isCritical(pod: Pod): boolean {
  const { annotations = {} } = pod.metadata
  const source = annotations['kubernetes.io/config.source']
  return (source !== undefined && source !== 'api') || 'kubernetes.io/config.mirror' in annotations || (pod.spec.priority ?? 0) >= systemCriticalPriority
}

/** The last to be killed when memory runs out. */
export const isNodeCritical = (pod: Pod): boolean => isCritical(pod) && pod.spec.priorityClassName === 'system-node-critical'
