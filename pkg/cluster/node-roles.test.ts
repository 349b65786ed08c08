// The role of this machine's node: given when the node is made and made anew, to it alone, and left to whoever changes it.
import { nodes, type Node } from '../api/types-node.ts'
import { DirectClient } from '../client/direct-client.ts'
import { SharedInformers } from '../client/shared-informers.ts'
import { startServer } from '../apiserver/fixture.suite.ts'
import { systemClock as clock } from '../util/clock.ts'
import { NodeRoles, roleLabel } from './node-roles.ts'

it('is given once', async () => {
  const server = await startServer()
  const client = new DirectClient(server.api.handle, { username: 'admin', groups: ['system:masters'] })
  const informers = new SharedInformers({ client, clock, log: () => undefined })
  const logged: string[] = []
  const roles = new NodeRoles({ client, informers, nodeName: 'n', log: (text) => void logged.push(text) })
  roles.start()
  const make = (name: string): Promise<Node> => client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} })
  const label = (name: string): string | undefined => informers.for(nodes).get({ name })?.metadata.labels?.[roleLabel]
  await make('other')
  await make('n')
  await informers.for(nodes).until(() => label('n') === 'true')
  await client.patch(nodes, { name: 'n' }, { type: 'merge', body: { metadata: { labels: { [roleLabel]: null } } } })
  const { metadata } = await client.patch(nodes, { name: 'n' }, { type: 'merge', body: { metadata: { labels: { seen: 'yes' } } } })
  await informers.for(nodes).until(() => informers.for(nodes).revision >= Number(metadata.resourceVersion))
  expect([label('n'), label('other')]).toEqual([undefined, undefined])
  await client.delete(nodes, { name: 'n' })
  await make('n')
  await informers.for(nodes).until(() => label('n') === 'true')
  await roles.stop()
  await informers.stop()
  await server.stop()
  expect(logged).toEqual([])
})
