// Pod affinity terms: which pods a term speaks of.
import { selectorMatcher, type LabelMatcher, type SelectorObject } from '../api/label-selector.ts'
import type { Pod, PodAffinityTerm } from '../api/types-pod.ts'
import type { PodInfo } from './pod-info.ts'

/** Labels of a namespace, for terms that select namespaces by label. */
export type NamespaceLabels = (name: string) => Readonly<Record<string, string>> | undefined

export interface PodTerm {
  readonly topologyKey: string
  matches(pod: PodInfo): boolean
}

/** The selector narrowed to pods whose values of these labels are those of `owner`, or are not. */
export function selectorOf(owner: Pod, { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: {
  labelSelector?: SelectorObject; matchLabelKeys?: readonly string[]; mismatchLabelKeys?: readonly string[]
}): LabelMatcher {
  if (!labelSelector) return selectorMatcher(undefined)
  const labels = owner.metadata.labels ?? {}
  const narrow = (keys: readonly string[], operator: string) => keys.flatMap((key) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })
  return selectorMatcher({
    ...labelSelector,
    matchExpressions: [...(labelSelector.matchExpressions ?? []), ...narrow(matchLabelKeys, 'In'), ...narrow(mismatchLabelKeys, 'NotIn')],
  })
}

export function podTerm(owner: PodInfo, term: PodAffinityTerm, namespaceLabels: NamespaceLabels): PodTerm {
  const selector = selectorOf(owner.pod, term)
  const { namespaces = [], namespaceSelector, topologyKey } = term
  const named = new Set(namespaces.length === 0 && !namespaceSelector ? [owner.namespace] : namespaces)
  const selected = namespaceSelector ? selectorMatcher(namespaceSelector) : undefined
  return {
    topologyKey,
    matches: ({ namespace, pod }) => (named.has(namespace) || (selected?.matches(namespaceLabels(namespace) ?? {}) ?? false)) && selector.matches(pod.metadata.labels),
  }
}
