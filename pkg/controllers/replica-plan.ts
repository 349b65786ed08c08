// What a ReplicaSet or ReplicationController does next, and its status: pure.
import type { KubeObject } from '../api/object.ts'
import { formatTime } from '../api/times.ts'
import type { Pod, PodTemplateSpec } from '../api/types-pod.ts'
import type { ReplicaSetCondition, ReplicaSetStatus } from '../api/types-workload.ts'
import { isAvailable, isReady, isTerminating } from './pod-facts.ts'
import { podsToDelete } from './pod-ranking.ts'

/** What both kinds have in common. */
export interface ReplicaOwner {
  readonly object: KubeObject
  readonly replicas: number
  readonly minReadySeconds: number
  readonly template: PodTemplateSpec
  readonly status: ReplicaSetStatus | undefined
}

/** No run creates or deletes more than this. */
const burst = 500

/** How many pods to create, or which to delete. `related` are the pods of all sets of the same owner. */
export function planPods(owner: ReplicaOwner, active: readonly Pod[], { related, nowMs }: { related: readonly Pod[]; nowMs: number }): { create: number; remove: readonly Pod[] } {
  if (owner.object.metadata.deletionTimestamp) return { create: 0, remove: [] }
  const surplus = active.length - owner.replicas
  return surplus > 0
    ? { create: 0, remove: podsToDelete(active, Math.min(surplus, burst), { related, nowMs }) }
    : { create: Math.min(-surplus, burst), remove: [] }
}

/** `failure` is what stopped this run from creating (or deleting) pods. */
export function replicaStatus(
  owner: ReplicaOwner, pods: { readonly active: readonly Pod[]; readonly owned: readonly Pod[] },
  { nowMs, failure }: { nowMs: number; failure?: { reason: 'FailedCreate' | 'FailedDelete'; message: string } },
): ReplicaSetStatus {
  const { active, owned } = pods
  const wanted = Object.entries(owner.template.metadata?.labels ?? {})
  const labeled = (pod: Pod): boolean => wanted.every(([key, value]) => pod.metadata.labels?.[key] === value)
  const conditions = nextConditions(owner.status?.conditions ?? [], failure, nowMs)
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(labeled).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, owner.minReadySeconds, nowMs)).length,
    terminatingReplicas: owned.filter(isTerminating).length,
    observedGeneration: owner.object.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

function nextConditions(old: readonly ReplicaSetCondition[], failure: { reason: string; message: string } | undefined, nowMs: number): ReplicaSetCondition[] {
  const others = old.filter((condition) => condition.type !== 'ReplicaFailure')
  if (!failure) return others
  const standing = old.find((condition) => condition.type === 'ReplicaFailure')
  return [...others, standing ?? { type: 'ReplicaFailure', status: 'True', lastTransitionTime: formatTime(nowMs), reason: failure.reason, message: failure.message }]
}
