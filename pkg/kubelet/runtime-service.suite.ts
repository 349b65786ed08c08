// What every RuntimeService has to do, on containerd and in memory alike.
import { containerAnnotations, containerNotes } from './labels.ts'
import { makePod } from './fixture.suite.ts'
import type { ContainerSpec, RuntimeContainer, RuntimeHost, RuntimePod, RuntimeService, SandboxSpec } from './runtime-service.ts'

export interface RuntimeUnderTest {
  readonly runtime: RuntimeService & RuntimeHost
  readonly logDirectory: string
  readonly cgroupParent: string
  readonly image: string
  /** Makes a container that runs `sleep` or `exit` come to its end, where time stands still. */
  elapse(): Promise<void>
}

export function describeRuntime(name: string, open: () => Promise<RuntimeUnderTest>): void {
  describe(name, () => {
    let under: RuntimeUnderTest
    const uid = 'a1b2'
    const sandboxSpec = (attempt = 0): SandboxSpec => ({
      uid, name: 'pod', namespace: 'ns', attempt, hostname: '', logDirectory: under.logDirectory, dns: { servers: ['127.0.0.1'], searches: [], options: [] },
      portMappings: [], labels: { app: 'x' }, annotations: {}, cgroupParent: under.cgroupParent, sysctls: {}, sizes: { pod: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0 } }, privileged: false, supplementalGroups: [], handler: '',
      namespaces: { network: 'node', pid: 'container', ipc: 'pod' }, seccomp: { type: 'Unconfined' },
    })
    const containerSpec = (command: string, attempt = 0): ContainerSpec => ({
      name: 'c', attempt, image: under.image, userImage: under.image, command: ['sh', '-c', command], args: [], workingDir: '', env: [], mounts: [], devices: [],
      annotations: containerAnnotations(makePod(), { name: 'c', image: under.image }, attempt, '/tmp/message'), stdin: false, stdinOnce: false, tty: false,
      limits: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, oomScoreAdjust: 1000 }, namespaces: { network: 'node', pid: 'container', ipc: 'pod' },
      security: {
        privileged: false, supplementalGroups: [], readOnlyRootFilesystem: false, noNewPrivileges: false, addCapabilities: [], dropCapabilities: [],
        seccomp: { type: 'Unconfined' }, unmaskedProc: false,
      },
      logPath: `${attempt}.log`,
    })
    const pod = async (): Promise<RuntimePod | undefined> => (await under.runtime.pods(uid))[0]
    const container = async (id: string): Promise<RuntimeContainer | undefined> => (await pod())?.containers.find((each) => each.id === id)
    const start = async (sandboxId: string, command: string, attempt = 0): Promise<string> => {
      const id = await under.runtime.createContainer(sandboxId, sandboxSpec(), containerSpec(command, attempt))
      await under.runtime.startContainer(id)
      return id
    }

    beforeAll(async () => {
      under = await open()
    }, 60_000)

    it('names itself and can run pods, or says why not', async () => {
      expect((await under.runtime.state()).version).toMatch(/^\w+:\/\/\d/)
    })

    it('keeps a pod with all that was said of it', async () => {
      const sandboxId = await under.runtime.createSandbox(sandboxSpec())
      const created = await under.runtime.createContainer(sandboxId, sandboxSpec(), containerSpec('sleep 1000', 3))
      expect(await container(created)).toMatchObject({ name: 'c', attempt: 3, phase: 'created', sandboxId, startedAtMs: 0, finishedAtMs: 0 })
      await under.runtime.startContainer(created)
      expect(await pod()).toMatchObject({ uid, name: 'pod', namespace: 'ns', sandboxes: [{ id: sandboxId, attempt: 0, ready: true, ips: [] }] })
      const running = await container(created)
      expect(running).toMatchObject({ phase: 'running', startedAtMs: expect.any(Number) })
      expect(containerNotes(running?.annotations ?? {})).toMatchObject({ messageFile: '/tmp/message', messagePolicy: 'File', graceSeconds: 30 })
      expect((await under.runtime.pods()).map((each) => each.uid)).toEqual([uid])
      await under.runtime.removeSandbox(sandboxId)
    })

    it('tells of an end after it can be read', async () => {
      const sandboxId = await under.runtime.createSandbox(sandboxSpec())
      const { promise: ended, resolve } = Promise.withResolvers<RuntimeContainer>()
      let id = ''
      const stop = under.runtime.onChange((changed) => {
        if (changed === uid) void container(id).then((seen) => seen?.phase === 'exited' && resolve(seen))
      })
      id = await start(sandboxId, 'sleep 1; exit 7')
      await under.elapse()
      expect(await ended).toMatchObject({ exitCode: 7, phase: 'exited' })
      expect((await ended).finishedAtMs).toBeGreaterThanOrEqual((await ended).startedAtMs)
      stop()
      const second = await start(sandboxId, 'sleep 1000', 1)
      expect((await pod())?.containers.map((each) => `${each.attempt} ${each.phase}`)).toEqual(['1 running', '0 exited'])
      await under.runtime.removeContainer(id)
      await under.runtime.stopContainer(second, 0)
      expect((await pod())?.containers).toMatchObject([{ attempt: 1, phase: 'exited', exitCode: 137 }])
      // As long as a pod may ask for.
      const patient = await start(sandboxId, 'sleep 1; exit 7', 2)
      await under.runtime.stopContainer(patient, 2 ** 63)
      expect(await container(patient)).toMatchObject({ phase: 'exited' })
      await under.runtime.removeSandbox(sandboxId)
    })

    it('stops all of a sandbox, and still shows it', async () => {
      const sandboxId = await under.runtime.createSandbox(sandboxSpec(2))
      const id = await start(sandboxId, 'sleep 1000')
      await under.runtime.stopSandbox(sandboxId)
      expect(await pod()).toMatchObject({ sandboxes: [{ id: sandboxId, attempt: 2, ready: false }], containers: [{ id, phase: 'exited', exitCode: 137 }] })
      await expect(under.runtime.createContainer(sandboxId, sandboxSpec(2), containerSpec('sleep 1', 1)).then((made) => under.runtime.startContainer(made))).rejects.toThrow()
      await under.runtime.removeSandbox(sandboxId)
      expect(await pod()).toBeUndefined()
    })

    it('removes a sandbox that is just being stopped', async () => {
      const sandboxId = await under.runtime.createSandbox(sandboxSpec(3))
      await Promise.all([under.runtime.stopSandbox(sandboxId), under.runtime.removeSandbox(sandboxId), under.runtime.stopSandbox(sandboxId)])
      expect(await pod()).toBeUndefined()
    })

    it('does not mind what is gone', async () => {
      await under.runtime.stopContainer('none', 0)
      await under.runtime.removeContainer('none')
      await under.runtime.stopSandbox('none')
      await under.runtime.removeSandbox('none')
      expect(await under.runtime.pods('none')).toEqual([])
    })
  })
}
