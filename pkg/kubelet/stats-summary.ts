// The body of /stats/summary: usage of the node, its pods and their containers, as dashboards read it. Pure.
import { formatTime } from '../api/times.ts'
import type { CgroupUsage } from './cgroup-usage.ts'
import type { FileSystemUsage, InterfaceUsage, MachineUsage } from './machine-usage.ts'
import type { CpuRate } from './usage-rates.ts'
import { nodeKey, podKey, type RatedSample } from './usage-sampler.ts'
import type { ContainerUsage, PodUsage } from './usage-source.ts'

export interface SummaryOptions {
  readonly nodeName: string
  /** Without networks, file systems and processes. */
  readonly onlyCpuAndMemory: boolean
}

export function statsSummary({ sample, rates }: RatedSample, { nodeName, onlyCpuAndMemory }: SummaryOptions): object {
  const { atMs, machine } = sample
  const time = formatTime(atMs)
  const { memory } = machine
  return {
    node: {
      nodeName,
      startTime: formatTime(machine.startedAtMs),
      cpu: cpuStats(time, machine.cpuNanos, rates.get(nodeKey)),
      memory: {
        time, availableBytes: memory.totalBytes - memory.workingSetBytes, usageBytes: memory.usedBytes,
        workingSetBytes: memory.workingSetBytes, rssBytes: memory.rssBytes,
      },
      ...(onlyCpuAndMemory ? {} : machineParts(time, machine)),
    },
    pods: sample.pods.map((pod) => podStats(pod, { rates, onlyCpuAndMemory, disk: machine.disk, time })),
  }
}

const cpuStats = (time: string, cpuNanos: number, rate: CpuRate | undefined): object =>
  ({ time, ...(rate ? { usageNanoCores: rate.nanoCores } : {}), usageCoreNanoSeconds: cpuNanos })

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
}

function podStats(pod: PodUsage, { rates, onlyCpuAndMemory, disk, time }: PodContext): object {
  const { namespace, name, uid, cgroup } = pod
  const written = pod.containers.reduce((sum, container) => sum + (container.writableBytes ?? 0), 0)
  return {
    podRef: { name, namespace, uid },
    startTime: formatTime(pod.startedAtMs),
    containers: pod.containers.map((container) => ({
      name: container.name,
      startTime: formatTime(container.startedAtMs),
      cpu: cpuStats(formatTime(container.atMs), container.cpuNanos, rates.get(container.id)),
      memory: memoryStats(formatTime(container.atMs), container),
      ...(onlyCpuAndMemory ? {} : { rootfs: { ...shared(time, disk), ...writable(container) } }),
    })),
    ...(cgroup ? { cpu: cpuStats(time, cgroup.cpuNanos, rates.get(podKey(uid))), memory: memoryStats(time, { cgroup, workingSetBytes: cgroup.workingSetBytes }) } : {}),
    ...(onlyCpuAndMemory ? {} : {
      ...(pod.interfaces.length > 0 ? { network: network(time, pod.interfaces, 'eth0') } : {}),
      ...((pod.claims ?? []).length > 0 ? { volume: (pod.claims ?? []).map(({ volume, claim, usage }) => ({ ...fileSystem(time, usage), name: volume, pvcRef: { name: claim, namespace } })) } : {}),
      'ephemeral-storage': { ...shared(time, disk), usedBytes: written },
      ...(cgroup?.processes === undefined ? {} : { process_stats: { process_count: cgroup.processes } }),
    }),
  }
}

function memoryStats(time: string, { workingSetBytes, cgroup }: { readonly workingSetBytes: number; readonly cgroup?: CgroupUsage }): object {
  if (!cgroup) return { time, workingSetBytes }
  const { memoryLimitBytes, memoryBytes, rssBytes, pageFaults, majorPageFaults } = cgroup
  return {
    time, ...(memoryLimitBytes === undefined ? {} : { availableBytes: Math.max(0, memoryLimitBytes - workingSetBytes) }),
    usageBytes: memoryBytes, workingSetBytes, rssBytes, pageFaults, majorPageFaults,
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

const fileSystem = (time: string, disk: FileSystemUsage): object =>
  ({ ...shared(time, disk), usedBytes: disk.usedBytes, inodesUsed: disk.inodes - disk.inodesFree })

const writable = ({ writableBytes, writableInodes }: ContainerUsage): object =>
  ({ ...(writableBytes === undefined ? {} : { usedBytes: writableBytes }), ...(writableInodes === undefined ? {} : { inodesUsed: writableInodes }) })
