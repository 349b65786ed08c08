// ConfigMaps and Secrets that are immutable (part of common/storage/configmap_volume.go and secrets_volume.go).
import type { AnyObject } from '../../../../pkg/api/object.ts'
import { client, existing, refusal, useNamespace } from '../../framework.ts'
import { kindOf, labelled } from '../../operations.ts'

const namespace = useNamespace('immutable')

/** `encode` is how the kind holds text. */
async function expectImmutability(plural: string, kind: string, encode: (text: string) => string): Promise<void> {
  const resource = kindOf('v1', plural, kind)
  const key = { namespace: namespace.name, name: 'immutable' }
  const withData = (object: AnyObject, name: string, text: string): AnyObject => ({ ...object, data: { ...object['data'] as object, [name]: encode(text) } })
  const data = Object.fromEntries([1, 2, 3].map((number) => [`data-${number}`, encode(`value-${number}`)]))
  let current = await client.create(resource, { apiVersion: 'v1', kind, metadata: key, data })
  current = await client.update(resource, withData(current, 'data-4', 'value-4'))
  current = await client.update(resource, { ...current, immutable: true })

  expect((await refusal(client.update(resource, withData(current, 'data-5', 'value-5')))).status.reason).toBe('Invalid')
  expect((await refusal(client.update(resource, { ...current, immutable: false }))).status.reason).toBe('Invalid')
  const { immutable: _immutable, ...mutable } = await client.get(resource, key)
  expect((await refusal(client.update(resource, mutable as AnyObject))).status.reason).toBe('Invalid')

  current = await client.get(resource, key)
  await client.update(resource, labelled(current, { label1: 'value1' }))
  await client.delete(resource, key)
  expect(await existing(client.get(resource, key))).toBeUndefined()
}

test('[sig-storage] ConfigMap should be immutable if `immutable` field is set [Conformance]', () => expectImmutability('configmaps', 'ConfigMap', (text) => text))

test('[sig-storage] Secrets should be immutable if `immutable` field is set [Conformance]', () =>
  expectImmutability('secrets', 'Secret', (text) => Buffer.from(`${text}\n`).toString('base64')))
