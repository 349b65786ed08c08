// ConfigMaps and Secrets of three keys, and pods that print an environment made from them.
import { configMaps, secrets } from '../../../../pkg/api/types-config.ts'
import type { Container } from '../../../../pkg/api/types-pod.ts'
import { client, uniqueName } from '../../framework.ts'
import { images, podOf } from '../../pods.ts'

const keys = ['1', '2', '3']

/** data-1 to data-3 with value-1 to value-3. Resolves to its name. */
export async function createConfigMap(namespace: string, prefix = 'configmap-test'): Promise<string> {
  const name = uniqueName(prefix)
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: Object.fromEntries(keys.map((key) => [`data-${key}`, `value-${key}`])) })
  return name
}

/** The same keys; the values end with a line break. Resolves to its name. */
export async function createSecret(namespace: string, prefix = 'secret-test', name = uniqueName(prefix)): Promise<string> {
  const data = Object.fromEntries(keys.map((key) => [`data-${key}`, Buffer.from(`value-${key}\n`).toString('base64')]))
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data })
  return name
}

/** Prints its environment and ends; without a shell, because Debian's busybox keeps only names that are shell identifiers. */
export const environmentPod = (namespace: string, prefix: string, container: Partial<Container>) =>
  podOf(namespace, uniqueName(prefix), {
    containers: [{ name: 'env-test', image: images.busybox, command: ['env'], ...container }],
    restartPolicy: 'Never',
  })

/** What the three keys look like with a prefix. */
export const prefixedLines = (prefix = ''): string[] => keys.map((key) => `${prefix}data-${key}=value-${key}`)
