// What controllers ask about a pod.
import { parseTime } from '../api/times.ts'
import type { Pod, PodCondition } from '../api/types-pod.ts'

export function millisOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : parseTime(time)?.ms
}

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)
}

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** Neither finished nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined
}

/** Being deleted, and its containers may still run. */
export function isTerminating(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp !== undefined
}

export function isReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True'
}

export function readySinceMs(pod: Pod): number | undefined {
  return isReady(pod) ? millisOf(podCondition(pod, 'Ready')?.lastTransitionTime) : undefined
}

/** How long until a ready pod counts as available: 0 when it does now, undefined when it is not ready. */
export function untilAvailableMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  if (!isReady(pod)) return undefined
  if (minReadySeconds === 0) return 0
  const sinceMs = readySinceMs(pod)
  return sinceMs === undefined ? undefined : Math.max(0, sinceMs + minReadySeconds * 1000 - nowMs)
}

/**
 * How long until the next of the pods becomes available by time alone; undefined when none will.
 * `nowMs` must be the time by which they were counted: a pod that was not available then and is a moment later would be looked at by nobody again.
 */
export function nextAvailabilityMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  const waits = pods.flatMap((pod) => untilAvailableMs(pod, minReadySeconds, nowMs) || [])
  return waits.length > 0 ? Math.min(...waits) : undefined
}

export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return untilAvailableMs(pod, minReadySeconds, nowMs) === 0
}
