// Secrets as environment variables.
import { useNamespace } from '../../framework.ts'
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
