// The body of /stats/summary: usage of the node, its pods and their containers, as dashboards read it. Pure.
import { formatTime } from '../api/times.ts'
import type { CgroupUsage } from './cgroup-usage.ts'
import type { DiskUsage } from './disk-usage.ts'
import type { NodeFileUsage } from './file-usage.ts'
import type { FileSystemUsage, InterfaceUsage, MachineUsage } from './machine-usage.ts'
import type { Pressure, PressureStats } from './pressure.ts'
import type { CpuRate } from './usage-rates.ts'
import { nodeKey, podKey, type RatedSample } from './usage-sampler.ts'
import type { ContainerUsage, PodUsage } from './usage-source.ts'

export interface SummaryOptions {
  readonly nodeName: string
  /** Of pods' volumes and logs, where they were measured. Without networks, file systems and processes when `onlyCpuAndMemory`. */
  readonly files?: NodeFileUsage
  readonly onlyCpuAndMemory: boolean
  /** This process. */
  readonly self?: { readonly cpuSeconds: number; readonly residentBytes: number; readonly startedAtMs: number }
}

export function statsSummary({ sample, rates }: RatedSample, { nodeName, files, onlyCpuAndMemory, self }: SummaryOptions): object {
  const { atMs, machine, pressure } = sample
  const time = formatTime(atMs)
  const { memory } = machine
  return {
    node: {
      nodeName,
      systemContainers: [...(self ? [kubeletStats(time, self)] : []), allPods(sample, rates)],
      startTime: formatTime(machine.startedAtMs),
      cpu: cpuStats(time, { cpuNanos: machine.cpuNanos, pressure }, rates.get(nodeKey)),
      memory: {
        time, availableBytes: memory.totalBytes - memory.workingSetBytes, usageBytes: memory.usedBytes,
        workingSetBytes: memory.workingSetBytes, rssBytes: memory.rssBytes, ...psi(pressure?.memory),
      },
      ...ioStats(time, pressure),
      swap: { time, swapAvailableBytes: memory.swapTotalBytes - memory.swapBytes, swapUsageBytes: memory.swapBytes },
      ...(onlyCpuAndMemory ? {} : machineParts(time, machine)),
    },
    pods: sample.pods.map((pod) => podStats(pod, { rates, onlyCpuAndMemory, disk: machine.disk, time, files })),
  }
}

const kubeletStats = (time: string, { cpuSeconds, residentBytes, startedAtMs }: NonNullable<SummaryOptions['self']>): object => ({
  name: 'kubelet', startTime: formatTime(startedAtMs), cpu: { time, usageCoreNanoSeconds: Math.round(cpuSeconds * 1e9) }, memory: { time, usageBytes: residentBytes, workingSetBytes: residentBytes, rssBytes: residentBytes },
})

/** Those that are there: a sum of their times would go back when one goes. */
function allPods({ pods, machine, atMs }: RatedSample['sample'], rates: RatedSample['rates']): object {
  const time = formatTime(atMs)
  const sum = (of: (pod: PodUsage) => number | undefined): number => pods.reduce((all, pod) => all + (of(pod) ?? 0), 0)
  return {
    name: 'pods', startTime: formatTime(machine.startedAtMs), cpu: { time, usageNanoCores: sum(({ uid }) => rates.get(podKey(uid))?.nanoCores) },
    memory: { time, usageBytes: sum(({ cgroup }) => cgroup?.memoryBytes), workingSetBytes: sum(({ cgroup }) => cgroup?.workingSetBytes), rssBytes: sum(({ cgroup }) => cgroup?.rssBytes) },
  }
}

const cpuStats = (time: string, { cpuNanos, pressure }: { readonly cpuNanos: number; readonly pressure?: Pressure | undefined }, rate: CpuRate | undefined): object =>
  ({ time, ...(rate ? { usageNanoCores: rate.nanoCores } : {}), usageCoreNanoSeconds: cpuNanos, ...psi(pressure?.cpu) })

const psi = (stats: PressureStats | undefined): object => (stats ? { psi: stats } : {})
const ioStats = (time: string, pressure: Pressure | undefined): object => (pressure ? { io: { time, psi: pressure.io } } : {})

function machineParts(time: string, machine: MachineUsage): object {
  const fs = fileSystem(time, machine.disk)
  return {
    network: network(time, machine.interfaces, machine.defaultInterface),
    fs, runtime: { imageFs: fs, containerFs: fs },
    rlimit: { time, maxpid: machine.processLimit, curproc: machine.processes },
  }
}

interface PodContext {
  readonly rates: RatedSample['rates']
  readonly onlyCpuAndMemory: boolean
  readonly disk: FileSystemUsage
  readonly time: string
  readonly files: NodeFileUsage | undefined
}

function podStats(pod: PodUsage, { rates, onlyCpuAndMemory, disk, time, files }: PodContext): object {
  const { namespace, name, uid, cgroup } = pod
  const own = files?.pods.get(uid)
  const local = [...own?.logs.values() ?? [], ...(own?.volumes ?? []).filter((volume) => volume.local).map(({ used }) => used)]
  const written = pod.containers.map(({ writableBytes, writableInodes }) => ({ bytes: writableBytes ?? 0, inodes: writableInodes ?? 0 }))
  const sum = [...written, ...local].reduce((all, { bytes, inodes }) => ({ bytes: all.bytes + bytes, inodes: all.inodes + inodes }), { bytes: 0, inodes: 0 })
  return {
    podRef: { name, namespace, uid },
    startTime: formatTime(pod.startedAtMs),
    containers: pod.containers.map((container) => ({
      name: container.name,
      startTime: formatTime(container.startedAtMs),
      cpu: cpuStats(formatTime(container.atMs), { cpuNanos: container.cpuNanos, pressure: container.cgroup?.pressure }, rates.get(container.id)),
      memory: memoryStats(formatTime(container.atMs), container),
      ...ioStats(formatTime(container.atMs), container.cgroup?.pressure),
      ...(onlyCpuAndMemory ? {} : { rootfs: { ...shared(time, disk), ...writable(container) }, ...(files ? { logs: part(time, files.logs, own?.logs.get(container.name)) } : {}) }),
    })),
    ...(cgroup ? { cpu: cpuStats(time, cgroup, rates.get(podKey(uid))), memory: memoryStats(time, { cgroup, workingSetBytes: cgroup.workingSetBytes }), ...ioStats(time, cgroup.pressure) } : {}),
    ...(onlyCpuAndMemory ? {} : {
      ...(pod.interfaces.length > 0 ? { network: network(time, pod.interfaces, 'eth0') } : {}),
      ...(own && own.volumes.length > 0 ? { volume: own.volumes.map((volume) => ({
        ...part(formatTime(own.atMs), volume.fileSystem, volume.used), name: volume.name, ...(volume.claim === undefined ? {} : { pvcRef: { name: volume.claim, namespace } }),
      })) } : {}),
      'ephemeral-storage': part(time, disk, sum),
      ...(cgroup?.processes === undefined ? {} : { process_stats: { process_count: cgroup.processes } }),
    }),
  }
}

function memoryStats(time: string, { workingSetBytes, cgroup }: { readonly workingSetBytes: number; readonly cgroup?: CgroupUsage }): object {
  if (!cgroup) return { time, workingSetBytes }
  const { memoryLimitBytes, memoryBytes, rssBytes, pageFaults, majorPageFaults, pressure } = cgroup
  return {
    time, ...(memoryLimitBytes === undefined ? {} : { availableBytes: Math.max(0, memoryLimitBytes - workingSetBytes) }),
    usageBytes: memoryBytes, workingSetBytes, rssBytes, pageFaults, majorPageFaults, ...psi(pressure?.memory),
  }
}

function network(time: string, interfaces: readonly InterfaceUsage[], defaultInterface: string): object {
  const shown = interfaces.map((each) => ({
    name: each.name, rxBytes: each.receivedBytes, rxErrors: each.receiveErrors, txBytes: each.sentBytes, txErrors: each.sendErrors,
  }))
  return { time, ...shown.find(({ name }) => name === defaultInterface), interfaces: shown }
}

const shared = (time: string, disk: FileSystemUsage): object =>
  ({ time, availableBytes: disk.availableBytes, capacityBytes: disk.capacityBytes, inodesFree: disk.inodesFree, inodes: disk.inodes })

/** What one has of a file system that it shares. */
const part = (time: string, disk: FileSystemUsage, used: DiskUsage = { bytes: 0, inodes: 0 }): object => ({ ...shared(time, disk), usedBytes: used.bytes, inodesUsed: used.inodes })

const fileSystem = (time: string, disk: FileSystemUsage): object =>
  ({ ...shared(time, disk), usedBytes: disk.usedBytes, inodesUsed: disk.inodes - disk.inodesFree })

const writable = ({ writableBytes, writableInodes }: ContainerUsage): object =>
  ({ ...(writableBytes === undefined ? {} : { usedBytes: writableBytes }), ...(writableInodes === undefined ? {} : { inodesUsed: writableInodes }) })
