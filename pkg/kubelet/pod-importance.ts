// How much the cluster or the node itself needs a pod. Pure.
import type { Pod } from '../api/types-pod.ts'

const systemCriticalPriority = 2_000_000_000

/** It comes from a file of this node. */
export function isStatic({ metadata: { annotations = {} } }: Pod): boolean {
  const source = annotations['kubernetes.io/config.source']
  return source !== undefined && source !== 'api'
}

/** Others go before it. */
export const isCritical = (pod: Pod): boolean => isStatic(pod) || 'kubernetes.io/config.mirror' in (pod.metadata.annotations ?? {}) || (pod.spec.priority ?? 0) >= systemCriticalPriority

/** The last to be killed when memory runs out. */
export const isNodeCritical = (pod: Pod): boolean => isCritical(pod) && pod.spec.priorityClassName === 'system-node-critical'
