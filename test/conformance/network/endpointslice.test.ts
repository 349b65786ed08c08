// Endpoint slices: as objects of the API, and as a controller keeps them for services.
import { endpointSlices, services } from '../../../pkg/api/types-service.ts'
import { client, eventually, uniqueName, useNamespace } from '../framework.ts'
import { expectDeleted, expectDiscovered, expectPatchedUpdatedWatched, foreverMs } from '../operations.ts'

const namespace = useNamespace('endpointslice')

test('[sig-network] EndpointSlice should support creating EndpointSlice API operations [Conformance]', async () => {
  const label = uniqueName('endpointslice')
  const place = { namespace: namespace.name, labelSelector: `special-label=${label}` }
  await expectDiscovered(endpointSlices, ['endpointslices'])
  const create = () => client.create(endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4',
    metadata: { generateName: 'e2e-example-ing', namespace: namespace.name, labels: { 'special-label': label } },
    endpoints: [{ addresses: ['1.2.3.4', '5.6.7.8'] }, { addresses: ['2.2.3.4', '6.6.7.8'] }], ports: [],
  })
  await create()
  await create()
  const created = await create()
  const key = { namespace: namespace.name, name: created.metadata.name ?? '' }
  expect((await client.get(endpointSlices, key)).metadata.uid).toBe(created.metadata.uid)
  const { items, metadata: { resourceVersion = '' } } = await client.list(endpointSlices, place)
  expect(items).toHaveLength(3)
  expect((await client.list(endpointSlices, { labelSelector: place.labelSelector })).items).toHaveLength(3)
  await expectPatchedUpdatedWatched(endpointSlices, key, { ...place, resourceVersion }, true)
  await expectDeleted(endpointSlices, key, place, 2)
})

test('[sig-network] EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'example-empty-selector' }
  await client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: key,
    spec: { selector: { 'does-not-match-anything': 'endpoints-and-endpoint-slices-should-still-be-created' }, ports: [{ name: 'example', port: 80, protocol: 'TCP' }] },
  })
  const slices = async () => (await client.list(endpointSlices, { namespace: namespace.name, labelSelector: `kubernetes.io/service-name=${key.name}` })).items
  const slice = await eventually(async () => (await slices())[0], 'there is a slice', foreverMs)
  expect(slice.metadata.labels).toMatchObject({ 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' })
  expect(slice.endpoints).toHaveLength(0)

  await client.delete(services, key)
  await eventually(async () => (await slices()).length === 0, 'the slice is gone', 90_000)
})
