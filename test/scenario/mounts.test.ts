// Mounts of all sorts on a real containerd: propagation, read-only with all below, file servers, images, owners, devices of the node.
import { execFileSync } from 'node:child_process'
import { chownSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Container, type Pod, type PodSpec, pods } from '../../pkg/api/types-pod.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolumeSpec, type Volume } from '../../pkg/api/types-volume.ts'
import { canRunPods, nodeName, TestNode } from './kubelet-driver.ts'

const describeWithContainerd = canRunPods ? describe : describe.skip
const running = (pod: Pod): boolean => pod.status?.phase === 'Running' && pod.status.containerStatuses?.every(({ state }) => state?.running !== undefined) === true
const inDefault = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name })
const mounted = (path: string): boolean => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').some((line) => line.split(' ')[4] === path)

describeWithContainerd('mounts', () => {
  const node = new TestNode()
  const shared = join(node.directory, 'shared')
  // The clock's timers do not keep the process alive, and between two events nothing else might.
  const alive = setInterval(() => undefined, 1000)

  const addPod = (name: string, volume: Omit<Volume, 'name'>, container: Partial<Container> = {}, spec: Partial<PodSpec> = {}): Promise<Pod> => node.createPod(name, {
    ...spec, volumes: [{ name: 'data', ...volume }],
    containers: [{ name: 'main', command: ['sh', '-c', 'exec sleep 1000'], volumeMounts: [{ name: 'data', mountPath: '/data' }], ...container }],
  })
  const waiting = async (name: string, reason: string): Promise<string> => {
    const pod = await node.untilPod(name, ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === reason)
    return pod.status?.containerStatuses?.[0]?.state?.waiting?.message ?? ''
  }
  const eventOf = async (name: string, reason: string): Promise<string> => {
    for (;;) {
      const found = (await node.eventsOf(name)).find((event) => event.startsWith(`${reason}: `))
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const remove = async (name: string): Promise<void> => {
    await node.client.delete(pods, inDefault(name), { gracePeriodSeconds: 1 })
    await node.until(pods, name, (gone) => gone === undefined)
  }
  const addClaim = async (name: string, spec: PersistentVolumeSpec): Promise<Omit<Volume, 'name'>> => {
    const { volumeMode = 'Filesystem' } = spec
    const made = await node.client.create(persistentVolumeClaims, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: inDefault(name),
      spec: { accessModes: ['ReadWriteOnce'], volumeMode, volumeName: `pv-${name}`, storageClassName: 'own', resources: { requests: { storage: '1Gi' } } },
    })
    await node.client.create(persistentVolumes, {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `pv-${name}` },
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, storageClassName: 'own', claimRef: { namespace: 'default', name, uid: made.metadata.uid ?? '' }, ...spec },
    })
    await node.client.update(persistentVolumeClaims, { ...made, status: { phase: 'Bound' } }, { subresource: 'status' })
    return { persistentVolumeClaim: { claimName: name } }
  }
  const here = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] }] } }

  beforeAll(async () => {
    mkdirSync(shared)
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', shared])
    execFileSync('mount', ['--make-shared', shared])
    await node.start()
  }, 60_000)
  afterAll(async () => {
    execFileSync('umount', ['-R', '-l', shared])
    await node.stop()
    clearInterval(alive)
  }, 60_000)

  it('come and go between node and container as their propagation says', async () => {
    const seeing = (mountPropagation: string, privileged = false): Partial<Container> => ({ volumeMounts: [{ name: 'data', mountPath: '/data', mountPropagation }], securityContext: { privileged } })
    const hostPath = { path: shared }
    await addPod('none', { hostPath }, seeing('None'))
    await addPod('receives', { hostPath }, seeing('HostToContainer'))
    // What is mounted before a container starts is in it, whatever the propagation.
    for (const name of ['none', 'receives']) await node.untilPod(name, running)
    const both = await addPod('both', { hostPath }, { ...seeing('Bidirectional', true), command: ['sh', '-c', 'mkdir /data/own && mount -t tmpfs own /data/own && touch /data/own/file && echo done && exec sleep 1000'] })
    await node.untilPod('both', running)
    mkdirSync(join(shared, 'later'))
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(shared, 'later')])
    writeFileSync(join(shared, 'later/file'), '')
    while ((await node.log(both, { container: 'main' })) !== 'done\n') await new Promise((resolve) => setTimeout(resolve, 50))
    expect(existsSync(join(shared, 'own/file'))).toBe(true)
    const sees = async (name: string, path: string): Promise<boolean> => {
      const id = (await node.pod(name)).status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? ''
      return (await node.cri.execSync({ containerId: id, cmd: ['test', '-e', path], timeout: 10 })).exitCode === 0
    }
    expect([await sees('none', '/data/later/file'), await sees('receives', '/data/later/file'), await sees('both', '/data/later/file')]).toEqual([false, true, true])
    expect([await sees('none', '/data/own/file'), await sees('receives', '/data/own/file')]).toEqual([false, true])
    for (const name of ['none', 'receives', 'both']) await remove(name)
    expect(mounted(join(shared, 'own'))).toBe(true)
  }, 60_000)

  it('that are to be read-only with all below need a runtime that can', async () => {
    const readOnly = (recursiveReadOnly: string): Partial<Container> => ({ volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true, recursiveReadOnly }] })
    await addPod('must', { emptyDir: {} }, readOnly('Enabled'))
    await addPod('may', { emptyDir: {} }, readOnly('IfPossible'))
    const can = node.runtimeFeatures?.recursiveReadOnlyMounts ?? false
    if (can) await node.untilPod('must', running)
    else expect(await waiting('must', 'CreateContainerConfigError')).toBe('failed to resolve recursive read-only mode: volume "data" requested recursive read-only mode, but it is not supported by the runtime')
    const pod = await node.untilPod('may', running)
    expect(pod.status?.containerStatuses?.[0]?.volumeMounts).toEqual([{ name: 'data', mountPath: '/data', readOnly: true, recursiveReadOnly: can ? 'Enabled' : 'Disabled' }])
    await remove('must')
    await remove('may')
  })

  it('of file servers are those of the machine, or tell what mount said', async () => {
    const claim = await addClaim('server', { nfs: { server: '127.0.0.1', path: '/export' }, mountOptions: ['soft', 'timeo=1'] })
    await addPod('inline-nfs', { nfs: { server: '127.0.0.1', path: '/export', readOnly: true } })
    await addPod('claimed-nfs', claim)
    const inline = await eventOf('inline-nfs', 'FailedMount')
    const { uid } = (await node.pod('inline-nfs')).metadata
    expect(inline).toContain('MountVolume.SetUp failed for volume "data" : mount failed: exit status 32\nMounting command: mount\n')
    expect(inline).toContain(`Mounting arguments: -t nfs -o ro 127.0.0.1:/export ${join(node.directory, 'agent/pods', uid ?? '', 'volumes/kubernetes.io~nfs/data')}\nOutput: `)
    expect(await eventOf('claimed-nfs', 'FailedMount')).toContain('Mounting arguments: -t nfs -o soft,timeo=1 127.0.0.1:/export ')
    await remove('inline-nfs')
    await remove('claimed-nfs')
  }, 60_000)

  it('of images are the runtime\'s: an old one says that it has no path for them', async () => {
    await addPod('pictures', { image: { reference: 'busybox:1.36', pullPolicy: 'IfNotPresent' } })
    const pod = await node.untilPod('pictures', (seen) => running(seen) || seen.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerError')
    // containerd mounts images since 2.1.
    if (!running(pod)) expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(/failed to (generate|create|mkdir|stat)/)
    await remove('pictures')
    await addPod('nowhere', { image: { reference: 'nowhere.test/none:1', pullPolicy: 'Never' } })
    expect(await waiting('nowhere', 'ErrImageNeverPull')).toBe('Container image "nowhere.test/none:1" is not present with pull policy of Never')
    await remove('nowhere')
  })

  it('are given to the group each time, or only where the top is not its own', async () => {
    const directory = join(node.directory, 'owned')
    mkdirSync(join(directory, 'below'), { recursive: true })
    const claim = await addClaim('owned', { local: { path: directory }, nodeAffinity: here })
    const gids = (): number[] => [directory, join(directory, 'below')].map((path) => statSync(path).gid)
    const round = async (name: string, fsGroupChangePolicy: string): Promise<number[]> => {
      await addPod(name, claim, {}, { securityContext: { fsGroup: 777, fsGroupChangePolicy } })
      await node.untilPod(name, running)
      await remove(name)
      return gids()
    }
    expect(await round('first', 'OnRootMismatch')).toEqual([777, 777])
    chownSync(join(directory, 'below'), 0, 5)
    expect(await round('second', 'OnRootMismatch')).toEqual([777, 5])
    expect(await round('third', 'Always')).toEqual([777, 777])
    chownSync(join(directory, 'below'), 0, 5)
    chmodSync(directory, 0o700)
    expect(await round('fourth', 'OnRootMismatch')).toEqual([777, 777])
  }, 60_000)

  it('can be devices of the node, and are used as what they are', async () => {
    const image = join(node.directory, 'disk.img')
    writeFileSync(image, '')
    truncateSync(image, 1 << 20)
    const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim()
    try {
      const claim = await addClaim('disk', { local: { path: device }, nodeAffinity: here, volumeMode: 'Block' })
      const asDevice: Partial<Container> = { command: ['sh', '-c', 'echo written | dd of=/dev/disk conv=fsync && exec sleep 1000'], volumeMounts: [], volumeDevices: [{ name: 'data', devicePath: '/dev/disk' }] }
      await addPod('disk', claim, asDevice)
      await node.untilPod('disk', running)
      while (readFileSync(image).subarray(0, 7).toString() !== 'written') await new Promise((resolve) => setTimeout(resolve, 50))
      await remove('disk')
      await addPod('wrong', claim)
      expect(await eventOf('wrong', 'FailedMount')).toContain('volume data has volumeMode Block, but is specified in volumeMounts')
      await remove('wrong')
    } finally {
      execFileSync('losetup', ['--detach', device])
      rmSync(image)
    }
  }, 60_000)

  it('of a volume that is a path of the node are checked for their type', async () => {
    const path = join(node.directory, 'typed')
    const claim = await addClaim('typed', { hostPath: { path, type: 'Directory' } })
    await addPod('typed', claim)
    expect(await eventOf('typed', 'FailedMount')).toBe(`FailedMount: MountVolume.SetUp failed for volume "data" : hostPath type check failed: ${path} is not a directory`)
    mkdirSync(path)
    await node.untilPod('typed', running)
    await remove('typed')
  })
})
