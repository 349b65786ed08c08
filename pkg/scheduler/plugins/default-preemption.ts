// DefaultPreemption: when no node has room, less important pods make some.
import type { PodDisruptionBudget } from '../../api/types-config.ts'
import { describeFailure } from '../failure-text.ts'
import type { Failure, Plugin, Refusal, Remedy } from '../plugin.ts'
import { leastHarm, selectVictims, type Candidate } from './victims.ts'

const notHelpful: Refusal = { reasons: ['Preemption is not helpful for scheduling'], resolvable: false }

/** Nodes that are tried out: a tenth, and at least so many. */
const leastNodes = 100

/** Why the pod may not preempt now. */
function ineligibility({ pod, snapshot, refusals }: Failure): string | undefined {
  if (pod.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = snapshot.nominationOf(pod.uid)
  const node = nominated ? snapshot.node(nominated) : undefined
  if (!node || refusals.get(node.name)?.resolvable === false) return undefined
  // Its victims are still on their way out: taking more would be greedy.
  const leaving = [...node.pods.values()].some(({ priority, pod: { metadata, status } }) => priority < pod.priority && metadata.deletionTimestamp !== undefined
    && status?.conditions?.some(({ type, reason }) => type === 'DisruptionTarget' && reason === 'PreemptionByScheduler'))
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

export interface PreemptionOptions {
  readonly budgets: () => readonly PodDisruptionBudget[]
  /** In [0, 1). */
  readonly random: () => number
}

function search(failure: Failure, { budgets, random }: PreemptionOptions): { candidates: Candidate[]; refusals: Map<string, Refusal> } {
  const { pod, snapshot, fits } = failure
  const refusals = new Map(snapshot.nodes.map(({ name }) => [name, notHelpful]))
  const candidates: Candidate[] = []
  const open = snapshot.nodes.filter(({ name }) => failure.refusals.get(name)?.resolvable)
  const enough = Math.min(open.length, Math.max(leastNodes, Math.floor(open.length / 10)))
  const start = Math.floor(random() * open.length)
  const all = open.length > 0 ? budgets() : []
  for (let index = 0; index < open.length; index++) {
    const node = open[(start + index) % open.length]
    if (!node) continue
    const found = selectVictims(node, { pod, budgets: all, fits })
    if ('reasons' in found) refusals.set(node.name, found)
    else if (found.victims.length > 0) candidates.push(found)
    if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break
  }
  return { candidates, refusals }
}

export function defaultPreemption(options: PreemptionOptions): Plugin {
  return {
    name: 'DefaultPreemption',
    enqueueOn: [],
    postFilter(failure): Remedy {
      const ineligible = ineligibility(failure)
      if (ineligible) return { message: `preemption: ${ineligible}` }
      const { candidates, refusals } = search(failure, options)
      const best = leastHarm(candidates)
      if (best) return { nominate: best.node, victims: best.victims }
      return { nominate: '', message: `preemption: ${describeFailure({ nodes: failure.snapshot.nodes.length, refusals })}` }
    },
  }
}
