// Garbage collection of as many pods as the nodes take.
import { setTimeout as delay } from 'node:timers/promises'
import { pods } from '../../../pkg/api/types-pod.ts'
import { replicationControllers } from '../../../pkg/api/types-workload.ts'
import { client, useNamespace } from '../framework.ts'
import { keyOf, strategicPatch } from '../operations.ts'
import { deleteOwner, manyReplicas, ownerOf, podsLeft, resyncMs, waitOwnerGone, waitReplicas } from './owners.ts'

const namespace = useNamespace('gc')

/** Without a grace, so that the next test has the nodes for itself. */
const deletePods = () => client.deleteCollection(pods, { namespace: namespace.name }, { gracePeriodSeconds: 0 })

test('[sig-api-machinery] Garbage collector should orphan pods created by rc if delete options say so [Serial] [Conformance]', async () => {
  const replicas = await manyReplicas()
  const owner = await client.create(replicationControllers, ownerOf(namespace.name, 'simpletest.rc', replicas, { 'gctest-00001': 'orphan_pods-00001' }))
  await waitReplicas(owner)
  await deleteOwner(replicationControllers, owner, 'Orphan')
  await waitOwnerGone(owner, 120_000 + resyncMs)
  await delay(30_000)
  expect(await podsLeft(namespace.name)).toHaveLength(replicas)
  await deletePods()
})

test('[sig-api-machinery] Garbage collector should keep the rc around until all its pods are deleted if the deleteOptions says so [Serial] [Conformance]', async () => {
  const owner = await client.create(replicationControllers, ownerOf(namespace.name, 'simpletest.rc', await manyReplicas(), { 'gctest-00002': 'delete_pods_foreground-00002' }))
  await waitReplicas(owner)
  await deleteOwner(replicationControllers, owner, 'Foreground')
  await waitOwnerGone(owner, 30_000 + resyncMs)
  expect(await podsLeft(namespace.name)).toEqual([])
})

test("[sig-api-machinery] Garbage collector should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted [Serial] [Conformance]", async () => {
  const replicas = await manyReplicas()
  const half = Math.floor(replicas / 2)
  const leaving = await client.create(replicationControllers, ownerOf(namespace.name, 'simpletest-rc-to-be-deleted', replicas, { 'gctest_d-00003': 'valid_and_pending_owners_d-00003' }))
  const staying = await client.create(replicationControllers, ownerOf(namespace.name, 'simpletest-rc-to-stay', 0, { 'gctest_s-00004': 'valid_and_pending_owners_s-00004' }))
  await waitReplicas(leaving)
  const { name, uid } = staying.metadata
  for (const pod of (await podsLeft(namespace.name)).slice(0, half)) {
    await client.patch(pods, keyOf(pod), strategicPatch({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ReplicationController', name, uid }] } }))
  }
  await deleteOwner(replicationControllers, leaving, 'Foreground')
  await waitOwnerGone(leaving, 90_000)
  const left = await podsLeft(namespace.name)
  expect(left).toHaveLength(half)
  for (const { metadata } of left) {
    expect(metadata.deletionTimestamp).toBeUndefined()
    expect(metadata.ownerReferences).toHaveLength(1)
  }
  await deletePods()
})
