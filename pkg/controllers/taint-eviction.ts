// Taint eviction: deletes pods that do not tolerate a NoExecute taint of their node, at once or after their tolerationSeconds.
import { keyOf, keyText } from '../api/object.ts'
import { nodes, type Node, type Taint } from '../api/types-node.ts'
import { pods, type Pod, type Toleration } from '../api/types-pod.ts'
import { controller, watches, type Controller } from '../controller/controller.ts'
import { disruptPod } from './disruption-target.ts'
import { isTerminal, millisOf } from './pod-facts.ts'
import { podsByNode } from './pods-by-node.ts'

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = '', operator = 'Equal', value = '', effect = '' } = toleration
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  return operator === 'Exists' || (operator === 'Equal' && key !== '' && value === (taint.value ?? ''))
}

/** When the pod must go: undefined is never. `seenMs` stands in for taints that do not tell since when they are there. */
export function evictionTimeMs(pod: Pod, taints: readonly Taint[], seenMs: number): number | undefined {
  const times = taints.filter(({ effect }) => effect === 'NoExecute').map((taint) => {
    const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    const seconds = matching.flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [Math.max(0, tolerationSeconds)]))
    return seconds.length === 0 ? Infinity : (millisOf(taint.timeAdded) ?? seenMs) + Math.min(...seconds) * 1000
  })
  const first = Math.min(Infinity, ...times)
  return first === Infinity ? undefined : first
}

export function taintEvictionController(): Controller {
  // Since when each pod's eviction is pending.
  const pending = new Map<string, { uid: string; sinceMs: number }>()
  return controller<Pod>({
    name: 'taint-eviction',
    for: pods,
    watches: [watches<Node>(nodes, ({ metadata }, { informers }) => informers.for(pods).byIndex(podsByNode, metadata.name ?? '').map(keyOf))],
    async reconcile(key, pod, context) {
      const text = keyText(key)
      const { informers, clock, events } = context
      if (!pod?.spec.nodeName || isTerminal(pod) || pod.metadata.deletionTimestamp) return void pending.delete(text)
      const { uid = '', namespace, name } = pod.metadata
      const taints = informers.for(nodes).get({ name: pod.spec.nodeName })?.spec.taints ?? []
      const known = pending.get(text)
      const sinceMs = known?.uid === uid ? known.sinceMs : clock.now()
      const atMs = evictionTimeMs(pod, taints, sinceMs)
      if (atMs === undefined) {
        if (pending.delete(text)) events.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message: `Cancelling deletion of Pod ${namespace}/${name}` })
        return
      }
      if (atMs > clock.now()) {
        pending.set(text, { uid, sinceMs })
        return { requeueAfterMs: atMs - clock.now() }
      }
      pending.delete(text)
      events.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message: `Marking for deletion Pod ${namespace}/${name}` })
      await disruptPod(pod, context, { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' })
    },
  })
}
