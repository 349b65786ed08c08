// Gives each node its range of pod addresses: the first free /24 of the cluster's range.
import { nodes, type Node } from '../api/types-node.ts'
import { controller, type Controller } from '../controller/controller.ts'

export interface NodeIpamOptions {
  /** The ranges to give out, in order. */
  readonly range: (index: number) => string
  readonly count: number
}

export function nodeIpamController({ range, count }: NodeIpamOptions): Controller {
  return controller<Node>({
    name: 'node-ipam',
    for: nodes,
    // One at a time, on the server's own list: no range is given twice.
    concurrency: 1,
    async reconcile(key, node, { client, events }) {
      if (!node || node.spec.podCIDR || node.metadata.deletionTimestamp) return
      const podCIDR = freeRange((await client.list(nodes)).items, range, count)
      if (podCIDR === undefined) return events.record(node, { type: 'Normal', reason: 'CIDRNotAvailable', message: `Node ${key.name} status is now: CIDRNotAvailable` })
      const body = { spec: { podCIDR, podCIDRs: [podCIDR] } }
      await client.patch(nodes, key, { type: 'merge', body })
    },
  })
}

/** Pure: the first range that no node has. */
export function freeRange(present: readonly Node[], range: (index: number) => string, count: number): string | undefined {
  const taken = new Set(present.map((node) => node.spec.podCIDR))
  for (let index = 0; index < count; index++) if (!taken.has(range(index))) return range(index)
  return undefined
}
