// PodTopologySpread: pods of a kind spread evenly over zones and nodes.
import { selectorMatcher, type LabelMatcher, type SelectorObject } from '../../api/label-selector.ts'
import type { TopologySpreadConstraint } from '../../api/types-pod.ts'
import type { NodeInfo } from '../node-info.ts'
import type { Checks, ClusterChange, Plugin, Refusal, Scorer } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Snapshot } from '../snapshot.ts'
import { isTolerated, repels } from '../taints.ts'
import { TopologyCounts } from '../topology-counts.ts'
import { requiredNodes } from './node-affinity.ts'

const uneven: Refusal = { reasons: ["node(s) didn't match pod topology spread constraints"], resolvable: true }
const unlabelled: Refusal = { reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"], resolvable: false }

const hostname = 'kubernetes.io/hostname'
const zone = 'topology.kubernetes.io/zone'

interface Constraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly selector: LabelMatcher
  /** Whether the node's domain counts, and its pods. */
  includes(node: NodeInfo): boolean
}

function constraintOf(pod: PodInfo, constraint: TopologySpreadConstraint): Constraint {
  const { topologyKey, maxSkew, minDomains = 1, nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = constraint
  const matches = nodeAffinityPolicy === 'Honor' ? requiredNodes(pod) : undefined
  const honorsTaints = nodeTaintsPolicy === 'Honor'
  return {
    topologyKey, maxSkew, minDomains,
    selector: selectorMatcher(constraint.labelSelector),
    includes: (node) => (matches?.(node) ?? true) && (!honorsTaints || !node.taints.some((taint) => repels(taint) && !isTolerated(taint, pod.pod.spec.tolerations))),
  }
}

/** Pods that are going away make no crowd. */
function countOn(node: NodeInfo, { selector }: Constraint, namespace: string): number {
  let count = 0
  for (const other of node.pods.values()) {
    if (other.namespace === namespace && !other.pod.metadata.deletionTimestamp && selector.matches(other.pod.metadata.labels)) count++
  }
  return count
}

function countDomains(pod: PodInfo, nodes: readonly NodeInfo[], constraints: readonly Constraint[]): TopologyCounts[] {
  const counts = constraints.map(() => new TopologyCounts())
  for (const node of nodes) {
    // Only nodes that have all the labels are looked at, whichever constraint it is.
    if (constraints.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) continue
    constraints.forEach((constraint, index) => {
      if (constraint.includes(node)) counts[index]?.add(constraint.topologyKey, node, countOn(node, constraint, pod.namespace))
    })
  }
  return counts
}

const hardOf = ({ pod }: PodInfo): TopologySpreadConstraint[] => pod.spec.topologySpreadConstraints?.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule') ?? []

/** The domains change with nodes that have all the labels, and what is in them with pods of the kinds that are spread. */
function mayHelp(info: PodInfo, { kind, object: { metadata } }: ClusterChange): boolean {
  const hard = hardOf(info)
  if (kind === 'pod-placed' || kind === 'pod-gone') {
    return metadata.namespace === info.namespace && hard.some(({ labelSelector }) => selectorMatcher(labelSelector).matches(metadata.labels))
  }
  if (kind !== 'node-added' && kind !== 'node-gone') return true
  return hard.every(({ topologyKey }) => metadata.labels?.[topologyKey] !== undefined)
}

function checksOf(pod: PodInfo, snapshot: Snapshot): Checks | undefined {
  const hard = hardOf(pod)
  if (hard.length === 0) return undefined
  const constraints = hard.map((constraint) => constraintOf(pod, constraint))
  const counts = countDomains(pod, snapshot.nodes, constraints)
  const rules = constraints.map(({ topologyKey, maxSkew, minDomains, selector }, index) => {
    const domains = counts[index]?.domains(topologyKey) ?? new Map<string, number>()
    // With too few domains the missing ones count as empty.
    const least = domains.size < minDomains ? 0 : Math.min(...domains.values())
    return { topologyKey, domains, limit: least + maxSkew - (selector.matches(pod.pod.metadata.labels) ? 1 : 0) }
  })
  return {
    filter(node) {
      for (const { topologyKey, domains, limit } of rules) {
        const value = node.labels[topologyKey]
        if (value === undefined) return unlabelled
        if ((domains.get(value) ?? 0) > limit) return uneven
      }
      return undefined
    },
  }
}

interface SoftOptions {
  readonly constraints: readonly TopologySpreadConstraint[]
  /** Whether a node without one of the labels is out. */
  readonly needsAll: boolean
}

function scorerOf(pod: PodInfo, snapshot: Snapshot, feasible: readonly NodeInfo[], { constraints: soft, needsAll }: SoftOptions): Scorer | undefined {
  if (soft.length === 0) return undefined
  const constraints = soft.map((constraint) => constraintOf(pod, constraint))
  const ignored = new Set(needsAll ? feasible.filter((node) => constraints.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) : [])
  const candidates = feasible.filter((node) => !ignored.has(node))
  const rules = constraints.map((constraint) => {
    const { topologyKey } = constraint
    const values = new Set(candidates.flatMap(({ labels }) => labels[topologyKey] ?? []))
    const counts = new TopologyCounts()
    if (topologyKey !== hostname) {
      for (const node of snapshot.nodes) {
        if (values.has(node.labels[topologyKey] ?? '') && constraint.includes(node)) counts.add(topologyKey, node, countOn(node, constraint, pod.namespace))
      }
    }
    const size = topologyKey === hostname ? candidates.length : values.size
    const countFor = (node: NodeInfo): number => (topologyKey === hostname ? countOn(node, constraint, pod.namespace) : counts.of(topologyKey, node))
    return { constraint, countFor, weight: Math.log(size + 2) }
  })
  return {
    score(node) {
      if (ignored.has(node)) return -1
      return Math.round(rules.reduce((sum, { constraint, countFor, weight }) =>
        node.labels[constraint.topologyKey] === undefined ? sum : sum + countFor(node) * weight + constraint.maxSkew - 1, 0))
    },
    normalize(scores) {
      const counted = scores.filter((score) => score >= 0)
      const least = Math.min(...counted)
      const most = Math.max(...counted)
      return scores.map((score) => (score < 0 ? 0 : most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most)))
    },
  }
}

/** `groupOf` gives the selector of the services and sets that a pod belongs to: such pods spread even if they don't ask. */
export function podTopologySpread(groupOf: (pod: PodInfo) => SelectorObject | undefined): Plugin {
  const softOf = (pod: PodInfo): SoftOptions => {
    const own = pod.pod.spec.topologySpreadConstraints ?? []
    if (own.length > 0) return { constraints: own.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway'), needsAll: true }
    const labelSelector = groupOf(pod) as TopologySpreadConstraint['labelSelector']
    if (!labelSelector) return { constraints: [], needsAll: false }
    const byDefault = { whenUnsatisfiable: 'ScheduleAnyway', labelSelector }
    return { constraints: [{ ...byDefault, topologyKey: hostname, maxSkew: 3 }, { ...byDefault, topologyKey: zone, maxSkew: 5 }], needsAll: false }
  }
  return {
    name: 'PodTopologySpread',
    weight: 2,
    enqueueOn: ['node-added', 'node-gone', 'node-labels', 'node-taints', 'pod-placed', 'pod-gone'],
    mayHelp,
    preFilter: checksOf,
    preScore: (pod, snapshot, feasible) => scorerOf(pod, snapshot, feasible, softOf(pod)),
  }
}
