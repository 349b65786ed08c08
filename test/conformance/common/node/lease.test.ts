// Leases as objects of the API.
import { leases, type Lease } from '../../../../pkg/api/types-config.ts'
import { client, refusal, useNamespace } from '../../framework.ts'
import { strategicPatch } from '../../operations.ts'

const namespace = useNamespace('lease-test')

const specOf = (holderIdentity: string, leaseDurationSeconds: number, acquired: number, renewed: number, leaseTransitions: number): NonNullable<Lease['spec']> => ({
  holderIdentity, leaseDurationSeconds, acquireTime: timeOf(acquired), renewTime: timeOf(renewed), leaseTransitions,
})

/** The original counts from the first second of the calendar. */
const timeOf = (seconds: number): string => `0001-01-01T00:${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}.000000Z`

test('[sig-node] Lease lease API should be available [Conformance]', async () => {
  const here = { namespace: namespace.name }
  const key = { ...here, name: 'lease' }
  const first = specOf('holder', 30, 2, 5, 0)
  const created = await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec: first })
  expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  expect((await client.get(leases, key)).spec).toEqual(first)

  const second = specOf('holder2', 30, 20, 50, 1)
  await client.update(leases, { ...created, spec: second })
  expect((await client.get(leases, key)).spec).toEqual(second)

  const third = specOf('holder3', 60, 50, 70, 2)
  await client.patch(leases, key, strategicPatch({ spec: third }))
  const patched = await client.get(leases, key)
  expect(patched.spec).toEqual(third)
  expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(created.metadata.resourceVersion ?? ''))

  await client.create(leases, {
    apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...here, name: 'lease2', labels: { deletecollection: 'true' } }, spec: first,
  })
  expect((await client.list(leases, here)).items).toHaveLength(2)
  await client.deleteCollection(leases, { ...here, labelSelector: 'deletecollection=true' })
  expect((await client.list(leases, here)).items).toHaveLength(1)

  await client.delete(leases, key)
  expect((await refusal(client.get(leases, key))).status.reason).toBe('NotFound')
  await client.list(leases)
})
