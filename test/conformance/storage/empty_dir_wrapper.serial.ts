// Many pods with many volumes at once: every one of them starts.
import { replicationControllers } from '../../../pkg/api/types-workload.ts'
import { configMaps } from '../../../pkg/api/types-config.ts'
import { nodes } from '../../../pkg/api/types-node.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, eventually, uniqueName, useNamespace } from '../framework.ts'
import { images, timeouts, waitRunning } from '../pods.ts'

const namespace = useNamespace('emptydir-wrapper')
const volumeCount = 50
const podCount = 5
const rounds = 3

test('[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps [Serial] [Conformance]', async () => {
  const names = Array.from({ length: volumeCount }, (_, index) => `racey-configmap-${index}`)
  for (const name of names) {
    await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: namespace.name, name }, data: { 'data-1': 'value-1' } })
  }
  const node = (await client.list(nodes)).items[0]
  const sets: string[] = []
  for (let round = 0; round < rounds; round++) sets.push(await startPods(names, node?.metadata.labels?.['kubernetes.io/hostname'] ?? ''))
  for (const name of sets) await client.delete(replicationControllers, { namespace: namespace.name, name }, { propagationPolicy: 'Background' })
  await eventually(async () => (await client.list(pods, { namespace: namespace.name })).items.length === 0, 'the pods are gone', timeouts.podDelete)
})

/** Resolves with the name of the set when all its pods run. */
async function startPods(configMapNames: readonly string[], hostname: string): Promise<string> {
  const name = uniqueName('wrapped-volume-race')
  await client.create(replicationControllers, {
    apiVersion: 'v1', kind: 'ReplicationController', metadata: { namespace: namespace.name, name },
    spec: {
      replicas: podCount, selector: { name },
      template: {
        metadata: { labels: { name } },
        spec: {
          containers: [{ name: 'test-container', image: images.toolbox, args: ['pause'], volumeMounts: configMapNames.map((volume, index) => ({ name: volume, mountPath: `/etc/config-${index}` })) }],
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] }] } } },
          dnsPolicy: 'Default',
          volumes: configMapNames.map((volume) => ({ name: volume, configMap: { name: volume, items: [{ key: 'data-1', path: 'data-1' }] } })),
        },
      },
    },
  })
  const made = await eventually(async () => {
    const { items } = await client.list(pods, { namespace: namespace.name, labelSelector: `name=${name}` })
    return items.length === podCount ? items : undefined
  }, `${podCount} pods of ${name}`)
  for (const pod of made) await waitRunning(pod)
  return name
}
