// StatefulSet: pods with lasting names and volumes, made and replaced in order.
import { equalJson } from '../api/json.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import { controllerOf, keyOf } from '../api/object.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { controllerRevisions, statefulSets, type StatefulSet } from '../api/types-workload.ts'
import { controller, watches, type ReconcileContext } from '../controller/controller.ts'
import { claim, claimCandidates } from '../controller/ownership.ts'
import { isNamespaceTerminating, messageOf } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { podFromTemplate } from './new-pod.ts'
import { nextAvailabilityMs } from './pod-facts.ts'
import { forgetRevisions, syncHistory, templateOf, type History } from './revision-history.ts'
import { createClaims, hasStaleClaims, keepClaimOwners } from './stateful-claims.ts'
import { ordinalOf, planStateful, revisionOfPod, statefulStatus, withIdentity, type StatefulPlan, type StatefulState } from './stateful-plan.ts'

/** How often a place is looked at whose claims have not gone yet. */
const staleClaimMs = 1000

export default controller<StatefulSet>({
  name: 'statefulset',
  for: statefulSets,
  owns: [pods, controllerRevisions],
  watches: [watches(pods, (pod, { informers }) => (controllerOf(pod) ? [] : informers.for(statefulSets).list(pod.metadata.namespace)
    .filter(({ spec }) => selectorMatcher(spec.selector).matches(pod.metadata.labels)).map(keyOf)))],
  async reconcile(_, set, context) {
    if (!set) return
    const { client, informers, clock } = context
    const selector = selectorMatcher(set.spec.selector)
    const owned = await claim(client, {
      owner: set, ownerResource: statefulSets, resource: pods, candidates: claimCandidates(informers.for(pods), set),
      matches: (pod) => selector.matches(pod.metadata.labels) && ordinalOf(set, pod) >= 0,
    })
    if (set.metadata.deletionTimestamp) return
    const history = await syncHistory({
      owner: set, resource: statefulSets, template: set.spec.template, selector, collisionCount: set.status?.collisionCount, hashLabel: 'controller.kubernetes.io/hash',
    }, context)
    const updateRevision = history.current.metadata.name ?? ''
    const known = [history.current, ...history.old].some(({ metadata }) => metadata.name === set.status?.currentRevision)
    const state: StatefulState = {
      set, pods: owned, updateRevision, currentRevision: known ? (set.status?.currentRevision ?? updateRevision) : updateRevision, nowMs: clock.now(),
    }
    await keepClaimOwners(set, owned, context)
    const planned = planStateful(state)
    const plan = { ...planned, create: planned.create.filter(({ ordinal }) => !hasStaleClaims(set, ordinal, context)) }
    const failure = await carryOut(plan, state, history, context)
    const status = statefulStatus(state, plan.remove)
    if (!equalJson(status, set.status)) await client.update(statefulSets, { ...set, status }, { subresource: 'status' })
    if (failure !== undefined) throw failure
    const live = new Set([...owned.map(revisionOfPod), status.currentRevision, status.updateRevision])
    await forgetRevisions(history.old, { limit: set.spec.revisionHistoryLimit ?? 10, live: ({ metadata }) => live.has(metadata.name) }, context)
    const waitMs = nextAvailabilityMs(owned, set.spec.minReadySeconds ?? 0, state.nowMs)
    return { requeueAfterMs: plan.create.length < planned.create.length ? Math.min(staleClaimMs, waitMs ?? staleClaimMs) : waitMs }
  },
})

async function carryOut(plan: StatefulPlan, state: StatefulState, history: History, context: ReconcileContext): Promise<unknown> {
  const results = await Promise.allSettled([
    ...plan.remove.map((pod) => remove(pod, state.set, context)),
    ...plan.create.map((place) => create(place, state.set, history, context)),
  ])
  return results.find((result) => result.status === 'rejected')?.reason
}

async function create(place: { ordinal: number; revision: string }, set: StatefulSet, history: History, context: ReconcileContext): Promise<void> {
  const { client, events } = context
  const revision = [history.current, ...history.old].find(({ metadata }) => metadata.name === place.revision) ?? history.current
  const template = templateOf(revision) ?? set.spec.template
  const pod = withIdentity(podFromTemplate(template, set, statefulSets), set, { ordinal: place.ordinal, revision: revision.metadata.name ?? '' })
  const name = pod.metadata.name ?? ''
  try {
    await createClaims(place.ordinal, set, context)
    await client.create(pods, pod)
    events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message: `create Pod ${name} in StatefulSet ${set.metadata.name} successful` })
  } catch (error) {
    if (isNamespaceTerminating(error)) return
    events.record(set, { type: 'Warning', reason: 'FailedCreate', message: `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}` })
    throw error
  }
}

async function remove(pod: Pod, set: StatefulSet, { client, events }: ReconcileContext): Promise<void> {
  const { name } = pod.metadata
  if (pod.status?.phase === 'Failed') {
    events.record(set, { type: 'Warning', reason: 'RecreatingFailedPod', message: `StatefulSet ${set.metadata.namespace}/${set.metadata.name} is recreating failed Pod ${name}` })
  }
  if (!await removeObject(client, pods, pod)) return
  events.record(set, { type: 'Normal', reason: 'SuccessfulDelete', message: `delete Pod ${name} in StatefulSet ${set.metadata.name} successful` })
}
