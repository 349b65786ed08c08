// ReplicationController: the older ReplicaSet, with a map for a selector.
import { mapMatcher } from '../api/label-selector.ts'
import { controllerOf } from '../api/object.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { replicationControllers } from '../api/types-workload.ts'
import { controller, watches, type ReconcileContext } from '../controller/controller.ts'
import { isActive } from './pod-facts.ts'
import { reconcileReplicas } from './replica-loop.ts'

export default controller({
  name: 'replication',
  for: replicationControllers,
  owns: [pods],
  watches: [watches(pods, orphanKeys)],
  async reconcile(_, rc, context) {
    if (!rc) return
    const { replicas = 1, minReadySeconds = 0, template = {}, selector } = rc.spec
    return reconcileReplicas({
      owner: { object: rc, replicas, minReadySeconds, template, status: rc.status },
      resource: replicationControllers,
      selector: mapMatcher(selector ?? template.metadata?.labels),
      related: () => context.informers.for(pods).ownedBy(rc.metadata.uid ?? '').filter(isActive),
      shape: ({ terminatingReplicas: _, ...status }) => status,
      writeStatus: (status) => context.client.update(replicationControllers, { ...rc, status }, { subresource: 'status' }),
    }, context)
  },
})

function orphanKeys(pod: Pod, { informers }: ReconcileContext): readonly { namespace?: string; name: string }[] {
  if (controllerOf(pod) || pod.metadata.deletionTimestamp) return []
  return informers.for(replicationControllers).list(pod.metadata.namespace)
    .filter((rc) => mapMatcher(rc.spec.selector).matches(pod.metadata.labels))
    .map((rc) => ({ namespace: rc.metadata.namespace, name: rc.metadata.name ?? '' }))
}
