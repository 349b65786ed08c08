// Resource quotas: what they count, what they refuse, and as objects of the API.
import { configMaps, resourceQuotas, secrets } from '../../../pkg/api/types-config.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { services } from '../../../pkg/api/types-service.ts'
import { replicaSets, replicationControllers } from '../../../pkg/api/types-workload.ts'
import { client, eventually, refusal, uniqueName, useNamespace } from '../framework.ts'
import { getSubresource, strategicPatch, updateWith, Watching } from '../operations.ts'
import { images } from '../pods.ts'
import { type Amounts, countQuotas, createQuotaPod, createTestQuota, dongle, quotaOf, waitForUsed } from './quotas.ts'

const namespace = useNamespace('resourcequota')
const zeroes = (used: Amounts): Amounts => Object.fromEntries(Object.keys(used).map((name) => [name, '0']))

test('[sig-api-machinery] ResourceQuota should create a ResourceQuota and ensure its status is promptly calculated. [Conformance]', async () => {
  await createTestQuota(namespace.name)
})

test('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a service. [Conformance]', async () => {
  const place = namespace.name
  const resourcequotas = await createTestQuota(place)
  const create = (name: string, type: string, allocateLoadBalancerNodePorts?: boolean) => client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: place },
    spec: { type, ports: [{ port: 80, targetPort: 80 }], ...(allocateLoadBalancerNodePorts === undefined ? {} : { allocateLoadBalancerNodePorts }) },
  })
  await create('test-service', 'ClusterIP')
  await create('test-service-np', 'NodePort')
  await refusal(create('test-service-lb', 'LoadBalancer', true))
  await waitForUsed(place, 'test-quota', { resourcequotas, services: '2', 'services.nodeports': '1' })
  await client.delete(services, { namespace: place, name: 'test-service' })
  await client.delete(services, { namespace: place, name: 'test-service-np' })
  await waitForUsed(place, 'test-quota', { resourcequotas, services: '0', 'services.nodeports': '0' })
})

test('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a secret. [Conformance]', async () => {
  const place = namespace.name
  const found = (await client.list(secrets, { namespace: place })).items.length
  await createTestQuota(place, { secrets: String(found + 1) }, { secrets: String(found) })
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'test-secret', namespace: place }, data: { 'data-1': 'dmFsdWUtMQo=', 'data-2': 'dmFsdWUtMgo=' } })
  await waitForUsed(place, 'test-quota', { secrets: String(found + 1) })
  await client.delete(secrets, { namespace: place, name: 'test-secret' })
  await waitForUsed(place, 'test-quota', { secrets: String(found) })
})

test('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a pod. [Conformance]', async () => {
  const place = namespace.name
  const resourcequotas = await createTestQuota(place)
  const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [dongle]: '2' }
  const pod = await createQuotaPod(place, 'test-pod', requests, { [dongle]: '2' })
  const used = { pods: '1', cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [`requests.${dongle}`]: '2' }
  await waitForUsed(place, 'test-quota', { resourcequotas, ...used })
  await refusal(createQuotaPod(place, 'fail-pod', { cpu: '600m', memory: '100Mi' }, {}))
  await refusal(createQuotaPod(place, 'fail-pod-for-extended-resource', { cpu: '500m', memory: '100Mi', 'ephemeral-storage': '30Gi', [dongle]: '2' }, { [dongle]: '2' }))

  const [container] = pod.spec.containers
  if (!container) throw new Error('no container')
  const other = { ...container, resources: { ...container.resources, requests: { cpu: '100m', memory: '100Mi', 'ephemeral-storage': '10Gi' } } }
  await refusal(client.update(pods, { ...pod, spec: { ...pod.spec, containers: [other] } }))
  await waitForUsed(place, 'test-quota', { resourcequotas, ...used })
  await client.delete(pods, { namespace: place, name: 'test-pod' }, { gracePeriodSeconds: 0 })
  await waitForUsed(place, 'test-quota', { resourcequotas, ...zeroes(used) })
})

test('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a configMap. [Conformance]', async () => {
  const place = namespace.name
  const found = (await client.list(configMaps, { namespace: place })).items.length
  const resourcequotas = await createTestQuota(place, { configmaps: String(found + 1) }, { configmaps: String(found) })
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'test-configmap', namespace: place }, data: { a: 'b' } })
  await waitForUsed(place, 'test-quota', { resourcequotas, configmaps: String(found + 1) })
  await client.delete(configMaps, { namespace: place, name: 'test-configmap' })
  await waitForUsed(place, 'test-quota', { resourcequotas, configmaps: String(found) })
})

const nginx = { metadata: { labels: { name: 'nginx' } }, spec: { containers: [{ name: 'nginx', image: images.nginx }] } }

test('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a replication controller. [Conformance]', async () => {
  const place = namespace.name
  await createTestQuota(place, {}, { replicationcontrollers: '0' })
  const key = { namespace: place, name: 'test-rc' }
  await client.create(replicationControllers, { apiVersion: 'v1', kind: 'ReplicationController', metadata: key, spec: { replicas: 0, selector: { name: 'nginx' }, template: nginx } })
  await waitForUsed(place, 'test-quota', { replicationcontrollers: '1' })
  await client.delete(replicationControllers, key, { propagationPolicy: 'Background' })
  await waitForUsed(place, 'test-quota', { replicationcontrollers: '0' })
})

test('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a replica set. [Conformance]', async () => {
  const place = namespace.name
  await createTestQuota(place, {}, { 'count/replicasets.apps': '0' })
  const key = { namespace: place, name: 'test-rs' }
  await client.create(replicaSets, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: key, spec: { replicas: 0, selector: { matchLabels: { name: 'nginx' } }, template: nginx } })
  await waitForUsed(place, 'test-quota', { 'count/replicasets.apps': '1' })
  await client.delete(replicaSets, key)
  await waitForUsed(place, 'test-quota', { 'count/replicasets.apps': '0' })
})

const requests = { cpu: '500m', memory: '200Mi' }
const limits = { cpu: '1', memory: '400Mi' }

/** A pod of the first scope is counted by the quota of that scope alone, as long as it is there. */
async function expectCounted(quota: string, other: string, pod: { name: string; requests: Amounts; limits: Amounts; activeDeadlineSeconds?: number }, used: Amounts): Promise<void> {
  const place = namespace.name
  const { name, activeDeadlineSeconds } = pod
  await createQuotaPod(place, name, pod.requests, pod.limits, activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds })
  await waitForUsed(place, quota, used)
  await waitForUsed(place, other, zeroes(used))
  await client.delete(pods, { namespace: place, name }, { gracePeriodSeconds: 0 })
  await waitForUsed(place, quota, zeroes(used))
}

test('[sig-api-machinery] ResourceQuota should verify ResourceQuota with terminating scopes. [Conformance]', async () => {
  const hard = { pods: '5', 'requests.cpu': '1', 'requests.memory': '500Mi', 'limits.cpu': '2', 'limits.memory': '1Gi' }
  for (const [name, scope] of [['quota-terminating', 'Terminating'], ['quota-not-terminating', 'NotTerminating']] as const) {
    await client.create(resourceQuotas, quotaOf(namespace.name, name, hard, { scopes: [scope] }))
    await waitForUsed(namespace.name, name, { pods: '0' })
  }
  const used = { pods: '1', 'requests.cpu': '500m', 'requests.memory': '200Mi', 'limits.cpu': '1', 'limits.memory': '400Mi' }
  await expectCounted('quota-not-terminating', 'quota-terminating', { name: 'test-pod', requests, limits }, used)
  await expectCounted('quota-terminating', 'quota-not-terminating', { name: 'terminating-pod', requests, limits, activeDeadlineSeconds: 3600 }, used)
})

test('[sig-api-machinery] ResourceQuota should verify ResourceQuota with best effort scope. [Conformance]', async () => {
  for (const [name, scope] of [['quota-besteffort', 'BestEffort'], ['quota-not-besteffort', 'NotBestEffort']] as const) {
    await client.create(resourceQuotas, quotaOf(namespace.name, name, { pods: '5' }, { scopes: [scope] }))
    await waitForUsed(namespace.name, name, { pods: '0' })
  }
  await expectCounted('quota-besteffort', 'quota-not-besteffort', { name: 'pfpod', requests: {}, limits: {} }, { pods: '1' })
  await expectCounted('quota-not-besteffort', 'quota-besteffort', { name: 'burstable-pod', requests, limits }, { pods: '1' })
})

test('[sig-api-machinery] ResourceQuota should be able to update and delete ResourceQuota. [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'test-quota' }
  const [first, second] = [{ cpu: '1', memory: '500Mi' }, { cpu: '2', memory: '1Gi' }]
  await client.create(resourceQuotas, quotaOf(namespace.name, key.name, first))
  expect((await client.get(resourceQuotas, key)).spec.hard).toMatchObject(first)
  expect((await client.update(resourceQuotas, quotaOf(namespace.name, key.name, second))).spec.hard).toMatchObject(second)
  expect((await client.get(resourceQuotas, key)).spec.hard).toMatchObject(second)
  await client.delete(resourceQuotas, key)
  expect((await refusal(client.get(resourceQuotas, key))).status.reason).toBe('NotFound')
})

test('[sig-api-machinery] ResourceQuota should manage the lifecycle of a ResourceQuota [Conformance]', async () => {
  const name = uniqueName('e2e-quota')
  const key = { namespace: namespace.name, name }
  const labelSelector = `e2e-rq-label=${name}`
  const quota = quotaOf(namespace.name, name, { cpu: '1', memory: '500Mi' })
  await client.create(resourceQuotas, { ...quota, metadata: { ...quota.metadata, labels: { 'e2e-rq-label': name } } })
  expect((await client.get(resourceQuotas, key)).spec.hard).toMatchObject({ cpu: '1', memory: '500Mi' })
  expect((await client.list(resourceQuotas, { labelSelector })).items).toHaveLength(1)
  const patched = await client.patch(resourceQuotas, key, strategicPatch({ metadata: { labels: { [name]: 'patched' } }, spec: { hard: { memory: '750Mi' } } }))
  expect(patched.metadata.labels?.[name]).toBe('patched')
  expect(patched.spec.hard?.['memory']).toBe('750Mi')
  await client.deleteCollection(resourceQuotas, { namespace: namespace.name, labelSelector })
  expect((await refusal(client.get(resourceQuotas, key))).status.reason).toBe('NotFound')
})

test('[sig-api-machinery] ResourceQuota should apply changes to a resourcequota status [Conformance]', async () => {
  const name = uniqueName('e2e-rq-status')
  const key = { namespace: namespace.name, name }
  const labelSelector = `e2e-rq-label=${name}`
  const shortMs = 60_000
  const version = async (): Promise<string> => (await client.list(resourceQuotas, { labelSelector })).metadata.resourceVersion ?? ''
  /** The status comes to say this, as a watch from that version tells. */
  const seen = async (resourceVersion: string, hard: Amounts): Promise<void> => {
    const watch = await Watching.start(resourceQuotas, { namespace: namespace.name, labelSelector, resourceVersion })
    try {
      await watch.until(({ object }) => object.metadata.name === name && Object.keys(hard).every((key) => object.status?.hard?.[key] === hard[key]), JSON.stringify(hard), shortMs)
    } finally {
      watch.stop()
    }
  }
  let from = await version()
  const first = { cpu: '500m', memory: '500Mi' }
  const quota = quotaOf(namespace.name, name, first)
  await client.create(resourceQuotas, { ...quota, metadata: { ...quota.metadata, labels: { 'e2e-rq-label': name } } })
  expect((await client.get(resourceQuotas, key)).spec.hard).toEqual(first)
  await updateWith(resourceQuotas, key, (one) => ({ ...one, status: { hard: first } }), 'status')
  await seen(from, first)

  from = await version()
  const second = { cpu: '1', memory: '1Gi' }
  await client.patch(resourceQuotas, key, strategicPatch({ spec: { hard: second } }))
  await client.patch(resourceQuotas, key, strategicPatch({ status: { hard: second } }), { subresource: 'status' })
  await seen(from, second)
  expect((await getSubresource(resourceQuotas, key, 'status')).status?.hard).toMatchObject(second)

  from = await version()
  const third = { cpu: '2', memory: '2Gi' }
  const repatched = await client.patch(resourceQuotas, key, strategicPatch({ status: { hard: third } }), { subresource: 'status' })
  expect(repatched.status?.hard).toMatchObject(third)
  await seen(from, third)
  await eventually(async () => {
    const { spec, status } = await client.get(resourceQuotas, key)
    return spec.hard?.['cpu'] === status?.hard?.['cpu'] && status?.hard?.['cpu'] === '1' && status.hard['memory'] === '1Gi'
  }, 'the status is reset to what the spec says', 360_000)
  expect(await countQuotas(namespace.name)).toBe(1)
})

// No part of the suite: what issue 3 asks of quotas under load.
test('ResourceQuota is never exceeded by 200 creations at once, and counts them', async () => {
  const place = namespace.name
  const allowed = 50
  await client.create(resourceQuotas, quotaOf(place, 'test-quota', { secrets: String(allowed), 'count/pods': '10', 'requests.cpu': '1' }))
  await waitForUsed(place, 'test-quota', { secrets: '0', 'requests.cpu': '0' })
  const becomesUsed = async (used: Amounts): Promise<void> => {
    await eventually(async () => {
      const { status } = await client.get(resourceQuotas, { namespace: place, name: 'test-quota' })
      return Object.entries(used).every(([name, amount]) => status?.used?.[name] === amount)
    }, `used is ${JSON.stringify(used)}`)
  }
  const refusals = await Promise.all(Array.from({ length: 200 }, (_, index) => client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: `s${index}`, namespace: place } })
    .then(() => undefined, (error: Error) => error.message)))
  expect(refusals.filter((text) => text === undefined)).toHaveLength(allowed)
  for (const text of refusals) if (text !== undefined) expect(text).toMatch(/is forbidden: exceeded quota: test-quota, requested: secrets=1, used: secrets=50, limited: secrets=50$/)
  await becomesUsed({ secrets: String(allowed) })
  expect((await client.list(secrets, { namespace: place })).items).toHaveLength(allowed)

  const made = await Promise.allSettled(Array.from({ length: 200 }, (_, index) => createQuotaPod(place, `p${index}`, { cpu: '150m' }, {})))
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(6)
  await becomesUsed({ 'count/pods': '6', 'requests.cpu': '900m' })
  await client.deleteCollection(secrets, { namespace: place })
  await becomesUsed({ secrets: '0' })
})
