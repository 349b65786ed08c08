// Namespaces: their labels, status and finalizers, and what goes with them. Pods are in namespace-pods.serial.ts.
import type { KubeObject } from '../../../pkg/api/object.ts'
import { namespaces } from '../../../pkg/api/types-config.ts'
import { services } from '../../../pkg/api/types-service.ts'
import { client, createNamespace, eventually, existing, http, retryOnConflict, useNamespace } from '../framework.ts'

type Namespace = NonNullable<(typeof namespaces)['object']>

const own = useNamespace('namespaces', { 'pod-security.kubernetes.io/enforce': 'baseline' })

async function waitForRemoval(name: string, timeoutMs: number): Promise<void> {
  await client.delete(namespaces, { name })
  await eventually(async () => (await existing(client.get(namespaces, { name }))) === undefined, `namespace ${name} is removed`, timeoutMs)
}

async function recreate(name: string): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
}

test('[sig-api-machinery] Namespaces [Serial] should ensure that all services are removed when a namespace is deleted [Conformance]', async () => {
  const namespace = await createNamespace('nsdeletetest')
  await client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'test-service', namespace },
    spec: { selector: { foo: 'bar', baz: 'blah' }, ports: [{ port: 80, targetPort: 80 }] },
  })
  await waitForRemoval(namespace, 60_000)
  await recreate(namespace)
  expect(await existing(client.get(services, { namespace, name: 'test-service' }))).toBeUndefined()
  await client.delete(namespaces, { name: namespace })
})

test('[sig-api-machinery] Namespaces [Serial] should patch a Namespace [Conformance]', async () => {
  const name = await createNamespace('nspatchtest')
  const created = await client.get(namespaces, { name })
  expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  const patched = await client.patch(namespaces, { name }, { type: 'strategic', body: { metadata: { labels: { testLabel: 'testValue' } } } })
  expect(revision(patched)).toBeGreaterThan(revision(created))
  expect((await client.get(namespaces, { name })).metadata.labels).toMatchObject({ testLabel: 'testValue' })
  await client.delete(namespaces, { name })
})

const revision = ({ metadata }: KubeObject): bigint => BigInt(metadata.resourceVersion ?? 0)

test('[sig-api-machinery] Namespaces [Serial] should apply changes to a namespace status [Conformance]', async () => {
  const { name } = own
  const readStatus = async (): Promise<Namespace> => (await http<Namespace>('GET', `/api/v1/namespaces/${name}/status`)).json()
  expect((await readStatus()).status?.phase).toBe('Active')

  const condition = { status: 'True', reason: 'E2E' }
  const patched = await client.patch(namespaces, { name }, {
    type: 'merge',
    body: {
      metadata: { annotations: { 'e2e-patched-ns-status': name } },
      status: { conditions: [{ type: 'StatusPatch', ...condition, lastTransitionTime: null, message: 'Patched by an e2e test' }] },
    },
  }, { subresource: 'status' })
  expect(patched.metadata.annotations).toMatchObject({ 'e2e-patched-ns-status': name })
  expect(patched.status?.conditions?.at(-1)).toMatchObject({ reason: 'E2E', message: 'Patched by an e2e test' })

  const updated = await retryOnConflict(async () => {
    const read = await readStatus()
    const conditions = [...read.status?.conditions ?? [], { type: 'StatusUpdate', ...condition, message: 'Updated by an e2e test' }]
    return client.update(namespaces, { ...read, status: { ...read.status, conditions } }, { subresource: 'status' })
  })
  expect(updated.status?.conditions?.at(-1)).toMatchObject({ type: 'StatusUpdate', message: 'Updated by an e2e test' })
})

test('[sig-api-machinery] Namespaces [Serial] should apply an update to a Namespace [Conformance]', async () => {
  const { name } = own
  const updated = await retryOnConflict(async () => {
    const read = await client.get(namespaces, { name })
    return client.update(namespaces, { ...read, metadata: { ...read.metadata, labels: { ...read.metadata.labels, [name]: 'updated' } } })
  })
  expect(updated.metadata.labels).toMatchObject({ [name]: 'updated' })
})

test('[sig-api-machinery] Namespaces [Serial] should apply a finalizer to a Namespace [Conformance]', async () => {
  const fake = 'e2e.example.com/fakeFinalizer'
  const name = await createNamespace('e2e-ns')
  const finalize = (change: (finalizers: string[]) => string[]): Promise<Namespace> => retryOnConflict(async () => {
    const read = await client.get(namespaces, { name })
    return client.update(namespaces, { ...read, spec: { ...read.spec, finalizers: change(read.spec?.finalizers ?? []) } }, { subresource: 'finalize' })
  })
  expect((await finalize((finalizers) => [...finalizers, fake])).spec?.finalizers).toContain(fake)
  expect((await finalize((finalizers) => finalizers.filter((one) => one !== fake))).spec?.finalizers ?? []).not.toContain(fake)
  await client.delete(namespaces, { name })
})
