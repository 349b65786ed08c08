// Node selectors: terms of label expressions and fields, of pods and of persistent volumes.
import { selectorMatcher } from '../api/label-selector.ts'
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../api/types-volume.ts'
import type { NodeInfo } from './node-info.ts'

export type NodeMatcher = (node: NodeInfo) => boolean

function fieldMatches({ key, operator, values = [] }: NodeSelectorRequirement, node: NodeInfo): boolean {
  if (key !== 'metadata.name') return false
  return operator === 'In' ? values.includes(node.name) : operator === 'NotIn' && !values.includes(node.name)
}

/** All of a term must hold; a term without anything holds nowhere. */
export function termMatcher({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeMatcher {
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false
  const labels = selectorMatcher({ matchExpressions })
  return (node) => labels.matches(node.labels) && matchFields.every((field) => fieldMatches(field, node))
}

/** One of the terms must hold; no terms hold nowhere. */
export function nodeSelectorMatcher(selector: NodeSelector): NodeMatcher {
  const terms = selector.nodeSelectorTerms.map(termMatcher)
  return (node) => terms.some((matches) => matches(node))
}

/** The names that a selector asks for, when every term asks for names: what pods of a DaemonSet do. */
export function namesAsked(selector: NodeSelector): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  for (const { matchFields = [] } of selector.nodeSelectorTerms) {
    const asked = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values = [] }) => values)
    const [first, ...rest] = asked
    if (!first) return undefined
    for (const name of first) if (rest.every((values) => values.includes(name))) names.add(name)
  }
  return selector.nodeSelectorTerms.length > 0 ? names : undefined
}
