// Which pods a set gives up first when it has too many.
import type { Pod } from '../api/types-pod.ts'
import { isReady, millisOf, readySinceMs } from './pod-facts.ts'

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }
const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

/**
 * The `count` pods to delete, worst first: not assigned, pending, not ready, of low deletion cost, beside related pods
 * on their node, ready for a shorter time, restarted more often, newer.
 */
export function podsToDelete(pods: readonly Pod[], count: number, { related, nowMs }: { related: readonly Pod[]; nowMs: number }): readonly Pod[] {
  if (count <= 0) return []
  if (count >= pods.length) return pods
  const onNode = new Map<string, number>()
  for (const { spec } of related) if (spec.nodeName) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1)
  const company = (pod: Pod): number => onNode.get(pod.spec.nodeName ?? '') ?? 0
  // What is compared is worked out once for each: a set may have thousands.
  return pods.map((pod) => standingOf(pod, company(pod))).sort((a, b) => compare(a, b, nowMs)).slice(0, count).map(({ pod }) => pod)
}

interface Standing {
  readonly pod: Pod
  readonly assigned: number
  readonly phase: number
  readonly ready: number
  readonly cost: number
  readonly company: number
  readonly readyMs: number | undefined
  readonly restarts: number
  readonly createdMs: number | undefined
}

function standingOf(pod: Pod, company: number): Standing {
  const ready = isReady(pod)
  return {
    pod, company, assigned: Number(Boolean(pod.spec.nodeName)), phase: phaseRank[pod.status?.phase ?? ''] ?? 0, ready: Number(ready), cost: deletionCost(pod),
    readyMs: ready ? readySinceMs(pod) : undefined, restarts: restartCount(pod), createdMs: millisOf(pod.metadata.creationTimestamp),
  }
}

function compare(a: Standing, b: Standing, nowMs: number): number {
  const first = a.assigned - b.assigned || a.phase - b.phase || a.ready - b.ready || a.cost - b.cost || b.company - a.company
  if (first !== 0) return first
  if (a.ready) {
    const readyTime = byAge(a.readyMs, b.readyMs, a.pod, b.pod, nowMs)
    if (readyTime !== 0) return readyTime
  }
  const restarts = b.restarts - a.restarts
  if (restarts !== 0) return restarts
  return byAge(a.createdMs, b.createdMs, a.pod, b.pod, nowMs)
}

// Ages are compared by their order of magnitude: among pods of about one age chance (the uid) decides, so that one
// scale-down does not take a whole failure domain.
function byAge(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, nowMs: number): number {
  if (a === b) return 0
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1
  const magnitude = magnitudeOf(nowMs - a) - magnitudeOf(nowMs - b)
  if (magnitude !== 0) return magnitude
  return (podA.metadata.uid ?? '') < (podB.metadata.uid ?? '') ? -1 : 1
}

// The unit of the magnitudes is a nanosecond, as upstream's durations are.
const magnitudeOf = (ageMs: number): number => (ageMs <= 0 ? -1 : Math.floor(Math.log2(ageMs * 1e6)))

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[costAnnotation]
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0
}

function restartCount(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount))
}
