// Ingresses as objects of the API.
import { ingresses, type Ingress } from '../../../pkg/api/types-service.ts'
import { client, existing, uniqueName, useNamespace } from '../framework.ts'
import { expectDiscovered, expectPatchedUpdatedWatched, getSubresource, mergePatch, updateWith } from '../operations.ts'

const namespace = useNamespace('ingress')

test('[sig-network] Ingress API should support creating Ingress API operations [Conformance]', async () => {
  const label = uniqueName('ingress')
  const place = { namespace: namespace.name, labelSelector: `special-label=${label}` }
  const backend = (name: string) => ({ service: { name, port: { number: 8080 } } })
  const ingressOf = (host: string): Ingress => ({
    apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { generateName: 'e2e-example-ing', namespace: namespace.name, labels: { 'special-label': label } },
    spec: {
      defaultBackend: backend('default-backend'),
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'ImplementationSpecific', backend: backend('test-backend') }] } }],
    },
    status: { loadBalancer: {} },
  })
  await expectDiscovered(ingresses, ['ingresses'])

  await client.create(ingresses, ingressOf('host1.bar.com'))
  await client.create(ingresses, ingressOf('host2.bar.com'))
  const created = await client.create(ingresses, ingressOf('host3.bar.com'))
  const key = { namespace: namespace.name, name: created.metadata.name ?? '' }
  expect((await client.get(ingresses, key)).metadata.uid).toBe(created.metadata.uid)
  const { items, metadata: { resourceVersion = '' } } = await client.list(ingresses, place)
  expect(items).toHaveLength(3)
  expect((await client.list(ingresses, { labelSelector: place.labelSelector })).items).toHaveLength(3)
  await expectPatchedUpdatedWatched(ingresses, key, { ...place, resourceVersion }, true)

  const balancer = (ip: string) => ({ loadBalancer: { ingress: [{ ip }] } })
  const patched = await client.patch(ingresses, key, mergePatch({ metadata: { annotations: { patchedstatus: 'true' } }, status: balancer('169.1.1.1') }), { subresource: 'status' })
  expect(patched.status).toEqual(balancer('169.1.1.1'))
  expect(patched.metadata.annotations).toMatchObject({ patchedstatus: 'true' })
  const updated = await updateWith(ingresses, key, (ingress) => ({ ...ingress, status: balancer('169.1.1.2') }), 'status')
  expect(updated.status).toEqual(balancer('169.1.1.2'))
  expect((await getSubresource(ingresses, key, 'status')).metadata.uid).toBe(created.metadata.uid)

  // A controller may hold an ingress back by a finalizer.
  await client.delete(ingresses, key)
  const kept = await existing(client.get(ingresses, key))
  if (kept) expectFinalizer(kept)
  const rest = (await client.list(ingresses, place)).items
  expect(rest.length).toBeLessThanOrEqual(3)
  for (const ingress of rest) if (ingress.metadata.name === key.name) expectFinalizer(ingress)
  await client.deleteCollection(ingresses, place)
  const held = (await client.list(ingresses, place)).items
  expect(held.length).toBeLessThanOrEqual(3)
  for (const ingress of held) expectFinalizer(ingress)
})

function expectFinalizer({ metadata }: Ingress): void {
  expect(metadata.deletionTimestamp).toBeDefined()
  expect(metadata.finalizers ?? []).not.toHaveLength(0)
}
