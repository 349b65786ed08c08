// The attach-detach controller on the real API server: nodes, pods and a driver's attacher are what the test writes.
import { attachmentName, uniqueVolumeName } from '../../pkg/api/csi-names.ts'
import { events, namespaces, serviceAccounts } from '../../pkg/api/types-config.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { type VolumeAttachment, volumeAttachments } from '../../pkg/api/types-storage.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../pkg/api/types-volume.ts'
import { ControllerRunner } from '../../pkg/controller/runner.ts'
import { attachDetachController } from '../../pkg/controllers/attach-detach.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { BareCluster } from './bare-cluster.ts'

const namespace = 'data'
const driver = 'd.io'
const unique = uniqueVolumeName(driver, 'h')
const nameOn = (nodeName: string): string => attachmentName({ handle: 'h', driver, nodeName })

describe('attaching and detaching', () => {
  let cluster: BareCluster
  let runner: ControllerRunner

  beforeAll(async () => {
    cluster = new BareCluster()
    const { client, informers, logged } = cluster
    runner = new ControllerRunner({ client, clientFor: ({ name }) => cluster.clientFor(name), informers, clock: systemClock, log: (text) => void logged.push(text), controllers: [attachDetachController()] })
    await cluster.makeRoles()
    await runner.start()
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
    await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } })
    for (const name of ['n1', 'n2']) {
      await client.create(nodes, {
        apiVersion: 'v1', kind: 'Node', metadata: { name, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } }, spec: {},
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      })
    }
    const claim = await client.create(persistentVolumeClaims, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], volumeName: 'v', storageClassName: 's', resources: { requests: { storage: '1Gi' } } },
    })
    await client.create(persistentVolumes, {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v' },
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, storageClassName: 's', claimRef: { namespace, name: 'c', uid: claim.metadata.uid ?? '' }, csi: { driver, volumeHandle: 'h' } },
    })
    await client.update(persistentVolumeClaims, { ...claim, status: { phase: 'Bound' } }, { subresource: 'status' })
  })
  afterAll(async () => {
    await runner.stop()
    await cluster.stop()
  })

  const addPod = (name: string, nodeName: string): Promise<unknown> => cluster.client.create(pods, {
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name },
    spec: { nodeName, containers: [{ name: 'c', image: 'x' }], volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }] },
  })
  const status = (name: string, body: VolumeAttachment['status']): Promise<unknown> =>
    cluster.client.patch(volumeAttachments, { name }, { type: 'merge', body: { status: body } }, { subresource: 'status' })
  const nodeStatus = (name: string, body: object): Promise<unknown> => cluster.client.patch(nodes, { name }, { type: 'merge', body: { status: body } }, { subresource: 'status' })
  const there = (name: string): Promise<void> => cluster.until(volumeAttachments, `${name} is there`, (informer) => informer.get({ name }) !== undefined)
  const told = (pod: string, reason: string, message: string): Promise<void> => cluster.until(events, `${reason}: ${message}`, (informer) =>
    informer.list(namespace).some((event) => event.involvedObject.name === pod && event.reason === reason && event.message === message))
  const attachedTo = (name: string): string[] => (cluster.informers.for(nodes).get({ name })?.status?.volumesAttached ?? []).map((each) => each.name)

  it('asks for what a pod uses, and tells how that went', async () => {
    await addPod('first', 'n1')
    await there(nameOn('n1'))
    expect(cluster.informers.for(volumeAttachments).get({ name: nameOn('n1') })?.spec).toEqual({ attacher: driver, nodeName: 'n1', source: { persistentVolumeName: 'v' } })
    await status(nameOn('n1'), { attached: false, attachError: { message: 'no free slot', time: '2026-01-01T00:00:00Z' } })
    await told('first', 'FailedAttachVolume', 'AttachVolume.Attach failed for volume "v" : no free slot')
    expect(attachedTo('n1')).toEqual([])
    await cluster.client.patch(volumeAttachments, { name: nameOn('n1') }, { type: 'merge', body: { status: { attached: true, attachError: null } } }, { subresource: 'status' })
    await told('first', 'SuccessfulAttachVolume', 'AttachVolume.Attach succeeded for volume "v" ')
    await cluster.until(nodes, 'the node is told', () => attachedTo('n1').includes(unique))
  })

  it('keeps what one node may have from another, until the first has let go of it', async () => {
    await nodeStatus('n1', { volumesInUse: [unique] })
    await addPod('second', 'n2')
    await told('second', 'FailedAttachVolume', 'Multi-Attach error for volume "v" Volume is already used by pod(s) first')
    await cluster.client.delete(pods, { namespace, name: 'first' }, { gracePeriodSeconds: 0 })
    await cluster.until(pods, 'the pod is gone', (informer) => informer.get({ namespace, name: 'first' }) === undefined)
    // The kubelet has not unmounted it yet.
    await nodeStatus('n1', { nodeInfo: { kubeletVersion: 'seen' } })
    await cluster.until(nodes, 'seen', (informer) => informer.get({ name: 'n1' })?.status?.nodeInfo?.kubeletVersion === 'seen')
    expect(cluster.informers.for(volumeAttachments).list().map(({ metadata }) => metadata.name)).toEqual([nameOn('n1')])
    await nodeStatus('n1', { volumesInUse: null })
    await there(nameOn('n2'))
    expect(cluster.informers.for(volumeAttachments).get({ name: nameOn('n1') })).toBeUndefined()
    expect(attachedTo('n1')).toEqual([])
  })

  it('takes what a node had that is gone', async () => {
    await status(nameOn('n2'), { attached: true })
    await cluster.until(nodes, 'attached', () => attachedTo('n2').includes(unique))
    await nodeStatus('n2', { volumesInUse: [unique] })
    await cluster.client.delete(nodes, { name: 'n2' })
    await cluster.client.delete(pods, { namespace, name: 'second' }, { gracePeriodSeconds: 0 })
    await cluster.until(volumeAttachments, 'detached', (informer) => informer.list().length === 0)
  })
})
