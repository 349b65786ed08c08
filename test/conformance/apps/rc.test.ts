// Replication controllers: what they keep running, adopt and release, and what they tell of a failure.
import { resourceQuotas } from '../../../pkg/api/types-config.ts'
import { replicationControllers, type ReplicationController } from '../../../pkg/api/types-workload.ts'
import { client, eventually, useNamespace } from '../framework.ts'
import { updateWith } from '../operations.ts'
import { images } from '../pods.ts'

const namespace = useNamespace('replication-controller')

const controllerOf = (name: string, replicas: number, more: Partial<NonNullable<ReplicationController['spec']>> = {}): ReplicationController => ({
  apiVersion: 'v1', kind: 'ReplicationController', metadata: { name, namespace: namespace.name },
  spec: { replicas, template: { metadata: { labels: { name } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'httpd', image: images.nginx }] } }, ...more },
})

test('[sig-apps] ReplicationController should surface a failure condition on a common issue like exceeded quota [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'condition-test' }
  await client.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: key, spec: { hard: { pods: '2' } } })
  await eventually(async () => (await client.get(resourceQuotas, key)).status?.hard?.['pods'] === '2', 'the quota is in force')

  const failing = async (generation = 0): Promise<boolean | undefined> => {
    const { status } = await client.get(replicationControllers, key)
    if (generation > (status?.observedGeneration ?? 0)) return undefined
    return (status?.conditions ?? []).some(({ type }) => type === 'ReplicaFailure')
  }
  const created = await client.create(replicationControllers, controllerOf(key.name, 3))
  await eventually(() => failing(created.metadata.generation), 'it tells of the failure')
  const scaled = await updateWith(replicationControllers, key, (controller) => ({ ...controller, spec: { ...controller.spec, replicas: 2 } }))
  await eventually(async () => await failing(scaled.metadata.generation) === false, 'the failure is over')
})
