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
  return [...pods].sort((a, b) => compare(a, b, company, nowMs)).slice(0, count)
}

function compare(a: Pod, b: Pod, company: (pod: Pod) => number, nowMs: number): number {
  const assigned = Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName))
  if (assigned !== 0) return assigned
  const phase = (phaseRank[a.status?.phase ?? ''] ?? 0) - (phaseRank[b.status?.phase ?? ''] ?? 0)
  if (phase !== 0) return phase
  const ready = Number(isReady(a)) - Number(isReady(b))
  if (ready !== 0) return ready
  const cost = deletionCost(a) - deletionCost(b)
  if (cost !== 0) return cost
  const doubled = company(b) - company(a)
  if (doubled !== 0) return doubled
  if (isReady(a)) {
    const readyTime = byAge(readySinceMs(a), readySinceMs(b), a, b, nowMs)
    if (readyTime !== 0) return readyTime
  }
  const restarts = restartCount(b) - restartCount(a)
  if (restarts !== 0) return restarts
  return byAge(millisOf(a.metadata.creationTimestamp), millisOf(b.metadata.creationTimestamp), a, b, nowMs)
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
