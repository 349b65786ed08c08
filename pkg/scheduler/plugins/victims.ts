// Which pods would have to leave a node so that a more important one fits: as few, and as unimportant, as can be.
import { selectorMatcher } from '../../api/label-selector.ts'
import type { PodDisruptionBudget } from '../../api/types-config.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Refusal } from '../plugin.ts'

export interface Candidate {
  readonly node: string
  /** The most important first. */
  readonly victims: readonly PodInfo[]
  /** Victims that a disruption budget would keep. */
  readonly violations: number
}

/** RFC 3339 times in UTC sort as text; a pod that has not started is the newest. */
const startOf = ({ pod }: PodInfo): string => pod.status?.startTime ?? '~'

/** The more important first: by priority, then the one that has run longer. */
export function byImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  return startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0
}

/** Those whose going would break a budget, given that the earlier ones of the list go too. */
export function budgetBreakers(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<PodInfo> {
  const left = budgets.map((budget) => ({
    budget, allowed: budget.status?.disruptionsAllowed ?? 0,
    matches: budget.spec?.selector && Object.keys(budget.spec.selector).length > 0 ? selectorMatcher(budget.spec.selector) : undefined,
  }))
  const breakers = new Set<PodInfo>()
  for (const info of pods) {
    const { labels, name = '' } = info.pod.metadata
    if (!labels) continue
    for (const entry of left) {
      const { metadata, status } = entry.budget
      // A budget without a selector guards nothing here, and pods it has let go already are not counted twice.
      if (metadata.namespace !== info.namespace || !entry.matches?.matches(labels) || entry.matches.empty || status?.disruptedPods?.[name]) continue
      if (--entry.allowed < 0) breakers.add(info)
    }
  }
  return breakers
}

const noVictims: Refusal = { reasons: ['No preemption victims found for incoming pod'], resolvable: false }

export interface VictimSearch {
  readonly pod: PodInfo
  readonly budgets: readonly PodDisruptionBudget[]
  readonly fits: (node: NodeInfo) => Refusal | undefined
}

/** Takes all less important pods away, then brings back, the most important first, those that fit beside the pod. */
export function selectVictims(node: NodeInfo, { pod, budgets, fits }: VictimSearch): Candidate | Refusal {
  const lesser = [...node.pods.values()].filter(({ priority }) => priority < pod.priority).sort(byImportance)
  if (lesser.length === 0) return noVictims
  const trial = node.copy()
  for (const { uid } of lesser) trial.remove(uid)
  const refusal = fits(trial)
  if (refusal) return refusal
  const breakers = budgetBreakers(lesser, budgets)
  const victims: PodInfo[] = []
  let violations = 0
  for (const info of [...lesser.filter((each) => breakers.has(each)), ...lesser.filter((each) => !breakers.has(each))]) {
    trial.add(info)
    if (!fits(trial)) continue
    trial.remove(info.uid)
    victims.push(info)
    if (breakers.has(info)) violations++
  }
  return { node: node.name, victims: victims.sort(byImportance), violations }
}

// Priorities may be negative: with this, every further victim counts.
const priorityShift = 2 ** 31

/** The latest, among nodes, of the earliest start of the most important victims: what has run the shortest goes. */
const earliestStart = ({ victims }: Candidate): string =>
  victims.filter(({ priority }) => priority === victims[0]?.priority).map(startOf).sort()[0] ?? ''

const measures: readonly ((candidate: Candidate) => number | string)[] = [
  ({ violations }) => -violations,
  ({ victims }) => -(victims[0]?.priority ?? -Infinity),
  ({ victims }) => -victims.reduce((sum, { priority }) => sum + priority + priorityShift, 0),
  ({ victims }) => -victims.length,
  earliestStart,
]

/** The candidate that hurts least; each measure decides only where those before it are equal. */
export function leastHarm(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates
  for (const measure of measures) {
    if (left.length <= 1) break
    const values = left.map(measure)
    const best = values.reduce((most, value) => (value > most ? value : most))
    left = left.filter((_candidate, index) => values[index] === best)
  }
  return left[0]
}
