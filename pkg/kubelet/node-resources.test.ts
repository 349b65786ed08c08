// Resources beyond CPU and memory: huge pages, local storage, classes of pods, claimed volumes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { containerLimits } from './container-resources.ts'
import { makePod } from './fixture.suite.ts'
import { metricsText } from './metrics-text.ts'
import type { NodeCondition } from '../api/types-node.ts'
import { evictionConfig } from './eviction-signals.ts'
import { conditionEvents, heldBack, nodeResources } from './node-status.ts'
import { admitPod } from './pod-admission.ts'
import { QosCgroups, qosShares } from './qos-cgroups.ts'
import { measureClaims, volumeMetrics } from './volume-usage.ts'

const asks = (requests: Record<string, string>) => makePod({ containers: [{ name: 'c', resources: { requests, limits: requests } }] })

it('huge pages are capacity of their own, taken from the memory', () => {
  const facts = { cpus: 2, memoryBytes: 2 ** 30, diskBytes: 1000, hugePages: { '1Gi': 0, '2Mi': 64 * 2 ** 20 }, swapBytes: 0, machineID: '', systemUUID: '', bootID: '', kernelVersion: '', osImage: '', architecture: '' }
  const { capacity, allocatable } = nodeResources(facts, 110, heldBack(facts, evictionConfig({}).thresholds, []))
  expect(capacity).toMatchObject({ 'hugepages-1Gi': '0', 'hugepages-2Mi': '64Mi', memory: '1048576Ki' })
  expect(allocatable['memory']).toBe(`${(1024 - 100 - 64) * 1024}Ki`)
})

it('allocatable is what is neither reserved nor kept for the worst', () => {
  const facts = { cpus: 2, memoryBytes: 2 ** 30, diskBytes: 10_000, hugePages: {}, swapBytes: 0, machineID: '', systemUUID: '', bootID: '', kernelVersion: '', osImage: '', architecture: '' }
  const held = heldBack(facts, evictionConfig({ hard: 'memory.available<24Mi,nodefs.available<5%', soft: 'memory.available<500Mi', softGracePeriods: 'memory.available=1m' }).thresholds, [{ cpu: '250m', memory: '100Mi' }, { cpu: '250m', 'ephemeral-storage': '1000' }])
  expect(held).toEqual({ cpuMilli: 500, memoryBytes: 124 * 2 ** 20, diskBytes: 1500 })
  expect(nodeResources(facts, 110, held).allocatable).toEqual({ cpu: '1500m', pods: '110', memory: '921600Ki', 'ephemeral-storage': '8500' })
})

it('changes of conditions are told by events', () => {
  const conditions = (ready: string, memory: string) => [{ type: 'Ready', status: ready }, { type: 'MemoryPressure', status: memory }] as NodeCondition[]
  expect(conditionEvents('n', [], conditions('False', 'False')).map(({ reason }) => reason)).toEqual(['NodeNotReady', 'NodeHasSufficientMemory'])
  expect(conditionEvents('n', conditions('False', 'False'), conditions('True', 'False'))).toEqual([{ type: 'Normal', reason: 'NodeReady', message: 'Node n status is now: NodeReady' }])
})

it('huge pages are limited where a container asks for some', () => {
  const limits = (amounts: Record<string, string>) => containerLimits(makePod(), { name: 'c', resources: { limits: amounts } }, 1).hugePages
  expect(limits({ cpu: '1' })).toBeUndefined()
  expect(limits({ 'hugepages-2Mi': '4Mi', 'hugepages-1Gi': '1Gi' })).toEqual({ '2MB': 4 * 2 ** 20, '1GB': 2 ** 30 })
})

it.each([
  ['hugepages-2Mi', '2Mi', '6Mi', "Pod was rejected: Node didn't have enough resource: hugepages-2Mi, requested: 6291456, used: 2097152, capacity: 4194304", 'OutOfhugepages-2Mi'],
  ['ephemeral-storage', '1Gi', '2Gi', "Pod was rejected: Node didn't have enough resource: ephemeral-storage, requested: 2147483648, used: 1073741824, capacity: 2147483648", 'OutOfephemeral-storage'],
])('a pod whose %s does not fit is refused', (name, used, asked, message, reason) => {
  const allocatable = { cpu: '2', memory: '2Gi', pods: '10', 'hugepages-2Mi': '4Mi', 'ephemeral-storage': '2Gi' }
  const node = { metadata: { name: 'n' } }
  expect(admitPod({ pod: asks({ [name]: asked }), others: [asks({ [name]: used })], node, allocatable, appArmor: false, strictGroups: false }).verdict).toMatchObject({ reason, message })
  expect(admitPod({ pod: asks({ [name]: used }), others: [asks({ [name]: used })], node, allocatable, appArmor: false, strictGroups: false })).toEqual({})
})

describe('classes of pods', () => {
  const burstable = (cpu: string) => ({ ...makePod({ containers: [{ name: 'c', resources: { requests: { cpu } } }] }), status: { qosClass: 'Burstable' } })
  it('share the CPU by what they ask for', () => {
    expect(qosShares([])).toEqual({ burstable: 2, besteffort: 2 })
    expect(qosShares([burstable('500m'), burstable('1'), { ...asks({ cpu: '1', memory: '1Gi' }), status: { qosClass: 'Guaranteed' } }])).toEqual({ burstable: 1536, besteffort: 2 })
  })
  it('have in the end what was said last, however slow the writing', async () => {
    const files = new Map<string, number | undefined>()
    const groups = new QosCgroups({ driver: 'cgroupfs', root: '/k', total: {}, cgroups: {
      limit: async (path, { cpuShares }) => {
        // What was said first is slowest.
        for (let turn = path.endsWith('/burstable') && cpuShares === 2 ? 50 : 1; turn > 0; turn--) await Promise.resolve()
        files.set(path, cpuShares)
        return false
      },
      workingSetBytes: async () => undefined, release: async () => undefined,
    } })
    await Promise.all([groups.update([]), groups.update([burstable('1')])])
    expect(files.get('/k/kubepods/burstable')).toBe(1024)
  })
  it('are written when they change', async () => {
    const written: string[] = []
    const groups = new QosCgroups({ driver: 'cgroupfs', root: '/k', total: { cpuShares: 2048 }, cgroups: { limit: async (path, { cpuShares }) => !written.push(`${path}=${cpuShares}`), workingSetBytes: async () => undefined, release: async () => undefined } })
    await groups.update([])
    await groups.update([])
    await groups.update([burstable('1')])
    const reserving = new QosCgroups({ driver: 'cgroupfs', root: '/k', total: { cpuShares: 1024 }, cgroups: { limit: async (path, { cpuShares }) => !written.push(`${path}=${cpuShares}`), workingSetBytes: async () => undefined, release: async () => undefined } })
    await reserving.update([burstable('1')])
    expect(written.splice(4)).toEqual(['/k/kubepods=1024', '/k/kubepods/burstable=1024', '/k/kubepods/besteffort=2'])
    expect(written).toEqual(['/k/kubepods=2048', '/k/kubepods/burstable=2', '/k/kubepods/besteffort=2', '/k/kubepods/burstable=1024'])
  })
})

it('claimed volumes are measured, each claim once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-claim-'))
  const pod = makePod({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'db' } }, { name: 'gone', persistentVolumeClaim: { claimName: 'gone' } }, { name: 'tmp', emptyDir: {} }], containers: [{ name: 'c' }] })
  const volumes = new Map(['data', 'tmp'].map((name) => [name, { hostPath: directory, readOnly: false }])).set('gone', { hostPath: join(directory, 'gone'), readOnly: false })
  const claims = await measureClaims([{ pod, volumes }, { pod, volumes }])
  expect(claims.map(({ namespace, claim, volume }) => [namespace, claim, volume])).toEqual([['ns', 'db', 'data'], ['ns', 'db', 'data']])
  const text = metricsText(volumeMetrics(claims))
  expect(text.match(/^kubelet_volume_stats_\w+\{namespace="ns",persistentvolumeclaim="db"\} \d+$/gm)).toHaveLength(6)
  expect(volumeMetrics([])).toEqual([])
  rmSync(directory, { recursive: true })
})
