// Pod affinity terms: which pods a term speaks of. Its label keys are in its selector since the pod was made.
import { selectorMatcher } from '../api/label-selector.ts'
import type { PodAffinityTerm } from '../api/types-pod.ts'
import type { PodInfo } from './pod-info.ts'

/** Labels of a namespace, for terms that select namespaces by label. */
export type NamespaceLabels = (name: string) => Readonly<Record<string, string>> | undefined

export interface PodTerm {
  readonly topologyKey: string
  matches(pod: PodInfo): boolean
}

export function podTerm(owner: PodInfo, term: PodAffinityTerm, namespaceLabels: NamespaceLabels): PodTerm {
  const selector = selectorMatcher(term.labelSelector)
  const { namespaces = [], namespaceSelector, topologyKey } = term
  const named = new Set(namespaces.length === 0 && !namespaceSelector ? [owner.namespace] : namespaces)
  const selected = namespaceSelector ? selectorMatcher(namespaceSelector) : undefined
  return {
    topologyKey,
    matches: ({ namespace, pod }) => (named.has(namespace) || (selected?.matches(namespaceLabels(namespace) ?? {}) ?? false)) && selector.matches(pod.metadata.labels),
  }
}
