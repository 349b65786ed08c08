// Slices of systemd: it makes a pod's cgroup, keeps its limits also over a daemon-reload, and takes it away.
import { DBusConnection, DBusError } from '../util/dbus-connection.ts'
import type { DBusValue } from '../util/dbus-values.ts'
import { type CgroupLimits, cpuPeriodOf, cpuWeightOf } from './pod-cgroup-limits.ts'

export const systemBusSocket = '/run/dbus/system_bus_socket'

export interface Slices {
  /** Makes it when it is missing, and what is above it. */
  limit(name: string, limits: Partial<CgroupLimits>): Promise<void>
  /** Ends it with what is in it; one that is not there is well. */
  stop(name: string): Promise<void>
}

const infinity = 2n ** 64n - 1n

/** Pure. What systemd calls the limits. */
export function sliceProperties(limits: Partial<CgroupLimits>): [string, { signature: string; value: bigint }][] {
  const { cpuShares, cpuQuota, memoryBytes, pids } = limits
  const unsigned = (name: string, value: bigint): [string, { signature: string; value: bigint }] => [name, { signature: 't', value }]
  const bounded = (value: number): bigint => (value === 0 ? infinity : BigInt(value))
  return [
    ...(cpuShares === undefined ? [] : [unsigned('CPUWeight', BigInt(cpuWeightOf(cpuShares)))]),
    ...(cpuQuota === undefined ? [] : [unsigned('CPUQuotaPerSecUSec', cpuQuota === 0 ? infinity : BigInt(Math.ceil((cpuQuota * 1_000_000) / cpuPeriodOf(limits))))]),
    ...(memoryBytes === undefined ? [] : [unsigned('MemoryMax', bounded(memoryBytes))]),
    ...(pids === undefined ? [] : [unsigned('TasksMax', bounded(pids))]),
  ]
}

const truths = (...names: readonly string[]): [string, DBusValue][] => names.map((name) => [name, { signature: 'b', value: true }])

export class SystemdSlices implements Slices {
  readonly #bus: Pick<DBusConnection, 'call'>

  constructor(bus: Pick<DBusConnection, 'call'> = new DBusConnection(systemBusSocket)) {
    this.#bus = bus
  }

  async limit(name: string, limits: Partial<CgroupLimits>): Promise<void> {
    const properties = sliceProperties(limits)
    const first: [string, DBusValue][] = [
      ['Description', { signature: 's', value: `Kubernetes pods, ${name}` }], ['DefaultDependencies', { signature: 'b', value: false }],
      ...truths('MemoryAccounting', 'CPUAccounting', 'IOAccounting', 'TasksAccounting'),
    ]
    try {
      await this.#call('StartTransientUnit', 'ssa(sv)a(sa(sv))', [name, 'replace', [...first, ...properties], []])
    } catch (error) {
      if (!(error instanceof DBusError) || error.name !== 'org.freedesktop.systemd1.UnitExists') throw error
      await this.#call('SetUnitProperties', 'sba(sv)', [name, true, properties])
    }
  }

  async stop(name: string): Promise<void> {
    try {
      await this.#call('StopUnit', 'ss', [name, 'replace'])
    } catch (error) {
      if (!(error instanceof DBusError) || error.name !== 'org.freedesktop.systemd1.NoSuchUnit') throw error
    }
  }

  #call(member: string, signature: string, body: readonly DBusValue[]): Promise<readonly DBusValue[]> {
    return this.#bus.call({ destination: 'org.freedesktop.systemd1', path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager', member, signature, body })
  }
}
