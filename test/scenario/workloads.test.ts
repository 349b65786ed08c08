import type { Resource } from '../../pkg/api/object.ts'
import { configMaps, events, namespaces, serviceAccounts } from '../../pkg/api/types-config.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { endpoints, endpointSlices, services } from '../../pkg/api/types-service.ts'
import { deployments, replicaSets, type Deployment } from '../../pkg/api/types-workload.ts'
import { Harness } from './harness.ts'

const labels = { app: 'web' }
const deployment = (namespace: string, name: string, more: Partial<Deployment['spec']> = {}, image = 'web:1'): Deployment => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name },
  spec: {
    replicas: 3, selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] } },
    ...more,
  },
})

describe('the control plane', () => {
  let harness: Harness
  beforeAll(async () => {
    harness = await Harness.start()
  })
  afterAll(async () => {
    await harness.stop()
    expect(harness.logged).toEqual([])
  })

  const conditionsOf = (namespace: string, name: string) => {
    const status = harness.informers.for(deployments).get({ namespace, name })?.status
    return Object.fromEntries((status?.conditions ?? []).map(({ type, status: value, reason, message }) => [type, `${value} ${reason}: ${message}`]))
  }
  const settled = (namespace: string, name: string, replicas = 3): Promise<void> => harness.until(deployments, `${name} has ${replicas} available`, (informer) => {
    const found = informer.get({ namespace, name })
    const { availableReplicas, updatedReplicas, replicas: total, observedGeneration } = found?.status ?? {}
    return observedGeneration === found?.metadata.generation && availableReplicas === replicas && updatedReplicas === replicas && total === replicas
      && conditionsOf(namespace, name).Progressing?.includes('NewReplicaSetAvailable') === true
  })
  const gone = (resource: Resource, namespace: string): Promise<void> =>
    harness.until(resource, `no ${resource.plural} in ${namespace}`, (informer) => informer.list(namespace).length === 0)

  it('gives a namespace its account and certificate', async () => {
    await harness.namespace('fresh')
    await harness.until(serviceAccounts, 'the default account', (informer) => informer.get({ namespace: 'fresh', name: 'default' }) !== undefined)
    await harness.until(configMaps, 'the root certificate', (informer) => informer.get({ namespace: 'fresh', name: 'kube-root-ca.crt' })?.data?.['ca.crt'] === 'PEM')
    await harness.client.delete(configMaps, { namespace: 'fresh', name: 'kube-root-ca.crt' })
    await harness.until(configMaps, 'the root certificate again', (informer) => informer.get({ namespace: 'fresh', name: 'kube-root-ca.crt' })?.data?.['ca.crt'] === 'PEM')
  })

  it('deletes an empty namespace', async () => {
    await harness.namespace('empty')
    await harness.until(serviceAccounts, 'the default account', (informer) => informer.get({ namespace: 'empty', name: 'default' }) !== undefined)
    await harness.client.delete(namespaces, { name: 'empty' })
    await harness.until(namespaces, 'empty is gone', (informer) => informer.get({ name: 'empty' }) === undefined)
  })

  it('rolls a deployment out, onwards and back', async () => {
    const namespace = await harness.namespace('roll')
    await harness.client.create(deployments, deployment(namespace, 'web'))
    await settled(namespace, 'web')
    const first = harness.informers.for(replicaSets).list(namespace)[0]
    expect(conditionsOf(namespace, 'web')).toEqual({
      Available: 'True MinimumReplicasAvailable: Deployment has minimum availability.',
      Progressing: `True NewReplicaSetAvailable: ReplicaSet "${first?.metadata.name}" has successfully progressed.`,
    })
    expect(first?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '1', 'deployment.kubernetes.io/desired-replicas': '3', 'deployment.kubernetes.io/max-replicas': '4',
    })
    await harness.client.patch(deployments, { namespace, name: 'web' }, { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } } })
    await settled(namespace, 'web')
    const sizes = (): Record<string, number | undefined> => Object.fromEntries(harness.informers.for(replicaSets).list(namespace)
      .map((set) => [`${set.metadata.annotations?.['deployment.kubernetes.io/revision']} ${set.spec.template?.spec?.containers[0]?.image}`, set.spec.replicas]))
    expect(sizes()).toEqual({ '1 web:1': 0, '2 web:2': 3 })
    // What `kubectl rollout undo` sends.
    await harness.client.patch(deployments, { namespace, name: 'web' }, { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } } } } })
    await settled(namespace, 'web')
    expect(sizes()).toEqual({ '3 web:1': 3, '2 web:2': 0 })
    expect(harness.informers.for(deployments).get({ namespace, name: 'web' })?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3')
    const told = (await harness.client.list(events, { namespace })).items.filter(({ reason }) => reason === 'ScalingReplicaSet').map(({ message }) => message)
    expect(told).toContain(`Scaled up replica set ${first?.metadata.name} from 0 to 3`)
  })

  it('keeps old pods while new ones do not become ready, and moves on when they do', async () => {
    const namespace = await harness.namespace('stuck')
    await harness.client.create(deployments, deployment(namespace, 'web', { replicas: 4 }))
    await settled(namespace, 'web', 4)
    harness.node.becomesReady = (pod) => pod.spec.containers[0]?.image !== 'web:bad'
    await harness.client.patch(deployments, { namespace, name: 'web' }, { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:bad' }] } } } } })
    await harness.until(deployments, 'two new pods beside three old ones', (informer) => {
      const status = informer.get({ namespace, name: 'web' })?.status
      return status?.updatedReplicas === 2 && status.replicas === 5 && status.availableReplicas === 3
    })
    harness.node.becomesReady = () => true
    harness.node.review()
    await settled(namespace, 'web', 4)
  })

  it('does not roll out while paused, and shares out a change of size in the middle of a rollout', async () => {
    const namespace = await harness.namespace('paused')
    await harness.client.create(deployments, deployment(namespace, 'web'))
    await settled(namespace, 'web')
    const change = (spec: object) => harness.client.patch(deployments, { namespace, name: 'web' }, { type: 'merge', body: { spec } })
    await change({ paused: true })
    await harness.until(deployments, 'it is told to be paused', () => conditionsOf(namespace, 'web').Progressing === 'Unknown DeploymentPaused: Deployment is paused')
    await change({ template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } })
    await change({ replicas: 5 })
    await harness.until(deployments, 'five pods of the old template', (informer) => {
      const status = informer.get({ namespace, name: 'web' })?.status
      return status?.availableReplicas === 5 && (status.updatedReplicas ?? 0) === 0
    })
    expect(harness.informers.for(replicaSets).list(namespace)).toHaveLength(1)
    await change({ paused: false })
    await settled(namespace, 'web', 5)
    expect(harness.informers.for(replicaSets).list(namespace)).toHaveLength(2)
  })

  it('recreates: no new pod before the last old one is gone', async () => {
    const namespace = await harness.namespace('recreate')
    await harness.client.create(deployments, deployment(namespace, 'web', { strategy: { type: 'Recreate' } }))
    await settled(namespace, 'web')
    harness.node.letsGo = (pod) => pod.metadata.namespace !== namespace
    await harness.client.patch(deployments, { namespace, name: 'web' }, { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } } })
    await harness.until(pods, 'all old pods terminating', (informer) => informer.list(namespace).every((pod) => pod.metadata.deletionTimestamp))
    expect(harness.informers.for(pods).list(namespace)).toHaveLength(3)
    let mixed = false
    const unsubscribe = harness.informers.for(pods).onChange(() => {
      const images = new Set(harness.informers.for(pods).list(namespace).map((pod) => pod.spec.containers[0]?.image))
      mixed ||= images.size > 1
    })
    harness.node.letsGo = () => true
    harness.node.review()
    await settled(namespace, 'web')
    unsubscribe()
    expect(mixed).toBe(false)
  })

  it('replaces pods that are deleted, adopts matching orphans and releases what no longer matches', async () => {
    const namespace = await harness.namespace('sets')
    await harness.client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'orphan', labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } })
    await harness.client.create(replicaSets, {
      apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { namespace, name: 'set' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: deployment(namespace, 'x').spec.template },
    })
    const set = { namespace, name: 'set' }
    const readyTwo = () => harness.until(replicaSets, 'two ready', (informer) => informer.get(set)?.status?.readyReplicas === 2 && informer.get(set)?.status?.replicas === 2)
    await readyTwo()
    const uid = harness.informers.for(replicaSets).get(set)?.metadata.uid ?? ''
    const names = (): string[] => harness.informers.for(pods).ownedBy(uid).map((pod) => pod.metadata.name ?? '')
    expect(names()).toContain('orphan')
    await harness.client.patch(pods, { namespace, name: 'orphan' }, { type: 'merge', body: { metadata: { labels: { app: 'other' } } } })
    await harness.until(pods, 'the set has two others', () => names().length === 2 && !names().includes('orphan'))
    expect(harness.informers.for(pods).get({ namespace, name: 'orphan' })?.metadata.ownerReferences ?? []).toEqual([])
    const [victim = ''] = names()
    await harness.client.delete(pods, { namespace, name: victim })
    await harness.until(pods, 'the deleted one is replaced', () => names().length === 2 && !names().includes(victim))
    await readyTwo()
  })

  it('publishes ready pods as endpoints', async () => {
    const namespace = await harness.namespace('net')
    await harness.client.create(services, {
      apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'web', labels: { team: 'a' } },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    })
    await harness.until(endpointSlices, 'an empty slice', (informer) => informer.list(namespace).length === 1)
    await harness.client.create(deployments, deployment(namespace, 'web'))
    await harness.until(endpointSlices, 'three ready endpoints', (informer) => informer.list(namespace)
      .flatMap((slice) => slice.endpoints).filter((endpoint) => endpoint.conditions?.ready).length === 3)
    const [slice] = harness.informers.for(endpointSlices).list(namespace)
    expect(slice?.metadata.labels).toEqual({ team: 'a', 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' })
    expect(slice?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }])
    expect(slice?.endpoints[0]).toMatchObject({ nodeName: 'hollow', zone: 'z1', targetRef: { kind: 'Pod', namespace } })
    await harness.until(endpoints, 'the older form', (informer) => informer.get({ namespace, name: 'web' })?.subsets?.[0]?.addresses?.length === 3)
    expect(harness.informers.for(endpoints).get({ namespace, name: 'web' })?.subsets?.[0]?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }])
    await harness.client.delete(services, { namespace, name: 'web' })
    await gone(endpointSlices, namespace)
    await gone(endpoints, namespace)
  })

  it('deletes dependents in the background', async () => {
    const namespace = await harness.namespace('background')
    await harness.client.create(deployments, deployment(namespace, 'web'))
    await settled(namespace, 'web')
    await harness.client.delete(deployments, { namespace, name: 'web' })
    await gone(replicaSets, namespace)
    await gone(pods, namespace)
  })

  it('deletes dependents first in the foreground', async () => {
    const namespace = await harness.namespace('foreground')
    await harness.client.create(deployments, deployment(namespace, 'web'))
    await settled(namespace, 'web')
    harness.node.letsGo = (pod) => pod.metadata.namespace !== namespace
    await harness.client.delete(deployments, { namespace, name: 'web' }, { propagationPolicy: 'Foreground' })
    await harness.until(pods, 'all pods terminating', (informer) => informer.list(namespace).every((pod) => pod.metadata.deletionTimestamp))
    expect(await harness.client.get(deployments, { namespace, name: 'web' })).toMatchObject({ metadata: { finalizers: ['foregroundDeletion'] } })
    harness.node.letsGo = () => true
    harness.node.review()
    await gone(deployments, namespace)
    expect(harness.informers.for(pods).list(namespace)).toEqual([])
  })

  it('leaves orphans behind when asked to', async () => {
    const namespace = await harness.namespace('orphans')
    await harness.client.create(deployments, deployment(namespace, 'web'))
    await settled(namespace, 'web')
    await harness.client.delete(deployments, { namespace, name: 'web' }, { propagationPolicy: 'Orphan' })
    await gone(deployments, namespace)
    const [set] = (await harness.client.list(replicaSets, { namespace })).items
    expect(set?.metadata.ownerReferences ?? []).toEqual([])
    expect(set?.metadata.deletionTimestamp).toBeUndefined()
  })

  it('ends a namespace in order: pods first, the rest when they are gone', async () => {
    const namespace = await harness.namespace('full')
    await harness.client.create(deployments, deployment(namespace, 'web'))
    await settled(namespace, 'web')
    harness.node.letsGo = (pod) => pod.metadata.namespace !== namespace
    await harness.client.delete(namespaces, { name: namespace })
    await harness.until(namespaces, 'it tells what remains', (informer) => informer.get({ name: namespace })?.status?.conditions
      ?.find(({ type }) => type === 'NamespaceContentRemaining')?.message === 'Some resources are remaining: pods. has 3 resource instances')
    expect(harness.informers.for(configMaps).get({ namespace, name: 'kube-root-ca.crt' })?.metadata.deletionTimestamp).toBeUndefined()
    harness.node.letsGo = () => true
    harness.node.review()
    await harness.until(namespaces, 'the namespace is gone', (informer) => informer.get({ name: namespace }) === undefined)
    expect((await harness.client.list(deployments, { namespace })).items).toEqual([])
  })

  it('says that nothing holds a namespace but its own finalizers', async () => {
    const namespace = await harness.namespace('held')
    await harness.client.patch(namespaces, { name: namespace }, { type: 'merge', body: { metadata: { finalizers: ['example.com/held'] } } })
    await harness.client.delete(namespaces, { name: namespace })
    await harness.until(namespaces, 'the content is gone', (informer) => informer.get({ name: namespace })?.spec.finalizers === undefined)
    expect(harness.informers.for(namespaces).get({ name: namespace })?.status?.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      'NamespaceDeletionDiscoveryFailure False ResourcesDiscovered', 'NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions', 'NamespaceDeletionContentFailure False ContentDeleted',
      'NamespaceContentRemaining False ContentRemoved', 'NamespaceFinalizersRemaining False ContentHasNoFinalizers',
    ])
    await harness.client.patch(namespaces, { name: namespace }, { type: 'merge', body: { metadata: { finalizers: null } } })
    await harness.until(namespaces, 'the namespace is gone', (informer) => informer.get({ name: namespace }) === undefined)
  })
})
