// The walk of kinds without status in storage tests: one is patched and deleted, its replacement updated and deleted with a collection.
import type { KubeObject, Resource } from '../../../pkg/api/object.ts'
import { client, eventually } from '../framework.ts'
import { foreverMs, labelled, strategicPatch, updateWith } from '../operations.ts'

export async function walkReplaced<T extends KubeObject>(resource: Resource<T>, first: T, second: T): Promise<void> {
  const count = async (labelSelector: string): Promise<number> => (await client.list(resource, { labelSelector })).items.length
  const created = await client.create(resource, first)
  expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  const { name = '' } = created.metadata
  const found = await client.get(resource, { name })
  expect(found.metadata.name).toBe(name)
  const patched = await client.patch(resource, { name }, strategicPatch({ metadata: { labels: { [name]: 'patched' } } }))
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(found.metadata.resourceVersion ?? ''))
  expect(await count(`${name}=patched`)).toBe(1)
  await client.delete(resource, { name })
  await eventually(async () => await count(`${name}=patched`) === 0, `${name} is gone`, foreverMs)

  const { metadata: { name: other = '' } } = await client.create(resource, second)
  expect((await client.get(resource, { name: other })).metadata.name).toBe(other)
  const updated = await updateWith(resource, { name: other }, (object) => labelled(object, { [other]: 'updated' }))
  expect(updated.metadata.labels).toMatchObject({ [other]: 'updated' })
  expect(await count(`${other}=updated`)).toBe(1)
  await client.deleteCollection(resource, { labelSelector: `${other}=updated` })
  await eventually(async () => await count(`${other}=updated`) === 0, `${other} is gone`, foreverMs)
}
