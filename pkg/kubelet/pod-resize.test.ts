import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ResourceRequirements } from '../api/types-pod.ts'
import { makeContainer, makePod, makeRuntime } from './fixture.suite.ts'
import { PodAllocation } from './pod-allocation.ts'
import { cgroupFiles, type CgroupLimits, podCgroupLimits } from './pod-cgroup-limits.ts'
import { LinuxCgroups } from './pod-cgroup.ts'
import { compareResizes, resizeRefusal } from './pod-resize.ts'
import { PodResizer } from './pod-resizer.ts'
import { statusPatch } from './status-patch.ts'

const both = (cpu: string, memory: string): ResourceRequirements => ({ requests: { cpu, memory }, limits: { cpu, memory } })
const sized = (...all: ResourceRequirements[]): ReturnType<typeof makePod> => makePod({ containers: all.map((resources, index) => ({ name: `c${index + 1}`, image: 'i', resources })) })

describe('podCgroupLimits', () => {
  const shown = (pod: ReturnType<typeof makePod>): number[] => {
    const { cpuShares, cpuQuota, memoryBytes } = podCgroupLimits(pod)
    return [cpuShares, cpuQuota, memoryBytes]
  }
  it.each<[string, ReturnType<typeof makePod>, number[]]>([
    ['nothing asked', makePod(), [2, 0, 0]],
    ['the sum', sized(both('20m', '35Mi'), both('22m', '37Mi')), [43, 4200, 72 * 2 ** 20]],
    ['one has no limit', sized(both('1', '1Gi'), { requests: { cpu: '1' } }), [2048, 0, 0]],
    ['one has no memory limit', sized(both('1', '1Gi'), { requests: { cpu: '1' }, limits: { cpu: '1' } }), [2048, 200_000, 0]],
    ['the pod has its own', makePod({ resources: { requests: { cpu: '1' }, limits: { cpu: '2', memory: '1Gi' } }, containers: [{ name: 'c' }] }), [1024, 200_000, 2 ** 30]],
    ['overhead', makePod({ overhead: { cpu: '500m', memory: '1Mi' }, containers: [{ name: 'c', resources: both('500m', '1Mi') }] }), [1024, 100_000, 2 ** 21]],
    ['the start needs more', makePod({ initContainers: [{ name: 'i', resources: both('3', '1Mi') }], containers: [{ name: 'c', resources: both('1', '1Mi') }] }), [3072, 300_000, 2 ** 20]],
  ])('%s', (_name, pod, expected) => expect(shown(pod)).toEqual(expected))

  const limits: CgroupLimits = { cpuShares: 1024, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 4096, pids: 0 }
  it.each([
    ['v1' as const, ['cpu/cpu.shares=1024', 'cpu/cpu.cfs_period_us=100000', 'cpu/cpu.cfs_quota_us=-1', 'memory/memory.limit_in_bytes=4096', 'pids/pids.max=max']],
    ['v2' as const, ['/cpu.weight=39', '/cpu.max=max 100000', '/memory.max=4096', '/pids.max=max']],
  ])('in files of %s', (version, expected) => expect(cgroupFiles(limits, version).map(({ controller, file, text }) => `${controller}/${file}=${text}`)).toEqual(expected))
})

describe('LinuxCgroups on version 2', () => {
  it('makes the cgroup, hands controllers down, and writes the limits', async () => {
    const root = mkdtempSync(join(tmpdir(), 'kinglet-cgroup-'))
    const { mkdirSync, writeFileSync } = await import('node:fs')
    // The kernel makes these files with the directories.
    for (const path of ['', 'k', 'k/kubepods', 'k/kubepods/podu']) {
      mkdirSync(join(root, path), { recursive: true })
      writeFileSync(join(root, path, 'cgroup.subtree_control'), path === '' ? 'cpu\n' : '')
      // This kernel counts no processes.
      writeFileSync(join(root, path, 'cgroup.controllers'), 'cpuset cpu io memory\n')
    }
    await new LinuxCgroups({ version: 'v2', mounts: { '': root } }).limit('/k/kubepods/podu', { cpuQuota: 5000, cpuPeriod: 100_000, memoryBytes: 4096, pids: 7 })
    const text = (path: string): string => readFileSync(join(root, path), 'utf8')
    expect([text('cgroup.subtree_control'), text('k/cgroup.subtree_control'), text('k/kubepods/podu/cgroup.subtree_control')]).toEqual(['+memory', '+cpu +memory', ''])
    expect([text('k/kubepods/podu/cpu.max'), text('k/kubepods/podu/memory.max')]).toEqual(['5000 100000', '4096'])
    expect(existsSync(join(root, 'k/kubepods/podu/pids.max'))).toBe(false)
    rmSync(root, { recursive: true })
  })
})

describe('resizeRefusal', () => {
  const allocatable = { cpu: '4', memory: '4Gi', pods: '110' }
  const asks = (cpu: string, memory: string, others: ReturnType<typeof makePod>[] = []) => resizeRefusal({ pod: sized({ requests: { cpu, memory } }), others, allocatable })
  it.each([
    ['fits', asks('1', '1Gi'), undefined],
    ['more cpu than the node has', asks('5', '1Gi'), { reason: 'Infeasible', message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000" }],
    ['more memory', asks('5', '5Gi'), { reason: 'Infeasible', message: "Node didn't have enough capacity: memory, requested: 5368709120, capacity: 4294967296" }],
    ['more than is left', asks('3', '1Gi', [sized(both('2', '1Gi'))]), { reason: 'Deferred', message: "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000" }],
    ['static', resizeRefusal({ pod: makePod({}, { annotations: { 'kubernetes.io/config.source': 'file' } }), others: [], allocatable }), { reason: 'Infeasible', message: 'In-place resize of static-pods is not supported' }],
  ])('%s', (_name, found, expected) => expect(found).toEqual(expected))

  it('takes those first that shrink, then by priority, class and time', () => {
    const waiting = (name: string, cpu: string, priority: number, sinceMs: number, limits = false) => {
      const pod = (size: string): ReturnType<typeof makePod> => makePod({ priority, containers: [{ name: 'c', resources: limits ? both(size, size) : { requests: { cpu: size } } }] }, { name })
      return { asked: pod(cpu), allocated: pod('1'), sinceMs }
    }
    const order = [waiting('late', '2', 0, 2), waiting('early', '2', 0, 1), waiting('guaranteed', '2', 0, 3, true), waiting('important', '2', 9, 4), waiting('shrinks', '500m', 0, 5)]
    expect(order.sort(compareResizes).map(({ asked }) => asked.metadata.name)).toEqual(['shrinks', 'important', 'guaranteed', 'early', 'late'])
  })
})

describe('PodAllocation', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-allocation-'))
  const file = join(directory, 'u', 'resize.json')
  afterAll(() => rmSync(directory, { recursive: true }))

  it('outlives the kubelet', () => {
    const first = new PodAllocation(sized(both('1', '1Gi')), file)
    const larger = sized(both('2', '1Gi'))
    expect(first.applied(larger)).toBe(larger)
    first.take(sized(both('1', '1Gi')))
    expect(first.applied(larger).spec.containers[0]?.resources).toEqual(both('1', '1Gi'))
    first.take(larger)
    first.note('id', both('1', '1Gi'))
    const begun = { ...sized(both('3', '1Gi')), status: { startTime: '2026-01-01T00:00:00Z' } }
    const second = new PodAllocation(begun, file)
    expect(second.applied(begun).spec.containers[0]?.resources).toEqual(both('2', '1Gi'))
    expect(second.actuated('id', larger.spec.containers[0]!)).toEqual(both('1', '1Gi'))
  })

  it('believes the status when there is no file', () => {
    const status = { name: 'c1', image: 'i', imageID: '', ready: true, restartCount: 0, containerID: 'containerd://x', state: { running: {} }, resources: both('1', '1Gi') }
    const begun = { ...sized(both('3', '1Gi')), status: { startTime: '2026-01-01T00:00:00Z', containerStatuses: [status] } }
    const allocation = new PodAllocation(begun, join(directory, 'none'))
    expect(allocation.applied(begun).spec.containers[0]?.resources).toEqual(both('1', '1Gi'))
    expect(allocation.actuated('x', begun.spec.containers[0]!)).toEqual(both('1', '1Gi'))
  })
})

describe('PodResizer', () => {
  const before = sized(both('1', '100Mi'), both('1', '100Mi'))
  const runtime = makeRuntime([makeContainer('c1:running'), makeContainer('c2:running')])
  /** What is done, in order; `used` is the working set that every cgroup has. */
  const resize = async (after: ReturnType<typeof makePod>, used = 0): Promise<string[]> => {
    const done: string[] = []
    const allocation = new PodAllocation(before, '/nowhere/resize.json')
    for (const id of ['c1-0', 'c2-0']) allocation.note(id, both('1', '100Mi'))
    const resizer = new PodResizer({
      allocation, nodeMemoryBytes: 2 ** 32, cgroupPath: () => '/pod', pidsLimit: 0,
      runtime: {
        updateContainer: async (id, { memoryBytes, cpuQuota }) => void done.push(`${id} ${memoryBytes / 2 ** 20}Mi ${cpuQuota}`),
        resizeSandbox: async (id, { pod: { memoryBytes, cpuQuota } }) => void done.push(`${id} ${memoryBytes / 2 ** 20}Mi ${cpuQuota}`),
      },
      cgroups: {
        limit: async (_path, { memoryBytes, cpuQuota }) => !done.push(`pod ${memoryBytes === undefined ? '' : `${memoryBytes / 2 ** 20}Mi`} ${cpuQuota ?? ''}`.trimEnd()),
        workingSetBytes: async () => used, release: async () => undefined,
      },
    })
    await resizer.confine(before)
    done.length = 0
    try {
      const restarts = await resizer.apply(after, runtime)
      done.push(...restarts.map(({ id }) => `restart ${id}`))
    } catch (error) {
      done.push((error as Error).message)
    }
    return [...done, `due: ${resizer.due(after, runtime)}`]
  }

  it('a container that starts later has room for what it was allocated meanwhile, also after a restart of the kubelet', async () => {
    const wider = sized(both('3', '300Mi'), both('1', '100Mi'))
    const started = async (known: boolean): Promise<string[]> => {
      const done: string[] = []
      const allocation = new PodAllocation(before, '/nowhere/resize.json')
      allocation.note('c2-0', both('1', '100Mi'))
      const resizer = new PodResizer({
        allocation, nodeMemoryBytes: 2 ** 32, cgroupPath: () => '/pod', pidsLimit: 0, runtime: { updateContainer: async () => undefined, resizeSandbox: async () => undefined },
        cgroups: { limit: async (_path, limits) => !done.push(Object.keys(limits).sort().join(' ') + ` ${limits.cpuQuota}`), workingSetBytes: async () => 0, release: async () => undefined },
      })
      if (known) await resizer.confine(before)
      done.length = 0
      const running = makeRuntime([makeContainer('c2:running')])
      await resizer.widen(wider, running)
      await resizer.widen(wider, running)
      return done
    }
    expect(await started(true)).toEqual(['cpuQuota cpuShares memoryBytes 400000'])
    expect(await started(false)).toEqual(['cpuPeriod cpuQuota cpuShares memoryBytes pids 400000'])
  })

  it.each<[string, ReturnType<typeof makePod>, number, string[]]>([
    ['nothing', before, 0, ['s0 200Mi 200000', 'due: false']],
    ['other words', sized(both('1000m', '100Mi'), both('1', '102400Ki')), 0, ['s0 200Mi 200000', 'due: false']],
    ['more: the pod first, its sandbox last', sized(both('2', '200Mi'), both('1', '100Mi')), 0, ['pod 300Mi 300000', 'c1-0 200Mi 200000', 's0 300Mi 300000', 'due: false']],
    ['less: the pod last but for its sandbox', sized(both('500m', '50Mi'), both('1', '100Mi')), 0, ['c1-0 50Mi 50000', 'pod 150Mi 150000', 's0 150Mi 150000', 'due: false']],
    ['both ways', sized(both('2', '50Mi'), both('1', '100Mi')), 0, ['pod  300000', 'c1-0 50Mi 200000', 'pod 150Mi', 's0 150Mi 300000', 'due: false']],
    ['below what is used', sized(both('1', '1Mi'), both('1', '100Mi')), 2 ** 21, ['cannot decrease memory limits: attempting to set container "c1" memory limit (1048576) below current usage (2097152)', 'due: true']],
  ])('%s', async (_name, after, used, expected) => expect(await resize(after, used)).toEqual(expected))

  it('restarts where the policy says so, and lowers the pod after that', async () => {
    const after = sized(both('1', '50Mi'), both('1', '100Mi'))
    after.spec.containers[0]!.resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]
    expect(await resize(after, 2 ** 40)).toEqual([expect.stringContaining('attempting to set pod memory limit'), 'due: true'])
    expect(await resize(after)).toEqual(['restart c1-0', 'due: true'])
  })
})

it('conditions about resizes go from the status', () => {
  const ready = { type: 'Ready', status: 'True' as const }
  expect(statusPatch({ conditions: [ready, { type: 'PodResizePending', status: 'True' }, { type: 'Foreign', status: 'True' }] }, { conditions: [ready] })).toEqual({ conditions: [{ type: 'PodResizePending', $patch: 'delete' }] })
})
