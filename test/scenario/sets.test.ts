import { nodes } from '../../pkg/api/types-node.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { persistentVolumeClaims } from '../../pkg/api/types-volume.ts'
import { controllerRevisions, daemonSets, statefulSets } from '../../pkg/api/types-workload.ts'
import { Harness } from './harness.ts'

const labels = { app: 'db' }
const template = (image = 'db:1') => ({ metadata: { labels }, spec: { containers: [{ name: 'db', image }] } })

describe('sets with identity', () => {
  let harness: Harness
  beforeAll(async () => {
    harness = await Harness.start()
  })
  afterAll(async () => {
    await harness.stop()
    expect(harness.logged).toEqual([])
  })

  it('makes stateful pods in order, updates them in reverse, and shrinks from the top', async () => {
    const namespace = await harness.namespace('stateful')
    const key = { namespace, name: 'db' }
    const order: string[] = []
    const unsubscribe = harness.informers.for(pods).onChange(({ object, previous }) => {
      const name = (object ?? previous)?.metadata.name
      if ((object ?? previous)?.metadata.namespace !== namespace) return
      if (object && !previous) order.push(`+${name}`)
      if (!object) order.push(`-${name}`)
    })
    await harness.client.create(statefulSets, {
      apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: key,
      spec: {
        serviceName: 'db', replicas: 3, selector: { matchLabels: labels }, template: template(),
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
      },
    })
    const settled = (replicas: number) => harness.until(statefulSets, `${replicas} ready and updated`, (informer) => {
      const set = informer.get(key)
      const { readyReplicas, updatedReplicas, currentRevision, updateRevision, replicas: total, observedGeneration } = set?.status ?? {}
      return readyReplicas === replicas && updatedReplicas === replicas && total === replicas && currentRevision === updateRevision && observedGeneration === set?.metadata.generation
    })
    await settled(3)
    expect(order.splice(0)).toEqual(['+db-0', '+db-1', '+db-2'])
    const first = harness.informers.for(pods).get({ namespace, name: 'db-0' })
    expect(first?.spec).toMatchObject({ hostname: 'db-0', subdomain: 'db' })
    expect(first?.metadata.labels).toMatchObject({ 'statefulset.kubernetes.io/pod-name': 'db-0', 'apps.kubernetes.io/pod-index': '0' })
    expect(harness.informers.for(persistentVolumeClaims).list(namespace).map(({ metadata }) => metadata.name).sort()).toEqual(['data-db-0', 'data-db-1', 'data-db-2'])
    await harness.client.patch(statefulSets, key, { type: 'strategic', body: { spec: { template: template('db:2') } } })
    await settled(3)
    expect(order.splice(0)).toEqual(['-db-2', '+db-2', '-db-1', '+db-1', '-db-0', '+db-0'])
    expect(harness.informers.for(controllerRevisions).list(namespace).map(({ revision }) => revision).sort()).toEqual([1, 2])
    await harness.client.patch(statefulSets, key, { type: 'merge', body: { spec: { replicas: 1 } } })
    await settled(1)
    expect(order).toEqual(['-db-2', '-db-1'])
    unsubscribe()
  })

  it('lets claims go with pods that are scaled away, and with the set', async () => {
    const namespace = await harness.namespace('retention')
    const key = { namespace, name: 'db' }
    const claims = () => harness.informers.for(persistentVolumeClaims).list(namespace).map(({ metadata }) => metadata.name).sort()
    const ready = (replicas: number) => harness.until(statefulSets, `${replicas} ready`, (informer) => {
      const set = informer.get(key)
      return set?.status?.readyReplicas === replicas && set.status.replicas === replicas && set.status.observedGeneration === set.metadata.generation
    })
    const scale = (replicas: number) => harness.client.patch(statefulSets, key, { type: 'merge', body: { spec: { replicas } } })
    await harness.client.create(statefulSets, {
      apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: key,
      spec: {
        serviceName: 'db', replicas: 3, podManagementPolicy: 'Parallel', selector: { matchLabels: labels }, template: template(),
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
      },
    })
    await ready(3)
    const uids = () => harness.informers.for(persistentVolumeClaims).list(namespace).map(({ metadata }) => metadata.uid)
    const [...before] = uids()
    await scale(1)
    await harness.until(persistentVolumeClaims, 'one claim is left', () => claims().join() === 'data-db-0')
    await scale(3)
    await ready(3)
    expect(claims()).toEqual(['data-db-0', 'data-db-1', 'data-db-2'])
    expect(uids().filter((uid) => before.includes(uid))).toHaveLength(1)
    await harness.client.patch(statefulSets, key, { type: 'merge', body: { spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain' } } } })
    await scale(2)
    await ready(2)
    expect(claims()).toEqual(['data-db-0', 'data-db-1', 'data-db-2'])
    await harness.client.delete(statefulSets, key)
    await harness.until(persistentVolumeClaims, 'the claims have gone with the set', () => claims().length === 0)
  })

  it('stops an update at the partition', async () => {
    const namespace = await harness.namespace('partition')
    const key = { namespace, name: 'db' }
    await harness.client.create(statefulSets, {
      apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: key,
      spec: { serviceName: 'db', replicas: 3, podManagementPolicy: 'Parallel', selector: { matchLabels: labels }, template: template(), updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
    })
    await harness.until(statefulSets, 'three ready', (informer) => informer.get(key)?.status?.readyReplicas === 3)
    await harness.client.patch(statefulSets, key, { type: 'strategic', body: { spec: { template: template('db:2') } } })
    await harness.until(statefulSets, 'one updated', (informer) => informer.get(key)?.status?.updatedReplicas === 1 && informer.get(key)?.status?.readyReplicas === 3)
    const images = harness.informers.for(pods).list(namespace).map((pod) => `${pod.metadata.name} ${pod.spec.containers[0]?.image}`).sort()
    expect(images).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:2'])
    await harness.client.delete(pods, { namespace, name: 'db-0' })
    await harness.until(pods, 'db-0 comes back as it was', (informer) => {
      const pod = informer.get({ namespace, name: 'db-0' })
      return pod !== undefined && !pod.metadata.deletionTimestamp && pod.spec.containers[0]?.image === 'db:1'
    })
  })

  it('runs a daemon on every node that fits, and updates it', async () => {
    const namespace = await harness.namespace('daemons')
    const key = { namespace, name: 'agent' }
    const node = (name: string, more: object = {}) => harness.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { disk: 'ssd' } }, spec: {}, ...more })
    await harness.client.patch(nodes, { name: 'hollow' }, { type: 'merge', body: { metadata: { labels: { disk: 'ssd' } } } })
    await harness.client.create(daemonSets, {
      apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: key,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'a', image: 'a:1' }] } } },
    })
    const status = () => harness.informers.for(daemonSets).get(key)?.status
    await harness.until(daemonSets, 'one is scheduled', () => status()?.desiredNumberScheduled === 1 && status()?.numberAvailable === 1)
    await node('second')
    await harness.client.patch(nodes, { name: 'second' }, { type: 'merge', body: { status: { conditions: [{ type: 'Ready', status: 'True' }] } } }, { subresource: 'status' })
    await harness.until(daemonSets, 'two are wanted', () => status()?.desiredNumberScheduled === 2 && status()?.currentNumberScheduled === 2)
    const target = harness.informers.for(pods).list(namespace).flatMap((pod) => pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values ?? []).sort()
    expect(target).toEqual(['hollow', 'second'])
    await harness.client.delete(nodes, { name: 'second' })
    await harness.until(daemonSets, 'one again', () => status()?.desiredNumberScheduled === 1)
    await harness.client.patch(daemonSets, key, { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'a', image: 'a:2' }] } } } } })
    await harness.until(pods, 'the pod on the node is new', (informer) => informer.list(namespace)
      .some((pod) => pod.spec.containers[0]?.image === 'a:2' && pod.status?.phase === 'Running'))
    await harness.until(daemonSets, 'updated', () => status()?.updatedNumberScheduled === 1 && status()?.numberAvailable === 1)
    await harness.client.patch(nodes, { name: 'hollow' }, { type: 'merge', body: { metadata: { labels: { disk: 'hdd' } } } })
    await harness.until(daemonSets, 'none', () => status()?.desiredNumberScheduled === 0 && status()?.numberMisscheduled === 0)
  })
})
