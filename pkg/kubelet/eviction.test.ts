// Eviction: thresholds, the order of pods, what is said, and the node's conditions over time.
import type { Pod } from '../api/types-pod.ts'
import { makePod } from './fixture.suite.ts'
import { bytesText, evictionVerdict, hasStorageLimits, type PodConsumption, pressureVerdict, rankForEviction, storageVerdict } from './eviction-ranking.ts'
import { crossed, evictionConfig, isNear, mostUrgent, type Observations, type Signal } from './eviction-signals.ts'
import { HollowTestNode, isRunning } from './hollow-node.suite.ts'

const mebi = 2 ** 20
const seen = (values: Partial<Record<Signal, [available: number, capacity: number]>>): Observations =>
  new Map(Object.entries(values).map(([signal, [available, capacity]]) => [signal as Signal, { available, capacity }]))

describe('thresholds', () => {
  const names = (observations: Observations, flags: Parameters<typeof evictionConfig>[0] = {}): string[] => crossed(evictionConfig(flags).thresholds, observations, new Set()).map(({ signal }) => signal)
  it.each<[string, Observations, string[]]>([
    ['just enough memory', seen({ 'memory.available': [100 * mebi, 1000 * mebi] }), []],
    ['too little memory', seen({ 'memory.available': [100 * mebi - 1, 1000 * mebi] }), ['memory.available']],
    ['just enough disk', seen({ 'nodefs.available': [10, 100], 'imagefs.available': [15, 100] }), []],
    ['too little disk', seen({ 'nodefs.available': [9, 100], 'imagefs.available': [14, 100] }), ['nodefs.available', 'imagefs.available']],
    ['too few inodes', seen({ 'nodefs.inodesFree': [4, 100] }), ['nodefs.inodesFree']],
    ['a file system without inodes', seen({ 'nodefs.inodesFree': [0, 0] }), []],
    ['processes are not watched unless asked', seen({ 'pid.available': [0, 100] }), []],
  ])('%s', (_name, observations, expected) => expect(names(observations)).toEqual(expected))

  it('are what the flags say', () => {
    expect(names(seen({ 'pid.available': [9, 100], 'memory.available': [0, 100] }), { hard: 'pid.available<10%' })).toEqual(['pid.available'])
    expect(names(seen({ 'memory.available': [0, 100] }), { hard: 'memory.available<0%' })).toEqual([])
    const soft = evictionConfig({ hard: 'memory.available<1Gi', soft: 'memory.available<2Gi', softGracePeriods: 'memory.available=1m30s', minimumReclaim: 'memory.available=1Gi' })
    expect(soft.thresholds.map(({ graceMs }) => graceMs)).toEqual([0, 90_000])
    const [hard] = soft.thresholds
    expect(crossed([hard!], seen({ 'memory.available': [1.5 * 2 ** 30, 2 ** 34] }), new Set())).toEqual([])
    expect(crossed([hard!], seen({ 'memory.available': [1.5 * 2 ** 30, 2 ** 34] }), new Set([hard!]))).toEqual([hard])
    expect(isNear([hard!], seen({ 'memory.available': [1.4 * 2 ** 30, 2 ** 34] }))).toBe(true)
    expect(mostUrgent(evictionConfig({}).thresholds)?.signal).toBe('memory.available')
  })
  it.each([
    [{ hard: 'memory.available=1Gi' }, /SIGNAL<AMOUNT/], [{ hard: 'disk<1Gi' }, /one of memory\.available/], [{ soft: 'memory.available<1Gi' }, /grace period must be specified/],
    [{ soft: 'memory.available<1Gi', softGracePeriods: 'memory.available=soon' }, /expected a duration/],
  ])('%j is refused', (flags, words) => expect(() => evictionConfig(flags)).toThrow(words))
})

const uses = (name: string, memoryMi: number, { request, priority = 0, disk = 0 }: { request?: string; priority?: number; disk?: number } = {}): PodConsumption => ({
  pod: makePod({ priority, containers: [{ name: 'c', image: 'i', ...(request ? { resources: { requests: { memory: request, 'ephemeral-storage': request } } } : {}) }] }, { name }),
  used: { memoryBytes: memoryMi * mebi, diskBytes: disk * mebi, diskInodes: 1, processes: 1, containers: new Map([['c', { memoryBytes: memoryMi * mebi, diskBytes: disk * mebi, diskInodes: 1 }]]) },
})
const order = (pods: PodConsumption[], resource: 'memory' | 'ephemeral-storage' | 'pids' = 'memory'): string[] => rankForEviction(pods, resource).map(({ pod }) => pod.metadata.name ?? '')

describe('the order', () => {
  it('is: above the request, priority, by how much', () => {
    expect(order([
      uses('within', 900, { request: '1Gi' }), uses('little', 20), uses('much', 300), uses('important', 500, { priority: 10 }), uses('above', 300, { request: '100Mi' }),
      { pod: makePod({}, { name: 'unmeasured' }) },
    ])).toEqual(['unmeasured', 'much', 'above', 'little', 'important', 'within'])
  })
  it('goes by the disk where that is short', () => expect(order([uses('memory', 900, { disk: 1 }), uses('disk', 1, { disk: 900 })], 'ephemeral-storage')).toEqual(['disk', 'memory']))
  it('goes by priority where processes are', () => expect(order([uses('a', 1, { priority: 2 }), uses('b', 1, { priority: 1 })], 'pids')).toEqual(['b', 'a']))
})

describe('what is said', () => {
  const [memory] = evictionConfig({}).thresholds
  it('of memory', () => expect(evictionVerdict(uses('p', 200), { threshold: memory!, least: 100 * mebi, available: 3072 }, 1)).toEqual({
    reason: 'Evicted', graceSeconds: 1, disruption: true,
    message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 3Ki. Container c was using 200Mi, request is 0, has larger consumption of memory. ',
  }))
  it.each([[0, '0'], [1023, '1023'], [1024, '1Ki'], [1536, '1536'], [3 * 2 ** 30, '3Gi']])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

  const limited = (limits: Record<string, string>, spec: Partial<Pod['spec']> = {}): Pod => makePod({ ...spec, containers: [{ name: 'c', image: 'i', resources: { limits } }] })
  const verdict = (pod: Pod, containerMi: number, volumeMi = 0): string | undefined => storageVerdict({
    pod, used: { memoryBytes: 0, diskBytes: (containerMi + volumeMi) * mebi, diskInodes: 0, processes: 0, containers: new Map([['c', { memoryBytes: 0, diskBytes: containerMi * mebi, diskInodes: 0 }]]) },
  }, new Map([['v', volumeMi * mebi]]))?.verdict.message
  const volume = { volumes: [{ name: 'v', emptyDir: { sizeLimit: '5Mi' } }] }
  it.each<[string, string | undefined, string | undefined]>([
    ['within all', verdict(limited({ 'ephemeral-storage': '10Mi' }, volume), 5, 5), undefined],
    ['a volume', verdict(limited({}, volume), 0, 6), 'Usage of EmptyDir volume "v" exceeds the limit "5Mi". '],
    ['the pod', verdict(limited({ 'ephemeral-storage': '10Mi' }, volume), 8, 3), 'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. '],
    ['a container', verdict({ ...limited({ 'ephemeral-storage': '10Mi' }), spec: { containers: [...limited({ 'ephemeral-storage': '10Mi' }).spec.containers, { name: 'free' }] } }, 11), 'Container c exceeded its local ephemeral storage limit "10Mi". '],
  ])('of %s', (_name, found, expected) => expect(found).toBe(expected))

  it('only those with limits are looked at', () => {
    expect(hasStorageLimits(limited({ memory: '1Mi' }))).toBe(false)
    expect(hasStorageLimits(limited({}, { volumes: [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }] }))).toBe(false)
    expect([limited({}, volume), limited({ 'ephemeral-storage': '1Mi' })].map(hasStorageLimits)).toEqual([true, true])
  })
})

describe('a node in distress', () => {
  const asks = (spec: Parameters<typeof makePod>[0], qosClass: string, ...pressures: string[]): string | undefined => pressureVerdict({ ...makePod(spec), status: { qosClass } }, new Set(pressures))?.message
  it.each<[string, string | undefined, string | undefined]>([
    ['none', asks({}, 'BestEffort'), undefined],
    ['memory, and it asks for none', asks({}, 'BestEffort', 'MemoryPressure'), 'Pod was rejected: The node had condition: [MemoryPressure]. '],
    ['memory, and it asks for some', asks({}, 'Burstable', 'MemoryPressure'), undefined],
    ['memory, and it tolerates that', asks({ tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }] }, 'BestEffort', 'MemoryPressure'), undefined],
    ['disk', asks({}, 'Guaranteed', 'DiskPressure'), 'Pod was rejected: The node had condition: [DiskPressure]. '],
    ['disk, and it is critical', asks({ priority: 2_000_000_000 }, 'BestEffort', 'DiskPressure'), undefined],
  ])('%s', (_name, found, expected) => expect(found).toBe(expected))
})

describe('the kubelet', () => {
  const node = new HollowTestNode()
  let left: Observations = seen({ 'memory.available': [2 ** 30, 2 ** 32], 'nodefs.available': [50, 100] })
  /** Working sets by pod, in MiB. */
  const memory = new Map<string, number>()
  const images: string[] = []
  beforeAll(() => node.start({
    observe: async () => left, eviction: evictionConfig({ soft: 'memory.available<512Mi', softGracePeriods: 'memory.available=30s', maxPodGraceSeconds: 5 }), collectImages: true,
    stats: { usages: async () => (await node.runtime.pods()).flatMap(({ name, containers }) => containers.map(({ id }) => ({ id, atMs: 0, cpuNanos: 0, workingSetBytes: (memory.get(name) ?? 1) * mebi }))) },
    images: Object.assign(Object.create(node.runtime) as typeof node.runtime, {
      list: async () => (images.length > 0 ? [] : [{ id: 'unused', names: ['r/unused@sha256:1'], sizeBytes: 1, username: '' }]), remove: async (image: string) => void images.push(image),
    }),
  }))
  afterAll(() => node.stop())
  const condition = async (type: string): Promise<string> => {
    const found = (await node.node()).status?.conditions?.find((each) => each.type === type)
    return `${found?.status} ${found?.reason}`
  }
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      node.clock.step(1000)
      for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Time passes until it is so. */
  const passUntil = async (name: string, fits: (pod: Pod | undefined) => boolean): Promise<Pod> => {
    for (const deadline = performance.now() + 50_000; performance.now() < deadline; await pass(1000)) {
      const pod = await node.pod(name)
      if (fits(pod)) return pod as Pod
    }
    throw new Error(`${name} did not get there: ${JSON.stringify((await node.pod(name))?.status)}`)
  }
  const becomes = (type: string, wanted: string): Promise<string> => node.until(() => condition(type), (found) => found === wanted, `${type} ${wanted}`)

  it('evicts the pod that is furthest above its request, and says so', async () => {
    for (const [name, used] of [['small', 10], ['large', 700], ['vital', 900]] as const) {
      memory.set(name, used)
      await node.create(name, {}, name === 'vital' ? { priority: 2_000_001_000 } : {})
      await node.untilPod(name, isRunning)
    }
    left = seen({ 'memory.available': [50 * mebi, 2 ** 32], 'nodefs.available': [50, 100] })
    const evicted = await passUntil('large', (pod) => pod?.status?.phase === 'Failed')
    const message = 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 700Mi, request is 0, has larger consumption of memory. '
    expect(evicted.status).toMatchObject({ reason: 'Evicted', message })
    expect(evicted.status?.conditions).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message })]))
    expect(node.told).toContain(`large Evicted: ${message}`)
    expect(node.told).toContain('n EvictionThresholdMet: Attempting to reclaim memory')
    await becomes('MemoryPressure', 'True KubeletHasInsufficientMemory')
  })

  it('takes no pod that asks for no memory, and goes on until there is enough', async () => {
    await node.create('late')
    expect((await node.untilPod('late', (pod) => pod?.status?.phase === 'Failed')).status).toMatchObject({ reason: 'Evicted', message: 'Pod was rejected: The node had condition: [MemoryPressure]. ' })
    await passUntil('small', (pod) => pod?.status?.reason === 'Evicted')
    await pass(20_000)
    expect(isRunning(await node.pod('vital'))).toBe(true)
    left = seen({ 'memory.available': [2 ** 30, 2 ** 32], 'nodefs.available': [50, 100] })
    await pass(280_000)
    await becomes('MemoryPressure', 'True KubeletHasInsufficientMemory')
    await pass(40_000)
    await becomes('MemoryPressure', 'False KubeletHasSufficientMemory')
  })

  it('gives a soft threshold its time, and the pod some, too', async () => {
    await node.create('soft', {}, { terminationGracePeriodSeconds: 60 })
    await node.untilPod('soft', isRunning)
    left = seen({ 'memory.available': [400 * mebi, 2 ** 32], 'nodefs.available': [50, 100] })
    await pass(30_000)
    await becomes('MemoryPressure', 'True KubeletHasInsufficientMemory')
    expect(isRunning(await node.pod('soft'))).toBe(true)
    await passUntil('soft', (pod) => pod?.status?.reason === 'Evicted')
    left = seen({ 'memory.available': [2 ** 30, 2 ** 32], 'nodefs.available': [50, 100] })
    await pass(320_000)
  })

  it('frees what nobody needs before it evicts for want of disk', async () => {
    await node.create('disk')
    await node.untilPod('disk', isRunning)
    left = seen({ 'memory.available': [2 ** 30, 2 ** 32], 'nodefs.available': [5, 100] })
    await passUntil('disk', (pod) => pod?.status?.reason === 'Evicted')
    expect(images).toEqual(['unused'])
    await becomes('DiskPressure', 'True KubeletHasDiskPressure')
    const metrics = await (await node.kubelet?.fetch(new Request('https://n/metrics')))?.text()
    expect(metrics?.match(/^kubelet_evictions.*$/gm)).toEqual(['kubelet_evictions{eviction_signal="memory.available"} 3', 'kubelet_evictions{eviction_signal="nodefs.available"} 1'])
    expect(node.logged.filter((text) => !/short|enough|no pod that could be evicted/.test(text))).toEqual([])
  })
})
