// Claims and volumes: binder, protection and provisioner on the real API server, with the real scheduler.
import { mkdtempSync, existsSync, writeFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { events, namespaces, serviceAccounts, storageClasses } from '../../pkg/api/types-config.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { pods, type PodSpec } from '../../pkg/api/types-pod.ts'
import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses, type PersistentVolumeClaim, type PersistentVolumeSpec } from '../../pkg/api/types-volume.ts'
import { volumeDirectories } from '../../pkg/cluster/volume-directories.ts'
import ephemeralVolume from '../../pkg/controllers/ephemeral-volume.ts'
import { localPathControllers } from '../../pkg/controllers/local-path-provisioner.ts'
import { claimBinder, volumeBinder } from '../../pkg/controllers/persistent-volume-binder.ts'
import pvProtection from '../../pkg/controllers/pv-protection.ts'
import pvcProtection from '../../pkg/controllers/pvc-protection.ts'
import vacProtection from '../../pkg/controllers/vac-protection.ts'
import { BareCluster } from './bare-cluster.ts'

const namespace = 'data'
const bindCompleted = 'pv.kubernetes.io/bind-completed'

describe('claims and volumes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-volumes-'))
  let cluster: BareCluster
  let stops: { stop(): Promise<void> }[]

  beforeAll(async () => {
    cluster = new BareCluster()
    const { client } = cluster
    const { scheduler, recorder } = cluster.newScheduler()
    const runner = cluster.newRunner([claimBinder(), volumeBinder, pvcProtection, pvProtection, vacProtection, ephemeralVolume, ...localPathControllers(volumeDirectories({ directory, nodeName: 'here' }))])
    await cluster.makeRoles()
    stops = [runner, scheduler, recorder]
    await Promise.all([runner.start(), scheduler.start()])
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
    await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } })
    const size = { cpu: '4', memory: '4Gi', pods: '20' }
    await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'here', labels: { 'kubernetes.io/hostname': 'here' } }, spec: {}, status: { allocatable: size, capacity: size } })
    await client.patch(nodes, { name: 'here' }, { type: 'merge', body: { spec: { taints: null } } })
    await client.create(storageClasses, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'local-path' }, provisioner: 'kinglet.io/local-path', volumeBindingMode: 'WaitForFirstConsumer' })
  })
  afterAll(async () => {
    for (const part of stops) await part.stop()
    await cluster.stop()
    rmSync(directory, { recursive: true })
    expect(cluster.logged).toEqual([])
  })

  const addVolume = (name: string, storage: string, more: Partial<PersistentVolumeSpec> = {}) => cluster.client.create(persistentVolumes, {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name },
    spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/tmp/${name}` }, storageClassName: 'manual', ...more },
  })
  const addClaim = (name: string, storage: string, more: Partial<PersistentVolumeClaim['spec']> = {}) => cluster.client.create(persistentVolumeClaims, {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, storageClassName: 'manual', ...more },
  })
  const addPod = (name: string, volumes: PodSpec['volumes'] & object) => cluster.client.create(pods, {
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec: { containers: [{ name: 'c', image: 'web:1' }], volumes },
  })
  const claim = (name: string) => cluster.informers.for(persistentVolumeClaims).get({ namespace, name })
  const volume = (name: string) => cluster.informers.for(persistentVolumes).get({ name })
  const bound = (name: string, to: string) => cluster.until(persistentVolumeClaims, `${name} bound to ${to}`, () => claim(name)?.status?.phase === 'Bound' && claim(name)?.spec.volumeName === to)
  const phase = (name: string, is: string) => cluster.until(persistentVolumes, `${name} is ${is}`, () => volume(name)?.status?.phase === is)
  const gone = (name: string) => cluster.until(persistentVolumeClaims, `${name} is gone`, () => claim(name) === undefined)
  const told = (about: string, message: string) => cluster.until(events, message, (informer) => informer.list().some((event) => event.involvedObject.name === about && event.message === message))

  it('binds a claim to the smallest volume that will do, and keeps what Retain says', async () => {
    await addVolume('big', '10Gi')
    await addVolume('fits', '2Gi')
    await addVolume('small', '1Gi')
    await Promise.all(['big', 'fits', 'small'].map((name) => phase(name, 'Available')))
    await addClaim('first', '1500Mi')
    await bound('first', 'fits')
    expect(claim('first')?.metadata.annotations).toMatchObject({ [bindCompleted]: 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' })
    expect(claim('first')?.status).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' } })
    await phase('fits', 'Bound')
    expect(volume('fits')?.spec.claimRef).toMatchObject({ kind: 'PersistentVolumeClaim', namespace, name: 'first', uid: claim('first')?.metadata.uid })
    await cluster.client.delete(persistentVolumeClaims, { namespace, name: 'first' })
    await phase('fits', 'Released')
    await addClaim('waits', '20Gi')
    await addClaim('second', '1500Mi')
    await bound('second', 'big')
    // One that a person frees is taken again.
    await cluster.client.patch(persistentVolumes, { name: 'fits' }, { type: 'merge', body: { spec: { claimRef: null } } })
    await phase('fits', 'Available')
    await addClaim('third', '2Gi')
    await bound('third', 'fits')
    expect(claim('waits')?.status?.phase).toBe('Pending')
    await addVolume('huge', '20Gi')
    await bound('waits', 'huge')
  })

  it('tells why a claim waits', async () => {
    await addClaim('none', '1Gi', { storageClassName: '' })
    await told('none', 'no persistent volumes available for this claim and no storage class is set')
    await addClaim('unknown', '1Gi', { storageClassName: 'nope' })
    await told('unknown', 'storageclass.storage.k8s.io "nope" not found')
    await addClaim('named', '5Gi', { storageClassName: 'manual', volumeName: 'small' })
    await told('named', 'Cannot bind to requested volume "small": requested PV is too small')
  })

  it('gives one volume to one of many claims', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `rival-${index}`)
    await Promise.all(names.map((name) => addClaim(name, '1Gi', { storageClassName: 'rare' })))
    await addVolume('only', '1Gi', { storageClassName: 'rare' })
    await phase('only', 'Bound')
    await cluster.until(persistentVolumeClaims, 'one rival bound', (informer) => informer.list(namespace).filter(({ spec }) => spec.volumeName === 'only').length === 1)
    await Promise.all(names.map((name) => cluster.client.delete(persistentVolumeClaims, { namespace, name })))
    await Promise.all(names.map(gone))
    await phase('only', 'Released')
  })

  it('marks a claim as lost whose volume is gone, and keeps a bound volume that is deleted', async () => {
    await addVolume('doomed', '1Gi', { storageClassName: 'doom' })
    await addClaim('loser', '1Gi', { storageClassName: 'doom' })
    await bound('loser', 'doomed')
    await phase('doomed', 'Bound')
    await cluster.client.delete(persistentVolumes, { name: 'doomed' })
    expect((await cluster.client.get(persistentVolumes, { name: 'doomed' })).metadata.deletionTimestamp).toBeDefined()
    await cluster.client.patch(persistentVolumes, { name: 'doomed' }, { type: 'merge', body: { metadata: { finalizers: null } } })
    await cluster.until(persistentVolumeClaims, 'lost', () => claim('loser')?.status?.phase === 'Lost')
    await told('loser', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  })

  it('makes a directory for the first pod that uses a claim, and removes it with the claim', async () => {
    const storage = { storageClassName: 'local-path' }
    await addClaim('db', '1Gi', storage)
    await told('db', 'waiting for first consumer to be created before binding')
    await addPod('db', [{ name: 'v', persistentVolumeClaim: { claimName: 'db' } }])
    await cluster.until(pods, 'the pod has its node', (informer) => informer.get({ namespace, name: 'db' })?.spec.nodeName === 'here')
    const name = `pvc-${claim('db')?.metadata.uid}`
    await bound('db', name)
    const path = join(directory, `${name}_${namespace}_db`)
    expect(volume(name)?.spec).toMatchObject({
      capacity: { storage: '1Gi' }, persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'local-path', hostPath: { path, type: 'DirectoryOrCreate' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['here'] }] }] } },
    })
    await told('db', `Successfully provisioned volume ${name}`)
    writeFileSync(join(path, 'row'), '1')
    // The pod still has it mounted.
    await cluster.client.delete(persistentVolumeClaims, { namespace, name: 'db' })
    await cluster.client.patch(persistentVolumeClaims, { namespace, name: 'db' }, { type: 'merge', body: { metadata: { labels: { seen: 'yes' } } } })
    await cluster.until(persistentVolumeClaims, 'deleting', () => claim('db')?.metadata.labels?.['seen'] === 'yes')
    expect(existsSync(path)).toBe(true)
    await cluster.client.delete(pods, { namespace, name: 'db' }, { gracePeriodSeconds: 0 })
    await gone('db')
    await cluster.until(persistentVolumes, 'volume deleted', () => volume(name) === undefined)
    expect(existsSync(path)).toBe(false)
  })

  it('lets a claim grow where its class allows it, and removes the directory also of a volume that was deleted first', async () => {
    await addClaim('grows', '1Gi', { storageClassName: 'local-path' })
    await addPod('grows', [{ name: 'v', persistentVolumeClaim: { claimName: 'grows' } }])
    await cluster.until(persistentVolumeClaims, 'bound', () => claim('grows')?.status?.phase === 'Bound')
    const grow = () => cluster.client.patch(persistentVolumeClaims, { namespace, name: 'grows' }, { type: 'merge', body: { spec: { resources: { requests: { storage: '3Gi' } } } } })
    await expect(grow()).rejects.toThrow('only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize')
    await cluster.client.patch(storageClasses, { name: 'local-path' }, { type: 'merge', body: { allowVolumeExpansion: true } })
    await grow()
    await cluster.until(persistentVolumeClaims, 'grown', () => claim('grows')?.status?.capacity?.['storage'] === '3Gi')
    const name = claim('grows')?.spec.volumeName ?? ''
    const path = volume(name)?.spec.hostPath?.path ?? ''
    expect(volume(name)?.spec.capacity).toEqual({ storage: '3Gi' })
    await cluster.client.delete(persistentVolumes, { name })
    await cluster.client.delete(pods, { namespace, name: 'grows' }, { gracePeriodSeconds: 0 })
    expect(existsSync(path)).toBe(true)
    await cluster.client.delete(persistentVolumeClaims, { namespace, name: 'grows' })
    await cluster.until(persistentVolumes, 'gone', () => volume(name) === undefined)
    expect(existsSync(path)).toBe(false)
  })

  it('never removes a directory outside its own', async () => {
    const { removeDirectory } = volumeDirectories({ directory, nodeName: 'here' })
    for (const path of [directory, `${directory}/../etc`, '/', `${directory}/a/b`]) await expect(removeDirectory({ host: 'here', path })).rejects.toThrow('expected a directory in')
    await expect(removeDirectory({ host: 'there', path: `${directory}/x` })).rejects.toThrow('is on node there')
  })

  it('makes the claims that a pod brings with it', async () => {
    await addPod('scratch', [{ name: 'tmp', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'local-path', resources: { requests: { storage: '1Gi' } } } } } }])
    await cluster.until(pods, 'the pod has its node', (informer) => informer.get({ namespace, name: 'scratch' })?.spec.nodeName === 'here')
    expect(claim('scratch-tmp')?.metadata.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'scratch', controller: true }])
    expect(claim('scratch-tmp')?.status?.phase).toBe('Bound')
  })

  it('keeps a class of attributes while a claim names it', async () => {
    await cluster.client.create(volumeAttributesClasses, { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', metadata: { name: 'gold' }, driverName: 'd', parameters: { iops: '100' } })
    await addClaim('precious', '1Gi', { storageClassName: 'nowhere', volumeAttributesClassName: 'gold' })
    await cluster.client.delete(volumeAttributesClasses, { name: 'gold' })
    const gold = () => cluster.informers.for(volumeAttributesClasses).get({ name: 'gold' })
    await cluster.until(volumeAttributesClasses, 'deleting', () => gold()?.metadata.deletionTimestamp !== undefined)
    await cluster.client.patch(volumeAttributesClasses, { name: 'gold' }, { type: 'merge', body: { metadata: { labels: { seen: 'yes' } } } })
    await cluster.until(volumeAttributesClasses, 'still there', () => gold()?.metadata.labels?.['seen'] === 'yes')
    await cluster.client.delete(persistentVolumeClaims, { namespace, name: 'precious' })
    await cluster.until(volumeAttributesClasses, 'gone', () => gold() === undefined)
  })

  it('gives a claim the default class that comes later', async () => {
    await cluster.client.create(persistentVolumeClaims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name: 'classless' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } })
    await told('classless', 'no persistent volumes available for this claim and no storage class is set')
    await cluster.client.patch(storageClasses, { name: 'local-path' }, { type: 'merge', body: { metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } } })
    await cluster.until(persistentVolumeClaims, 'has the class', () => claim('classless')?.spec.storageClassName === 'local-path')
  })
})
