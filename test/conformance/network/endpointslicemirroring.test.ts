// Endpoints that somebody else writes are mirrored as slices.
import type { Endpoints } from '../../../pkg/api/types-service.ts'
import { endpoints, endpointSlices, services } from '../../../pkg/api/types-service.ts'
import { client, eventually, useNamespace } from '../framework.ts'

const namespace = useNamespace('endpointslicemirroring')
const limitMs = 12_000

test('[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'example-custom-endpoints' }
  await client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: key, spec: { ports: [{ name: 'example', port: 80, protocol: 'TCP' }] } })
  const custom = (ip: string): Endpoints => ({ apiVersion: 'v1', kind: 'Endpoints', metadata: key, subsets: [{ ports: [{ port: 80 }], addresses: [{ ip }] }] })
  const slices = async () => (await client.list(endpointSlices, { namespace: namespace.name, labelSelector: `kubernetes.io/service-name=${key.name}` })).items
  const shapes = async () => (await slices()).map((slice) => ({ ports: slice.ports?.map(({ port }) => port), addresses: slice.endpoints.map(({ addresses }) => addresses) }))

  await client.create(endpoints, custom('10.1.2.3'))
  await eventually(async () => (await slices()).length > 0, 'there is a slice', limitMs)
  for (const shape of await shapes()) expect(shape).toEqual({ ports: [80], addresses: [['10.1.2.3']] })

  await client.update(endpoints, custom('10.2.3.4'))
  const wanted = JSON.stringify([{ ports: [80], addresses: [['10.2.3.4']] }])
  await eventually(async () => JSON.stringify(await shapes()) === wanted, 'the slice has followed', limitMs)

  await client.delete(endpoints, key)
  await eventually(async () => (await slices()).length === 0, 'the slice is gone', limitMs)
})
