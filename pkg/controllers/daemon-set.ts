// DaemonSet: one pod on every node that its template fits.
import { equalJson } from '../api/json.ts'
import { mapMatcher, selectorMatcher } from '../api/label-selector.ts'
import { controllerOf, keyOf } from '../api/object.ts'
import { nodes } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { controllerRevisions, daemonSets, type DaemonSet } from '../api/types-workload.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { claim, claimCandidates } from '../controller/ownership.ts'
import { daemonPodSpec, daemonStatus, planDaemons, planDaemonUpdate, targetNode, type DaemonPlan, type DaemonState } from './daemon-plan.ts'
import { createPod, deletePod, podFromTemplate } from './new-pod.ts'
import { isTerminal, nextAvailabilityMs } from './pod-facts.ts'
import { forgetRevisions, revisionHashLabel, syncHistory } from './revision-history.ts'

// A daemon that fails at once on a node must not be made anew in a tight loop.
const firstRetryMs = 1000
const lastRetryMs = 900_000

interface Retry {
  readonly notBeforeMs: number
  readonly delayMs: number
}

export function daemonSetController(): Controller {
  // Of failed pods, by set and node; a failure long after the last one starts anew.
  const retries = new Map<string, Retry>()
  return controller<DaemonSet>({
    name: 'daemonset',
    for: daemonSets,
    owns: [pods, controllerRevisions],
    watches: [
      watches(nodes, (_, { informers }) => informers.for(daemonSets).list().map(keyOf)),
      watches(pods, (pod, { informers }) => (controllerOf(pod) ? [] : informers.for(daemonSets).list(pod.metadata.namespace)
        .filter(({ spec }) => selectorMatcher(spec.selector).matches(pod.metadata.labels)).map(keyOf))),
    ],
    async reconcile(_, set, context) {
      if (!set) return
      const { client, informers, clock } = context
      const selector = selectorMatcher(set.spec.selector)
      const owned = await claim(client, {
        owner: set, ownerResource: daemonSets, resource: pods, candidates: claimCandidates(informers.for(pods), set),
        matches: ({ metadata }) => selector.matches(metadata.labels),
      })
      if (set.metadata.deletionTimestamp) return
      const template = set.spec.template
      const history = await syncHistory({
        owner: set, resource: daemonSets, template, selector: mapMatcher(template.metadata?.labels), collisionCount: set.status?.collisionCount, hashLabel: revisionHashLabel,
      }, context)
      const hash = history.current.metadata.labels?.[revisionHashLabel] ?? ''
      const state: DaemonState = { set, nodes: informers.for(nodes).list(), pods: owned, hash, nowMs: clock.now() }
      const { plan, waitMs } = postponeFailures(planDaemons(state), state, retries)
      // An update goes on only from a settled picture: what was just created or deleted is not in it yet.
      const idle = plan.create.length === 0 && plan.remove.length === 0
      const next = idle && set.spec.updateStrategy?.type !== 'OnDelete' ? planDaemonUpdate(state) : plan
      const failure = await carryOut(next, state, context)
      const status = daemonStatus(state)
      if (!equalJson(status, set.status)) await client.update(daemonSets, { ...set, status }, { subresource: 'status' })
      if (failure !== undefined) throw failure
      const hashes = new Set(owned.map((pod) => pod.metadata.labels?.[revisionHashLabel]))
      await forgetRevisions(history.old, {
        limit: set.spec.revisionHistoryLimit ?? 10, live: (revision) => hashes.has(revision.metadata.labels?.[revisionHashLabel]),
      }, context)
      const waits = [waitMs, nextAvailabilityMs(owned, set.spec.minReadySeconds ?? 0, state.nowMs)].filter((wait) => wait !== undefined)
      return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}
    },
  })
}

/** Leaves failed pods where they are until their node's back-off is over. */
function postponeFailures(plan: DaemonPlan, { set, nowMs }: DaemonState, retries: Map<string, Retry>): { plan: DaemonPlan; waitMs?: number } {
  const waits: number[] = []
  const remove = plan.remove.filter((pod) => {
    if (pod.status?.phase !== 'Failed') return true
    const key = `${set.metadata.uid} ${targetNode(pod)}`
    const known = retries.get(key)
    if (known && nowMs < known.notBeforeMs) {
      waits.push(known.notBeforeMs - nowMs)
      return false
    }
    const fresh = !known || nowMs > known.notBeforeMs + 2 * lastRetryMs
    const delayMs = fresh ? firstRetryMs : Math.min(lastRetryMs, known.delayMs * 2)
    retries.set(key, { notBeforeMs: nowMs + delayMs, delayMs })
    return true
  })
  return { plan: { create: plan.create, remove }, ...(waits.length > 0 ? { waitMs: Math.min(...waits) } : {}) }
}

/** Gives the first failure. */
async function carryOut(plan: DaemonPlan, { set, hash }: DaemonState, context: ReconcileContext): Promise<unknown> {
  const removals = plan.remove.map((pod) => {
    if (isTerminal(pod)) tellFinished(pod, set, context)
    return deletePod(pod, set, context)
  })
  const creations = plan.create.map((node) => createPod(daemonPod(set, hash, node), set, context))
  const results = await Promise.allSettled([...removals, ...creations])
  return results.find((result) => result.status === 'rejected')?.reason
}

function daemonPod(set: DaemonSet, hash: string, node: string): Pod {
  const pod = podFromTemplate(set.spec.template, set, daemonSets)
  const generation = set.metadata.annotations?.['deprecated.daemonset.template.generation']
  const labels = { ...pod.metadata.labels, [revisionHashLabel]: hash, ...(generation ? { 'pod-template-generation': generation } : {}) }
  return { ...pod, metadata: { ...pod.metadata, labels }, spec: daemonPodSpec(pod.spec, node) }
}

function tellFinished(pod: Pod, set: DaemonSet, { events }: ReconcileContext): void {
  const failed = pod.status?.phase === 'Failed'
  const { namespace, name } = pod.metadata
  events.record(set, {
    type: failed ? 'Warning' : 'Normal', reason: failed ? 'FailedDaemonPod' : 'SucceededDaemonPod',
    message: `Found ${failed ? 'failed' : 'succeeded'} daemon pod ${namespace}/${name} on node ${targetNode(pod)}, will try to ${failed ? 'kill' : 'delete'} it`,
  })
}
