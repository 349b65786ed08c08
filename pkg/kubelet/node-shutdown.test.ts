// Graceful shutdown: who ends when, what is said, and how the machine tells of it.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../util/clock.ts'
import type { DBusCall, DBusSignals } from '../util/dbus-connection.ts'
import type { DBusValue } from '../util/dbus-values.ts'
import { kubeletSettings } from './kubelet-flags.ts'
import { makePod } from './fixture.suite.ts'
import { HollowTestNode, isRunning, nextTurn } from './hollow-node.suite.ts'
import { raiseShutdownDelay } from './logind-delay.ts'
import { LogindShutdown, type LogindShutdownOptions } from './logind-shutdown.ts'
import { podsByStep, shutdownSteps } from './node-shutdown.ts'

const critical = 2_000_000_000

describe('kubeletSettings', () => {
  it('reads what the flags say', () => expect(kubeletSettings([
    '--max-pods=20', 'pod-max-pids=100', 'eviction-hard=memory.available<1Gi', 'shutdown-grace-period=30s', 'shutdown-grace-period-critical-pods=10s', 'pod-manifest-path=/m',
  ])).toMatchObject({
    maxPods: 20, podPidsLimit: 100, manifestDirectory: '/m', eviction: { thresholds: [{ signal: 'memory.available', least: { quantity: 2 ** 30 } }], transitionMs: 300_000 },
    shutdown: [{ priority: 0, graceSeconds: 20 }, { priority: critical, graceSeconds: 10 }],
  }))
  it('reads what concerns the node and its pods', () => expect(kubeletSettings([
    'kube-reserved=cpu=100m,memory=200Mi', 'system-reserved=cpu=50m', 'allowed-unsafe-sysctls=kernel.msg*,net.core.somaxconn', 'seccomp-default=true', 'container-log-max-size=1Mi',
    'container-log-max-files=3', 'node-labels=a=b,c=', 'register-with-taints=a=b:NoSchedule,c:NoExecute', 'resolv-conf=/r',
  ])).toMatchObject({
    reserved: [{ cpu: '100m', memory: '200Mi' }, { cpu: '50m' }], allowedUnsafeSysctls: ['kernel.msg*', 'net.core.somaxconn'], seccompDefault: true, logRotation: { maxBytes: 2 ** 20, maxFiles: 3 },
    labels: { a: 'b', c: '' }, taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }, { key: 'c', effect: 'NoExecute' }], resolvConf: '/r',
  }))
  it('leaves out what they do not say', () => expect(kubeletSettings(['pod-max-pids=-1'])).toEqual({ eviction: expect.anything(), imageSettings: expect.anything(), shutdown: [] }))
  it.each([
    ['max-pods', /expected NAME=VALUE/], ['max-pods=many', /max-pods: expected a whole number/], ['colour=red', /expected one of config, config-dir, max-pods,/],
    ['eviction-hard=memory<1', /one of memory.available/], ['kube-reserved=gpu=1', /expected amounts of cpu/], ['register-with-taints=a', /KEY=VALUE:EFFECT/], ['seccomp-default=yes', /true or false/], ['cgroup-driver=systemd2', /cgroup-driver: expected cgroupfs or systemd/], ['shutdown-grace-period=soon', /shutdown-grace-period: expected a duration/],
  ])('%s is refused', (arg, words) => expect(() => kubeletSettings([arg])).toThrow(words))
  it('wants the critical part within the whole', () => expect(() => shutdownSteps(10, 11)).toThrow('at most 10 s'))
})

it('pods end by priority', () => {
  const steps = [{ priority: 10, graceSeconds: 1 }, { priority: critical, graceSeconds: 2 }]
  const pods = [['low', 0], ['middle', 10], ['high', critical - 1], ['vital', critical + 1]].map(([name, priority]) => makePod({ priority: priority as number }, { name: name as string }))
  expect(podsByStep(pods, steps).map(({ pods: some }) => some.map(({ metadata }) => metadata.name))).toEqual([['low', 'middle', 'high'], ['vital']])
})

describe('the kubelet', () => {
  const node = new HollowTestNode()
  beforeAll(() => node.start())
  afterAll(() => node.stop())
  const ready = async (): Promise<string> => {
    const found = (await node.node()).status?.conditions?.find(({ type }) => type === 'Ready')
    return `${found?.status}: ${found?.message}`
  }

  it('ends pods, the critical ones last, and takes no more', async () => {
    await node.create('plain')
    await node.create('vital', {}, { priority: critical })
    for (const name of ['plain', 'vital']) await node.untilPod(name, isRunning)
    // The plain one takes its time.
    const stopContainer = node.runtime.stopContainer.bind(node.runtime)
    const stopping: { id: string; graceSeconds: number }[] = []
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => { release = resolve })
    node.runtime.stopContainer = async (id: string, graceSeconds = 0) => {
      stopping.push({ id, graceSeconds })
      if (stopping.length === 1) await held
      return stopContainer(id)
    }
    const down = node.kubelet?.shutDown(shutdownSteps(20, 5))
    await node.until(ready, (text) => text === 'False: node is shutting down', 'the condition')
    await node.create('late')
    expect((await node.untilPod('late', (pod) => pod?.status?.phase === 'Failed')).status).toMatchObject({ reason: 'NodeShutdown', message: 'Pod was rejected: Pod was rejected as the node is shutting down.' })
    await node.until(() => stopping.length, (count) => count === 1, 'the first end')
    for (let turn = 0; turn < 50; turn++) await nextTurn()
    node.clock.step(100)
    expect(stopping).toEqual([expect.objectContaining({ graceSeconds: 15 })])
    expect(isRunning(await node.pod('vital'))).toBe(true)
    release()
    const ended = await node.untilPod('plain', (pod) => pod?.status?.phase === 'Failed')
    expect(ended.status).toMatchObject({ reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' })
    expect(ended.status?.conditions).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' })]))
    node.clock.step(100)
    await node.untilPod('vital', (pod) => pod?.status?.reason === 'Terminated')
    node.clock.step(100)
    await down
  })

  it('goes on when the shutdown is called off', async () => {
    node.kubelet?.cancelShutdown()
    await node.until(ready, (text) => text === 'True: kubelet is posting ready status', 'the condition')
    await node.create('again')
    await node.untilPod('again', isRunning)
  })
})

describe('logind', () => {
  type Bus = { call: (call: DBusCall) => Promise<readonly DBusValue[]>; close: () => void }
  const manager = 'org.freedesktop.login1.Manager'
  let directory: string
  let path: string | undefined
  let logged: string[]
  let calls: DBusCall[]
  let signals: DBusSignals[]
  let clock: ManualClock
  const has = (name: string): boolean => existsSync(join(directory, name))
  const until = async (condition: () => boolean): Promise<void> => { while (!condition()) await new Promise((done) => setTimeout(done, 10)) }
  const locked = (): boolean => has('pid') && existsSync(`/proc/${readFileSync(join(directory, 'pid'), 'utf8').trim()}`)
  const connect = (given: DBusSignals): Bus => {
    signals.push(given)
    return { call: async (call) => { calls.push(call); return [] }, close: () => undefined }
  }
  const logind = (more: Partial<LogindShutdownOptions> = {}): LogindShutdown => new LogindShutdown({
    clock, seconds: 30, log: (text) => void logged.push(text), onCancel: () => undefined, onShutdown: async () => undefined, available: () => true, connect, delay: async (seconds) => seconds, ...more,
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kinglet-logind-'))
    writeFileSync(join(directory, 'systemd-inhibit'), `#!/bin/sh\necho "$@" > ${directory}/held\necho $$ > ${directory}/pid.new\nmv ${directory}/pid.new ${directory}/pid\nwhile [ "$#" -gt 1 ]; do shift; done\nexec "$@"\n`)
    chmodSync(join(directory, 'systemd-inhibit'), 0o755)
    path = process.env['PATH']
    process.env['PATH'] = `${directory}:${path}`
    logged = []
    calls = []
    signals = []
    clock = new ManualClock()
  })
  afterEach(() => {
    process.env['PATH'] = path
    rmSync(directory, { recursive: true })
  })

  it('is listened to, and held up until the pods have ended; a shutdown that is called off may come again', async () => {
    const steps: string[] = []
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const shutdown = logind({ onShutdown: () => { steps.push('down'); return ended }, onCancel: () => void steps.push('off') })
    expect(shutdown.start()).toBe(true)
    await until(locked)
    expect(readFileSync(join(directory, 'held'), 'utf8')).toMatch(/^--what=shutdown .*--mode=delay cat$/m)
    expect(calls).toEqual([expect.objectContaining({ member: 'AddMatch', body: [`type='signal',interface='${manager}',member='PrepareForShutdown'`] })])
    signals[0]?.onSignal('org.freedesktop.DBus', 'NameAcquired', [':1.1'])
    signals[0]?.onSignal(manager, 'PrepareForShutdown', [true])
    expect(steps).toEqual(['down'])
    expect(locked()).toBe(true)
    end()
    await until(() => !locked())
    rmSync(join(directory, 'pid'))
    signals[0]?.onSignal(manager, 'PrepareForShutdown', [false])
    expect(steps).toEqual(['down', 'off'])
    await until(locked)
    shutdown.stop()
    await until(() => !locked())
    expect(logged).toEqual([])
  })

  it('is asked for as long as the pods may take, and told of when it gives less', async () => {
    const shutdown = logind({ delay: async () => 5 })
    shutdown.start()
    await until(locked)
    expect(logged).toEqual(['graceful shutdown: systemd-logind holds up a shutdown for 5 s, pods were to have 30 s'])
    shutdown.stop()
  })

  it('is found again after its bus was lost', async () => {
    const shutdown = logind()
    shutdown.start()
    await until(locked)
    signals[0]?.onLost(new Error('gone'))
    await until(() => logged.length > 0)
    clock.step(5000)
    await until(() => signals.length === 2 && calls.length === 2)
    expect(logged).toEqual(['graceful shutdown: gone'])
    shutdown.stop()
  })

  it.each<[string, bigint[], { wrote: string; got: number }]>([
    ['enough already', [30_000_000n], { wrote: '', got: 30 }],
    ['raised', [5_000_000n, 30_000_000n], { wrote: '[Login]\nInhibitDelayMaxSec=30', got: 30 }],
    ['refused', [5_000_000n], { wrote: '[Login]\nInhibitDelayMaxSec=30', got: 5 }],
  ])('its delay: %s', async (_what, answers, { wrote, got }) => {
    const file = join(directory, 'conf.d/99.conf')
    const asked = [...answers]
    const killed: unknown[] = []
    const raised = raiseShutdownDelay(30, { clock, signal: new AbortController().signal, file, bus: { call: async ({ member, body }) => {
      if (member === 'KillUnit') killed.push(body)
      return member === 'Get' ? [{ signature: 't', value: asked.length > 1 ? asked.shift()! : asked[0]! }] : []
    } } })
    const turning = setInterval(() => clock.step(250), 1)
    expect(await raised.finally(() => clearInterval(turning))).toBe(got)
    expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toContain(wrote)
    expect(killed).toEqual(wrote ? [['systemd-logind.service', 'all', 1]] : [])
  })

  it('is told of when it is not there', () => {
    expect(logind({ available: () => false }).start()).toBe(false)
    expect(logged).toEqual([expect.stringContaining('no systemd-logind')])
  })
})
