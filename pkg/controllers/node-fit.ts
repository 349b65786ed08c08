// Whether a pod's own wishes let it be on a node: selector, required affinity, taints.
import { selectorMatcher } from '../api/label-selector.ts'
import type { Node } from '../api/types-node.ts'
import type { PodSpec, Toleration } from '../api/types-pod.ts'
import type { NodeSelectorTerm } from '../api/types-volume.ts'
import { tolerates } from './taint-eviction.ts'

export function wantsNode(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  if (!Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || required.nodeSelectorTerms.some((term) => termMatches(term, node))
}

// An empty term matches nothing.
function termMatches({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  return selectorMatcher({ matchExpressions }).matches(metadata.labels ?? {}) && matchFields.every(({ operator, values = [] }) =>
    (operator === 'In') === values.includes(metadata.name ?? ''))
}

export function toleratesTaints(tolerations: readonly Toleration[], node: Node, effects: readonly string[]): boolean {
  return (node.spec.taints ?? []).filter(({ effect }) => effects.includes(effect))
    .every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)))
}
