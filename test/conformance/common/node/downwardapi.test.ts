// What a container learns about its pod from its environment.
import type { Container, EnvVar } from '../../../../pkg/api/types-pod.ts'
import { uniqueName, useNamespace } from '../../framework.ts'
import { expectOutput, images, podOf } from '../../pods.ts'

const namespace = useNamespace('downward-api')

const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }
const address = '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}|(?:[0-9a-fA-F]{0,4}:){1,7}[0-9a-fA-F]{1,4}'

const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } })
const resource = (name: string, of: string): EnvVar => ({ name, valueFrom: { resourceFieldRef: { resource: of } } })

const printingPod = (container: Pick<Container, 'env' | 'resources'>, name = uniqueName('downward-api')) => podOf(namespace.name, name, {
  containers: [{ name: 'dapi-container', image: images.busybox, command: ['sh', '-c', 'env'], ...container }],
  restartPolicy: 'Never',
}, { labels: { name } })

test('[sig-node] Downward API should provide pod name, namespace and IP address as env vars [NodeConformance] [Conformance]', async () => {
  const pod = printingPod({ env: [field('POD_NAME', 'metadata.name'), field('POD_NAMESPACE', 'metadata.namespace'), field('POD_IP', 'status.podIP')], resources })
  await expectOutput(pod, [`POD_NAME=${pod.metadata.name}`, `POD_NAMESPACE=${namespace.name}`, new RegExp(`^POD_IP=(?:${address})$`, 'm')])
})

const tables: Record<string, { container: Pick<Container, 'env' | 'resources'>; expected: (string | RegExp)[] }> = {
  '[sig-node] Downward API should provide host IP as an env var [NodeConformance] [Conformance]': {
    container: { env: [field('HOST_IP', 'status.hostIP')], resources },
    expected: [new RegExp(`^HOST_IP=(?:${address})$`, 'm')],
  },
  '[sig-node] Downward API should provide hostIPs as an env var [NodeConformance] [Conformance]': {
    container: { env: [field('HOST_IP', 'status.hostIP'), field('HOST_IPS', 'status.hostIPs')], resources },
    expected: [new RegExp(`^HOST_IP=(?:${address})$`, 'm'), new RegExp(`^HOST_IPS=(?:${address})(?:,(?:${address}))*$`, 'm')],
  },
  "[sig-node] Downward API should provide container's limits.cpu/memory and requests.cpu/memory as env vars [NodeConformance] [Conformance]": {
    container: {
      env: [resource('CPU_LIMIT', 'limits.cpu'), resource('MEMORY_LIMIT', 'limits.memory'), resource('CPU_REQUEST', 'requests.cpu'), resource('MEMORY_REQUEST', 'requests.memory')],
      resources,
    },
    expected: [/^CPU_LIMIT=2$/m, /^MEMORY_LIMIT=67108864$/m, /^CPU_REQUEST=1$/m, /^MEMORY_REQUEST=33554432$/m],
  },
  '[sig-node] Downward API should provide default limits.cpu/memory from node allocatable [NodeConformance] [Conformance]': {
    container: { env: [resource('CPU_LIMIT', 'limits.cpu'), resource('MEMORY_LIMIT', 'limits.memory')] },
    expected: [/CPU_LIMIT=[1-9]/, /MEMORY_LIMIT=[1-9]/],
  },
  '[sig-node] Downward API should provide pod UID as env vars [NodeConformance] [Conformance]': {
    container: { env: [field('POD_UID', 'metadata.uid')], resources },
    expected: [/POD_UID=[a-z0-9]{8}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{12}/],
  },
}

for (const [name, { container, expected }] of Object.entries(tables)) test(name, () => expectOutput(printingPod(container), expected))
