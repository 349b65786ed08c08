// Ingress classes as objects of the API.
import { ingressClasses } from '../../../pkg/api/types-service.ts'
import { client, uniqueName } from '../framework.ts'
import { expectDeleted, expectDiscovered, expectPatchedUpdatedWatched } from '../operations.ts'

test('[sig-network] IngressClass API should support creating IngressClass API operations [Conformance]', async () => {
  const label = uniqueName('ingressclass')
  const place = { labelSelector: `ingressclass=${label}` }
  await expectDiscovered(ingressClasses, ['ingressclasses'])
  const create = (name: string) => client.create(ingressClasses, {
    apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name, labels: { ingressclass: label, 'special-label': 'generic' } }, spec: { controller: 'example.com/controller' },
  })
  const created = await create('ingressclass1')
  await create('ingressclass2')
  await create('ingressclass3')
  const key = { name: 'ingressclass1' }
  expect((await client.get(ingressClasses, key)).metadata.uid).toBe(created.metadata.uid)
  const { items, metadata: { resourceVersion = '' } } = await client.list(ingressClasses, { labelSelector: 'special-label=generic' })
  expect(items).toHaveLength(3)
  await expectPatchedUpdatedWatched(ingressClasses, key, { ...place, resourceVersion })
  await expectDeleted(ingressClasses, key, place, 2)
})
