// InterPodAffinity: pods that want to be near others, or far from them.
import type { Pod, PodAffinityTerm } from '../../api/types-pod.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Checks, ClusterChange, Plugin, Refusal, Scorer } from '../plugin.ts'
import { podInfo } from '../pod-info.ts'
import { podTerm, type NamespaceLabels, type PodTerm } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'
import { TopologyCounts } from '../topology-counts.ts'

const tooFar: Refusal = { reasons: ["node(s) didn't match pod affinity rules"], resolvable: false }
const tooNear: Refusal = { reasons: ["node(s) didn't match pod anti-affinity rules"], resolvable: true }
const unwelcome: Refusal = { reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"], resolvable: true }

/** What another pod's required affinity to this one is worth. */
const hardWeight = 1

interface WeightedTerm {
  readonly term: PodTerm
  readonly weight: number
}

/** Terms are read once a pod: pods are frozen, and namespaces are looked at when a term is matched. */
export class AffinityTerms {
  readonly #namespaceLabels: NamespaceLabels
  readonly #made = new WeakMap<PodInfo, { affinity: PodTerm[]; anti: PodTerm[]; wishes: WeightedTerm[] }>()

  constructor(namespaceLabels: NamespaceLabels) {
    this.#namespaceLabels = namespaceLabels
  }

  of(info: PodInfo): { affinity: readonly PodTerm[]; anti: readonly PodTerm[]; wishes: readonly WeightedTerm[] } {
    let made = this.#made.get(info)
    if (!made) {
      const { podAffinity, podAntiAffinity } = info.pod.spec.affinity ?? {}
      const term = (each: PodAffinityTerm): PodTerm => podTerm(info, each, this.#namespaceLabels)
      made = {
        affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
        anti: info.requiredAntiAffinity.map(term),
        wishes: [
          ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({ term: term(podAffinityTerm), weight })),
          ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({ term: term(podAffinityTerm), weight: -weight })),
        ],
      }
      this.#made.set(info, made)
    }
    return made
  }
}

function checksOf(pod: PodInfo, snapshot: Snapshot, terms: AffinityTerms): Checks | undefined {
  const { affinity, anti } = terms.of(pod)
  if (affinity.length === 0 && anti.length === 0 && snapshot.antiAffinityPods === 0) return undefined
  const near = new TopologyCounts()
  const far = new TopologyCounts()
  const guarded = new TopologyCounts()
  for (const node of snapshot.nodes) {
    if (affinity.length === 0 && anti.length === 0 && node.antiAffinityPods === 0) continue
    for (const other of node.pods.values()) {
      if (affinity.length > 0 && affinity.every((term) => term.matches(other))) for (const { topologyKey } of affinity) near.add(topologyKey, node, 1)
      for (const term of anti) if (term.matches(other)) far.add(term.topologyKey, node, 1)
      if (other.requiredAntiAffinity.length === 0) continue
      for (const term of terms.of(other).anti) if (term.matches(pod)) guarded.add(term.topologyKey, node, 1)
    }
  }
  // The first of a group that wants to be together has nobody to be near to.
  const isFirst = near.empty && affinity.every((term) => term.matches(pod))
  return {
    filter(node) {
      for (const { topologyKey } of affinity) {
        if (node.labels[topologyKey] === undefined || (!isFirst && near.of(topologyKey, node) === 0)) return tooFar
      }
      if (anti.some(({ topologyKey }) => far.of(topologyKey, node) > 0)) return tooNear
      return guarded.touches(node) ? unwelcome : undefined
    },
  }
}

function scorerOf(pod: PodInfo, snapshot: Snapshot, terms: AffinityTerms): Scorer | undefined {
  const { wishes } = terms.of(pod)
  if (wishes.length === 0 && snapshot.affinityPods === 0) return undefined
  const sums = new TopologyCounts()
  for (const node of snapshot.nodes) {
    if (wishes.length === 0 && node.affinityPods === 0) continue
    for (const other of node.pods.values()) {
      for (const { term, weight } of wishes) if (term.matches(other)) sums.add(term.topologyKey, node, weight)
      if (!other.hasAffinity) continue
      const theirs = terms.of(other)
      for (const term of theirs.affinity) if (term.matches(pod)) sums.add(term.topologyKey, node, hardWeight)
      for (const { term, weight } of theirs.wishes) if (term.matches(pod)) sums.add(term.topologyKey, node, weight)
    }
  }
  if (sums.empty) return undefined
  return {
    score: (node) => sums.total(node),
    normalize(scores) {
      const least = Math.min(...scores)
      const range = Math.max(...scores) - least
      return scores.map((score) => (range > 0 ? Math.floor((100 * (score - least)) / range) : 0))
    },
  }
}

export function interPodAffinity(namespaceLabels: NamespaceLabels): Plugin {
  const terms = new AffinityTerms(namespaceLabels)
  return {
    name: 'InterPodAffinity',
    weight: 2,
    enqueueOn: ['node-added', 'node-labels', 'pod-placed', 'pod-gone', 'namespace'],
    mayHelp(pod, { kind, object }: ClusterChange) {
      if (kind !== 'pod-placed' && kind !== 'pod-gone') return true
      const other = podInfo(object as Pod)
      const { affinity, anti } = terms.of(pod)
      if (affinity.some((term) => term.matches(other)) || anti.some((term) => term.matches(other))) return true
      return terms.of(other).anti.some((term) => term.matches(pod))
    },
    preFilter: (pod, snapshot) => checksOf(pod, snapshot, terms),
    preScore: (pod, snapshot) => scorerOf(pod, snapshot, terms),
  }
}
