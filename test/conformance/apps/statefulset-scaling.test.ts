// How stateful sets scale while pods are unhealthy (part of apps/statefulset.go).
import { setTimeout as delay } from 'node:timers/promises'
import { pods } from '../../../pkg/api/types-pod.ts'
import { statefulSets, type StatefulSet } from '../../../pkg/api/types-workload.ts'
import { client, useNamespace } from '../framework.ts'
import { Watching } from '../operations.ts'
import { breakAll, createService, labels, podsOf, restoreAll, scaleTo, setMs, setOf, updateReplicas, waitReadyReplicas, waitReplicas, waitRunningNotReady, waitRunningReady } from './stateful-sets.ts'
import { selectorOf } from './workloads.ts'

const namespace = useNamespace('statefulset')
beforeEach(async () => { await createService(namespace.name) })

/** From now on pods come or go in this order. */
async function inOrder(wanted: 'ADDED' | 'DELETED', names: readonly string[]): Promise<{ done: Promise<unknown> }> {
  const labelSelector = selectorOf(labels)
  const { metadata: { resourceVersion = '' } } = await client.list(pods, { namespace: namespace.name, labelSelector })
  const watch = await Watching.start(pods, { namespace: namespace.name, labelSelector, resourceVersion })
  const left = [...names]
  const done = watch.until(({ type, object }) => {
    if (type === wanted && object.metadata.name === left[0]) left.shift()
    return left.length === 0
  }, `${wanted} of ${names.join(', ')}`, setMs).finally(() => watch.stop())
  done.catch(() => {})
  return { done }
}

/** For ten seconds it stays at so many pods. */
async function expectCount(set: StatefulSet, count: number): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await delay(1000)) expect(await podsOf(set)).toHaveLength(count)
}

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Scaling should happen in predictable order and halt if any stateful pod is unhealthy [Slow] [Conformance]', async () => {
  const up = await inOrder('ADDED', ['ss-0', 'ss-1', 'ss-2'])
  const set = await client.create(statefulSets, setOf(namespace.name, 'ss', 1))
  await waitRunningReady(set, 1)
  await breakAll(set)
  await waitRunningNotReady(set, 1)
  await waitReadyReplicas(set, 0)
  await updateReplicas(set, 3)
  await expectCount(set, 1)
  await restoreAll(set)
  await waitRunningReady(set, 3)
  await up.done

  const down = await inOrder('DELETED', ['ss-2', 'ss-1', 'ss-0'])
  await breakAll(set)
  await waitReadyReplicas(set, 0)
  await waitRunningNotReady(set, 3)
  await updateReplicas(set, 0)
  await expectCount(set, 3)
  await restoreAll(set)
  await scaleTo(set, 0)
  await down.done
})

test('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Burst scaling should run to completion even with unhealthy pods [Slow] [Conformance]', async () => {
  const set = await client.create(statefulSets, setOf(namespace.name, 'ss', 1, { spec: { podManagementPolicy: 'Parallel' } }))
  await waitRunningReady(set, 1)
  await breakAll(set)
  await waitRunningNotReady(set, 1)
  await waitReadyReplicas(set, 0)
  await updateReplicas(set, 3)
  await delay(10_000)
  await restoreAll(set)
  await waitRunningReady(set, 3)
  await breakAll(set)
  await waitReadyReplicas(set, 0)
  await waitRunningNotReady(set, 3)
  await updateReplicas(set, 0)
  await delay(10_000)
  await restoreAll(set)
  await scaleTo(set, 0)
  await waitReplicas(set, 0)
})
