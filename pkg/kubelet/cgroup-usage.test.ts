// Usage of cgroups, from the files of both versions.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cgroupDirectory, type CgroupFiles, cgroupUsageV1, cgroupUsageV2, containerCgroup, firstProcess, readCgroupUsage } from './cgroup-usage.ts'

const v1: CgroupFiles = {
  'cpuacct.usage': '4712345678\n',
  'cpu.stat': 'nr_periods 120\nnr_throttled 7\nthrottled_time 250000000\n',
  'memory.usage_in_bytes': '10000000\n',
  // The plain numbers are without the cgroups below.
  'memory.stat': 'cache 1\nrss 2\ninactive_file 3\npgfault 4\ntotal_cache 6000000\ntotal_rss 3500000\ntotal_swap 4096\ntotal_pgfault 900\ntotal_pgmajfault 12\ntotal_inactive_file 2500000\n',
  'memory.limit_in_bytes': '33554432\n',
  'pids.current': '5\n',
}
const v2: CgroupFiles = {
  'cpu.stat': 'usage_usec 4712345\nuser_usec 4000000\nsystem_usec 712345\nnr_periods 120\nnr_throttled 7\nthrottled_usec 250000\n',
  'memory.current': '10000000\n', 'memory.stat': 'anon 3500000\nfile 6000000\ninactive_file 2500000\npgfault 900\npgmajfault 12\n',
  'memory.max': '33554432\n', 'memory.swap.current': '4096\n', 'pids.current': '5\n',
}
const common = {
  cpuPeriods: 120, throttledPeriods: 7, throttledNanos: 250_000_000, memoryBytes: 10_000_000, workingSetBytes: 7_500_000, rssBytes: 3_500_000,
  cacheBytes: 6_000_000, swapBytes: 4096, pageFaults: 900, majorPageFaults: 12, memoryLimitBytes: 33_554_432, processes: 5,
}

describe('version 1', () => {
  it('counts what is below too', () => expect(cgroupUsageV1(v1)).toEqual({ ...common, cpuNanos: 4_712_345_678 }))
  it.each([['9223372036854771712'], ['']])('has no limit at %j', (text) => expect(cgroupUsageV1({ ...v1, 'memory.limit_in_bytes': text })).not.toHaveProperty('memoryLimitBytes'))
  it('needs no controller but cpuacct', () => expect(cgroupUsageV1({ 'cpuacct.usage': '7\n' })).toMatchObject({ cpuNanos: 7, memoryBytes: 0, workingSetBytes: 0 }))
  it('that is gone has used nothing', () => expect(cgroupUsageV1({ 'cpuacct.usage': '' })).toBeUndefined())
  it('never holds less than nothing', () => expect(cgroupUsageV1({ ...v1, 'memory.usage_in_bytes': '100\n' })?.workingSetBytes).toBe(0))
})

describe('version 2', () => {
  it('is the same in other words', () => expect(cgroupUsageV2(v2)).toEqual({ ...common, cpuNanos: 4_712_345_000 }))
  it.each([['max\n'], ['']])('has no limit at %j', (text) => expect(cgroupUsageV2({ ...v2, 'memory.max': text })).not.toHaveProperty('memoryLimitBytes'))
  it('that is gone has used nothing', () => expect(cgroupUsageV2({})).toBeUndefined())

  const pressed = {
    'cpu.pressure': 'some avg10=1.50 avg60=0.25 avg300=0.05 total=1234567\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'memory.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n',
    'io.pressure': 'some avg10=100.00 avg60=99.99 avg300=0.00 total=9\n',
  }
  const data = (total: number, avg10 = 0, avg60 = 0, avg300 = 0): object => ({ total, avg10, avg60, avg300 })
  it('tells what work waited for', () => expect(cgroupUsageV2({ ...v2, ...pressed })).toEqual({
    ...common, cpuNanos: 4_712_345_000,
    pressure: { cpu: { some: data(1_234_567, 1.5, 0.25, 0.05), full: data(0) }, memory: { some: data(7), full: data(5) }, io: { some: data(9, 100, 99.99), full: data(0) } },
  }))
  it.each(['cpu.pressure', 'memory.pressure', 'io.pressure'])('tells of no pressure without %s', (name) => expect(cgroupUsageV2({ ...v2, ...pressed, [name]: '' })).not.toHaveProperty('pressure'))
})

it.each([
  ['/kinglet/kubepods/burstable/podu-1', '/kinglet/kubepods/burstable/podu-1', '/kinglet/kubepods/burstable/podu-1/abc'],
  ['kubepods-burstable-podu_1.slice', '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podu_1.slice', '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podu_1.slice/cri-containerd-abc.scope'],
])('%s is at %s', (parent, directory, container) => {
  expect(cgroupDirectory(parent)).toBe(directory)
  expect(containerCgroup(directory, 'abc')).toBe(container)
})

describe('files', () => {
  const root = mkdtempSync(join(tmpdir(), 'kinglet-cg-'))
  afterAll(() => rmSync(root, { recursive: true }))
  const write = (place: string, files: CgroupFiles): void => {
    mkdirSync(join(root, place, 'pod'), { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, place, 'pod', name), text)
  }

  it('of version 1 lie in many places', async () => {
    const { 'cpuacct.usage': usage = '', 'cpu.stat': stat = '', 'pids.current': pids = '', ...memory } = v1
    write('acct', { 'cpuacct.usage': usage })
    write('cpu', { 'cpu.stat': stat })
    write('memory', { ...memory, 'cgroup.procs': '17\n18\n' })
    write('pids', { 'pids.current': pids })
    const at = { version: 'hybrid' as const, mounts: { cpuacct: join(root, 'acct'), cpu: join(root, 'cpu'), memory: join(root, 'memory'), pids: join(root, 'pids'), '': join(root, 'unified') } }
    expect(await readCgroupUsage(at, '/pod')).toEqual(cgroupUsageV1(v1))
    expect(await firstProcess(at, '/pod')).toBe(17)
    expect(await readCgroupUsage(at, '/other')).toBeUndefined()
  })

  it('of version 2 in one', async () => {
    write('v2', { ...v2, 'cgroup.procs': '' })
    const at = { version: 'v2' as const, mounts: { '': join(root, 'v2') } }
    expect(await readCgroupUsage(at, '/pod')).toEqual(cgroupUsageV2(v2))
    expect(await firstProcess(at, '/pod')).toBeUndefined()
  })
})
