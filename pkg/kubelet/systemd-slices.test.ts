// Pods' limits in systemd's words, and which units it is asked for.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DBusCall, DBusError } from '../util/dbus-connection.ts'
import { LinuxCgroups } from './pod-cgroup.ts'
import type { CgroupLimits } from './pod-cgroup-limits.ts'
import { sliceProperties, SystemdSlices } from './systemd-slices.ts'

const infinity = 2n ** 64n - 1n

test.each<[string, Partial<CgroupLimits>, Record<string, bigint>]>([
  ['nothing', {}, {}],
  ['no limits', { cpuShares: 2, cpuQuota: 0, memoryBytes: 0, pids: 0 }, { CPUWeight: 1n, CPUQuotaPerSecUSec: infinity, MemoryMax: infinity, TasksMax: infinity }],
  ['all', { cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000, memoryBytes: 67_108_864, pids: 7 }, { CPUWeight: 20n, CPUQuotaPerSecUSec: 500_000n, MemoryMax: 67_108_864n, TasksMax: 7n }],
  ['the usual period', { cpuQuota: 1000 }, { CPUQuotaPerSecUSec: 10_000n }],
  ['another period', { cpuQuota: 1000, cpuPeriod: 30_000 }, { CPUQuotaPerSecUSec: 33_334n }],
])('%s', (_what, limits, expected) => {
  expect(Object.fromEntries(sliceProperties(limits).map(([name, { signature, value }]) => [name, signature === 't' && value]))).toEqual(expected)
})

const busThat = (refuses: Readonly<Record<string, string>>): { calls: DBusCall[]; bus: { call: (call: DBusCall) => Promise<[]> } } => {
  const calls: DBusCall[] = []
  return { calls, bus: { call: async (call) => {
    calls.push(call)
    if (refuses[call.member]) throw new DBusError(refuses[call.member]!, 'no')
    return []
  } } }
}

test('a slice is made with its limits, or gets them when it exists', async () => {
  const { calls, bus } = busThat({ StartTransientUnit: 'org.freedesktop.systemd1.UnitExists' })
  await new SystemdSlices(bus).limit('kubepods.slice', { pids: 7 })
  expect(calls.map(({ member, signature, body }) => ({ member, signature, body }))).toEqual([
    { member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))', body: ['kubepods.slice', 'replace', expect.arrayContaining([['TasksMax', { signature: 't', value: 7n }], ['MemoryAccounting', { signature: 'b', value: true }]]), []] },
    { member: 'SetUnitProperties', signature: 'sba(sv)', body: ['kubepods.slice', true, [['TasksMax', { signature: 't', value: 7n }]]] },
  ])
  const other = busThat({ StartTransientUnit: 'org.freedesktop.DBus.Error.AccessDenied' })
  await expect(new SystemdSlices(other.bus).limit('kubepods.slice', { pids: 7 })).rejects.toThrow('no')
  expect(other.calls).toHaveLength(1)
})

test('a slice that is gone is stopped already', async () => {
  const { calls, bus } = busThat({ StopUnit: 'org.freedesktop.systemd1.NoSuchUnit' })
  await new LinuxCgroups({ version: 'v2', mounts: { '': '/none' } }, new SystemdSlices(bus)).release('kubepods-podu.slice')
  expect(calls.map(({ member, body }) => [member, ...body])).toEqual([['StopUnit', 'kubepods-podu.slice', 'replace']])
  await expect(new SystemdSlices(busThat({ StopUnit: 'org.freedesktop.DBus.Error.AccessDenied' }).bus).stop('a.slice')).rejects.toThrow('no')
})

describe('slices that no process is in', () => {
  let root: string
  beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'cgroup-')) })
  afterEach(() => rmSync(root, { recursive: true }))
  const make = (path: string, populated: 0 | 1): void => {
    mkdirSync(join(root, path), { recursive: true })
    writeFileSync(join(root, path, 'cgroup.events'), `populated ${populated}\nfrozen 0\n`)
  }
  const stopped = async (): Promise<string[]> => {
    const names: string[] = []
    await new LinuxCgroups({ version: 'v2', mounts: { '': root } }, { limit: async () => undefined, stop: async (name) => void names.push(name) }).releaseEmptySlices()
    return names.sort()
  }

  test('all go with the one above them', async () => {
    expect(await stopped()).toEqual([])
    make('kubepods.slice', 0)
    make('kubepods.slice/kubepods-burstable.slice', 0)
    expect(await stopped()).toEqual(['kubepods.slice'])
  })

  test("another kubelet's pods stay", async () => {
    make('kubepods.slice', 1)
    make('kubepods.slice/kubepods-besteffort.slice', 0)
    make('kubepods.slice/kubepods-poda.slice', 1)
    make('kubepods.slice/kubepods-poda.slice/cri-containerd-x.scope', 1)
    make('kubepods.slice/kubepods-burstable.slice', 1)
    make('kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podb.slice', 0)
    make('kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podc.slice', 1)
    expect(await stopped()).toEqual(['kubepods-besteffort.slice', 'kubepods-burstable-podb.slice'])
  })
})
