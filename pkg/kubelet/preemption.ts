// Which pods make room for one that the node needs. Pure.
import type { Pod } from '../api/types-pod.ts'
import { podRequest, qosClass } from './container-resources.ts'
import type { PodVerdict } from './pod-ending.ts'
import { isCritical } from './pod-importance.ts'
import { milliValue, wholeValue } from './quantity-values.ts'

/** So much is missing of a resource of the node. */
export interface Need {
  readonly name: string
  readonly amount: number
}

export const preemptionVerdict: PodVerdict = {
  reason: 'Preempting', message: 'Preempted in order to admit critical pod', disruption: true, disruptionMessage: 'Pod was preempted by Kubelet to accommodate a critical pod.',
}

const requestOf = (pod: Pod, name: string): number => (name === 'pods' ? 1 : podRequest(pod, name, name === 'cpu' ? milliValue : wholeValue))

const yields = (pod: Pod, to: Pod): boolean => (isCritical(to) && !isCritical(pod)) || (to.spec.priority ?? 0) > (pod.spec.priority ?? 0)

/**
 * Those that must go so that nothing is missing any more; undefined when not even all of them are enough.
 * As few as possible of the Guaranteed; of the Burstable those that the BestEffort cannot spare; and then of those.
 */
export function podsToPreempt(pod: Pod, others: readonly Pod[], needs: readonly Need[]): Pod[] | undefined {
  const yielding = others.filter((other) => yields(other, pod))
  const [guaranteed, burstable, bestEffort] = (['Guaranteed', 'Burstable', 'BestEffort'] as const).map((qos) => yielding.filter((other) => qosClass(other) === qos)) as [Pod[], Pod[], Pod[]]
  if (without(needs, yielding).length > 0) return undefined
  const first = nearest(guaranteed, without(needs, [...bestEffort, ...burstable]))
  const second = nearest(burstable, without(needs, [...bestEffort, ...first]))
  return [...nearest(bestEffort, without(needs, [...second, ...first])), ...second, ...first]
}

const without = (needs: readonly Need[], pods: readonly Pod[]): Need[] =>
  needs.map(({ name, amount }) => ({ name, amount: pods.reduce((left, pod) => left - requestOf(pod, name), amount) })).filter(({ amount }) => amount > 0)

/** One after another, the one that leaves the least to be found; of equals the smaller. */
function nearest(pods: readonly Pod[], needs: readonly Need[]): Pod[] {
  const left = [...pods]
  const out: Pod[] = []
  for (let open = [...needs]; open.length > 0;) {
    const distance = (pod: Pod): number => open.reduce((sum, { name, amount }) => sum + Math.max(0, (amount - requestOf(pod, name)) / amount) ** 2, 0)
    left.sort((a, b) => distance(a) - distance(b) || requestOf(a, 'memory') - requestOf(b, 'memory') || requestOf(a, 'cpu') - requestOf(b, 'cpu'))
    const best = left.shift()
    if (!best) return out
    out.push(best)
    open = without(open, [best])
  }
  return out
}
