// Node lifecycle: notices nodes that have gone silent, and keeps the taints that follow from conditions.
import { leases } from '../api/types-config.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods } from '../api/types-pod.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { isNotFound } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import { readyStatus, silentConditions, wantedTaints } from './node-health.ts'
import { podsByNode } from './pods-by-node.ts'

export interface NodeLifecycleOptions {
  /** How long a node may say nothing. Default 50 s. */
  readonly graceMs?: number
}

const leaseNamespace = 'kube-node-lease'

export function nodeLifecycleController({ graceMs = 50_000 }: NodeLifecycleOptions = {}): Controller {
  // When each node was last heard of, by our own clock: the nodes' clocks are not trusted, and a restart gives all of them a fresh grace.
  const heard = new Map<string, { sign: string; atMs: number }>()
  return controller<Node>({
    name: 'node',
    for: nodes,
    watches: [watches(leases, ({ metadata }) => (metadata.namespace === leaseNamespace ? [{ name: metadata.name ?? '' }] : []))],
    async reconcile({ name }, node, context) {
      if (!node) {
        const removed = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
        if (heard.delete(name)) context.events.record(removed, { type: 'Normal', reason: 'RemovingNode', message: `Node ${name} event: Removing Node ${name} from Controller` })
        return
      }
      const { informers, clock, client } = context
      const sign = signOfLife(node, informers.for(leases).get({ namespace: leaseNamespace, name })?.spec.renewTime)
      const last = heard.get(name)
      if (!last) context.events.record(node, { type: 'Normal', reason: 'RegisteredNode', message: `Node ${name} event: Registered Node ${name} in Controller` })
      const atMs = last?.sign === sign ? last.atMs : clock.monotonic()
      heard.set(name, { sign, atMs })
      const leftMs = atMs + graceMs - clock.monotonic()
      const conditions = leftMs <= 0 ? silentConditions(node, clock.now()) : undefined
      let current = node
      if (conditions) {
        const wasReady = readyStatus(node) === 'True'
        current = await client.update(nodes, { ...node, status: { ...node.status, conditions } }, { subresource: 'status' })
        heard.set(name, { sign: signOfLife(current, informers.for(leases).get({ namespace: leaseNamespace, name })?.spec.renewTime), atMs })
        if (wasReady) context.events.record(node, { type: 'Normal', reason: 'NodeNotReady', message: `Node ${name} status is now: NodeNotReady` })
      }
      // Each time: what was refused before, or came to the node since, is marked then.
      if (leftMs <= 0) await markPodsNotReady(name, context)
      const taints = wantedTaints(current, clock.now())
      if (taints) await client.update(nodes, { ...current, spec: { ...current.spec, taints } })
      return leftMs > 0 ? { requeueAfterMs: leftMs } : {}
    },
  })
}

/** Changes whenever the node says anything. */
function signOfLife(node: Node, renewTime: string | undefined): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  return `${node.metadata.uid} ${renewTime ?? ''} ${ready?.lastHeartbeatTime ?? ''} ${ready?.status ?? ''}`
}

/** Nobody on the node can say so, and services must stop sending to its pods. */
async function markPodsNotReady(node: string, { client, informers, clock }: ReconcileContext): Promise<void> {
  const lastTransitionTime = formatTime(clock.now())
  await Promise.all(informers.for(pods).byIndex(podsByNode, node).map(async (pod) => {
    const conditions = pod.status?.conditions ?? []
    if (!conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return
    const changed = conditions.map((condition) => (condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime } : condition))
    await client.update(pods, { ...pod, status: { ...pod.status, conditions: changed } }, { subresource: 'status' }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }))
}
