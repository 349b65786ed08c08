// ReplicaSet: keeps spec.replicas pods that match its selector.
import { selectorMatcher } from '../api/label-selector.ts'
import { controllerOf } from '../api/object.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { replicaSets, type ReplicaSet } from '../api/types-workload.ts'
import { controller, watches, type ReconcileContext } from '../controller/controller.ts'
import { isActive } from './pod-facts.ts'
import { reconcileReplicas } from './replica-loop.ts'

export default controller({
  name: 'replicaset',
  for: replicaSets,
  owns: [pods],
  watches: [watches(pods, orphanKeys)],
  async reconcile(_, set, context) {
    if (!set) return
    const { replicas = 1, minReadySeconds = 0, template = {}, selector } = set.spec
    return reconcileReplicas({
      owner: { object: set, replicas, minReadySeconds, template, status: set.status },
      resource: replicaSets,
      selector: selectorMatcher(selector),
      related: () => relatedPods(set, context),
      writeStatus: (status) => context.client.update(replicaSets, { ...set, status }, { subresource: 'status' }),
    }, context)
  },
})

/** An orphan concerns every set that its labels match. */
function orphanKeys(pod: Pod, { informers }: ReconcileContext): readonly { namespace?: string; name: string }[] {
  if (controllerOf(pod) || pod.metadata.deletionTimestamp) return []
  return informers.for(replicaSets).list(pod.metadata.namespace)
    .filter((set) => selectorMatcher(set.spec.selector).matches(pod.metadata.labels))
    .map((set) => ({ namespace: set.metadata.namespace, name: set.metadata.name ?? '' }))
}

function relatedPods(set: ReplicaSet, { informers }: ReconcileContext): readonly Pod[] {
  const owner = controllerOf(set)
  const siblings = owner ? informers.for(replicaSets).ownedBy(owner.uid) : [set]
  return siblings.flatMap((sibling) => informers.for(pods).ownedBy(sibling.metadata.uid ?? '')).filter(isActive)
}
