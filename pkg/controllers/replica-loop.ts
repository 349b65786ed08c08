// The loop body that ReplicaSets and ReplicationControllers share.
import { equalJson } from '../api/json.ts'
import type { LabelMatcher } from '../api/label-selector.ts'
import { controllerOf, type Resource } from '../api/object.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import type { ReplicaSetStatus } from '../api/types-workload.ts'
import type { ReconcileContext, ReconcileResult } from '../controller/controller.ts'
import { claim, claimCandidates } from '../controller/ownership.ts'
import { messageOf } from '../controller/refusals.ts'
import { createPod, deletePod, podFromTemplate } from './new-pod.ts'
import { isActive, isTerminal, nextAvailabilityMs } from './pod-facts.ts'
import { planPods, replicaStatus, type ReplicaOwner } from './replica-plan.ts'
import { slowStart } from './slow-start.ts'

export interface ReplicaWork {
  readonly owner: ReplicaOwner
  readonly resource: Resource
  readonly selector: LabelMatcher
  /** Pods of all sets of the same owner; their nodes are relieved first. */
  readonly related: () => readonly Pod[]
  /** Leaves out what the kind's status does not have. */
  readonly shape?: (status: ReplicaSetStatus) => ReplicaSetStatus
  readonly writeStatus: (status: ReplicaSetStatus) => Promise<unknown>
}

export async function reconcileReplicas(work: ReplicaWork, context: ReconcileContext): Promise<ReconcileResult> {
  const { owner, resource, selector } = work
  const { client, informers, clock } = context
  const owned = await claim(client, {
    owner: owner.object, ownerResource: resource, resource: pods,
    // A finished orphan is of no use to anyone.
    candidates: claimCandidates(informers.for(pods), owner.object).filter((pod) => !isTerminal(pod) || controllerOf(pod)),
    matches: (pod) => selector.matches(pod.metadata.labels),
  })
  const active = owned.filter(isActive)
  const plan = planPods(owner, active, { related: work.related(), nowMs: clock.now() })
  const error = await carryOut(plan, work, context)
  const failure = error === undefined ? undefined : { reason: plan.create > 0 ? 'FailedCreate' as const : 'FailedDelete' as const, message: messageOf(error) }
  const nowMs = clock.now()
  const counted = replicaStatus(owner, { active, owned }, { nowMs, failure })
  const status = work.shape ? work.shape(counted) : counted
  if (!equalJson(status, owner.status)) await work.writeStatus(status)
  if (error !== undefined) throw error
  return { requeueAfterMs: nextAvailabilityMs(active, owner.minReadySeconds, nowMs) }
}

/** Gives the first failure. */
async function carryOut(plan: { create: number; remove: readonly Pod[] }, { owner, resource }: ReplicaWork, context: ReconcileContext): Promise<unknown> {
  if (plan.create > 0) {
    const pod = podFromTemplate(owner.template, owner.object, resource)
    return (await slowStart(plan.create, () => createPod(pod, owner.object, context))).error
  }
  const results = await Promise.allSettled(plan.remove.map((pod) => deletePod(pod, owner.object, context)))
  return results.find((result) => result.status === 'rejected')?.reason
}
