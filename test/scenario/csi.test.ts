// CSI on a real containerd: a driver registers, its volumes are staged and published for pods, and given back whatever happens between.
import { attachmentName } from '../../pkg/api/csi-names.ts'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { secrets, type Secret } from '../../pkg/api/types-config.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { type Pod, pods } from '../../pkg/api/types-pod.ts'
import { csiDrivers, type CSIDriverSpec, csiNodes, type VolumeAttachment, volumeAttachments } from '../../pkg/api/types-storage.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolumeSpec, type Volume } from '../../pkg/api/types-volume.ts'
import { TestCsiDriver } from '../plugins/csi-driver.ts'
import { canRunPods, nodeName, TestNode } from './kubelet-driver.ts'

const describeWithContainerd = canRunPods ? describe : describe.skip
const name = 'test.csi.kinglet.io'
const running = (pod: Pod): boolean => pod.status?.phase === 'Running' && pod.status.containerStatuses?.[0]?.state?.running !== undefined
const inDefault = (object: string): { namespace: string; name: string } => ({ namespace: 'default', name: object })
const mountsBelow = (directory: string): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap((line) => line.split(' ')[4] ?? []).filter((path) => path.startsWith(directory))

describeWithContainerd('CSI volumes', () => {
  const node = new TestNode()
  const root = join(node.directory, 'agent')
  const state = join(node.directory, 'csi-state')
  const driver = new TestCsiDriver({ name, root, state, maxVolumes: 7, topology: { 'topology.test/zone': 'z1' } })
  // The clock's timers do not keep the process alive, and between two events nothing else might.
  const alive = setInterval(() => undefined, 1000)

  const setDriver = async (spec: CSIDriverSpec): Promise<void> => {
    await node.client.delete(csiDrivers, { name }).catch(() => undefined)
    await node.client.create(csiDrivers, { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name }, spec })
  }

  /** A volume and its claim, bound as the binder would. */
  const addClaim = async (claim: string, options: { csi?: Partial<NonNullable<PersistentVolumeSpec['csi']>>; volumeMode?: string; size?: string } = {}): Promise<void> => {
    const { size = '1Gi', volumeMode = 'Filesystem' } = options
    driver.createVolume(`handle-${claim}`, { sizeBytes: 4 << 20, block: volumeMode === 'Block' })
    const made = await node.client.create(persistentVolumeClaims, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...inDefault(claim), annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
      spec: { accessModes: ['ReadWriteOnce'], volumeMode, volumeName: `pv-${claim}`, storageClassName: 'csi', resources: { requests: { storage: size } } },
    })
    await node.client.create(persistentVolumes, {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `pv-${claim}` },
      spec: {
        accessModes: ['ReadWriteOnce'], capacity: { storage: size }, volumeMode, storageClassName: 'csi', mountOptions: ['noatime'],
        claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: claim, uid: made.metadata.uid ?? '' },
        csi: { driver: name, volumeHandle: `handle-${claim}`, fsType: 'ext4', volumeAttributes: { colour: 'blue' }, ...options.csi },
      },
    })
    await node.client.update(persistentVolumeClaims, { ...made, status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: size } } }, { subresource: 'status' })
  }

  const addPod = (pod: string, volume: Omit<Volume, 'name'>, { command, fsGroup, block = false }: { command?: string; fsGroup?: number; block?: boolean } = {}): Promise<Pod> =>
    node.createPod(pod, {
      serviceAccountName: 'default',
      volumes: [{ name: 'data', ...volume }],
      ...(fsGroup === undefined ? {} : { securityContext: { fsGroup } }),
      containers: [{
        name: 'main', command: ['sh', '-c', `${command ?? 'true'} && exec sleep 1000`],
        ...(block ? { volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] } : { volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
      }],
    })

  const claimed = (claimName: string): Omit<Volume, 'name'> => ({ persistentVolumeClaim: { claimName } })

  const remove = async (pod: string): Promise<void> => {
    await node.client.delete(pods, inDefault(pod), { gracePeriodSeconds: 1 })
    await node.until(pods, pod, (gone) => gone === undefined)
  }

  /** What is not told by any object. */
  const eventually = async (is: () => boolean | Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + 20_000
    while (!(await is())) {
      if (performance.now() > deadline) throw new Error(`did not become so: ${is.toString()}\n${node.logged.join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  beforeAll(async () => {
    mkdirSync(state)
    await node.start()
    await setDriver({ attachRequired: false, podInfoOnMount: true, fsGroupPolicy: 'File', volumeLifecycleModes: ['Persistent', 'Ephemeral'], tokenRequests: [{ audience: 'vault', expirationSeconds: 3600 }] })
  }, 60_000)

  afterAll(async () => {
    driver.stop()
    await node.stop()
    clearInterval(alive)
  }, 60_000)

  it('take in a driver when its socket comes, and let it go with it', async () => {
    await node.until(csiNodes, nodeName, (found) => found?.spec.drivers.length === 0)
    await driver.start()
    const told = await node.until(csiNodes, nodeName, (found) => found?.spec.drivers.length === 1)
    expect(told?.spec.drivers).toEqual([{ name, nodeID: 'id-of-node', topologyKeys: ['topology.test/zone'], allocatable: { count: 7 } }])
    const { metadata } = await node.client.get(nodes, { name: nodeName })
    expect(metadata.annotations?.['csi.volume.kubernetes.io/nodeid']).toBe(`{"${name}":"id-of-node"}`)
    expect(metadata.labels?.['topology.test/zone']).toBe('z1')
    expect(told?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: nodeName, uid: metadata.uid }])
    await eventually(() => driver.notices.some(({ pluginRegistered }) => pluginRegistered))
    driver.stop()
    await node.until(csiNodes, nodeName, (found) => found?.spec.drivers.length === 0)
    await driver.start()
    await node.until(csiNodes, nodeName, (found) => found?.spec.drivers.length === 1)
  })

  it('are staged once and published for each pod, and both taken back', async () => {
    const opaque = (secret: string, data: Record<string, string>): Promise<Secret> => node.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: inDefault(secret), stringData: data })
    await opaque('stage', { key: 'one' })
    await opaque('publish', { key: 'two' })
    await addClaim('shared', { csi: { nodeStageSecretRef: { namespace: 'default', name: 'stage' }, nodePublishSecretRef: { namespace: 'default', name: 'publish' } } })
    const first = await addPod('first', claimed('shared'), { command: 'echo hello > /data/file', fsGroup: 1234 })
    await node.untilPod('first', running)
    const second = await addPod('second', claimed('shared'), { command: 'grep hello /data/file' })
    await node.untilPod('second', running)

    const stages = driver.of('NodeStageVolume')
    expect(stages).toHaveLength(1)
    const staging = stages[0]?.stagingTargetPath ?? ''
    expect(staging).toMatch(new RegExp(`^${root}/plugins/kubernetes.io/csi/${name}/[0-9a-f]{64}/globalmount$`))
    expect(stages[0]).toMatchObject({
      volumeId: 'handle-shared', secrets: { key: 'one' }, volumeContext: { colour: 'blue' },
      volumeCapability: { mount: { fsType: 'ext4', mountFlags: ['noatime'], volumeMountGroup: '' }, accessMode: { mode: 'SINGLE_NODE_WRITER' } },
    })
    const published = driver.of('NodePublishVolume')
    expect(published.map(({ targetPath }) => targetPath)).toEqual([first, second].map(({ metadata: { uid } }) => join(root, `pods/${uid}/volumes/kubernetes.io~csi/pv-shared/mount`)))
    expect(published[0]).toMatchObject({
      stagingTargetPath: staging, secrets: { key: 'two' }, readonly: false,
      volumeContext: {
        colour: 'blue', 'csi.storage.k8s.io/pod.name': 'first', 'csi.storage.k8s.io/pod.namespace': 'default', 'csi.storage.k8s.io/pod.uid': first.metadata.uid,
        'csi.storage.k8s.io/serviceAccount.name': 'default', 'csi.storage.k8s.io/ephemeral': 'false',
      },
    })
    const tokens = JSON.parse(published[0]?.volumeContext?.['csi.storage.k8s.io/serviceAccount.tokens'] ?? '{}') as Record<string, { token: string; expirationTimestamp: string }>
    expect(JSON.parse(Buffer.from(tokens['vault']?.token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({ aud: ['vault'], sub: 'system:serviceaccount:default:default' })
    expect(Date.parse(tokens['vault']?.expirationTimestamp ?? '')).toBeGreaterThan(0)
    const record = JSON.parse(readFileSync(join(published[0]?.targetPath ?? '', '../vol_data.json'), 'utf8')) as object
    expect(record).toMatchObject({ specVolID: 'pv-shared', volumeHandle: 'handle-shared', driverName: name, nodeName, volumeLifecycleMode: 'Persistent' })
    const file = statSync(join(driver.directory('handle-shared'), 'files'))
    expect([file.gid, file.mode & 0o2770]).toEqual([1234, 0o2770])

    await remove('first')
    expect(driver.of('NodeUnpublishVolume').map(({ targetPath }) => targetPath)).toEqual([published[0]?.targetPath])
    expect(driver.of('NodeUnstageVolume')).toEqual([])
    await remove('second')
    expect(driver.of('NodeUnstageVolume')).toMatchObject([{ volumeId: 'handle-shared', stagingTargetPath: staging }])
    expect(existsSync(join(staging, '..'))).toBe(false)
    expect(mountsBelow(join(root, 'plugins'))).toEqual([])
    expect(readFileSync(join(driver.directory('handle-shared'), 'files/file'), 'utf8')).toBe('hello\n')
  })

  it('are made for one pod where they are inline', async () => {
    const pod = await addPod('inline', { csi: { driver: name, volumeAttributes: { size: 'small' }, readOnly: false } }, { command: 'echo mine > /data/file' })
    await node.untilPod('inline', running)
    const request = driver.of('NodePublishVolume').at(-1)
    expect(request).toMatchObject({ stagingTargetPath: '', volumeContext: { size: 'small', 'csi.storage.k8s.io/ephemeral': 'true' } })
    expect(request?.volumeId).toMatch(/^csi-[0-9a-f]{64}$/)
    expect(request?.targetPath).toBe(join(root, `pods/${pod.metadata.uid}/volumes/kubernetes.io~csi/data/mount`))
    await eventually(() => existsSync(join(driver.directory(request?.volumeId ?? ''), 'files/file')))
    await remove('inline')
    expect(existsSync(driver.directory(request?.volumeId ?? ''))).toBe(false)
    expect(existsSync(join(root, 'pods', pod.metadata.uid ?? ''))).toBe(false)
  })

  it('are devices in block mode', async () => {
    await addClaim('disk', { volumeMode: 'Block' })
    const pod = await addPod('disk', claimed('disk'), { block: true, command: 'test -b /dev/data && echo written | dd of=/dev/data conv=fsync' })
    await node.untilPod('disk', running)
    expect(driver.of('NodeStageVolume').at(-1)).toMatchObject({ stagingTargetPath: join(root, 'plugins/kubernetes.io/csi/volumeDevices/staging/pv-disk'), volumeCapability: { block: {} } })
    expect(driver.of('NodePublishVolume').at(-1)).toMatchObject({ targetPath: join(root, `plugins/kubernetes.io/csi/volumeDevices/publish/pv-disk/${pod.metadata.uid}`) })
    await eventually(() => readFileSync(join(driver.directory('handle-disk'), 'disk.img')).subarray(0, 7).toString() === 'written')
    await remove('disk')
    expect(driver.of('NodeUnstageVolume').at(-1)).toMatchObject({ volumeId: 'handle-disk' })
    expect(mountsBelow(join(root, 'plugins'))).toEqual([])
    expect(readdirSync(join(root, 'plugins/kubernetes.io/csi/volumeDevices')).sort()).toEqual(['publish', 'staging'])
  })

  it('tell in events what their driver said, and are tried again', async () => {
    driver.failNext('NodeStageVolume', 'INTERNAL', 'the disk is cold')
    driver.failNext('NodePublishVolume', 'PERMISSION_DENIED', 'not for you')
    await addClaim('cold')
    await addPod('cold', claimed('cold'))
    await node.untilPod('cold', running)
    const told = await node.eventsOf('cold')
    expect(told).toContain('FailedMount: MountVolume.MountDevice failed for volume "pv-cold" : rpc error: code = Internal desc = the disk is cold')
    expect(told).toContain('FailedMount: MountVolume.SetUp failed for volume "pv-cold" : rpc error: code = PermissionDenied desc = not for you')
    await remove('cold')
    await addPod('strange', { csi: { driver: 'nobody.knows' } })
    await eventually(async () => (await node.eventsOf('strange')).includes('FailedMount: MountVolume.NewMounter initialization failed for volume "data" : volume mode "Ephemeral" not supported by driver nobody.knows (no CSIDriver object)'))
    await remove('strange')
  })

  it('grow on the node when the volume has grown', async () => {
    await addClaim('grows')
    await addPod('grows', claimed('grows'))
    await node.untilPod('grows', running)
    const claim = await node.client.get(persistentVolumeClaims, inDefault('grows'))
    const pending = { type: 'FileSystemResizePending', status: 'True' }
    await node.client.update(persistentVolumeClaims, { ...claim, status: { ...claim.status, conditions: [pending], allocatedResourceStatuses: { storage: 'NodeResizePending' } } }, { subresource: 'status' })
    await node.client.patch(persistentVolumes, { name: 'pv-grows' }, { type: 'merge', body: { spec: { capacity: { storage: '2Gi' } } } })
    const grown = await node.until(persistentVolumeClaims, 'grows', (found) => found?.status?.capacity?.['storage'] === '2Gi')
    expect(grown?.status).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' } })
    expect(driver.of('NodeExpandVolume')).toMatchObject([{ volumeId: 'handle-grows', capacityRange: { requiredBytes: 2 ** 31 }, volumePath: expect.stringMatching(/pv-grows\/mount$/) }])
    await eventually(async () => (await node.eventsOf('grows')).includes(`FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "pv-grows" ${nodeName}`))
    await remove('grows')
  })

  it('wait until they are attached, and are in use until they are given back', async () => {
    await setDriver({ attachRequired: true })
    await addClaim('attached')
    const unique = `kubernetes.io/csi/${name}^handle-attached`
    const before = driver.of('NodeStageVolume').length
    await addPod('attached', claimed('attached'))
    await node.until(nodes, nodeName, (found) => found?.status?.volumesInUse?.includes(unique) === true)
    const made = await node.client.create(volumeAttachments, {
      apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment',
      metadata: { name: attachmentName({ handle: 'handle-attached', driver: name, nodeName }) },
      spec: { attacher: name, nodeName, source: { persistentVolumeName: 'pv-attached' } },
    } as VolumeAttachment)
    await node.client.update(volumeAttachments, { ...made, status: { attached: true, attachmentMetadata: { lun: '3' } } }, { subresource: 'status' })
    expect(driver.of('NodeStageVolume')).toHaveLength(before)
    await node.client.patch(nodes, { name: nodeName }, { type: 'merge', body: { status: { volumesAttached: [{ name: unique, devicePath: '' }] } } }, { subresource: 'status' })
    await node.untilPod('attached', running)
    expect(driver.of('NodeStageVolume').at(-1)).toMatchObject({ publishContext: { lun: '3' } })
    expect((await node.eventsOf('attached')).filter((event) => event.startsWith('Failed'))).toEqual([])
    await remove('attached')
    await node.until(nodes, nodeName, (found) => found?.status?.volumesInUse === undefined)
    await setDriver({ attachRequired: false })
  })

  it('outlive the kubelet, and are given back by the next one when their pod is gone', async () => {
    await addClaim('stays')
    await addClaim('goes')
    const stays = await addPod('stays', claimed('stays'))
    await addPod('goes', claimed('goes'))
    await node.untilPod('stays', running)
    const goes = await node.untilPod('goes', running)
    await node.stopKubelet()
    await node.client.delete(pods, inDefault('goes'), { gracePeriodSeconds: 0, preconditions: { uid: goes.metadata.uid ?? '' } })
    const published = driver.of('NodeUnpublishVolume').length
    await node.startKubelet()
    await eventually(() => driver.of('NodeUnstageVolume').some(({ volumeId }) => volumeId === 'handle-goes'))
    expect(driver.of('NodeUnpublishVolume').slice(published).map(({ volumeId }) => volumeId)).toEqual(['handle-goes'])
    const kept = await node.untilPod('stays', running)
    expect(kept.status?.containerStatuses?.[0]?.restartCount).toBe(0)
    expect(mountsBelow(join(root, 'pods', stays.metadata.uid ?? '')).some((path) => path.endsWith('/pv-stays/mount'))).toBe(true)
    await remove('stays')
    expect(driver.of('NodeUnstageVolume').at(-1)).toMatchObject({ volumeId: 'handle-stays' })
    expect(mountsBelow(root)).toEqual([])
  }, 60_000)
})
