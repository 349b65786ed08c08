// Secrets as environment variables and as objects of the API.
import { secrets } from '../../../../pkg/api/types-config.ts'
import { client, refusal, uniqueName, useNamespace } from '../../framework.ts'
import { strategicPatch } from '../../operations.ts'
import { expectOutput } from '../../pods.ts'
import { createSecret, environmentPod, prefixedLines } from './environment.ts'

const namespace = useNamespace('secrets')

test('[sig-node] Secrets should be consumable from pods in env vars [NodeConformance] [Conformance]', async () => {
  const name = await createSecret(namespace.name)
  const env = [{ name: 'SECRET_DATA', valueFrom: { secretKeyRef: { name, key: 'data-1' } } }]
  await expectOutput(environmentPod(namespace.name, 'pod-secrets', { name: 'secret-env-test', env }), ['SECRET_DATA=value-1'])
})

test('[sig-node] Secrets should be consumable via the environment [NodeConformance] [Conformance]', async () => {
  const name = await createSecret(namespace.name)
  const envFrom = [{ secretRef: { name } }, { prefix: 'p-', secretRef: { name } }]
  await expectOutput(environmentPod(namespace.name, 'pod-configmaps', { envFrom }), [...prefixedLines(), ...prefixedLines('p-')])
})

test('[sig-node] Secrets should be consumable as environment variable names variable names with various prefixes [Conformance]', async () => {
  const name = await createSecret(namespace.name)
  const prefixes = ['1-', '$_-', 'ABC_', '#@!']
  const envFrom = [{ secretRef: { name } }, ...prefixes.map((prefix) => ({ prefix, secretRef: { name } }))]
  await expectOutput(environmentPod(namespace.name, 'pod-secret', { envFrom }), ['', ...prefixes].flatMap(prefixedLines))
})

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('[sig-node] Secrets should fail to create secret due to empty secret key [Conformance]', async () => {
  await refusal(client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: uniqueName('secret-emptykey-test'), namespace: namespace.name }, data: { '': base64('value-1\n') } }))
})

test('[sig-node] Secrets should patch a secret [Conformance]', async () => {
  const key = { namespace: namespace.name, name: uniqueName('test-secret') }
  const created = await client.create(secrets, {
    apiVersion: 'v1', kind: 'Secret', metadata: { ...key, labels: { 'testsecret-constant': 'true' } }, data: { key: base64('value') }, type: 'Opaque',
  })
  expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  const listed = async (): Promise<boolean> => (await client.list(secrets, { labelSelector: 'testsecret-constant=true' })).items
    .some(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace)
  expect(await listed()).toBe(true)

  // The original's new value is base64 of base64.
  await client.patch(secrets, key, strategicPatch({ metadata: { labels: { testsecret: 'true' } }, data: { key: base64(base64('value1')) } }))
  const patched = await client.get(secrets, key)
  expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(created.metadata.resourceVersion ?? ''))
  expect(patched.data?.['key']).toBe(base64(base64('value1')))

  await client.deleteCollection(secrets, { namespace: namespace.name, labelSelector: 'testsecret=true' })
  expect(await listed()).toBe(false)
})
