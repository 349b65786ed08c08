// Static pods: read from files, run without the API server's leave, shown by mirrors.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import { HollowTestNode, isGone, isRunning } from './hollow-node.suite.ts'
import { readStaticPod } from './static-pod.ts'
import { StaticPods } from './static-pods.ts'
import { ManualClock } from '../util/clock.ts'

const manifest = (name: string, image = 'i:1', more = ''): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  namespace: kube-system\nspec:\n  containers:\n  - name: c\n    image: ${image}\n${more}`
const read = (text: string, nodeName = 'n', path = '/m/web.yaml'): Pod => readStaticPod({ path, text, nodeName, seen: '2026-01-01T00:00:00Z' })

describe('readStaticPod', () => {
  it('completes and names the pod', () => {
    const pod = read(manifest('web'))
    const { uid } = pod.metadata
    expect(uid).toMatch(/^[0-9a-f]{32}$/)
    expect(pod).toMatchObject({
      metadata: { name: 'web-n', namespace: 'kube-system', annotations: { 'kubernetes.io/config.hash': uid, 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.seen': '2026-01-01T00:00:00Z' } },
      spec: { nodeName: 'n', restartPolicy: 'Always', tolerations: [{ operator: 'Exists', effect: 'NoExecute' }], containers: [{ imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' }] },
    })
    expect(read('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"j"},"spec":{"containers":[{"name":"c","image":"localhost:5000/i"}]}}').spec.containers[0]?.imagePullPolicy).toBe('Always')
  })
  it('has another uid for another text, file or node, and the same for the same', () => {
    const uids = [read(manifest('web')), read(manifest('web', 'i:2')), read(manifest('web'), 'm'), read(manifest('web'), 'n', '/m/other.yaml')].map(({ metadata }) => metadata.uid)
    expect(new Set(uids).size).toBe(4)
    expect(read(manifest('web')).metadata.uid).toBe(uids[0])
  })
  it.each([
    ['no pod', 'apiVersion: v1\nkind: Service\nmetadata: {name: x}', /expected a v1 Pod, found "Service"/], ['nothing', '', /found "no object"/],
    ['no name', 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: i}]}', /metadata.name/], ['no image', manifest('x', '""'), /spec.containers\[0\]/],
  ])('%s', (_name, text, words) => expect(() => read(text)).toThrow(words))
})

describe('static pods of a node', () => {
  const node = new HollowTestNode()
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-manifests-'))
  const put = (name: string, text: string): void => {
    writeFileSync(join(directory, `.${name}.new`), text)
    renameSync(join(directory, `.${name}.new`), join(directory, name))
  }
  // The file system tells in real time, the kubelet waits a moment in its own.
  const until = async (name: string, fits: (pod: Pod | undefined) => boolean): Promise<Pod> => {
    for (const deadline = performance.now() + 50_000; performance.now() < deadline;) {
      const pod = await node.pod(name, 'kube-system')
      if (fits(pod)) return pod as Pod
      await new Promise((resolve) => setTimeout(resolve, 10))
      node.clock.step(50)
    }
    throw new Error(`${name} did not get there: ${JSON.stringify((await node.pod(name, 'kube-system'))?.status)}\n${node.logged.join('\n')}`)
  }
  beforeAll(async () => {
    put('web.yaml', manifest('web'))
    await node.start({ manifestDirectory: directory })
  })
  afterAll(async () => {
    await node.stop()
    rmSync(directory, { recursive: true })
  })

  it('run, and are shown with their state', async () => {
    const mirror = await until('web-n', isRunning)
    const hash = mirror.metadata.annotations?.['kubernetes.io/config.hash']
    expect(mirror.metadata).toMatchObject({
      annotations: { 'kubernetes.io/config.mirror': hash, 'kubernetes.io/config.source': 'file' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: (await node.node()).metadata.uid, controller: true }],
    })
    expect(mirror.metadata.uid).not.toBe(hash)
    expect((await node.runtime.pods()).map(({ uid, name }) => [uid, name])).toEqual([[hash, 'web-n']])
  })

  it('are not touched when their mirror is deleted: it comes again', async () => {
    const before = await until('web-n', isRunning)
    await node.client.delete(pods, { namespace: 'kube-system', name: 'web-n' })
    const after = await until('web-n', (pod) => pod?.metadata.uid !== before.metadata.uid && isRunning(pod))
    expect(after.status?.containerStatuses?.[0]?.containerID).toBe(before.status?.containerStatuses?.[0]?.containerID)
    expect(after.status?.startTime).toBe(before.status?.startTime)
  })

  it('are adopted by the next kubelet', async () => {
    const before = await until('web-n', isRunning)
    await node.kubelet?.stop()
    await node.startKubelet({ manifestDirectory: directory })
    const after = await until('web-n', isRunning)
    expect([after.metadata.uid, after.status?.containerStatuses?.[0]?.containerID, after.status?.startTime]).toEqual([before.metadata.uid, before.status?.containerStatuses?.[0]?.containerID, before.status?.startTime])
    expect(await node.runtime.pods()).toHaveLength(1)
  })

  it('follow their files: one pod after the other', async () => {
    const before = await until('web-n', isRunning)
    put('web.yaml', manifest('web', 'i:2', '    ports:\n    - containerPort: 80\n      hostPort: 8080\n'))
    const after = await until('web-n', (pod) => pod?.metadata.uid !== before.metadata.uid && isRunning(pod))
    expect(after.spec.containers[0]?.image).toBe('i:2')
    put('web.yaml', manifest('web', 'i:3', '    ports:\n    - containerPort: 80\n      hostPort: 8080\n'))
    await until('web-n', (pod) => pod?.spec.containers[0]?.image === 'i:3' && isRunning(pod))
    expect(await node.runtime.pods()).toHaveLength(1)
  })

  it('stay as they are while a file is broken', async () => {
    const before = await until('web-n', isRunning)
    put('web.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: [')
    await node.until(() => { node.clock.step(50); return node.logged.length }, (count) => count > 0, 'a complaint')
    expect(node.logged.join()).toMatch(/web\.yaml can't be used/)
    expect((await node.pod('web-n', 'kube-system'))?.metadata.uid).toBe(before.metadata.uid)
    node.logged.length = 0
    put('more.yaml', manifest('more'))
    await until('more-n', isRunning)
  })

  it('go with their files', async () => {
    rmSync(join(directory, 'web.yaml'))
    rmSync(join(directory, 'more.yaml'))
    await until('web-n', isGone)
    await until('more-n', isGone)
    await node.until(() => node.runtime.pods(), (found) => found.length === 0, 'the end of the pods')
    expect(node.logged).toEqual([])
  })

  it('run before the API server can be reached', async () => {
    await node.kubelet?.stop()
    put('early.yaml', manifest('early'))
    let reachable = false
    const unreachable = new Proxy(node.client, {
      get: (target, name) => (reachable || typeof (target as unknown as Record<string | symbol, unknown>)[name] !== 'function'
        ? Reflect.get(target, name).bind?.(target) as unknown
        : name === 'watch' ? async function* () { throw new Error('ECONNREFUSED') } : () => Promise.reject(new Error('ECONNREFUSED'))),
    }) as unknown as Client
    const starting = node.startKubelet({ manifestDirectory: directory, client: unreachable })
    await node.until(() => node.runtime.pods(), (found) => found[0]?.containers[0]?.phase === 'running', 'the container')
    expect(await node.pod('early-n', 'kube-system')).toBeUndefined()
    reachable = true
    let begun = false
    void starting.finally(() => (begun = true)).catch(() => undefined)
    while (!begun) {
      node.clock.step(100)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await starting
    await until('early-n', isRunning)
  })
})

it('reads what changed while it was reading, and not only when it looks anyway', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-manifests-'))
  const slow = join(directory, 'slow.yaml')
  // Whoever reads it waits for who writes it.
  execFileSync('mkfifo', [slow])
  const clock = new ManualClock()
  const waits: number[] = []
  const found: string[] = []
  const watched = { ...clock, setTimer: (callback: () => void, delayMs: number) => (waits.push(delayMs), clock.setTimer(callback, delayMs)), now: () => clock.now(), monotonic: () => clock.monotonic(), random: () => 0 }
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const statics = new StaticPods({ directory, nodeName: 'n', clock: watched, log: () => undefined, onPod: ({ metadata }) => void found.push(metadata.name ?? ''), onRemove: () => undefined })
  const started = statics.start()
  const writer = await open(slow, 'w')
  writeFileSync(join(directory, 'late.yaml'), manifest('late'))
  await until(() => waits.includes(100))
  await writer.write(manifest('slow'))
  await writer.close()
  await started
  expect(found).toEqual(['slow-n'])
  rmSync(slow)
  clock.step(100)
  await until(() => found.includes('late-n'))
  await statics.stop()
  rmSync(directory, { recursive: true })
})
