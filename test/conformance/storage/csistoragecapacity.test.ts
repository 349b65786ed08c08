// CSI storage capacities as objects of the API.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { client, existing, refusal, uniqueName, useNamespace } from '../framework.ts'
import { annotated, expectDiscovered, kindOf, mergePatch, Watching } from '../operations.ts'

const namespace = useNamespace('csistoragecapacity')
const capacities = kindOf('storage.k8s.io/v1', 'csistoragecapacities', 'CSIStorageCapacity')

test('[sig-storage] CSIStorageCapacity should support CSIStorageCapacities API operations [Conformance]', async () => {
  const label = uniqueName('csistoragecapacity')
  const everywhere = { labelSelector: `test=${label}` }
  const place = { namespace: namespace.name, ...everywhere }
  const capacityOf = (suffix: string): AnyObject => ({
    apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity', metadata: { name: `${label}-${suffix}`, namespace: namespace.name, labels: { test: label } }, storageClassName: 'e2e.example.com',
  })
  await expectDiscovered(capacities, ['csistoragecapacities'])

  const created = await client.create(capacities, capacityOf('csc1'))
  expect((await refusal(client.create(capacities, capacityOf('csc1')))).status.reason).toBe('AlreadyExists')
  await client.create(capacities, capacityOf('csc2'))
  const watches = [await Watching.start(capacities, place), await Watching.start(capacities, everywhere)]
  try {
    await client.create(capacities, capacityOf('csc3'))
    const key = { namespace: namespace.name, name: created.metadata.name ?? '' }
    const found = await client.get(capacities, key)
    expect(found.metadata.uid).toBe(created.metadata.uid)
    expect(found.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
    expect((await client.list(capacities, place)).items).toHaveLength(3)
    expect((await client.list(capacities, everywhere)).items).toHaveLength(3)
    const patched = await client.patch(capacities, key, mergePatch({ metadata: { annotations: { patched: 'true' } } }))
    expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
    expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(created.metadata.resourceVersion ?? ''))
    const updated = await client.update(capacities, annotated(patched, { updated: 'true' }))
    expect(updated.metadata.annotations).toMatchObject({ updated: 'true' })
    for (const watch of watches) {
      await watch.until(({ type }) => type === 'ADDED', 'one was added')
      await watch.until(({ type, object }) => type === 'MODIFIED' && object.metadata.annotations?.['updated'] === 'true', 'the update')
    }

    await client.delete(capacities, key)
    const left = await existing(client.get(capacities, key))
    if (left) expectHeldBack(left)
    const { length } = (await client.list(capacities, place)).items
    expect(length).toBeGreaterThanOrEqual(2)
    expect(length).toBeLessThanOrEqual(left ? 3 : 2)
    await client.deleteCollection(capacities, place)
    for (const capacity of (await client.list(capacities, place)).items) expectHeldBack(capacity)
  } finally {
    for (const watch of watches) watch.stop()
  }
})

function expectHeldBack({ metadata }: AnyObject): void {
  expect(metadata.deletionTimestamp).toBeDefined()
  expect(metadata.finalizers ?? []).not.toHaveLength(0)
}
