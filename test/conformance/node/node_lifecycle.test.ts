// Nodes as objects of the API.
import { nodes } from '../../../pkg/api/types-node.ts'
import { client, eventually, existing, uniqueName } from '../framework.ts'
import { labelled, strategicPatch, updateWith } from '../operations.ts'

test('[sig-node] Node Lifecycle should run through the lifecycle of a node [Conformance]', async () => {
  const key = { name: uniqueName('e2e-fake-node') }
  const { name } = key
  const created = await client.create(nodes, {
    apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { unschedulable: true },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', reason: 'E2E', message: 'Set from e2e test' }] },
  })
  expect(created.metadata.name).toBe(name)
  expect((await client.get(nodes, key)).metadata.name).toBe(name)
  const patched = await client.patch(nodes, key, strategicPatch({ metadata: { labels: { [name]: 'patched' } } }))
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  expect((await client.list(nodes, { labelSelector: `${name}=patched` })).items).toHaveLength(1)
  const updated = await updateWith(nodes, key, (node) => labelled(node, { [name]: 'updated' }))
  expect(updated.metadata.labels).toMatchObject({ [name]: 'updated' })
  await client.delete(nodes, key)
  await eventually(async () => (await existing(client.get(nodes, key))) === undefined, 'the node is gone', 180_000)
})
