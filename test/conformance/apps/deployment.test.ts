// Deployments: rollouts of both strategies, rollover, history, scaling in the middle of a rollout, and their place in the API.
import type { ObjectKey } from '../../../pkg/api/object.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { deployments, replicaSets, type Deployment, type DeploymentSpec, type ReplicaSet } from '../../../pkg/api/types-workload.ts'
import { client, eventually, uniqueName, useNamespace } from '../framework.ts'
import { getSubresource, keyOf, strategicPatch, updateWith, Watching } from '../operations.ts'
import { images, timeouts } from '../pods.ts'
import { agnhost, expectStatusEndpoints, expectWorkingScale, isOwnedBy, minuteMs, pauseImage, waitRunningPods, webserver } from './workloads.ts'

const namespace = useNamespace('deployment')
const longMs = 5 * minuteMs
const keyFor = (name: string): ObjectKey => ({ namespace: namespace.name, name })
const revisionOf = ({ metadata }: Deployment | ReplicaSet): string | undefined => metadata.annotations?.['deployment.kubernetes.io/revision']
const imageOf = ({ spec }: Deployment | ReplicaSet): string | undefined => spec.template?.spec?.containers[0]?.image

interface Container { name: string; image: string }

const deploymentOf = (name: string, replicas: number, labels: Record<string, string>, container: Container, spec: Partial<DeploymentSpec> = {}): Deployment => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: namespace.name, labels },
  spec: {
    replicas, selector: { matchLabels: labels }, strategy: { type: 'RollingUpdate' },
    template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } }, ...spec,
  },
})

/** A replica set of its own, for a deployment to adopt, with its pod running. */
async function createAdoptable(name: string, labels: Record<string, string>, annotations: Record<string, string> = {}): Promise<ReplicaSet> {
  const made = await client.create(replicaSets, {
    apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name, namespace: namespace.name, labels, annotations },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [webserver] } } },
  })
  await waitRunningPods(namespace.name, labels, 1)
  return made
}

async function replicaSetsOf(key: ObjectKey): Promise<{ fresh: ReplicaSet | undefined; old: ReplicaSet[] }> {
  const deployment = await client.get(deployments, key)
  const owned = (await client.list(replicaSets, { namespace: namespace.name })).items.filter((set) => isOwnedBy(set, deployment))
  const fresh = owned.find((set) => imageOf(set) === imageOf(deployment))
  return { fresh, old: owned.filter((set) => set !== fresh) }
}

const freshSet = async (key: ObjectKey): Promise<ReplicaSet> => eventually(async () => (await replicaSetsOf(key)).fresh, `${key.name} has its replica set`, longMs)

const waitRevision = (key: ObjectKey, revision: string, image: string): Promise<unknown> => eventually(async () => {
  const deployment = await client.get(deployments, key)
  const { fresh } = await replicaSetsOf(key)
  return fresh !== undefined && [deployment, fresh].every((one) => revisionOf(one) === revision && imageOf(one) === image)
}, `${key.name} is at revision ${revision}`, longMs)

const isComplete = ({ metadata, spec, status }: Deployment): boolean => status?.updatedReplicas === spec.replicas && status?.replicas === spec.replicas
  && status?.availableReplicas === spec.replicas && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)

/** When rolling, never more than the surge allows, and never fewer available than must be. */
const waitComplete = (key: ObjectKey, limits?: { surge: number; unavailable: number }): Promise<unknown> => eventually(async () => {
  const deployment = await client.get(deployments, key)
  const wanted = deployment.spec.replicas ?? 1
  if (limits) {
    const { fresh, old } = await replicaSetsOf(key)
    const created = [...old, ...fresh ? [fresh] : []].reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0)
    if (created > wanted + limits.surge) throw new Error(`${created} pods of ${key.name} are wanted at once`)
    if ((deployment.status?.availableReplicas ?? 0) < wanted - limits.unavailable) throw new Error(`too few pods of ${key.name} are available: ${JSON.stringify(deployment.status)}`)
  }
  return isComplete(deployment)
}, `${key.name} is complete`, longMs)

const waitObserved = (key: ObjectKey, generation = 0): Promise<Deployment> => eventually(async () => {
  const deployment = await client.get(deployments, key)
  return (deployment.status?.observedGeneration ?? 0) >= generation ? deployment : undefined
}, `generation ${generation} of ${key.name} is observed`, minuteMs)

const withContainer = (deployment: Deployment, container: Partial<Container>): Deployment => {
  const [first] = deployment.spec.template.spec?.containers ?? []
  if (!first) throw new Error('no container')
  return { ...deployment, spec: { ...deployment.spec, template: { ...deployment.spec.template, spec: { ...deployment.spec.template.spec, containers: [{ ...first, ...container }] } } } }
}

test('[sig-apps] Deployment RollingUpdateDeployment should delete old pods and create new ones [Conformance]', async () => {
  await createAdoptable('test-rolling-update-controller', { name: 'sample-pod', pod: 'httpd' }, { 'deployment.kubernetes.io/revision': '3546343826724305832' })
  const key = keyFor('test-rolling-update-deployment')
  await client.create(deployments, deploymentOf(key.name, 1, { name: 'sample-pod' }, agnhost))
  await waitRevision(key, '3546343826724305833', agnhost.image)
  await waitComplete(key)
  expect((await replicaSetsOf(key)).old).toHaveLength(1)
})

test('[sig-apps] Deployment RecreateDeployment should delete old pods and create new ones [Conformance]', async () => {
  const key = keyFor('test-recreate-deployment')
  await client.create(deployments, deploymentOf(key.name, 1, { name: 'sample-pod-3' }, agnhost, { strategy: { type: 'Recreate' } }))
  await waitRevision(key, '1', agnhost.image)
  await waitComplete(key)
  const { metadata: { resourceVersion = '' } } = await updateWith(deployments, key, (deployment) => withContainer(deployment, webserver))
  const watch = await Watching.start(deployments, { namespace: namespace.name, fieldSelector: `metadata.name=${key.name}`, resourceVersion })
  try {
    await watch.until(({ object: { metadata, spec, status } }) => {
      const { replicas = 0, updatedReplicas = 0, observedGeneration = 0 } = status ?? {}
      if (updatedReplicas > 0 && replicas !== updatedReplicas) throw new Error(`new pods run beside old ones: ${JSON.stringify(status)}`)
      return spec.replicas === replicas && spec.replicas === updatedReplicas && (metadata.generation ?? 0) <= observedGeneration
    }, 'the new pods run', 2 * minuteMs)
  } finally {
    watch.stop()
  }
})

test('[sig-apps] Deployment deployment should delete old replica sets [Conformance]', async () => {
  const labels = { name: 'cleanup-pod' }
  await createAdoptable('test-cleanup-controller', { ...labels, pod: 'httpd' })
  const key = keyFor('test-cleanup-deployment')
  const { metadata: { resourceVersion = '' } } = await client.list(pods, { namespace: namespace.name })
  const watch = await Watching.start(pods, { namespace: namespace.name, resourceVersion })
  const created: (string | undefined)[] = []
  const watched = watch.until(({ type, object }) => {
    if (type === 'ADDED') created.push(object.spec?.containers[0]?.name)
    return false
  }, 'the end', 2 * longMs).catch(() => undefined)
  await client.create(deployments, deploymentOf(key.name, 1, labels, agnhost, { revisionHistoryLimit: 0 }))
  await eventually(async () => {
    const { fresh, old } = await replicaSetsOf(key)
    return fresh !== undefined && old.length === 0
  }, 'the history is cleaned up', longMs)
  watch.stop()
  await watched
  expect(created).toEqual([agnhost.name])
})

test('[sig-apps] Deployment deployment should support rollover [Conformance]', async () => {
  const labels = { name: 'rollover-pod' }
  const adoptable = await createAdoptable('test-rollover-controller', { ...labels, pod: 'httpd' })
  await eventually(async () => {
    const { spec, status } = await client.get(replicaSets, keyOf(adoptable))
    return spec.replicas === status?.replicas && spec.replicas === status?.readyReplicas
  }, 'the replica set is ready', longMs)
  const key = keyFor('test-rollover-deployment')
  const missing = { name: 'redis-slave', image: 'gcr.io/google_samples/gb-redisslave:nonexistent' }
  await client.create(deployments, deploymentOf(key.name, 1, labels, missing, { minReadySeconds: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }))
  const { metadata: { generation = 0 } } = await client.get(deployments, key)
  await eventually(async () => {
    const { status } = await client.get(deployments, key)
    return (status?.observedGeneration ?? 0) >= generation && (status?.updatedReplicas ?? 0) >= 1
  }, 'the first rollout begins', longMs)
  const stuck = await freshSet(key)
  expect([revisionOf(await client.get(deployments, key)), revisionOf(stuck), imageOf(stuck)]).toEqual(['1', '1', missing.image])
  const expectReplicas = async (set: ReplicaSet, replicas: number): Promise<void> => {
    const { spec, status } = await client.get(replicaSets, keyOf(set))
    expect([spec.replicas, status?.replicas]).toEqual([replicas, replicas])
  }
  await expectReplicas(adoptable, 1)
  await expectReplicas(stuck, 1)

  const updated = await updateWith(deployments, key, (deployment) => withContainer(deployment, agnhost))
  await waitObserved(key, updated.metadata.generation)
  await waitRevision(key, '2', agnhost.image)
  await waitComplete(key, { surge: 1, unavailable: 0 })
  await expectReplicas(adoptable, 0)
  await expectReplicas(stuck, 0)
})

test('[sig-apps] Deployment Deployment should have a working scale subresource [Conformance]', async () => {
  const key = keyFor('test-new-deployment')
  await client.create(deployments, deploymentOf(key.name, 1, { name: 'httpd' }, webserver))
  await waitRevision(key, '1', webserver.image)
  await waitComplete(key)
  await expectWorkingScale(deployments, key)
})

test('[sig-apps] Deployment deployment should support proportional scaling [Conformance]', async () => {
  const key = keyFor('webserver-deployment')
  const labels = { name: 'httpd' }
  const created = await client.create(deployments, deploymentOf(key.name, 10, labels, webserver, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }))
  await waitObserved(key, created.metadata.generation)
  await waitRunningPods(namespace.name, labels, 10)
  await waitComplete(key)
  const first = await freshSet(key)

  const updated = await updateWith(deployments, key, (deployment) => withContainer(deployment, { image: 'webserver:404' }))
  const observed = await waitObserved(key, updated.metadata.generation)
  const waitSet = (set: ReplicaSet, fits: (set: ReplicaSet) => boolean, what: string): Promise<unknown> => eventually(async () => {
    const now = await client.get(replicaSets, keyOf(set))
    return (now.status?.observedGeneration ?? 0) >= (now.metadata.generation ?? 0) && fits(now)
  }, `${set.metadata.name} ${what}`, minuteMs)
  const wants = (replicas: number) => ({ spec }: ReplicaSet): boolean => spec.replicas === replicas
  const hasAll = ({ spec, status }: ReplicaSet): boolean => status?.replicas === spec.replicas
  await waitSet(first, ({ status }) => status?.availableReplicas === 8, 'has 8 available')
  await waitSet(first, wants(8), 'wants 8')
  await waitSet(first, hasAll, 'has as many as it wants')
  const second = await freshSet(key)
  expect(second.status?.availableReplicas ?? 0).toBe(0)
  await waitSet(second, wants(5), 'wants 5')
  await waitSet(second, hasAll, 'has as many as it wants')
  expect(observed.status?.availableReplicas).toBeGreaterThanOrEqual(8)

  await updateWith(deployments, key, (deployment) => ({ ...deployment, spec: { ...deployment.spec, replicas: 30 } }))
  await waitSet(first, wants(20), 'wants 20')
  await waitSet(second, wants(13), 'wants 13')
})

test('[sig-apps] Deployment should run the lifecycle of a Deployment [Conformance]', async () => {
  const key = keyFor('test-deployment')
  const labels = { 'test-deployment-static': 'true' }
  const labelSelector = 'test-deployment-static=true'
  const { metadata: { resourceVersion = '' } } = await client.list(deployments, { labelSelector })
  const watch = await Watching.start(deployments, { namespace: namespace.name, labelSelector, resourceVersion })
  const modified = (what: string) => watch.until(({ type }) => type === 'MODIFIED', what, 30_000)
  const reaches = (replicas: number, image: string, what: string) => watch.until(({ object }) => object.metadata.name === key.name && object.status?.readyReplicas === replicas
    && object.status.updatedReplicas === replicas && (object.status.unavailableReplicas ?? 0) === 0 && imageOf(object) === image, what, timeouts.podStart)
  try {
    const made = deploymentOf(key.name, 2, labels, { ...agnhost, name: key.name })
    const graceful: Deployment = { ...made, spec: { ...made.spec, template: { ...made.spec.template, spec: { containers: [], ...made.spec.template.spec, terminationGracePeriodSeconds: 1 } } } }
    await client.create(deployments, graceful)
    await watch.until(({ type, object }) => type === 'ADDED' && object.metadata.name === key.name, 'the creation', 30_000)
    await watch.until(({ object }) => object.status?.readyReplicas === 2, 'both replicas are ready', timeouts.podStart)

    await client.patch(deployments, key, strategicPatch({
      metadata: { labels: { 'test-deployment': 'patched' } },
      spec: { replicas: 1, template: { spec: { terminationGracePeriodSeconds: 2, containers: [{ name: key.name, image: pauseImage }] } } },
    }))
    await modified('the patch')
    await reaches(1, pauseImage, 'one new replica')
    expect((await client.list(deployments, { labelSelector })).items.map(({ metadata }) => metadata.namespace)).toContain(namespace.name)

    const update = withContainer({ ...graceful, metadata: { ...graceful.metadata, labels: { ...labels, 'test-deployment': 'updated' } } }, { image: images.nginx })
    await client.update(deployments, update)
    await modified('the update')
    const expectUpdated = async (): Promise<void> => {
      const found = await getSubresource(deployments, key, 'status')
      expect(imageOf(found)).toBe(images.nginx)
      expect(found.metadata.labels).toMatchObject({ 'test-deployment': 'updated' })
    }
    await expectUpdated()
    await reaches(2, images.nginx, 'two newer replicas')

    await client.patch(deployments, key, strategicPatch({ status: { readyReplicas: 0, availableReplicas: 0 } }), { subresource: 'status' })
    await watch.until(({ type, object: { status } }) => type === 'MODIFIED' && (status?.readyReplicas ?? 0) === 0 && (status?.availableReplicas ?? 0) === 0, 'the patched status', 30_000)
    await expectUpdated()
    await reaches(2, images.nginx, 'the true status again')

    await client.deleteCollection(deployments, { namespace: namespace.name, labelSelector }, { gracePeriodSeconds: 1 })
    await watch.until(({ type, object }) => type === 'DELETED' && object.metadata.name === key.name, 'the removal', minuteMs)
  } finally {
    watch.stop()
  }
})

test('[sig-apps] Deployment should validate Deployment Status endpoints [Conformance]', async () => {
  const key = keyFor(uniqueName('test-deployment'))
  const labelSelector = 'e2e=testing'
  const { metadata: { resourceVersion = '' } } = await client.list(deployments, { labelSelector })
  await client.create(deployments, deploymentOf(key.name, 1, { name: 'httpd', e2e: 'testing' }, webserver))
  await waitRevision(key, '1', webserver.image)
  await waitComplete(key)
  await expectStatusEndpoints(deployments, key, { labelSelector, resourceVersion })
})
