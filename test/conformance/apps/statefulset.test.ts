// Stateful sets: rolling updates and their partitions, eviction, and their place in the API. Scaling has its own file: it is slow.
import { nodes } from '../../../pkg/api/types-node.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { statefulSets } from '../../../pkg/api/types-workload.ts'
import { client, eventually, existing, useNamespace } from '../framework.ts'
import { strategicPatch, Watching } from '../operations.ts'
import { createRunning, images, podOf } from '../pods.ts'
import {
  breakPod, createService, deletePodAt, expectPartitioned, labels, newImage, podMs, podsOf, restorePod, revisionOf, setOf, updateImage, updatePartition, waitPartition, waitReadiness, waitRolled,
  waitRunningReady, waitStatus,
} from './stateful-sets.ts'
import { expectStatusEndpoints, expectWorkingScale, pauseImage } from './workloads.ts'

const namespace = useNamespace('statefulset')
beforeEach(async () => { await createService(namespace.name) })

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform rolling updates and roll backs of template modifications [Conformance]', async () => {
  let set = await client.create(statefulSets, setOf(namespace.name, 'ss2', 3))
  await waitRunningReady(set, 3)
  set = await waitStatus(set)
  const prior = set.status?.currentRevision
  expect(set.status?.updateRevision).toBe(prior)
  expect((await podsOf(set)).map(revisionOf)).toEqual([prior, prior, prior])

  const second = async () => {
    const pod = (await podsOf(set))[1]
    if (!pod) throw new Error('no second pod')
    return pod
  }
  /** With the second pod unready, the update waits for it. */
  const roll = async (image: string): Promise<{ current?: string | undefined; update?: string | undefined }> => {
    await breakPod(await second())
    await waitReadiness(await second(), false)
    set = await waitStatus(await updateImage(set, image))
    const during = { current: set.status?.currentRevision, update: set.status?.updateRevision }
    expect(during.current).not.toBe(during.update)
    await restorePod(await second())
    await waitReadiness(await second(), true)
    set = await waitRolled(set)
    expect(set.status?.currentRevision).toBe(during.update)
    expect((await podsOf(set)).map((pod) => [pod.spec?.containers[0]?.image, revisionOf(pod)])).toEqual(Array(3).fill([image, during.update]))
    return during
  }
  await roll(newImage)
  const { update } = await roll(images.nginx)
  expect(update).toBe(prior)
})

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform canary updates and phased rolling updates of template modifications [Conformance]', async () => {
  let set = await client.create(statefulSets, setOf(namespace.name, 'ss2', 3, { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } } } }))
  await waitRunningReady(set, 3)
  set = await waitStatus(set)
  const { currentRevision = '', updateRevision } = set.status ?? {}
  expect(updateRevision).toBe(currentRevision)
  const old = { image: images.nginx, revision: currentRevision }
  await expectPartitioned(set, 3, old, old)

  set = await waitStatus(await updateImage(set, newImage))
  const fresh = { image: newImage, revision: set.status?.updateRevision ?? '' }
  expect(set.status?.currentRevision).not.toBe(fresh.revision)
  await expectPartitioned(set, 3, old, fresh)

  await updatePartition(set, 2)
  await waitPartition(set, 2)
  await expectPartitioned(set, 2, old, fresh)
  await deletePodAt(set, 0)
  await deletePodAt(set, 2)
  await waitRunningReady(set, 3)
  await expectPartitioned(set, 2, old, fresh)

  for (const partition of [1, 0]) {
    await updatePartition(set, partition)
    set = await waitPartition(set, partition)
    await expectPartitioned(set, partition, old, fresh)
  }
  expect(set.status?.currentRevision).toBe(fresh.revision)
})

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Should recreate evicted statefulset [Conformance]', async () => {
  const node = (await client.list(nodes)).items.find(({ spec }) => spec?.unschedulable !== true)?.metadata.name ?? ''
  const port = { hostPort: 21017, containerPort: 21017, name: 'conflict' }
  const conflicting = await createRunning(podOf(namespace.name, 'test-pod', { nodeName: node, containers: [{ name: 'webserver', image: images.nginx, ports: [port] }] }))
  const set = setOf(namespace.name, 'ss', 1, { probed: false })
  const { template } = set.spec
  const containers = (template.spec?.containers ?? []).map((container) => ({ ...container, ports: [port] }))
  await client.create(statefulSets, { ...set, spec: { ...set.spec, template: { ...template, spec: { containers, nodeName: node } } } })

  const fieldSelector = 'metadata.name=ss-0'
  const { items, metadata: { resourceVersion = '' } } = await client.list(pods, { namespace: namespace.name, fieldSelector })
  let first = items[0]?.metadata.uid
  const watch = await Watching.start(pods, { namespace: namespace.name, fieldSelector, resourceVersion })
  try {
    await watch.until(({ type, object }) => {
      if (type === 'DELETED') return first !== undefined
      first = object.metadata.uid
      return false
    }, 'the pod is deleted', podMs)
  } finally {
    watch.stop()
  }
  await client.delete(pods, { namespace: namespace.name, name: conflicting.metadata.name ?? '' }, { gracePeriodSeconds: 0 })
  await eventually(async () => {
    const pod = await existing(client.get(pods, { namespace: namespace.name, name: 'ss-0' }))
    return pod?.status?.phase === 'Running' && pod.metadata.uid !== first
  }, 'the pod is made anew and runs', podMs)
})

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should have a working scale subresource [Conformance]', async () => {
  const set = await client.create(statefulSets, setOf(namespace.name, 'ss', 1))
  await waitRunningReady(set, 1)
  await waitStatus(set)
  await expectWorkingScale(statefulSets, { namespace: namespace.name, name: 'ss' })
})

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should list, patch and delete a collection of StatefulSets [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'test-ss' }
  const labelSelector = 'test-ss=patched'
  const set = await client.create(statefulSets, setOf(namespace.name, key.name, 1, { labels: { name: 'sample-pod', pod: 'httpd' } }))
  await waitRunningReady(set, 1)
  await waitStatus(set)
  // The container of another name comes first, and is added to the one there is.
  await client.patch(statefulSets, key, strategicPatch({
    metadata: { labels: { 'test-ss': 'patched' } },
    spec: { replicas: 2, template: { spec: { TerminationGracePeriodSeconds: 1, containers: [{ name: key.name, image: pauseImage }] } } },
  }))
  const patched = await client.get(statefulSets, key)
  expect(patched.spec.replicas).toBe(2)
  expect(patched.spec.template.spec?.containers[0]?.image).toBe(pauseImage)
  await waitRunningReady(set, 2)
  await waitStatus(set)
  expect((await client.list(statefulSets, { labelSelector })).items).toHaveLength(1)
  await client.deleteCollection(statefulSets, { namespace: namespace.name, labelSelector }, { gracePeriodSeconds: 1 })
  expect((await client.list(statefulSets, { labelSelector })).items).toEqual([])
})

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should validate Statefulset Status endpoints [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'ss' }
  const labelSelector = 'e2e=testing'
  const { metadata: { resourceVersion = '' } } = await client.list(statefulSets, { labelSelector })
  const set = await client.create(statefulSets, setOf(namespace.name, key.name, 1, { labels }))
  await waitRunningReady(set, 1)
  await waitStatus(set)
  await client.patch(statefulSets, key, strategicPatch({ metadata: { labels: { e2e: 'testing' } } }))
  await expectStatusEndpoints(statefulSets, key, { labelSelector, resourceVersion })
})
