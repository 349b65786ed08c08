// The sentence that tells why no node would do, as clients of Kubernetes know it.
import type { Refusal } from './plugin.ts'

export interface FailureFacts {
  readonly nodes: number
  /** Refused before any node was looked at. */
  readonly refused?: Refusal
  readonly refusals: ReadonlyMap<string, Refusal>
  /** What the plugins that look for one said. */
  readonly remedy?: string
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` Sorted as text, numbers too. */
export function describeFailure({ nodes, refused, refusals, remedy }: FailureFacts): string {
  const reasons = refused ? ` ${refused.reasons.join(', ')}.` : histogram(refusals.values())
  return `0/${nodes} nodes are available:${reasons}${remedy ? ` ${remedy}` : ''}`
}

function histogram(refusals: Iterable<Refusal>): string {
  const counts = new Map<string, number>()
  for (const { reasons } of refusals) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return texts.length > 0 ? ` ${texts.join(', ')}.` : ''
}
