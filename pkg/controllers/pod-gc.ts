// Pod garbage: removes pods whose node is gone for good, and pods that were deleted before they had one.
import { keyOf } from '../api/object.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { controller, watches, type Controller } from '../controller/controller.ts'
import { disruptPod } from './disruption-target.ts'
import { isTerminal } from './pod-facts.ts'
import { podsByNode } from './pods-by-node.ts'

/** A node that registers itself anew is gone for a moment only. */
const quarantineMs = 40_000

export function podGarbageController(): Controller {
  // Since when each node is missed.
  const missed = new Map<string, number>()
  return controller<Pod>({
    name: 'pod-garbage-collector',
    for: pods,
    watches: [watches<Node>(nodes, ({ metadata: { name = '' } }, { informers }) => {
      // One that is back is missed anew when it goes again, whether it has pods now or not.
      if (informers.for(nodes).get({ name })) missed.delete(name)
      return informers.for(pods).byIndex(podsByNode, name).map(keyOf)
    })],
    async reconcile(_, pod, context) {
      const { informers, clock } = context
      const nodeName = pod?.spec.nodeName
      if (!pod) return
      // One that was never placed has nobody who would end it.
      if (!nodeName) return pod.metadata.deletionTimestamp && !isTerminal(pod)
        ? disruptPod(pod, context, { reason: 'DeletionByPodGC', message: 'PodGC: unscheduled and being deleted', failed: true, deletion: { gracePeriodSeconds: 0 } })
        : undefined
      if (informers.for(nodes).get({ name: nodeName })) return void missed.delete(nodeName)
      const sinceMs = missed.get(nodeName) ?? clock.monotonic()
      missed.set(nodeName, sinceMs)
      const leftMs = sinceMs + quarantineMs - clock.monotonic()
      if (leftMs > 0) return { requeueAfterMs: leftMs }
      await disruptPod(pod, context, { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists', failed: !isTerminal(pod), deletion: { gracePeriodSeconds: 0 } })
    },
  })
}
