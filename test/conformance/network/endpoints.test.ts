// Endpoints: as objects of the API, and as a controller keeps them for services.
import { endpoints, services } from '../../../pkg/api/types-service.ts'
import { client, eventually, existing, refusal, useNamespace } from '../framework.ts'
import { foreverMs, labelled, strategicPatch, Watching } from '../operations.ts'

const namespace = useNamespace('endpoints')

test('[sig-network] Endpoints should test the lifecycle of an Endpoint [Conformance]', async () => {
  const labelSelector = 'test-endpoint-static=true'
  const key = { namespace: namespace.name, name: 'testservice' }
  const { metadata: { resourceVersion = '' } } = await client.list(endpoints, { labelSelector })
  const created = await client.create(endpoints, {
    apiVersion: 'v1', kind: 'Endpoints', metadata: { ...key, labels: { 'test-endpoint-static': 'true' } },
    subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }],
  })
  expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  const watch = await Watching.start(endpoints, { namespace: namespace.name, labelSelector, resourceVersion })
  try {
    await watch.until(({ type }) => type === 'ADDED', 'ADDED')
    const found = (await client.list(endpoints, { labelSelector })).items.find(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace)
    if (!found) throw new Error('the endpoints are not in the list of all')

    await client.update(endpoints, labelled(found, { 'test-service': 'updated' }))
    await watch.until(({ type, object }) => type === 'MODIFIED' && object.metadata.labels?.['test-service'] === 'updated', 'the update')
    await client.get(endpoints, key)

    const patched = await client.patch(endpoints, key, strategicPatch({
      metadata: { labels: { 'test-service': 'patched' } }, subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] }],
    }))
    expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(created.metadata.resourceVersion ?? ''))
    await watch.until(({ type }) => type === 'MODIFIED', 'the patch')
    const after = await client.get(endpoints, key)
    expect(after.metadata.labels).toMatchObject({ 'test-service': 'patched' })
    expect(after.subsets?.[0]).toMatchObject({ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] })

    await client.deleteCollection(endpoints, { namespace: namespace.name, labelSelector })
    await watch.until(({ type }) => type === 'DELETED', 'DELETED')
    await refusal(client.get(endpoints, key))
  } finally {
    watch.stop()
  }
})

test('[sig-network] EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'example-empty-selector' }
  await client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: key,
    spec: { selector: { 'does-not-match-anything': 'endpoints-and-endpoint-slices-should-still-be-created' }, ports: [{ name: 'example', port: 80, protocol: 'TCP' }] },
  })
  await eventually(() => existing(client.get(endpoints, key)), 'there are endpoints', foreverMs)
  await client.delete(services, key)
  await eventually(async () => (await existing(client.get(endpoints, key))) === undefined, 'the endpoints are gone', foreverMs)
})
