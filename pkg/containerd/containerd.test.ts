// A private containerd, for real: images, pods, events, adoption, shutdown. Needs root and containerd.
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { testImage } from '../../test/images/build.ts'
import { systemClock } from '../util/clock.ts'
import { connectContainerd } from './containerd.ts'
import type { CriClient } from './cri.ts'
import { connectCri } from './cri.ts'
import type { ContainerConfig, NamespaceOption, PodSandboxConfig } from './cri-types.ts'
import type { ContainerdEvent } from './events.ts'
import { isMainProcess, watchContainerdEvents } from './events.ts'
import { exitedStatus } from './exited-status.ts'
import { findProgram, parseMountInfo } from './host.ts'
import { ImageStore } from './images.ts'
import { buildOciArchive, sha256 } from './oci-archive.ts'
import { buildPauseArchive, pauseImageName } from './pause-image.ts'
import { listProcesses, readProcess } from './processes.ts'
import { ContainerdSupervisor } from './supervisor.ts'
import { shimsOf } from './teardown.ts'
import { packTar } from './tar.ts'

const possible = process.getuid?.() === 0 && findProgram('containerd') && findProgram('runc') && findProgram('busybox')
const describeWithContainerd = possible ? describe : describe.skip

const hostNetwork: NamespaceOption = { network: 'NODE', pid: 'CONTAINER' }

describeWithContainerd('a private containerd', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-ctd-'))
  const logs: string[] = []
  const cgroupParent = `/${basename(directory)}`
  const newSupervisor = (): ContainerdSupervisor => new ContainerdSupervisor({
    clock: systemClock, rootDirectory: join(directory, 'containerd'), stateDirectory: join(directory, 'state'), log: (line) => logs.push(line),
  })
  let supervisor = newSupervisor()
  let cri: CriClient
  let images: ImageStore

  beforeAll(async () => {
    expect(await supervisor.start()).toEqual({ adopted: false })
    cri = connectCri(supervisor.socketPath)
    images = new ImageStore({ socketPath: supervisor.socketPath, clock: systemClock })
    await images.ensure(pauseImageName, () => buildPauseArchive())
    await images.importFile(testImage('busybox'))
    expect([...await images.pinned()]).toEqual(expect.arrayContaining([pauseImageName, 'docker.io/library/busybox:1.36']))
  }, 60_000)

  afterAll(async () => {
    cri?.close()
    await supervisor.shutdown()
    rmSync(directory, { recursive: true, force: true })
    // The parent of the containers' cgroups is ours to remove, as it would be the kubelet's.
    for (const mount of new Set(Object.values(supervisor.host.cgroupMounts))) {
      if (existsSync(join(mount, cgroupParent))) rmdirSync(join(mount, cgroupParent))
    }
  }, 60_000)

  const podConfig = (name: string): PodSandboxConfig => ({
    metadata: { name, uid: `uid-${name}`, namespace: 'test', attempt: 0 },
    logDirectory: join(directory, 'logs', name),
    // A systemd driver wants a slice's name instead of a path.
    linux: { cgroupParent: supervisor.host.cgroupDriver === 'systemd' ? 'kinglettest.slice' : cgroupParent, securityContext: { namespaceOptions: hostNetwork } },
  })
  const runPod = async (config: PodSandboxConfig): Promise<string> => (await cri.runPodSandbox({ config })).podSandboxId
  const runContainer = async (podSandboxId: string, sandboxConfig: PodSandboxConfig, command: string[], more: Partial<ContainerConfig> = {}): Promise<string> => {
    const config: ContainerConfig = {
      metadata: { name: 'main', attempt: 0 }, image: { image: 'busybox' }, command, logPath: 'main.log',
      linux: { resources: { memoryLimitInBytes: 64 << 20 }, securityContext: { namespaceOptions: hostNetwork } }, ...more,
    }
    const { containerId } = await cri.createContainer({ podSandboxId, config, sandboxConfig })
    await cri.startContainer({ containerId })
    return containerId
  }

  /** Collects events until one fits. */
  const nextEvent = (fits: (event: ContainerdEvent) => boolean): { found: Promise<ContainerdEvent>; connected: Promise<void>; stop: () => void } => {
    const found = Promise.withResolvers<ContainerdEvent>()
    const connected = Promise.withResolvers<void>()
    const watching = watchContainerdEvents(supervisor.socketPath, {
      clock: systemClock, onConnect: connected.resolve, onEvent: (event) => void (fits(event) && found.resolve(event)),
    })
    return { found: found.promise, connected: connected.promise, stop: () => watching.stop() }
  }

  it('runs a container, tells of its exit and writes its log', async () => {
    const config = podConfig('once')
    const exits = nextEvent((event) => event.topic === '/tasks/exit' && isMainProcess(event))
    await exits.connected
    const pod = await runPod(config)
    const id = await runContainer(pod, config, ['sh', '-c', 'echo out; echo err >&2; exit 3'])
    expect(await exits.found).toMatchObject({ containerId: id, exitStatus: 3 })
    exits.stop()
    const status = await exitedStatus(cri, id, systemClock)
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 3, reason: 'Error', metadata: { name: 'main', attempt: 0 } })
    const log = readFileSync(join(directory, 'logs/once/main.log'), 'utf8')
    expect(log).toMatch(/^\S+Z stdout F out$/m)
    expect(log).toMatch(/^\S+Z stderr F err$/m)
    await cri.stopPodSandbox({ podSandboxId: pod })
    await cri.removePodSandbox({ podSandboxId: pod })
  })

  it('executes commands and says what went wrong', async () => {
    const config = podConfig('exec')
    const pod = await runPod(config)
    const containerId = await runContainer(pod, config, ['sleep', '1000'])
    const { stdout, exitCode } = await cri.execSync({ containerId, cmd: ['sh', '-c', 'echo $((6 * 7)); exit 4'], timeout: 10 })
    expect([Buffer.from(stdout).toString(), exitCode]).toEqual(['42\n', 4])
    await expect(cri.execSync({ containerId: 'none', cmd: ['true'], timeout: 1 })).rejects.toMatchObject({ codeName: 'NOT_FOUND', method: 'ExecSync' })
    await expect(cri.execSync({ containerId, cmd: ['sleep', '9'], timeout: 1 })).rejects.toMatchObject({ codeName: 'DEADLINE_EXCEEDED' })
    await cri.stopPodSandbox({ podSandboxId: pod })
    await cri.removePodSandbox({ podSandboxId: pod })
  })

  it('imports docker archives and compressed ones, once, and removes them', async () => {
    const layer = gzipSync(packTar([{ path: 'hello', type: 'file', bytes: Buffer.from('hello') }]))
    const plainLayer = packTar([{ path: 'again', type: 'file', bytes: Buffer.from('again') }])
    const imageConfig = Buffer.from(JSON.stringify({
      architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [sha256(packTar([{ path: 'hello', type: 'file', bytes: Buffer.from('hello') }])), sha256(plainLayer)] },
    }))
    const docker = packTar([
      { path: '1/layer.tar', type: 'file', bytes: layer },
      { path: '2/layer.tar', type: 'file', bytes: plainLayer },
      { path: '3/layer.tar', type: 'symlink', target: '../2/layer.tar' },
      { path: 'abc.json', type: 'file', bytes: imageConfig },
      { path: 'manifest.json', type: 'file', bytes: Buffer.from(JSON.stringify([{ Config: 'abc.json', RepoTags: ['hello:1'], Layers: ['1/layer.tar', '3/layer.tar'] }])) },
    ])
    expect(await images.import(Readable.from([gzipSync(docker)]))).toEqual(['docker.io/library/hello:1'])
    expect(await images.import(Readable.from([docker]))).toEqual(['docker.io/library/hello:1'])
    const { image } = await cri.imageStatus({ image: { image: 'hello:1' } })
    expect(image).toMatchObject({ id: sha256(imageConfig), repoTags: ['docker.io/library/hello:1'] })

    const oci = buildOciArchive({ names: ['example.com/a/b:c'], layers: [[{ path: 'x', type: 'file', bytes: Buffer.from('x') }]] })
    expect(await images.import(Readable.from([zstdCompressSync(oci)]))).toEqual(['example.com/a/b:c'])
    expect(await images.has('example.com/a/b:c')).toBe(true)
    await images.remove('example.com/a/b:c')
    expect(await images.has('example.com/a/b:c')).toBe(false)
    // The removal has collected what nothing refers to; every part of the other image must still be there.
    const client = connectContainerd(supervisor.socketPath, systemClock)
    const { target } = await client.getImage('docker.io/library/hello:1')
    for (const digest of [target.digest, sha256(imageConfig), sha256(layer), sha256(plainLayer)]) await client.contentInfo(digest)
    await expect(client.contentInfo(ociDigest(oci))).rejects.toMatchObject({ codeName: 'NOT_FOUND' })
    // Unpacked, in the places where the runtime looks for them.
    const { snapshotter } = supervisor.host
    const [lower = '', upper = ''] = [sha256(packTar([{ path: 'hello', type: 'file', bytes: Buffer.from('hello') }])), sha256(plainLayer)]
    for (const key of [lower, sha256(Buffer.from(`${lower} ${upper}`))]) await client.statSnapshot({ snapshotter, key })
    await expect(client.statSnapshot({ snapshotter, key: sha256(packTar([{ path: 'x', type: 'file', bytes: Buffer.from('x') }])) })).rejects.toMatchObject({ codeName: 'NOT_FOUND' })
    client.close()
    const wrong = packTar([
      { path: 'l.tar', type: 'file', bytes: plainLayer },
      { path: 'abc.json', type: 'file', bytes: Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [lower] } })) },
      { path: 'manifest.json', type: 'file', bytes: Buffer.from(JSON.stringify([{ Config: 'abc.json', RepoTags: ['wrong:1'], Layers: ['l.tar'] }])) },
    ])
    await images.remove('hello:1')
    await expect(images.import(Readable.from([wrong]))).rejects.toThrow(/the layer \S+ unpacks to \S+ instead of/)
    expect(await images.has('wrong:1')).toBe(false)
    await expect(images.import(Readable.from([packTar([])]))).rejects.toThrow('holds no image')
    await expect(images.import(Readable.from([docker.subarray(0, docker.length - 2048)]))).rejects.toThrow()
  })

  it('is adopted by the next supervisor, and started again when it dies, while pods run on', async () => {
    const config = podConfig('steady')
    const pod = await runPod(config)
    const containerId = await runContainer(pod, config, ['sleep', '1000'])
    const { pid } = supervisor
    supervisor.stop()
    supervisor = newSupervisor()
    expect(await supervisor.start()).toEqual({ adopted: true })
    expect(supervisor.pid).toBe(pid)

    const connections: string[] = []
    const back = Promise.withResolvers<void>()
    const watching = watchContainerdEvents(supervisor.socketPath, {
      clock: systemClock, onEvent: () => undefined, onDisconnect: () => connections.push('off'),
      onConnect: () => (connections.push('on') === 1 ? process.kill(pid ?? 0, 'SIGKILL') : back.resolve()),
    })
    await back.promise
    watching.stop()
    expect(connections.at(0)).toBe('on')
    expect(connections.at(1)).toBe('off')
    // The search for orphans may have been under way, and says so.
    expect(logs).toContainEqual(expect.stringMatching(/^containerd has ended; starting it again in \d+ ms$/))
    const status = async (): Promise<string | undefined> => (await cri.containerStatus({ containerId })).status?.state
    // The old connection of this client fails once, and the CRI takes a moment to find its containers.
    let state: string | undefined
    while (state === undefined) state = await status().catch(() => undefined)
    expect(state).toBe('CONTAINER_RUNNING')
    const { stdout } = await cri.execSync({ containerId, cmd: ['echo', 'here'], timeout: 10 })
    expect(Buffer.from(stdout).toString()).toBe('here\n')
  }, 60_000)

  it('leaves no process and no mount behind a shutdown, and keeps images', async () => {
    const config = podConfig('last')
    const pod = await runPod(config)
    const id = await runContainer(pod, config, ['sleep', '1000'])
    const info = JSON.parse((await cri.containerStatus({ containerId: id, verbose: true })).info.info ?? '{}') as { pid: number }
    expect(readProcess(info.pid)).toBeDefined()
    expect(shimsOf(supervisor.socketPath).length).toBeGreaterThan(0)
    await supervisor.shutdown()
    expect(readProcess(info.pid)).toBeUndefined()
    expect(shimsOf(supervisor.socketPath)).toEqual([])
    expect(listProcesses().filter(({ command }) => command.some((word) => word.startsWith(directory)))).toEqual([])
    const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8')).filter(({ mountPoint }) => mountPoint.startsWith(directory))
    expect(mounts).toEqual([])

    supervisor = newSupervisor()
    expect(await supervisor.start()).toEqual({ adopted: false })
    expect(await images.has(pauseImageName)).toBe(true)
    expect((await connectAndList(supervisor.socketPath)).length).toBe(0)
  }, 60_000)

  it('says which program is missing', async () => {
    const lost = new ContainerdSupervisor({
      clock: systemClock, rootDirectory: join(directory, 'x/containerd'), stateDirectory: join(directory, 'x/state'), binary: join(directory, 'nothing'),
    })
    await expect(lost.start()).rejects.toThrow('was not found on PATH; install it (Debian: apt-get install containerd)')
  })
})

/** The digest of the manifest in an archive that buildOciArchive made. */
const ociDigest = (archive: Buffer): string => /"digest":"(sha256:[0-9a-f]{64})"/.exec(archive.toString('latin1'))?.[1] ?? ''

async function connectAndList(socketPath: string): Promise<unknown[]> {
  const cri = connectCri(socketPath)
  try {
    return (await cri.listPodSandbox({})).items
  } finally {
    cri.close()
  }
}
