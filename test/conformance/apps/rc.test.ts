// Replication controllers: what they keep running, adopt and release, and what they tell of a failure.
import { resourceQuotas } from '../../../pkg/api/types-config.ts'
import { replicationControllers, type ReplicationController } from '../../../pkg/api/types-workload.ts'
import { client, eventually, uniqueName, useNamespace } from '../framework.ts'
import { getSubresource, strategicPatch, updateWith, Watching } from '../operations.ts'
import { createRunning, images, podOf, timeouts } from '../pods.ts'
import { expectHostnames, expectReleased, minuteMs, type Scale, waitAdopted, waitRunningPods, webserver } from './workloads.ts'

const namespace = useNamespace('replication-controller')

const controllerOf = (name: string, replicas: number, more: Partial<NonNullable<ReplicationController['spec']>> = {}): ReplicationController => ({
  apiVersion: 'v1', kind: 'ReplicationController', metadata: { name, namespace: namespace.name },
  spec: { replicas, template: { metadata: { labels: { name } }, spec: { terminationGracePeriodSeconds: 0, containers: [webserver] } }, ...more },
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

test('[sig-apps] ReplicationController should serve a basic image on each replica with a public image [Conformance]', async () => {
  const name = uniqueName('my-hostname-basic')
  const controller = controllerOf(name, 1)
  await client.create(replicationControllers, {
    ...controller,
    spec: { replicas: 1, template: { metadata: { labels: { name } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name, image: images.toolbox, args: ['serve-hostname'], ports: [{ containerPort: 9376 }] }] } } },
  })
  await expectHostnames(await waitRunningPods(namespace.name, { name }, 1))
})

test('[sig-apps] ReplicationController should adopt matching pods on creation [Conformance]', async () => {
  const name = 'pod-adoption'
  const key = { namespace: namespace.name, name }
  await createRunning(podOf(namespace.name, name, { containers: [{ ...webserver, name }] }, { labels: { name } }))
  const owner = await client.create(replicationControllers, controllerOf(name, 1, { selector: { name } }))
  await waitAdopted(key, owner)
})

test('[sig-apps] ReplicationController should release no longer matching pods [Conformance]', async () => {
  const name = 'pod-release'
  const owner = await client.create(replicationControllers, controllerOf(name, 1, { selector: { name } }))
  const [pod] = await waitRunningPods(namespace.name, { name }, 1)
  if (!pod) throw new Error('no pod')
  await expectReleased(pod, owner)
})

test('[sig-apps] ReplicationController should get and update a ReplicationController scale [Conformance]', async () => {
  const name = uniqueName('e2e-rc')
  const key = { namespace: namespace.name, name }
  const counted = (count: number) => eventually(async () => (await client.get(replicationControllers, key)).status?.replicas === count, `the status counts ${count}`, minuteMs)
  await client.create(replicationControllers, controllerOf(name, 1))
  await counted(1)
  const scaled = { ...replicationControllers, object: undefined } as unknown as Parameters<typeof client.update<Scale>>[0]
  const scale = await getSubresource<Scale>(scaled, key, 'scale')
  expect(scale.status?.replicas).toBe(1)
  const { resourceVersion: _version, ...metadata } = scale.metadata
  await client.update(scaled, { ...scale, metadata, spec: { replicas: 2 } }, { subresource: 'scale' })
  await counted(2)
})

test('[sig-apps] ReplicationController should test the lifecycle of a ReplicationController [Conformance]', async () => {
  const name = 'rc-test'
  const key = { namespace: namespace.name, name }
  const labels = { 'test-rc-static': 'true' }
  const place = { namespace: namespace.name, labelSelector: 'test-rc-static=true' }
  const { metadata: { resourceVersion = '' } } = await client.list(replicationControllers, place)
  const watch = await Watching.start(replicationControllers, { ...place, resourceVersion })
  const modified = (what: string) => watch.until(({ type }) => type === 'MODIFIED', what, minuteMs)
  const counts = (replicas: number, readyReplicas: number) =>
    watch.until(({ object }) => object.status?.replicas === replicas && (object.status.readyReplicas ?? 0) === readyReplicas, `${replicas} replicas, ${readyReplicas} ready`, timeouts.podStart)
  try {
    await client.create(replicationControllers, {
      apiVersion: 'v1', kind: 'ReplicationController', metadata: { ...key, labels },
      spec: { replicas: 1, selector: labels, template: { metadata: { name, labels }, spec: { containers: [{ name, image: images.nginx }] } } },
    })
    await watch.until(({ type }) => type === 'ADDED', 'ADDED', minuteMs)
    await counts(1, 1)

    const patched = await client.patch(replicationControllers, key, strategicPatch({ metadata: { creationTimestamp: null, labels: { 'test-rc': 'patched' } }, spec: {}, status: { replicas: 0 } }))
    expect(patched.metadata.labels).toMatchObject({ 'test-rc': 'patched' })
    await modified('the label')
    const status = await client.patch(replicationControllers, key, strategicPatch({ status: { readyReplicas: 0, availableReplicas: 0 } }), { subresource: 'status' })
    expect(status.status?.readyReplicas ?? 0).toBe(0)
    await modified('the status')
    await watch.until(({ object }) => object.status?.replicas === 1, 'one replica', minuteMs)
    expect((await getSubresource(replicationControllers, key, 'status')).status?.replicas).toBe(1)

    await client.patch(replicationControllers, key, strategicPatch({ metadata: { creationTimestamp: null }, spec: { replicas: 2 }, status: { replicas: 0 } }), { subresource: 'scale' })
    await modified('the scale')
    await counts(2, 2)
    const found = await client.get(replicationControllers, key)
    expect(found.metadata.labels).toMatchObject({ 'test-rc': 'patched' })
    await client.update(replicationControllers, { ...found, status: { ...found.status, replicas: found.status?.replicas ?? 0, availableReplicas: 1, readyReplicas: 1 } }, { subresource: 'status' })
    await modified('the updated status')
    const { items } = await client.list(replicationControllers, { labelSelector: place.labelSelector })
    expect(items.some(({ metadata }) => metadata.name === name && metadata.namespace === namespace.name && metadata.labels?.['test-rc'] === 'patched')).toBe(true)
    await client.deleteCollection(replicationControllers, place)
    await watch.until(({ type }) => type === 'DELETED', 'DELETED', minuteMs)
  } finally {
    watch.stop()
  }
})
