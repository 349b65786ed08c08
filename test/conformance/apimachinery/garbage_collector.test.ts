// What becomes of dependents when their owner is deleted.
import { pods, type Pod } from '../../../pkg/api/types-pod.ts'
import { deployments, replicaSets, replicationControllers, type Deployment, type ReplicaSet } from '../../../pkg/api/types-workload.ts'
import { client, eventually, useNamespace } from '../framework.ts'
import { keyOf, strategicPatch } from '../operations.ts'
import { podOf } from '../pods.ts'
import { countOf, deleteOwner, ownerOf, podsLeft, resyncMs, server } from './owners.ts'

const namespace = useNamespace('gc')
const minuteMs = 60_000

const createDeployment = (labels: Record<string, string>): Promise<Deployment> => client.create(deployments, {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'simpletest.deployment', namespace: namespace.name, labels },
  spec: {
    replicas: 2, selector: { matchLabels: labels }, strategy: { type: 'RollingUpdate' },
    template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [server] } },
  },
})

const firstReplicaSet = (): Promise<ReplicaSet> => eventually(async () => (await client.list(replicaSets, { namespace: namespace.name })).items[0], 'a replica set is made', minuteMs)

test('[sig-api-machinery] Garbage collector should delete pods created by rc when not orphaning [Conformance]', async () => {
  const owner = await client.create(replicationControllers, ownerOf(namespace.name, 'simpletest.rc', 2, { 'gctest-00001': 'delete_pods-00001' }))
  await eventually(async () => await countOf(pods, namespace.name) > 0, 'a pod is made', 30_000)
  await deleteOwner(replicationControllers, owner, 'Background')
  await eventually(async () => await countOf(replicationControllers, namespace.name) === 0 && await countOf(pods, namespace.name) === 0, 'the pods are collected', minuteMs + resyncMs)
})

test('[sig-api-machinery] Garbage collector should delete RS created by deployment when not orphaning [Conformance]', async () => {
  const owner = await createDeployment({ 'gctest-00002': 'delete_rs-00002' })
  await firstReplicaSet()
  await deleteOwner(deployments, owner, 'Background')
  await eventually(async () => {
    for (const resource of [deployments, replicaSets, pods]) if (await countOf(resource, namespace.name) > 0) return false
    return true
  }, 'replica set and pods are collected', minuteMs + resyncMs)
})

test('[sig-api-machinery] Garbage collector should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan [Conformance]', async () => {
  const owner = await createDeployment({ 'gctest-00003': 'orphan_rs-00003' })
  const dependent = await firstReplicaSet()
  await eventually(async () => {
    const { status } = await client.get(replicaSets, keyOf(dependent))
    return (status?.observedGeneration ?? 0) >= (dependent.metadata.generation ?? 0) && status?.replicas === dependent.spec?.replicas
  }, 'the replica set has its pods', minuteMs)
  await deleteOwner(deployments, owner, 'Orphan')
  await eventually(async () => await countOf(deployments, namespace.name) === 0, 'the deployment is gone', minuteMs + resyncMs)
  expect(await countOf(pods, namespace.name)).toBe(2)
  const { items } = await client.list(replicaSets, { namespace: namespace.name })
  expect(items).toHaveLength(1)
  for (const { metadata } of items) expect((metadata.ownerReferences ?? []).filter(({ controller }) => controller === true)).toEqual([])
})

test('[sig-api-machinery] Garbage collector should not be blocked by dependency circle [Conformance]', async () => {
  const create = (name: string): Promise<Pod> => client.create(pods, podOf(namespace.name, name, { terminationGracePeriodSeconds: 0, containers: [server] }))
  const [first, second, third] = [await create('pod1'), await create('pod2'), await create('pod3')] as const
  const own = async (owner: Pod, dependent: Pod): Promise<void> => {
    const { name, uid } = owner.metadata
    await client.patch(pods, keyOf(dependent), strategicPatch({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true }] } }))
  }
  await own(third, first)
  await own(first, second)
  await own(second, third)
  await deleteOwner(pods, first, 'Foreground')
  await eventually(async () => (await podsLeft(namespace.name)).length === 0, 'all three are gone', 90_000 + resyncMs)
})
