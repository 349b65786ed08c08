// ConfigMaps as environment variables.
import { useNamespace } from '../../framework.ts'
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
