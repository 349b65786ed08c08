// Scripted behaviour of hollow containers: what annotations say, and what a pod on a hollow node does then.
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import { HollowTestNode, isRunning } from './hollow-node.suite.ts'
import { hollowAnswer, hollowScript } from './hollow-script.ts'
import { statusOf } from './hollow-streams.ts'

const key = (name: string): string => `hollow.kinglet.io/${name}`

describe('hollowScript', () => {
  it('is empty without annotations', () => expect(hollowScript({}, 'c')).toEqual({ startDelayMs: 0, logs: [], exec: new Map(), probes: 'success', cpuMilli: 0, memoryBytes: 0 }))
  it('reads all, one container before the pod', () => {
    const annotations = {
      [key('start-delay')]: '1.5s', [key('run-for')]: '10s', [key('exit-code.a')]: '137', [key('exit-reason')]: 'OOMKilled', [key('logs')]: 'one\n\ntwo\n',
      [key('exec')]: '{"date": "today\\n", "rm x": {"exitCode": 1, "stderr": "no"}}', [key('probes')]: 'failure', [key('cpu')]: '250m', [key('memory')]: '64Mi', [key('start-failure.b')]: 'no such file',
    }
    const script = hollowScript(annotations, 'a')
    expect(script).toMatchObject({ startDelayMs: 1500, outcome: { exitCode: 137, afterMs: 10_000, reason: 'OOMKilled' }, logs: ['one', '', 'two'], probes: 'failure', cpuMilli: 250, memoryBytes: 64 * 2 ** 20 })
    expect(script.startFailure).toBeUndefined()
    expect(hollowScript(annotations, 'b')).toMatchObject({ outcome: { exitCode: 0 }, startFailure: 'no such file' })
    expect(hollowAnswer(script, ['date'])).toEqual({ stdout: 'today\n', stderr: '', exitCode: 0 })
    expect(hollowAnswer(script, ['rm', 'x'])).toEqual({ stdout: '', stderr: 'no', exitCode: 1 })
    expect(hollowAnswer(script, ['other'])).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  })
  it.each([['run-for', 'soon', /run-for: expected a duration/], ['exit-code', '256', /exit-code: expected an exit code/], ['probes', 'maybe', /probes: expected success or failure/], ['exec', '{', /exec: /]])('%s=%s is refused', (name, text, words) => {
    expect(() => hollowScript({ [key(name)]: text }, 'c')).toThrow(words)
  })
})

it('commands that fail say how', () => {
  expect(statusOf({ exitCode: 0 })).toEqual({ metadata: {}, status: 'Success' })
  expect(statusOf({ exitCode: 3 })).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } })
})

describe('on a node', () => {
  const node = new HollowTestNode()
  beforeAll(() => node.start())
  afterAll(() => node.stop())
  const create = (name: string, annotations: Record<string, string>, spec: Partial<Pod['spec']> = {}): Promise<Pod> => node.client.create(pods, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', annotations: Object.fromEntries(Object.entries(annotations).map(([each, value]) => [key(each), value])) },
    spec: { nodeName: 'n', restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }], ...spec },
  })

  it('starts late and ends as it is told', async () => {
    await create('job', { 'start-delay': '5s', 'run-for': '10s', 'exit-code': '137', 'exit-reason': 'OOMKilled' })
    await node.until(() => node.runtime.pods(), (found) => found.some(({ containers }) => containers[0]?.phase === 'created'), 'the container')
    node.clock.step(4999)
    expect((await node.pod('job'))?.status?.phase).toBe('Pending')
    node.clock.step(1)
    await node.untilPod('job', isRunning)
    node.clock.step(10_000)
    const done = await node.untilPod('job', (pod) => pod?.status?.phase === 'Failed')
    expect(done.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
  })

  it('cannot be started, or is not scripted well', async () => {
    await create('broken', { 'start-failure': 'exec format error' })
    await create('nonsense', { 'run-for': 'soon' })
    const reason = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state?.waiting
    expect(reason(await node.untilPod('broken', (pod) => reason(pod)?.reason === 'RunContainerError'))?.message).toBe('exec format error')
    expect(reason(await node.untilPod('nonsense', (pod) => reason(pod)?.reason === 'RunContainerError'))?.message).toContain('expected a duration')
  })

  it('is probed by its annotations, with no network', async () => {
    const probe = { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 1 }
    await create('well', {}, { containers: [{ name: 'c', image: 'i', readinessProbe: probe }] })
    await create('ill', { probes: 'failure' }, { containers: [{ name: 'c', image: 'i', readinessProbe: probe }] })
    for (const name of ['well', 'ill']) await node.untilPod(name, isRunning)
    await node.until(() => { node.clock.step(1000); return node.pod('well') }, (pod) => pod?.status?.containerStatuses?.[0]?.ready === true, 'readiness')
    expect((await node.pod('ill'))?.status?.containerStatuses?.[0]?.ready).toBe(false)
    expect(node.told.join()).toContain('ill Unhealthy: Readiness probe failed: scripted failure')
  })

  it('uses what it is told', async () => {
    const pod = await create('busy', { cpu: '500m', memory: '100Mi' })
    await node.untilPod('busy', isRunning)
    const [before] = (await node.runtime.usages()).filter(({ id }) => id.includes(pod.metadata.uid ?? ''))
    node.clock.step(2000)
    const [after] = (await node.runtime.usages()).filter(({ id }) => id.includes(pod.metadata.uid ?? ''))
    expect((after?.cpuNanos ?? 0) - (before?.cpuNanos ?? 0)).toBe(1_000_000_000)
    expect(after?.workingSetBytes).toBe(100 * 2 ** 20)
  })
})
