// NodeAffinity: nodeSelector and node affinity, required and preferred.
import type { Node } from '../../api/types-node.ts'
import { NodeInfo } from '../node-info.ts'
import { namesAsked, nodeSelectorMatcher, termMatcher, type NodeMatcher } from '../node-selector.ts'
import type { PodInfo } from '../pod-info.ts'
import { scaleScores, type Plugin } from '../plugin.ts'

const mismatch = { reasons: ["node(s) didn't match Pod's node affinity/selector"], resolvable: false }

/** What a pod requires of its node; undefined when any will do. */
export function requiredNodes({ pod }: PodInfo): NodeMatcher | undefined {
  const labels = Object.entries(pod.spec.nodeSelector ?? {})
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (labels.length === 0 && !required) return undefined
  const affinity = required ? nodeSelectorMatcher(required) : undefined
  return (node) => labels.every(([key, value]) => node.labels[key] === value) && (affinity?.(node) ?? true)
}

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  enqueueOn: ['node-added', 'node-labels'],
  mayHelp(pod, { object }) {
    const node = new NodeInfo(object.metadata.name ?? '')
    node.setNode(object as Node)
    return requiredNodes(pod)?.(node) ?? true
  },
  preFilter(pod) {
    const matches = requiredNodes(pod)
    if (!matches) return undefined
    const required = pod.pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    const nodeNames = required && namesAsked(required)
    return { ...(nodeNames ? { nodeNames } : {}), filter: (node) => (matches(node) ? undefined : mismatch) }
  },
  preScore({ pod }) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    if (preferred.length === 0) return undefined
    const terms = preferred.map(({ weight, preference }) => ({ weight, matches: termMatcher(preference) }))
    return {
      score: (node) => terms.reduce((sum, { weight, matches }) => sum + (matches(node) ? weight : 0), 0),
      normalize: (scores) => scaleScores(scores),
    }
  },
}
