// ServiceCIDRs and IPAddresses as objects of the API.
import type { KubeObject } from '../../../pkg/api/object.ts'
import type { IPAddress, ServiceCIDR } from '../../../pkg/api/types-service.ts'
import { ipAddresses, serviceCIDRs, services } from '../../../pkg/api/types-service.ts'
import { client, eventually, existing, refusal, useNamespace } from '../framework.ts'
import { annotated, mergePatch, updateWith, Watching } from '../operations.ts'
import { createPod, execIn, images, podOf, waitReady } from '../pods.ts'

const namespace = useNamespace('servicecidr')

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

// Of the same file, but no part of the conformance suite: services in a range that came later.
test('[sig-network] Service CIDRs should create Services and serve on different Service CIDRs', async () => {
  const here = { namespace: namespace.name }
  const key = { name: 'test-svc-cidr' }
  const clusterIP = '203.0.113.10'
  const readiness = ({ status }: ServiceCIDR) => status?.conditions?.find(({ type }) => type === 'Ready')
  await client.create(serviceCIDRs, { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: key, spec: { cidrs: ['203.0.113.0/24'] } })
  await eventually(async () => readiness(await client.get(serviceCIDRs, key))?.status === 'True', 'the range is ready')

  const service = (name: string) => client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: { ...here, name }, spec: { clusterIP, type: 'NodePort', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }] },
  })
  await service('cidr1-test')
  await waitReady(await createPod(podOf(here.namespace, 'web', {
    containers: [{ name: 'web', image: images.busybox, command: ['sh', '-c', 'echo from-the-range > /tmp/index.html; httpd -f -p 8080 -h /tmp'] }],
  }, { labels: { app: 'web' } })))
  const asker = await waitReady(await createPod(podOf(here.namespace, 'execpod', { containers: [{ name: 'ask', image: images.busybox, command: ['sleep', '3600'] }] })))
  await eventually(async () => (await execIn(asker, ['sh', '-c', `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${clusterIP} 80 || true`])).includes('from-the-range'), 'the service answers', 120_000)
  await eventually(() => existing(client.get(ipAddresses, { name: clusterIP })), 'the address has an object')

  await client.delete(serviceCIDRs, key)
  await eventually(async () => readiness(await client.get(serviceCIDRs, key))?.reason === 'Terminating', 'the range waits for its service')
  await client.delete(services, { ...here, name: 'cidr1-test' })
  await eventually(async () => (await existing(client.get(serviceCIDRs, key))) === undefined, 'the range is gone')
  expect((await refusal(service('late'))).status.reason).toBe('Invalid')
})
