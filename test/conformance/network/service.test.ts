// Services as objects of the API.
import { services, type Service } from '../../../pkg/api/types-service.ts'
import { client, uniqueName, useNamespace } from '../framework.ts'
import { getSubresource, mergePatch, strategicPatch, updateWith, Watching } from '../operations.ts'

const namespace = useNamespace('services')
const minuteMs = 60_000

test('[sig-network] Services should find a service from listing all namespaces [Conformance]', async () => {
  const { items } = await client.list(services)
  expect(items.some(({ metadata }) => metadata.name === 'kubernetes' && metadata.namespace === 'default')).toBe(true)
})

test('[sig-network] Services should complete a service status lifecycle [Conformance]', async () => {
  const key = { namespace: namespace.name, name: uniqueName('test-service') }
  const labelSelector = 'test-service-static=true'
  const { metadata: { resourceVersion = '' } } = await client.list(services, { labelSelector })
  await client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: { ...key, labels: { 'test-service-static': 'true' } },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }] },
  })
  const watch = await Watching.start(services, { namespace: namespace.name, labelSelector, resourceVersion })
  const seen = (fits: (service: Service) => boolean, what: string) =>
    watch.until(({ object }) => object.metadata.name === key.name && fits(object), what, minuteMs)
  try {
    await seen(({ metadata }) => metadata.labels?.['test-service-static'] === 'true', 'the service was added')
    await getSubresource(services, key, 'status')

    await client.patch(services, key, mergePatch({
      metadata: { annotations: { patchedstatus: 'true' } }, status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
    }), { subresource: 'status' })
    await seen(({ metadata }) => metadata.annotations?.['patchedstatus'] === 'true', 'the status was patched')

    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
    const updated = await updateWith(services, key, (service) => ({
      ...service, status: { ...service.status, conditions: [...service.status?.conditions ?? [], { ...condition, lastTransitionTime: null as unknown as string }] },
    }), 'status')
    expect(updated.status?.conditions).toContainEqual(expect.objectContaining(condition))
    await seen(({ metadata, status }) =>
      metadata.annotations?.['patchedstatus'] === 'true' && (status?.conditions ?? []).some(({ type, reason, message }) => type === condition.type && reason === condition.reason && message === condition.message),
    'the status was updated')

    await client.patch(services, key, strategicPatch({ metadata: { creationTimestamp: null, labels: { 'test-service': 'patched' } }, spec: {}, status: { loadBalancer: {} } }))
    await seen(({ metadata }) => metadata.labels?.['test-service'] === 'patched', 'the service was patched')

    await client.delete(services, key)
    await watch.until(({ type, object }) => type === 'DELETED' && object.metadata.name === key.name, 'the service was deleted', minuteMs)
  } finally {
    watch.stop()
  }
})

test('[sig-network] Services should delete a collection of services [Conformance]', async () => {
  const label = uniqueName('e2e-svc')
  const place = { namespace: namespace.name, labelSelector: `e2e-test-service=${label}` }
  const create = (name: string, labels: Record<string, string>, spec: NonNullable<Service['spec']>) =>
    client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: namespace.name, labels }, spec })
  const mine = { 'e2e-test-service': label }
  await create(uniqueName('e2e-svc-a'), mine, { type: 'ClusterIP', ports: [{ name: 'http', protocol: 'TCP', port: 8001, targetPort: 8001 }] })
  await create(uniqueName('e2e-svc-b'), mine, { type: 'ClusterIP', ports: [{ name: 'http', protocol: 'TCP', port: 8002, targetPort: 8002 }] })
  const other = await create(uniqueName('e2e-svc-c'), { 'e2e-test-service': 'keep' }, { type: 'ClusterIP', ports: [{ name: 'http', protocol: 'TCP', port: 8003, targetPort: 8003 }] })
  expect((await client.list(services, { namespace: namespace.name })).items).toHaveLength(3)
  expect((await client.list(services, place)).items).toHaveLength(2)

  await client.deleteCollection(services, place)
  expect((await client.list(services, { namespace: namespace.name })).items.map(({ metadata }) => metadata.name)).toEqual([other.metadata.name])
})
