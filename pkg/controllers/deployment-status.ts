// A Deployment's status and its conditions: pure.
import { formatTime } from '../api/times.ts'
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../api/types-workload.ts'
import { boundsOf, replicasOf, sum } from './deployment-sets.ts'
import { millisOf } from './pod-facts.ts'

export type Reason = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>

const unlimitedSeconds = 0x7fffffff

export function progressDeadlineMs({ spec }: Deployment): number | undefined {
  const seconds = spec.progressDeadlineSeconds
  return seconds === undefined || seconds === unlimitedSeconds ? undefined : seconds * 1000
}

export function conditionOf(status: DeploymentStatus | undefined, type: string): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}

/** Replaces the condition of that type, unless it says the same already. A kept status keeps its transition time. */
export function withCondition(conditions: readonly DeploymentCondition[], next: Reason, nowMs: number, { refresh = false } = {}): DeploymentCondition[] {
  const current = conditions.find((condition) => condition.type === next.type)
  if (!refresh && current?.status === next.status && current.reason === next.reason) return [...conditions]
  const now = formatTime(nowMs)
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : now
  return [...conditions.filter((condition) => condition.type !== next.type), { ...next, lastUpdateTime: now, lastTransitionTime }]
}

export function isComplete({ metadata, spec }: Deployment, status: DeploymentStatus): boolean {
  const desired = spec.replicas ?? 1
  return (status.updatedReplicas ?? 0) === desired && (status.replicas ?? 0) === desired && (status.availableReplicas ?? 0) === desired
    && (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
}

/** Counts and the Available condition; `sets` are all sets, `fresh` the new one among them. */
export function countStatus(deployment: Deployment, sets: readonly ReplicaSet[], fresh: ReplicaSet | undefined, nowMs: number): DeploymentStatus {
  const available = sum(sets, (set) => set.status?.availableReplicas)
  const { desired, maxUnavailable } = boundsOf(deployment)
  const enough = available >= desired - maxUnavailable
  const old = deployment.status
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(sets, (set) => set.status?.replicas),
    updatedReplicas: fresh?.status?.replicas ?? 0,
    readyReplicas: sum(sets, (set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(sets, replicasOf) - available),
    terminatingReplicas: sum(sets, (set) => set.status?.terminatingReplicas),
    ...(old?.collisionCount === undefined ? {} : { collisionCount: old.collisionCount }),
    conditions: withCondition(old?.conditions ?? [], {
      type: 'Available', status: enough ? 'True' : 'False',
      reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      message: enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    }, nowMs),
  }
}

/** The status during a rollout: counts and how it progresses. */
export function rolloutStatus(deployment: Deployment, sets: readonly ReplicaSet[], fresh: ReplicaSet | undefined, nowMs: number): DeploymentStatus {
  const status = countStatus(deployment, sets, fresh, nowMs)
  let conditions = status.conditions ?? []
  if (progressDeadlineMs(deployment) === undefined) conditions = conditions.filter((condition) => condition.type !== 'Progressing')
  else conditions = withProgress(deployment, status, conditions, fresh, nowMs)
  const failure = failureOf(sets, fresh)
  conditions = failure ? withCondition(conditions, failure, nowMs) : conditions.filter((condition) => condition.type !== 'ReplicaFailure')
  return { ...status, conditions }
}

function withProgress(deployment: Deployment, status: DeploymentStatus, conditions: DeploymentCondition[], fresh: ReplicaSet | undefined, nowMs: number): DeploymentCondition[] {
  const current = conditions.find((condition) => condition.type === 'Progressing')
  if ((status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable') return conditions
  const subject = fresh ? `ReplicaSet "${fresh.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  const say = (value: string, reason: string, text: string): Reason => ({ type: 'Progressing', status: value, reason, message: `${subject} ${text}` })
  if (isComplete(deployment, status)) return withCondition(conditions, say('True', 'NewReplicaSetAvailable', 'has successfully progressed.'), nowMs)
  if (hasMoved(deployment.status ?? {}, status)) return withCondition(conditions, say('True', 'ReplicaSetUpdated', 'is progressing.'), nowMs, { refresh: true })
  if (isTimedOut(deployment, current, nowMs)) return withCondition(conditions, say('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'), nowMs)
  return conditions
}

function hasMoved(old: DeploymentStatus, next: DeploymentStatus): boolean {
  const outdated = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas
  return (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) || outdated(next) < outdated(old)
    || (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) || (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
}

function isTimedOut(deployment: Deployment, progress: DeploymentCondition | undefined, nowMs: number): boolean {
  if (!progress || progress.reason === 'NewReplicaSetAvailable') return false
  if (progress.reason === 'ProgressDeadlineExceeded') return true
  return (millisOf(progress.lastUpdateTime) ?? nowMs) + (progressDeadlineMs(deployment) ?? Infinity) < nowMs
}

/** When the deadline must be looked at; undefined when nothing waits for it. */
export function deadlineCheckMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const deadlineMs = progressDeadlineMs(deployment)
  const progress = conditionOf(status, 'Progressing')
  if (deadlineMs === undefined || !progress || isComplete(deployment, status)) return undefined
  if (progress.reason === 'ProgressDeadlineExceeded' || progress.reason === 'DeploymentPaused') return undefined
  return Math.max(0, (millisOf(progress.lastUpdateTime) ?? nowMs) + deadlineMs - nowMs) + 1000
}

function failureOf(sets: readonly ReplicaSet[], fresh: ReplicaSet | undefined): Reason | undefined {
  for (const set of fresh ? [fresh, ...sets] : sets) {
    const failure = set.status?.conditions?.find((condition) => condition.type === 'ReplicaFailure')
    if (failure) return { type: 'ReplicaFailure', status: failure.status, reason: failure.reason, message: failure.message }
  }
  return undefined
}

/** What pausing or resuming changes of the conditions; undefined when nothing. */
export function pauseCondition(deployment: Deployment): Reason | undefined {
  if (progressDeadlineMs(deployment) === undefined) return undefined
  const current = conditionOf(deployment.status, 'Progressing')
  if (current?.reason === 'ProgressDeadlineExceeded') return undefined
  const paused = current?.reason === 'DeploymentPaused'
  if (deployment.spec.paused && !paused) return { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }
  if (!deployment.spec.paused && paused) return { type: 'Progressing', status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' }
  return undefined
}
