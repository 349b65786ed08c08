// TaintToleration: keeps pods off nodes whose taints they don't tolerate, and prefers nodes without soft ones.
import type { Node, Taint } from '../../api/types-node.ts'
import type { PodInfo } from '../pod-info.ts'
import { scaleScores, type Plugin } from '../plugin.ts'
import { isTolerated, repels } from '../taints.ts'

// Keys and values stay out of the text, because whoever may read the pod may not be meant to know them.
const tainted = { reasons: ['node(s) had untolerated taint(s)'], resolvable: false }

const isRepelled = ({ pod }: PodInfo, taints: readonly Taint[] = []): boolean =>
  taints.some((taint) => repels(taint) && !isTolerated(taint, pod.spec.tolerations))

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  enqueueOn: ['node-added', 'node-taints'],
  mayHelp: (pod, { object }) => !isRepelled(pod, (object as Node).spec?.taints),
  preFilter: (pod) => ({ filter: ({ taints }) => (taints.length > 0 && isRepelled(pod, taints) ? tainted : undefined) }),
  preScore({ pod }, _snapshot, feasible) {
    const soft = feasible.some(({ taints }) => taints.some(({ effect }) => effect === 'PreferNoSchedule'))
    if (!soft) return undefined
    const tolerations = pod.spec.tolerations?.filter(({ effect }) => !effect || effect === 'PreferNoSchedule')
    return {
      score: ({ taints }) => taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations)).length,
      normalize: (scores) => scaleScores(scores, true),
    }
  },
}
