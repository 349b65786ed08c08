// ServiceCIDRs and IPAddresses as objects of the API.
import type { KubeObject } from '../../../pkg/api/object.ts'
import type { IPAddress } from '../../../pkg/api/types-service.ts'
import { ipAddresses, serviceCIDRs } from '../../../pkg/api/types-service.ts'
import { client } from '../framework.ts'
import { annotated, mergePatch, updateWith, Watching } from '../operations.ts'

test('[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations [Conformance]', async () => {
  const key = { name: 'kubernetes' }
  await client.get(serviceCIDRs, key)
  const patched = await client.patch(serviceCIDRs, key, mergePatch({ metadata: { annotations: { patched: 'true' } } }))
  expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
  const updated = await updateWith(serviceCIDRs, key, (cidr) => annotated(cidr, { updated: 'true' }))
  expect(updated.metadata.annotations).toMatchObject({ updated: 'true' })
  expect((await client.list(serviceCIDRs)).items.length).toBeGreaterThan(0)
  await expectWatched(await Watching.start(serviceCIDRs, {}))
})

test('[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations [Conformance]', async () => {
  const addressOf = (name: string, type: string): IPAddress => ({
    apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name, labels: { type } },
    spec: { parentRef: { group: 'mygroup', resource: 'myresources', namespace: 'foo', name: 'bar' } },
  })
  const key = { name: '255.255.255.255' }
  await client.create(ipAddresses, addressOf(key.name, 'broadcast'))
  await client.create(ipAddresses, addressOf('fe80::42:1dff:fe84:f9e2', 'link-local'))
  const patched = await client.patch(ipAddresses, key, mergePatch({ metadata: { annotations: { patched: 'true' } } }))
  expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
  const updated = await updateWith(ipAddresses, key, (address) => annotated(address, { updated: 'true' }))
  expect(updated.metadata.annotations).toMatchObject({ updated: 'true' })
  await client.get(ipAddresses, key)
  expect((await client.list(ipAddresses, { labelSelector: 'type=broadcast' })).items).toHaveLength(1)
  await expectWatched(await Watching.start(ipAddresses, { labelSelector: 'type=broadcast' }))

  await client.delete(ipAddresses, key)
  await client.deleteCollection(ipAddresses, { labelSelector: 'type=link-local' })
  expect((await client.list(ipAddresses, { labelSelector: 'type=link-local' })).items).toHaveLength(0)
})

async function expectWatched<T extends KubeObject>(watch: Watching<T>): Promise<void> {
  try {
    await watch.until(({ type }) => type === 'ADDED', 'it began')
  } finally {
    watch.stop()
  }
}
