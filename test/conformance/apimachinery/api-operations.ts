// The round of operations that the suite asks of every kind that only the API machinery knows: discovery to deletecollection.
import { apiVersionOf, type AnyObject, type ObjectList, type Resource } from '../../../pkg/api/object.ts'
import { client, existing, http, retryOnConflict, uniqueName } from '../framework.ts'
import { Watch } from '../watching.ts'
import { expectDiscovered } from './discovery-client.ts'

export interface Operations {
  readonly resource: Resource
  readonly generateName: string
  readonly spec: object
  /** A merge patch of the spec, and what the spec is to match afterwards. */
  readonly patch: object
  /** Changes the spec that was read, and what it is to match afterwards. */
  readonly update: (spec: Record<string, unknown>) => Record<string, unknown>
  readonly updated: object
  /** Two conditions; kinds without status have none. */
  readonly status?: { readonly patched: Readonly<Record<string, string>>; readonly updated: Readonly<Record<string, string>> }
  /** Objects that wait for finalizers count as deleted. */
  readonly finalizersAllowed?: boolean
}

type Conditioned = AnyObject & { spec: Record<string, unknown>; status?: { conditions?: { type: string }[] } }

export async function checkOperations(operations: Operations): Promise<void> {
  const resource = operations.resource as Resource<Conditioned>
  const { group, version, plural } = resource
  await expectDiscovered(group, version, plural, ...(operations.status ? [`${plural}/status`] : []))

  const label = 'example-e2e-label'
  const labelSelector = `${label}=${uniqueName('operations')}`
  try {
    await checkObjects(operations, resource, { label, labelSelector })
  } finally {
    await client.deleteCollection(resource, { labelSelector })
  }
}

async function checkObjects(operations: Operations, resource: Resource<Conditioned>, { label, labelSelector }: { label: string; labelSelector: string }): Promise<void> {
  const template = {
    apiVersion: apiVersionOf(resource), kind: resource.kind,
    metadata: { generateName: operations.generateName, labels: { [label]: labelSelector.slice(label.length + 1) } }, spec: operations.spec,
  } as Conditioned
  await client.create(resource, template)
  await client.create(resource, template)
  const created = await client.create(resource, template)
  const { name = '', uid } = created.metadata

  const read = await client.get(resource, { name })
  expect(read.metadata.uid).toBe(uid)
  expect(read.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  const list = await client.list(resource, { labelSelector })
  expect(list.items).toHaveLength(3)

  const path = `/apis/${group(resource)}`
  const watch = await Watch.open(path, { labelSelector, resourceVersion: list.metadata.resourceVersion ?? '' })
  try {
    await checkWrites(operations, resource, created)
    // All are changes, until one is the patch: a controller may have written in between.
    for (let patched = false; !patched;) {
      const event = await watch.next(30_000)
      expect(event?.type).toBe('MODIFIED')
      patched = event?.object.metadata.annotations?.['patched'] === 'true'
    }
  } finally {
    watch.stop()
  }
  if (operations.status) await checkStatus(operations.status, resource, created)

  await client.delete(resource, { name })
  const left = await existing(client.get(resource, { name }))
  if (left !== undefined) expect({ allowed: operations.finalizersAllowed ?? false, waits: isWaiting(left) }).toEqual({ allowed: true, waits: true })
  expect(withoutWaiting(await client.list(resource, { labelSelector }))).toHaveLength(2)
  await client.deleteCollection(resource, { labelSelector })
  expect(withoutWaiting(await client.list(resource, { labelSelector }))).toEqual([])
}

const group = (resource: Resource): string => `${apiVersionOf(resource)}/${resource.plural}`
const isWaiting = ({ metadata }: AnyObject): boolean => metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length > 0
const withoutWaiting = (list: ObjectList<Conditioned>): Conditioned[] => list.items.filter((item) => !isWaiting(item))

async function checkWrites({ patch, update, updated }: Operations, resource: Resource<Conditioned>, { metadata }: Conditioned): Promise<void> {
  const { name = '', resourceVersion } = metadata
  const patched = await client.patch(resource, { name }, { type: 'merge', body: { metadata: { annotations: { patched: 'true' } }, spec: patch } })
  expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
  expect(patched.spec).toMatchObject(patch)
  expect(BigInt(patched.metadata.resourceVersion ?? 0)).toBeGreaterThan(BigInt(resourceVersion ?? 0))

  const written = await retryOnConflict(async () => {
    const found = await client.get(resource, { name })
    const annotations = { ...found.metadata.annotations, updated: 'true' }
    return client.update(resource, { ...found, metadata: { ...found.metadata, annotations }, spec: update(found.spec) })
  })
  expect(written.metadata.annotations).toMatchObject({ updated: 'true' })
  expect(written.spec).toMatchObject(updated)
}

async function checkStatus({ patched, updated }: NonNullable<Operations['status']>, resource: Resource<Conditioned>, { metadata }: Conditioned): Promise<void> {
  const { name = '', uid } = metadata
  const typesOf = ({ status }: Conditioned): string[] => (status?.conditions ?? []).map(({ type }) => type)
  const read = (await http<Conditioned>('GET', `/apis/${group(resource)}/${name}/status`)).json()
  expect(read).toMatchObject({ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { uid } })

  const changed = await client.patch(resource, { name }, { type: 'merge', body: { status: { conditions: [patched] } } }, { subresource: 'status' })
  expect(typesOf(changed)).toContain(patched['type'])
  const written = await retryOnConflict(async () => {
    const found = await client.get(resource, { name })
    const conditions = [...found.status?.conditions ?? [], updated as { type: string }]
    return client.update(resource, { ...found, status: { ...found.status, conditions } }, { subresource: 'status' })
  })
  expect(typesOf(written)).toContain(updated['type'])
}
