// The life of custom resource definitions, and defaults on write and on read.
import { apiVersionOf, type AnyObject } from '../../../pkg/api/object.ts'
import { customResourceDefinitions, type CustomCondition, type CustomResourceDefinition } from '../../../pkg/api/types-custom.ts'
import { client, eventually, http, retryOnConflict, uniqueName } from '../framework.ts'
import { anything, createDefinition, deleteDefinition, randomDefinition, resourceOf, versionOf, waitNotDiscovered } from './definitions.ts'

const made: CustomResourceDefinition[] = []
afterEach(async () => { for (const definition of made.splice(0)) await deleteDefinition(definition) })

async function make(definition: CustomResourceDefinition): Promise<CustomResourceDefinition> {
  const created = await createDefinition(definition)
  made.push(created)
  return created
}

test('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition creating/deleting custom resource definition objects works [Conformance]', async () => {
  await deleteDefinition(await createDefinition(randomDefinition()))
})

test('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition listing custom resource definition objects works [Conformance]', async () => {
  const labels = { 'e2e-list-test-uuid': uniqueName('list') }
  const labelled = new Map<string | undefined, CustomResourceDefinition>()
  for (let count = 0; count < 10; count++) {
    const definition = await createDefinition(randomDefinition(undefined, labels))
    labelled.set(definition.metadata.name, definition)
  }
  const other = await make(randomDefinition())

  const labelSelector = `e2e-list-test-uuid=${labels['e2e-list-test-uuid']}`
  const { items } = await client.list(customResourceDefinitions, { labelSelector })
  expect(items).toHaveLength(10)
  for (const { metadata, spec } of items) expect(spec).toEqual(labelled.get(metadata.name)?.spec)

  await client.deleteCollection(customResourceDefinitions, { labelSelector })
  for (const definition of items) await waitNotDiscovered(definition)
  await client.get(customResourceDefinitions, { name: other.metadata.name ?? '' })
})

test('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works [Conformance]', async () => {
  const definition = await make(randomDefinition())
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}/status`

  const updated = await retryOnConflict(async () => {
    const read = (await http<CustomResourceDefinition>('GET', path)).json()
    expect(read.spec).toEqual(definition.spec)
    // As a Go client sends a condition of which only the message is set.
    const condition = { type: '', status: '', lastTransitionTime: null, message: 'updated' } as unknown as CustomCondition
    return client.update(customResourceDefinitions, { ...read, status: { ...read.status, conditions: [...read.status?.conditions ?? [], condition] } }, { subresource: 'status' })
  })
  expectMessageAlone(updated, 'updated')
  const patched = await client.patch(customResourceDefinitions, { name: definition.metadata.name ?? '' },
    { type: 'json', body: [{ op: 'add', path: '/status/conditions', value: [{ message: 'patched' }] }] }, { subresource: 'status' })
  expectMessageAlone(patched, 'patched')
})

function expectMessageAlone(definition: CustomResourceDefinition, message: string): void {
  const condition = definition.status?.conditions?.find((condition) => condition.message === message)
  const { type = '', status = '', reason = '', lastTransitionTime = null } = condition ?? {}
  expect({ found: condition !== undefined, type, status, reason, lastTransitionTime }).toEqual({ found: true, type: '', status: '', reason: '', lastTransitionTime: null })
}

test('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] should include custom resource definition resources in discovery documents [Conformance]', async () => {
  interface Group { name: string; versions: { version: string }[] }
  const { groups } = (await http<{ groups: Group[] }>('GET', '/apis')).json()
  expect(groups.find(({ name }) => name === 'apiextensions.k8s.io')?.versions.map(({ version }) => version)).toContain('v1')

  const group = (await http<Group>('GET', '/apis/apiextensions.k8s.io')).json()
  expect(group.name).toBe('apiextensions.k8s.io')
  expect(group.versions.map(({ version }) => version)).toContain('v1')

  const list = (await http<{ groupVersion: string; resources: { name: string }[] }>('GET', '/apis/apiextensions.k8s.io/v1')).json()
  expect(list.groupVersion).toBe('apiextensions.k8s.io/v1')
  expect(list.resources.map(({ name }) => name)).toContain('customresourcedefinitions')
})

test('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] custom resource defaulting for requests and from storage works [Conformance]', async () => {
  const properties = { a: { type: 'string' }, b: { type: 'string' } }
  const definition = await make(randomDefinition([versionOf('v1beta1', { ...anything, properties })]))
  const resource = resourceOf(definition)
  const create = (name: string): Promise<AnyObject> => client.create(resource, { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name } })
  const change = (...body: object[]): Promise<unknown> => client.patch(customResourceDefinitions, { name: definition.metadata.name ?? '' }, { type: 'json', body })
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties'

  const first = uniqueName('cr-1')
  await create(first)
  await change({ op: 'add', path: `${path}/a/default`, value: 'A' })
  expect(await eventually(async () => (await client.get(resource, { name: first }))['a'], 'a is defaulted on read', 30_000)).toBe('A')

  const second = uniqueName('cr-2')
  expect((await create(second))['a']).toBe('A')
  await change({ op: 'remove', path: `${path}/a/default` }, { op: 'add', path: `${path}/b/default`, value: 'B' })
  const read = await eventually(async () => {
    const found = await client.get(resource, { name: second })
    return found['b'] === undefined ? undefined : found
  }, 'b is defaulted on read', 30_000)
  expect(read).toMatchObject({ a: 'A', b: 'B' })
})
