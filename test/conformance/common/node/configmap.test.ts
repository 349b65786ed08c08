// ConfigMaps as environment variables and as objects of the API.
import { configMaps } from '../../../../pkg/api/types-config.ts'
import { client, refusal, uniqueName, useNamespace } from '../../framework.ts'
import { strategicPatch } from '../../operations.ts'
import { expectOutput } from '../../pods.ts'
import { createConfigMap, environmentPod, prefixedLines } from './environment.ts'

const namespace = useNamespace('configmap')

test('[sig-node] ConfigMap should be consumable via environment variable [NodeConformance] [Conformance]', async () => {
  const name = await createConfigMap(namespace.name)
  const env = [{ name: 'CONFIG_DATA_1', valueFrom: { configMapKeyRef: { name, key: 'data-1' } } }]
  await expectOutput(environmentPod(namespace.name, 'pod-configmaps', { env }), ['CONFIG_DATA_1=value-1'])
})

test('[sig-node] ConfigMap should be consumable via the environment [NodeConformance] [Conformance]', async () => {
  const name = await createConfigMap(namespace.name)
  const envFrom = [{ configMapRef: { name } }, { prefix: 'p-', configMapRef: { name } }]
  await expectOutput(environmentPod(namespace.name, 'pod-configmaps', { envFrom }), [...prefixedLines(), ...prefixedLines('p-')])
})

test('[sig-node] ConfigMap should be consumable as environment variable names with various prefixes [Conformance]', async () => {
  const name = await createConfigMap(namespace.name)
  const prefixes = ['1-', '$_-', 'ABC_', '#@!']
  const envFrom = [{ configMapRef: { name } }, ...prefixes.map((prefix) => ({ prefix, configMapRef: { name } }))]
  await expectOutput(environmentPod(namespace.name, 'pod-configmaps', { envFrom }), ['', ...prefixes].flatMap(prefixedLines))
})

test('[sig-node] ConfigMap should fail to create ConfigMap with empty key [Conformance]', async () => {
  await refusal(client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: uniqueName('configmap-test-emptykey'), namespace: namespace.name }, data: { '': 'value-1' } }))
})

test('[sig-node] ConfigMap should update ConfigMap successfully [NodeConformance] [Conformance]', async () => {
  const key = { namespace: namespace.name, name: uniqueName('configmap-test') }
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' } }
  await client.create(configMaps, map)
  await client.update(configMaps, { ...map, data: { data: 'value' } })
  expect((await client.get(configMaps, key)).data).toEqual({ data: 'value' })
})

test('[sig-node] ConfigMap should run through a ConfigMap lifecycle [Conformance]', async () => {
  const key = { namespace: namespace.name, name: uniqueName('test-configmap') }
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key, labels: { 'test-configmap-static': 'true' } }, data: { valueName: 'value' } })
  expect(await client.get(configMaps, key)).toMatchObject({ data: { valueName: 'value' }, metadata: { labels: { 'test-configmap-static': 'true' } } })

  await client.patch(configMaps, key, strategicPatch({ metadata: { creationTimestamp: null, labels: { 'test-configmap': 'patched' } }, data: { valueName: 'value1' } }))
  const { items } = await client.list(configMaps, { labelSelector: 'test-configmap=patched' })
  expect(items.filter(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace)).toMatchObject([
    { metadata: { labels: { 'test-configmap-static': 'true', 'test-configmap': 'patched' } }, data: { valueName: 'value1' } },
  ])

  const place = { namespace: namespace.name, labelSelector: 'test-configmap-static=true' }
  await client.deleteCollection(configMaps, place)
  expect((await client.list(configMaps, place)).items).toHaveLength(0)
})
