import { nodes } from '../api/types-node.ts'
import { systemClock } from '../util/clock.ts'
import { HollowTestNode } from './hollow-node.suite.ts'
import { ObjectWatches } from './object-watches.ts'
import { OwnNode } from './own-node.ts'

const node = new HollowTestNode()
beforeAll(() => node.start())
afterAll(() => node.stop())

it('follows what others say of the node, and tells when pods are no longer placed on it', async () => {
  const told: string[] = []
  let next = Promise.withResolvers<void>()
  const own = new OwnNode({
    client: node.client, name: 'n', labels: { early: 'yes' }, log: (message) => void told.push(message),
    record: ({ reason, message }) => {
      told.push(`${reason}: ${message}`)
      next.resolve()
    },
  })
  expect(own.metadata).toEqual({ name: 'n', labels: { early: 'yes' } })
  const watches = new ObjectWatches(node.client, systemClock)
  own.watch(watches)
  const change = async (spec: object): Promise<void> => {
    next = Promise.withResolvers()
    await node.client.patch(nodes, { name: 'n' }, { type: 'merge', body: { metadata: { labels: { zone: 'a' } }, spec } })
    await next.promise
  }
  await change({ unschedulable: true, taints: [{ key: 'k', effect: 'NoExecute' }] })
  expect([own.metadata.labels?.['zone'], own.metadata.labels?.['early'], own.taints]).toEqual(['a', undefined, [{ key: 'k', effect: 'NoExecute' }]])
  await change({ unschedulable: null })
  expect(told).toEqual(['NodeNotSchedulable: Node n status is now: NodeNotSchedulable', 'NodeSchedulable: Node n status is now: NodeSchedulable'])
  watches.stop()
})
