// The kubelet on a hollow runtime and the real API server, with a clock that is stepped.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Container, Pod, PodSpec } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import { nodes } from '../api/types-node.ts'
import type { StatusError } from '../api/status-error.ts'
import { ApiServer } from '../apiserver/api-server.ts'
import { DirectClient } from '../client/direct-client.ts'
import { ServiceAccountTokens } from '../pki/service-account-tokens.ts'
import { nodeRestriction } from '../registry/admission-node-restriction.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { Registry } from '../registry/registry.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { ManualClock, systemClock } from '../util/clock.ts'
import { HollowRuntime } from './hollow-runtime.ts'
import { Kubelet } from './kubelet.ts'
import { hollowFiles } from './node-files.ts'

const issuer = 'https://kubernetes.default.svc'
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

describe('the kubelet on a hollow runtime', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-hollow-'))
  const clock = new ManualClock()
  const store = new MemoryStore()
  const registry = new Registry({ store, definitions: builtinDefinitions(), admission: [nodeRestriction], clock })
  const api = new ApiServer({ registry, clock: systemClock, audiences: [issuer], nodeConnections: () => undefined, accountTokens: new ServiceAccountTokens({ issuer, key, clock: systemClock }) })
  const client = new DirectClient(api.handle, { username: 'admin', groups: ['system:masters'] })
  const own = new DirectClient(api.handle, { username: 'system:node:n', groups: ['system:nodes', 'system:authenticated'] }, 'kubelet')
  const runtime = new HollowRuntime({ clock })
  const told: string[] = []
  const logged: string[] = []
  const makeKubelet = (): Kubelet => new Kubelet({
    nodeName: 'n', client: own, clock, runtime, images: runtime, dataDirectory: directory, logDirectory: join(directory, 'logs'), nodeAddresses: ['192.168.0.1'], files: hollowFiles,
    events: { record: (about, { reason, message }) => void told.push(`${about.metadata.name} ${reason}: ${message}`) }, log: (text) => void logged.push(text),
  })
  let kubelet = makeKubelet()

  beforeAll(async () => {
    await ensureObjects(registry, [...['default', 'kube-node-lease'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })), { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } }])
    await kubelet.start(new AbortController().signal)
  })
  afterAll(async () => {
    await kubelet.stop()
    await api.stop()
    registry.stop()
    await store.close()
    rmSync(directory, { recursive: true, force: true })
    expect(logged).toEqual([])
  })

  const create = (name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Promise<Pod> => client.create(pods, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { nodeName: 'n', ...spec, containers: [{ name: 'c', image: 'i', ...container }] },
  })
  const until = async (name: string, fits: (pod: Pod | undefined) => boolean): Promise<Pod> => {
    // Files are read and removed in between, which takes real time.
    for (const deadline = performance.now() + 50_000; performance.now() < deadline;) {
      const pod = await client.get(pods, { namespace: 'default', name }).catch(() => undefined)
      if (fits(pod)) return pod as Pod
      await new Promise((resolve) => setImmediate(resolve))
    }
    throw new Error(`pod ${name} did not get there: ${JSON.stringify((await client.get(pods, { namespace: 'default', name }).catch(() => undefined))?.status)}`)
  }
  const state = (pod: Pod | undefined): string => {
    const status = pod?.status?.containerStatuses?.[0]
    return `${status?.state?.running ? 'running' : status?.state?.waiting?.reason ?? status?.state?.terminated?.reason}#${status?.restartCount}`
  }

  it('runs a pod and gives it an address', async () => {
    await create('web', {})
    const pod = await until('web', (seen) => state(seen) === 'running#0')
    expect(pod.status).toMatchObject({ phase: 'Running', podIP: expect.stringMatching(/^10\./), hostIP: '192.168.0.1', qosClass: 'BestEffort' })
    expect(pod.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(expect.arrayContaining(['Ready=True', 'ContainersReady=True', 'Initialized=True']))
  })

  it('waits twice as long before each restart', async () => {
    await create('crash', { command: ['sh', '-c', 'sleep 1; exit 2'] })
    await until('crash', (pod) => state(pod) === 'running#0')
    clock.step(1000)
    await until('crash', (pod) => state(pod) === 'running#1')
    for (const [restart, delayMs] of [[2, 10_000], [3, 20_000], [4, 40_000]] as const) {
      clock.step(1000)
      const waiting = await until('crash', (pod) => state(pod) === `CrashLoopBackOff#${restart - 1}`)
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(`back-off ${delayMs / 1000}s restarting failed container=c pod=crash_default(`)
      clock.step(delayMs - 1)
      expect(state(await until('crash', () => true))).toBe(`CrashLoopBackOff#${restart - 1}`)
      clock.step(1)
      await until('crash', (pod) => state(pod) === `running#${restart}`)
    }
    clock.step(1000)
    await until('crash', (pod) => state(pod) === 'CrashLoopBackOff#4')
    // Another image is another start.
    await client.patch(pods, { namespace: 'default', name: 'crash' }, { type: 'strategic', body: { spec: { containers: [{ name: 'c', image: 'better' }] } } })
    await until('crash', (pod) => state(pod) === 'running#5')
    clock.step(1000)
    const anew = await until('crash', (pod) => state(pod) === 'CrashLoopBackOff#5')
    expect(anew.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('back-off 10s')
    await client.delete(pods, { namespace: 'default', name: 'crash' }, { gracePeriodSeconds: 0 })
  })

  it('ends a job\'s pod, and keeps it until it is deleted', async () => {
    await create('job', { command: ['sleep', '5'] }, { restartPolicy: 'Never' })
    await until('job', (pod) => state(pod) === 'running#0')
    clock.step(5000)
    const done = await until('job', (pod) => pod?.status?.phase === 'Succeeded')
    expect(state(done)).toBe('Completed#0')
    await client.delete(pods, { namespace: 'default', name: 'job' })
    await until('job', (pod) => pod === undefined)
  })

  it('ends a pod at its deadline, not before', async () => {
    clock.step(700)
    await create('late', {}, { activeDeadlineSeconds: 3 })
    await until('late', (pod) => state(pod) === 'running#0')
    clock.step(2999)
    expect(state(await until('late', () => true))).toBe('running#0')
    clock.step(1)
    const late = await until('late', (pod) => pod?.status?.phase === 'Failed')
    expect(late.status).toMatchObject({ reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' })
    await client.delete(pods, { namespace: 'default', name: 'late' }, { gracePeriodSeconds: 0 })
  })

  it('gives a pod whose sandbox has died another one', async () => {
    const pod = await create('moved', {})
    const before = await until('moved', (seen) => state(seen) === 'running#0')
    const [sandbox] = (await runtime.pods(pod.metadata.uid))[0]?.sandboxes ?? []
    await runtime.stopSandbox(sandbox?.id ?? '')
    clock.step(0)
    const after = await until('moved', (seen) => state(seen) === 'running#1')
    expect(after.status?.podIPs).toHaveLength(1)
    expect(after.status?.podIP).not.toBe(before.status?.podIP)
    expect(told).toContain('moved SandboxChanged: Pod sandbox changed, it will be killed and re-created.')
    await client.delete(pods, { namespace: 'default', name: 'moved' }, { gracePeriodSeconds: 0 })
  })

  it('refuses what does not fit', async () => {
    await create('large', { resources: { requests: { cpu: '1000' } } })
    const refused = await until('large', (pod) => pod?.status?.phase === 'Failed')
    expect(refused.status).toMatchObject({ reason: 'OutOfcpu', message: expect.stringContaining("Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000") })
  })

  it('knows the labels that others have given the node since', async () => {
    await client.patch(nodes, { name: 'n' }, { type: 'merge', body: { metadata: { labels: { colour: 'blue' } } } })
    await create('blue', {}, { nodeSelector: { colour: 'blue' } })
    await until('blue', (pod) => state(pod) === 'running#0')
    await client.patch(nodes, { name: 'n' }, { type: 'merge', body: { metadata: { labels: { colour: 'green' } } } })
    await create('late', {}, { nodeSelector: { colour: 'blue' } })
    expect((await until('late', (pod) => pod?.status?.phase === 'Failed')).status?.reason).toBe('NodeAffinity')
    for (const name of ['blue', 'late']) await client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 })
  })

  it('takes over what runs, and forgets what is gone', async () => {
    const before = await until('web', (pod) => state(pod) === 'running#0')
    await kubelet.stop()
    await client.delete(pods, { namespace: 'default', name: 'large' }, { gracePeriodSeconds: 0 })
    kubelet = makeKubelet()
    await kubelet.start(new AbortController().signal)
    expect((await until('web', (pod) => state(pod) === 'running#0')).status).toEqual(before.status)
    expect((await runtime.pods()).map((pod) => pod.name)).toEqual(['web'])
  })

  it('answers about checkpoints as a kubelet whose runtime has none', async () => {
    const ask = async (path: string, method = 'POST'): Promise<string> => {
      try {
        return String((await kubelet.fetch(new Request(`https://n${path}`, { method }))).status)
      } catch (error) {
        return `${(error as StatusError).status.code} ${(error as Error).message}`
      }
    }
    expect(await ask('/checkpoint/default/web/c')).toMatch(/^500 checkpointing of default\/web\/c failed \(rpc error: code = Unimplemented/)
    expect(await ask('/checkpoint/default/web/other')).toMatch(/^404 /)
    expect(await ask('/checkpoint/default/none/c')).toMatch(/^404 /)
    expect(await ask('/checkpoint/default/web/c', 'GET')).toMatch(/^405 /)
  })

  it.each([
    ['/debug/pprof', 'profiling endpoint is disabled.\n'], ['/debug/pprof/heap?debug=1', 'profiling endpoint is disabled.\n'], ['/debug/flags/v', 'flags endpoint is disabled.\n'],
  ])('has %s switched off', async (path, text) => {
    const answer = await kubelet.fetch(new Request(`https://n${path}`))
    expect([answer.status, await answer.text()]).toEqual([405, text])
  })

  // Their features are off.
  it.each(['/statusz', '/flagz', '/debug/other'])('has no %s', (path) => expect(kubelet.fetch(new Request(`https://n${path}`))).rejects.toMatchObject({ status: { code: 404 } }))

  it('tries a resize again that failed', async () => {
    const cpu = (amount: string): Partial<Container> => ({ resources: { requests: { cpu: amount }, limits: { cpu: amount } } })
    await create('grows', cpu('100m'))
    await until('grows', (pod) => state(pod) === 'running#0')
    let tries = 0
    runtime.updateContainer = async () => {
      if (++tries < 3) throw new Error('not now')
    }
    await client.patch(pods, { namespace: 'default', name: 'grows' }, { type: 'strategic', body: { spec: { containers: [{ name: 'c', ...cpu('200m') }] } } }, { subresource: 'resize' })
    const progress = (pod: Pod | undefined) => pod?.status?.conditions?.find(({ type }) => type === 'PodResizeInProgress')
    for (const [tried, waitMs] of [[1, 1000], [2, 2000]] as const) {
      await until('grows', (pod) => tries === tried && progress(pod)?.message === 'not now')
      clock.step(waitMs)
    }
    const pod = await until('grows', (seen) => tries === 3 && progress(seen) === undefined)
    expect(pod.status?.containerStatuses?.[0]?.resources?.limits).toEqual({ cpu: '200m' })
    expect(logged.splice(0)).toEqual([expect.stringContaining('not now'), expect.stringContaining('not now')])
    await client.delete(pods, { namespace: 'default', name: 'grows' }, { gracePeriodSeconds: 0 })
  })

  it('leaves capacities of others in the node\'s status', async () => {
    await client.patch(nodes, { name: 'n' }, { type: 'merge', body: { status: { capacity: { 'example.com/dongle': '5' } } } }, { subresource: 'status' })
    clock.step(300_000)
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect((await client.get(nodes, { name: 'n' })).status?.capacity).toMatchObject({ 'example.com/dongle': '5', pods: '110' })
  })

  it('deletes after the containers have ended', async () => {
    await client.delete(pods, { namespace: 'default', name: 'web' })
    await until('web', (pod) => pod === undefined)
    while ((await runtime.pods()).length > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(await runtime.pods()).toEqual([])
    expect(told).toContain('web Killing: Stopping container c')
  })
})
