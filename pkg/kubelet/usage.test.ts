// CPU rates, when samples are taken, and what the machine's files tell.
import { ManualClock } from '../util/clock.ts'
import { cgroupUsageV2 } from './cgroup-usage.ts'
import { cpuNanosOf, defaultInterfaceOf, interfacesOf, memoryOf, startedAtMsOf } from './machine-usage.ts'
import { metricsText } from './metrics-text.ts'
import type { Pressure, PressureStats } from './pressure.ts'
import { statsSummary } from './stats-summary.ts'
import { cadvisorMetrics, resourceMetrics } from './usage-metrics.ts'
import { type CpuCounter, cpuRates } from './usage-rates.ts'
import { usageReport } from './usage-report.ts'
import { UsageSampler } from './usage-sampler.ts'
import type { NodeSample } from './usage-source.ts'

describe('rates', () => {
  const second = 1e9
  const at = (nanos: number, atMs: number, sinceMs = 0): CpuCounter => ({ nanos, atMs, sinceMs })
  it.each<[string, CpuCounter | undefined, CpuCounter, { nanoCores: number; windowMs: number } | undefined]>([
    ['half a core', at(10 * second, 1000), at(11 * second, 3000), { nanoCores: second / 2, windowMs: 2000 }],
    ['nothing done', at(10 * second, 1000), at(10 * second, 3000), { nanoCores: 0, windowMs: 2000 }],
    ['new since: the average of its life', undefined, at(second, 6000, 4000), { nanoCores: second / 2, windowMs: 2000 }],
    ['reset: the same', at(10 * second, 1000), at(second, 6000, 4000), { nanoCores: second / 2, windowMs: 2000 }],
    ['measured once only, since the beginning', at(second, 6000, 4000), at(second, 6000, 4000), { nanoCores: second / 2, windowMs: 2000 }],
    ['too young to tell', undefined, at(second / 100, 6000, 5950), undefined],
    ['too soon to tell', at(second, 6000), at(second + 1, 6001), undefined],
  ])('%s', (_name, before, after, rate) => {
    expect(cpuRates(new Map(before ? [['c', before]] : []), new Map([['c', after]])).get('c')).toEqual(rate)
  })

  it('of what is gone is none', () => expect(cpuRates(new Map([['c', at(1, 1)]]), new Map()).size).toBe(0))
})

const container = { id: 'c1', name: 'main', image: 'busybox', startedAtMs: 500_000, cgroupPath: '/kubepods/podu1/c1', workingSetBytes: 4096 }

function sampleAt(atMs: number, cpuNanos: number): NodeSample {
  return {
    atMs,
    machine: {
      cpus: 2, cpuNanos: cpuNanos * 2, startedAtMs: 1000,
      memory: { totalBytes: 1 << 30, usedBytes: 3 << 20, workingSetBytes: 2 << 20, rssBytes: 1 << 20, swapBytes: 0, swapTotalBytes: 0 },
      disk: { capacityBytes: 1000, availableBytes: 400, usedBytes: 500, inodes: 20, inodesFree: 5 },
      interfaces: [], defaultInterface: 'eth0', processes: 9, processLimit: 100,
    },
    pods: [{ namespace: 'default', name: 'p', uid: 'u1', startedAtMs: 400_000, cgroupPath: '/kubepods/podu1', interfaces: [], containers: [{ ...container, atMs, cpuNanos }] }],
  }
}

describe('the sampler', () => {
  const setUp = (): { clock: ManualClock; sampler: UsageSampler; taken: number[] } => {
    const clock = new ManualClock(1_000_000)
    const taken: number[] = []
    // A tenth of a core, always.
    const sampler = new UsageSampler({ clock, take: async () => { taken.push(clock.now()); return sampleAt(clock.now(), clock.now() * 1e5) } })
    return { clock, sampler, taken }
  }
  /** Answers after the time it may need. */
  async function ask({ clock, sampler }: { clock: ManualClock; sampler: UsageSampler }): Promise<{ windowMs: number; nanoCores: number } | undefined> {
    const answer = sampler.latest()
    await new Promise((resolve) => setImmediate(resolve))
    clock.step(1000)
    return (await answer).rates.get('c1')
  }

  it('measures nothing while nobody asks, and a second at first', async () => {
    const made = setUp()
    expect(made.taken).toEqual([])
    expect(await ask(made)).toEqual({ nanoCores: 1e8, windowMs: 1000 })
    expect(made.taken).toEqual([1_000_000, 1_001_000])
  })

  it('hands out what is fresh, goes on from what is recent, begins anew after a pause', async () => {
    const made = setUp()
    await ask(made)
    made.clock.step(500)
    await made.sampler.latest()
    expect(made.taken).toHaveLength(2)
    made.clock.step(14_500)
    expect((await made.sampler.latest()).rates.get('c1')).toEqual({ nanoCores: 1e8, windowMs: 15_000 })
    made.clock.step(31_000)
    expect(await ask(made)).toEqual({ nanoCores: 1e8, windowMs: 1000 })
    expect(made.taken).toEqual([1_000_000, 1_001_000, 1_016_000, 1_047_000, 1_048_000])
  })

  it('measures once for all who ask together', async () => {
    const made = setUp()
    await Promise.all([ask(made), made.sampler.latest(), made.sampler.latest()])
    expect(made.taken).toHaveLength(2)
  })

  it('recovers from a failure', async () => {
    const clock = new ManualClock(1_000_000)
    let fails = true
    const sampler = new UsageSampler({ clock, take: async () => { if (fails) throw new Error('the runtime is down'); return sampleAt(clock.now(), 1e9) } })
    await expect(sampler.latest()).rejects.toThrow('the runtime is down')
    fails = false
    expect(await ask({ clock, sampler })).toBeDefined()
  })
})

describe('what is told', () => {
  const rated = { sample: sampleAt(1_000_000, 25e9), rates: new Map([['node', { nanoCores: 3e8, windowMs: 2000 }], ['c1', { nanoCores: 1e8, windowMs: 2000 }]]) }

  it('to the metrics API', () => {
    expect(usageReport(rated)).toEqual({
      atMs: 1_000_000, windowMs: 2000, node: { cpuNanoCores: 3e8, memoryBytes: 2 << 20 },
      pods: [{ namespace: 'default', name: 'p', windowMs: 2000, containers: [{ name: 'main', cpuNanoCores: 1e8, memoryBytes: 4096 }] }],
    })
  })

  it('leaves out a pod that is known in part', () => expect(usageReport({ ...rated, rates: new Map() }).pods).toEqual([]))

  it('as a summary', () => {
    expect(statsSummary(rated, { nodeName: 'n', onlyCpuAndMemory: false })).toMatchObject({
      node: { nodeName: 'n', cpu: { usageNanoCores: 3e8 }, memory: { availableBytes: (1 << 30) - (2 << 20) }, fs: { inodesUsed: 15, usedBytes: 500 }, rlimit: { maxpid: 100, curproc: 9 } },
      pods: [{ podRef: { name: 'p', namespace: 'default', uid: 'u1' }, containers: [{ name: 'main', startTime: '1970-01-01T00:08:20Z', cpu: { usageNanoCores: 1e8, usageCoreNanoSeconds: 25e9 }, memory: { workingSetBytes: 4096 } }] }],
    })
    const fileSystem = { capacityBytes: 1000, availableBytes: 400, usedBytes: 500, inodes: 20, inodesFree: 5 }
    const scratch = { name: 'scratch', used: { bytes: 30, inodes: 3 }, fileSystem, local: true }
    const disk = { name: 'disk', claim: 'data', used: { bytes: 70, inodes: 7 }, fileSystem, local: false }
    const files = { logs: fileSystem, pods: new Map([['u1', { atMs: 999_000, volumes: [scratch, disk], logs: new Map([['main', { bytes: 5, inodes: 2 }]]) }]]) }
    const shared = { availableBytes: 400, capacityBytes: 1000, inodes: 20, inodesFree: 5 }
    expect(statsSummary(rated, { nodeName: 'n', onlyCpuAndMemory: false, files })).toMatchObject({ pods: [{
      containers: [{ logs: { ...shared, usedBytes: 5, inodesUsed: 2 } }],
      volume: [
        { time: '1970-01-01T00:16:39Z', ...shared, usedBytes: 30, inodesUsed: 3, name: 'scratch' },
        { time: '1970-01-01T00:16:39Z', ...shared, usedBytes: 70, inodesUsed: 7, name: 'disk', pvcRef: { name: 'data', namespace: 'default' } },
      ],
      'ephemeral-storage': { ...shared, usedBytes: 35, inodesUsed: 5 },
    }] })
    expect(statsSummary(rated, { nodeName: 'n', onlyCpuAndMemory: true })).not.toHaveProperty('node.fs')
  })

  it('of the kubelet and of all pods together', () => {
    const sample = sampleAt(1_000_000, 25e9)
    const [pod] = sample.pods
    const cgroup = { cpuNanos: 1, memoryBytes: 50, workingSetBytes: 40, rssBytes: 30, pageFaults: 0, majorPageFaults: 0, cpuPeriods: 0, throttledPeriods: 0, throttledNanos: 0, cacheBytes: 0, swapBytes: 0 }
    const several = { ...sample, pods: [{ ...pod!, cgroup }, { ...pod!, uid: 'u2', cgroup }, { ...pod!, uid: 'u3' }] }
    const rates = new Map([['pod/u1', { nanoCores: 5, windowMs: 1 }], ['pod/u2', { nanoCores: 7, windowMs: 1 }]])
    const time = '1970-01-01T00:16:40Z'
    expect(statsSummary({ sample: several, rates }, { nodeName: 'n', onlyCpuAndMemory: true, self: { cpuSeconds: 1.5, residentBytes: 9, startedAtMs: 60_000 } })).toMatchObject({ node: { systemContainers: [
      { name: 'kubelet', startTime: '1970-01-01T00:01:00Z', cpu: { time, usageCoreNanoSeconds: 1.5e9 }, memory: { time, usageBytes: 9, workingSetBytes: 9, rssBytes: 9 } },
      { name: 'pods', cpu: { time, usageNanoCores: 12 }, memory: { time, usageBytes: 100, workingSetBytes: 80, rssBytes: 60 } },
    ] } })
  })

  it('as series', () => {
    const resource = metricsText(resourceMetrics(rated.sample))
    expect(resource).toContain('# TYPE container_cpu_usage_seconds_total counter\ncontainer_cpu_usage_seconds_total{container="main",namespace="default",pod="p"} 25 1000000\n')
    expect(resource).toContain('\nnode_cpu_usage_seconds_total 50 1000000\n')
    expect(resource).toContain('\ncontainer_start_time_seconds{container="main",namespace="default",pod="p"} 500\n')
    expect(metricsText(cadvisorMetrics(rated.sample))).toContain('container_memory_working_set_bytes{container="main",id="/kubepods/podu1/c1",image="busybox",name="c1",namespace="default",pod="p"} 4096 1000000\n')
  })

  it('escapes labels, and leaves out what has no series', () => {
    expect(metricsText([{ name: 'a', type: 'gauge', help: 'h', series: [{ labels: { x: 'q"\\\n' }, value: 1 }] }, { name: 'b', type: 'gauge', help: 'h', series: [] }]))
      .toBe('# HELP a h\n# TYPE a gauge\na{x="q\\"\\\\\\n"} 1\n')
  })
})

it('pressure is told where the kernel counts it', () => {
  const stats = (total: number): PressureStats => ({ some: { total, avg10: 1, avg60: 2, avg300: 3 }, full: { total: total / 2, avg10: 0, avg60: 0, avg300: 0 } })
  const pressure = (total: number): Pressure => ({ cpu: stats(total), memory: stats(total + 2_000_000), io: stats(total + 4_000_000) })
  const plain = sampleAt(100_000, 1e9)
  const cgroup = cgroupUsageV2({ 'cpu.stat': 'usage_usec 1\n' })!
  const sample: NodeSample = {
    ...plain, pressure: pressure(20_000_000),
    pods: plain.pods.map((pod) => ({ ...pod, cgroup: { ...cgroup, pressure: pressure(10_000_000) }, containers: pod.containers.map((each) => ({ ...each, cgroup: { ...cgroup, pressure: pressure(2_000_000) } })) })),
  }
  const summary = statsSummary({ sample, rates: new Map() }, { nodeName: 'n', onlyCpuAndMemory: false }) as { node: object; pods: { containers: object[] }[] }
  const told = (total: number): object => ({ cpu: { psi: stats(total) }, memory: { psi: stats(total + 2_000_000) }, io: { time: expect.any(String) as string, psi: stats(total + 4_000_000) } })
  expect(summary.node).toMatchObject(told(20_000_000))
  expect(summary.pods[0]).toMatchObject(told(10_000_000))
  expect(summary.pods[0]?.containers[0]).toMatchObject(told(2_000_000))
  const series = metricsText(cadvisorMetrics(sample)).split('\n').filter((line) => line.startsWith('container_pressure_'))
  expect(series).toHaveLength(18)
  expect(series.find((line) => line.startsWith('container_pressure_memory_stalled_seconds_total') && line.includes('container="main"'))).toMatch(/\} 2 \d+$/)
  expect(series.find((line) => line.startsWith('container_pressure_io_waiting_seconds_total') && line.includes('id="/"'))).toMatch(/\} 24 \d+$/)
  expect(metricsText(cadvisorMetrics(plain))).not.toContain('pressure')
  expect(JSON.stringify(statsSummary({ sample: plain, rates: new Map() }, { nodeName: 'n', onlyCpuAndMemory: false }))).not.toMatch(/psi|"io"/)
})

describe('the machine', () => {
  it('works, waits and idles', () => {
    // user nice system idle iowait irq softirq steal guest guest_nice
    const stat = 'cpu  100 20 30 99999 5000 4 6 777 50 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nbtime 1700000000\n'
    expect(cpuNanosOf(stat)).toBe(160 * 10_000_000)
    expect(startedAtMsOf(stat)).toBe(1_700_000_000_000)
  })

  it('has memory in use, some of which it can give back', () => {
    const kibi = 1024
    expect(memoryOf('MemTotal:       1000 kB\nMemFree:         300 kB\nInactive:        500 kB\nInactive(anon):   90 kB\nInactive(file):  150 kB\nAnonPages:       200 kB\nSwapTotal:        80 kB\nSwapFree:         50 kB\n'))
      .toEqual({ totalBytes: 1000 * kibi, usedBytes: 700 * kibi, workingSetBytes: 550 * kibi, rssBytes: 200 * kibi, swapBytes: 30 * kibi, swapTotalBytes: 80 * kibi })
  })

  it('has interfaces', () => {
    const text = 'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo:  10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\n  eth0:1500      12    3    4    0     0          0         0     2500      22    5    6    0     0       0          0\n'
    expect(interfacesOf(text)).toEqual([{ name: 'eth0', receivedBytes: 1500, receivedPackets: 12, receiveErrors: 3, receiveDrops: 4, sentBytes: 2500, sentPackets: 22, sendErrors: 5, sendDrops: 6 }])
    expect(interfacesOf('')).toEqual([])
    expect(defaultInterfaceOf('Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth1\t0011AC0A\t0\t1\t0\t0\t0\t00FFFFFF\neth0\t00000000\t0111AC0A\t3\t0\t0\t0\t00000000\n')).toBe('eth0')
  })
})
