// The API server as a service in its own cluster.
import { endpoints, endpointSlices, services } from '../../../pkg/api/types-service.ts'
import { client } from '../framework.ts'

const place = { namespace: 'default', name: 'kubernetes' }

test('[sig-network] API Server should provide secure master service [Conformance]', async () => {
  await client.get(services, place)
})

test('[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server [Conformance]', async () => {
  await client.get(services, place)
  const { subsets = [] } = await client.get(endpoints, place)
  expect(subsets.length).toBeGreaterThan(0)
  const { items } = await client.list(endpointSlices, { namespace: 'default', labelSelector: 'kubernetes.io/service-name=kubernetes' })
  expect(items.length).toBeGreaterThan(0)

  const stated = new Set(subsets.flatMap(({ addresses = [], ports = [] }) => addresses.flatMap(({ ip }) => ports.map(({ port }) => `${ip} ${port}`))))
  const sliced = new Set(items.flatMap((slice) => slice.endpoints.flatMap(({ addresses }) => addresses.flatMap((ip) => (slice.ports ?? []).map(({ port }) => `${ip} ${port}`)))))
  expect(sliced).toEqual(stated)
})
