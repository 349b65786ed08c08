// A PodDisruptionBudget's status: how many of its pods may be disrupted now. Pure.
import { scaledValue } from '../api/int-or-string.ts'
import { formatTime } from '../api/times.ts'
import type { Pod } from '../api/types-pod.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../api/types-config.ts'
import type { Condition } from '../api/types-common.ts'
import { isReady, isTerminal, millisOf } from './pod-facts.ts'

/** A disruption that was allowed and has not begun by then did not happen. */
const disruptionTimeoutMs = 120_000

/** `scale` is how many pods the controllers of the pods want in all; undefined when one of the pods has none that tells. */
export function disruptionStatus(budget: PodDisruptionBudget, pods: readonly Pod[], { scale, nowMs }: { scale: number | undefined; nowMs: number }): PodDisruptionBudgetStatus | { failure: string } {
  const live = pods.filter((pod) => !isTerminal(pod))
  const counts = expectations(budget, live.length, scale)
  if ('failure' in counts) return counts
  const disrupted = stillDisrupted(budget, live, nowMs)
  const healthy = live.filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp && !((pod.metadata.name ?? '') in disrupted)).length
  const allowed = counts.expected <= 0 ? 0 : Math.max(0, healthy - counts.desired)
  return {
    currentHealthy: healthy, desiredHealthy: counts.desired, expectedPods: counts.expected, disruptionsAllowed: allowed,
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}), observedGeneration: budget.metadata.generation ?? 0,
    conditions: withAllowed(budget, { status: allowed > 0 ? 'True' : 'False', reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods', message: '' }, nowMs),
  }
}

function expectations({ spec }: PodDisruptionBudget, count: number, scale: number | undefined): { expected: number; desired: number } | { failure: string } {
  const { minAvailable, maxUnavailable } = spec
  if (typeof minAvailable === 'number' && maxUnavailable === undefined) return { expected: count, desired: minAvailable }
  if (scale === undefined) return { failure: 'found no controllers for one of the pods' }
  if (maxUnavailable !== undefined) return { expected: scale, desired: Math.max(0, scale - (scaledValue(maxUnavailable, scale, 'up') ?? 0)) }
  return { expected: scale, desired: scaledValue(minAvailable ?? 1, scale, 'up') ?? 1 }
}

/** True unless the number of pods that must stay is told outright. */
export const needsScale = ({ spec }: PodDisruptionBudget): boolean => spec.maxUnavailable !== undefined || typeof spec.minAvailable !== 'number'

/** Nothing may be disrupted where it can't be told what is needed; the counts stay as they were. */
export function failedStatus(budget: PodDisruptionBudget, failure: string, nowMs: number): PodDisruptionBudgetStatus {
  return {
    currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...budget.status, disruptionsAllowed: 0, observedGeneration: budget.metadata.generation ?? 0,
    conditions: withAllowed(budget, { status: 'False', reason: 'SyncFailed', message: failure }, nowMs),
  }
}

/** The earliest end of a pending disruption is when the status must be looked at again. */
export function nextTimeoutMs({ disruptedPods = {} }: PodDisruptionBudgetStatus, nowMs: number): number | undefined {
  const ends = Object.values(disruptedPods).map((time) => (millisOf(time) ?? nowMs) + disruptionTimeoutMs - nowMs)
  return ends.length > 0 ? Math.max(0, Math.min(...ends)) : undefined
}

function stillDisrupted({ status }: PodDisruptionBudget, pods: readonly Pod[], nowMs: number): Record<string, string> {
  const standing = new Map(pods.map((pod) => [pod.metadata.name ?? '', pod]))
  return Object.fromEntries(Object.entries(status?.disruptedPods ?? {}).filter(([name, time]) => {
    const pod = standing.get(name)
    return pod !== undefined && !pod.metadata.deletionTimestamp && (millisOf(time) ?? 0) + disruptionTimeoutMs > nowMs
  }))
}

function withAllowed({ status, metadata }: PodDisruptionBudget, next: Pick<Condition, 'status' | 'reason' | 'message'>, nowMs: number): Condition[] {
  const type = 'DisruptionAllowed'
  const before = status?.conditions?.find((condition) => condition.type === type)
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : formatTime(nowMs)
  return [...(status?.conditions ?? []).filter((condition) => condition.type !== type), { type, ...next, lastTransitionTime, observedGeneration: metadata.generation ?? 0 }]
}
