// The sentence that tells why no node would do, as clients of Kubernetes know it.
import type { Refusal } from './plugin.ts'

export interface FailureFacts {
  readonly nodes: number
  /** Refused before any node was looked at. */
  readonly refused?: Refusal
  readonly refusals: ReadonlyMap<string, Refusal>
  /** What preemption said. */
  readonly remedy?: string
}

/** The plugin that hands out claims ends the search for a remedy with this, when another refused before its own turn. */
const noClaimState = 'not found'

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` Sorted as text, numbers too. */
export function describeFailure({ nodes, refused, refusals, remedy }: FailureFacts): string {
  const head = `0/${nodes} nodes are available:`
  if (refused) return `${head} ${refused.reasons.join(', ')}. ${noClaimState}`
  // The plugin that hands out claims speaks before preemption, whether or not the pod has any.
  return `${head}${histogram(refusals.values())}${remedy ? ` no new claims to deallocate, ${remedy}` : ''}`
}

function histogram(refusals: Iterable<Refusal>): string {
  const counts = new Map<string, number>()
  for (const { reasons } of refusals) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return texts.length > 0 ? ` ${texts.join(', ')}.` : ''
}
