// Graceful shutdown: who ends when, what is said, and how the machine tells of it.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubeletSettings } from './kubelet-flags.ts'
import { makePod } from './fixture.suite.ts'
import { HollowTestNode, isRunning, nextTurn } from './hollow-node.suite.ts'
import { goingDown, LogindShutdown } from './logind-shutdown.ts'
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
    expect((await node.untilPod('late', (pod) => pod?.status?.phase === 'Failed')).status).toMatchObject({ reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' })
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
  it.each([
    ['{"type":"signal","member":"PrepareForShutdown","payload":{"type":"b","data":[true]}}', true], ['{"member":"PrepareForShutdown","payload":{"type":"b","data":[false]}}', false],
    ['{"member":"PrepareForSleep","payload":{"type":"b","data":[true]}}', undefined], ['Monitoring bus message stream.', undefined],
  ])('%s', (line, expected) => expect(goingDown(line)).toBe(expected))

  it('is listened to, and held up until the pods have ended', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kinglet-logind-'))
    const program = (name: string, text: string): void => {
      writeFileSync(join(directory, name), `#!/bin/sh\n${text}`)
      chmodSync(join(directory, name), 0o755)
    }
    program('busctl', `while [ ! -e ${directory}/held ]; do sleep 0.02; done\necho '{"member":"PrepareForShutdown","payload":{"data":[true]}}'\nexec sleep 60\n`)
    program('systemd-inhibit', `trap 'touch ${directory}/released; exit 0' TERM\necho $$ > ${directory}/pid\necho "$@" > ${directory}/held\nwhile :; do sleep 0.02; done\n`)
    const path = process.env['PATH']
    process.env['PATH'] = `${directory}:${path}`
    const steps: string[] = []
    const logged: string[] = []
    try {
      const { promise: told, resolve } = Promise.withResolvers<void>()
      const logind = new LogindShutdown({
        log: (text) => void logged.push(text), onCancel: () => undefined, available: () => true,
        onShutdown: async () => {
          steps.push(existsSync(join(directory, 'released')) ? 'too late' : 'held')
          resolve()
        },
      })
      expect(logind.start()).toBe(true)
      await told
      // Until its end has been seen here, and would have been told of.
      const pid = readFileSync(join(directory, 'pid'), 'utf8').trim()
      while (existsSync(`/proc/${pid}`)) await new Promise((done) => setTimeout(done, 20))
      expect(existsSync(join(directory, 'released'))).toBe(true)
      expect(steps).toEqual(['held'])
      logind.stop()
      expect(logged).toEqual([])
    } finally {
      process.env['PATH'] = path
      rmSync(directory, { recursive: true })
    }
  })

  it('is told of when it is not there', () => {
    const logged: string[] = []
    const logind = new LogindShutdown({ log: (text) => void logged.push(text), onCancel: () => undefined, onShutdown: async () => undefined, available: () => false })
    expect(logind.start()).toBe(false)
    expect(logged).toEqual([expect.stringContaining('no systemd-logind')])
  })
})
