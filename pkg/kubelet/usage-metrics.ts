// /metrics/resource and /metrics/cadvisor: a sample as series, under the names that dashboards and scrapers know. Pure.
import type { CgroupUsage } from './cgroup-usage.ts'
import type { InterfaceUsage } from './machine-usage.ts'
import type { Metric, Series } from './metrics-text.ts'
import type { Pressure } from './pressure.ts'
import type { ContainerUsage, NodeSample, PodUsage } from './usage-source.ts'

const seconds = (nanos: number): number => nanos / 1e9

export function resourceMetrics({ atMs, machine, pods }: NodeSample): Metric[] {
  const ofContainers = (value: (container: ContainerUsage) => Partial<Series> | undefined): Series[] => pods.flatMap(({ namespace, name, containers }) =>
    containers.flatMap((container) => {
      const series = value(container)
      return series?.value === undefined ? [] : [{ labels: { container: container.name, namespace, pod: name }, value: series.value, ...(series.atMs === undefined ? {} : { atMs: series.atMs }) }]
    }))
  const ofPods = (value: (cgroup: CgroupUsage) => number): Series[] =>
    pods.flatMap(({ namespace, name, cgroup }) => (cgroup ? [{ labels: { namespace, pod: name }, value: value(cgroup), atMs }] : []))
  return [
    { name: 'container_cpu_usage_seconds_total', type: 'counter', help: 'CPU time used by the container, in core-seconds', series: ofContainers(({ cpuNanos, atMs: at }) => ({ value: seconds(cpuNanos), atMs: at })) },
    { name: 'container_memory_working_set_bytes', type: 'gauge', help: 'Working set of the container, in bytes', series: ofContainers(({ workingSetBytes, atMs: at }) => ({ value: workingSetBytes, atMs: at })) },
    { name: 'container_start_time_seconds', type: 'gauge', help: 'When the container started, in seconds since the epoch', series: ofContainers(({ startedAtMs }) => ({ value: startedAtMs / 1000 })) },
    { name: 'container_swap_usage_bytes', type: 'gauge', help: 'Swap used by the container, in bytes', series: ofContainers(({ cgroup, atMs: at }) => cgroup && { value: cgroup.swapBytes, atMs: at }) },
    { name: 'node_cpu_usage_seconds_total', type: 'counter', help: 'CPU time used by the node, in core-seconds', series: [{ value: seconds(machine.cpuNanos), atMs }] },
    { name: 'node_memory_working_set_bytes', type: 'gauge', help: 'Working set of the node, in bytes', series: [{ value: machine.memory.workingSetBytes, atMs }] },
    { name: 'node_swap_usage_bytes', type: 'gauge', help: 'Swap used by the node, in bytes', series: [{ value: machine.memory.swapBytes, atMs }] },
    { name: 'pod_cpu_usage_seconds_total', type: 'counter', help: 'CPU time used by the pod, in core-seconds', series: ofPods(({ cpuNanos }) => seconds(cpuNanos)) },
    { name: 'pod_memory_working_set_bytes', type: 'gauge', help: 'Working set of the pod, in bytes', series: ofPods(({ workingSetBytes }) => workingSetBytes) },
    { name: 'pod_swap_usage_bytes', type: 'gauge', help: 'Swap used by the pod, in bytes', series: ofPods(({ swapBytes }) => swapBytes) },
    { name: 'resource_scrape_error', type: 'gauge', help: '1 if there was an error while getting container metrics, 0 otherwise', series: [{ value: 0 }] },
  ]
}

type Labels = Readonly<Record<string, string>>

/** One cgroup that is told of: a container's, a pod's with empty container labels, or the machine's. */
interface Row {
  readonly labels: Labels
  readonly atMs: number
  readonly cgroup?: CgroupUsage
  readonly cpuNanos: number
  readonly workingSetBytes: number
  readonly startedAtMs: number
  readonly writableBytes?: number
}

const labelsOf = (row: { readonly id: string; readonly container?: string; readonly image?: string; readonly name?: string }, pod?: PodUsage): Labels =>
  ({ container: row.container ?? '', id: row.id, image: row.image ?? '', name: row.name ?? '', namespace: pod?.namespace ?? '', pod: pod?.name ?? '' })

function rowsOf({ atMs, pods }: NodeSample): Row[] {
  return pods.flatMap((pod): Row[] => [
    ...(pod.cgroup ? [{ labels: labelsOf({ id: pod.cgroupPath }, pod), atMs, cgroup: pod.cgroup, cpuNanos: pod.cgroup.cpuNanos, workingSetBytes: pod.cgroup.workingSetBytes, startedAtMs: pod.startedAtMs }] : []),
    ...pod.containers.map((container): Row => ({ ...container, labels: labelsOf({ id: container.cgroupPath, container: container.name, image: container.image, name: container.id }, pod) })),
  ])
}

export function cadvisorMetrics(sample: NodeSample): Metric[] {
  const { atMs, machine, pressure } = sample
  const rows = rowsOf(sample)
  const root: Row = { labels: labelsOf({ id: '/' }), atMs, cpuNanos: machine.cpuNanos, workingSetBytes: machine.memory.workingSetBytes, startedAtMs: machine.startedAtMs }
  const of = (from: readonly Row[], value: (row: Row) => number | undefined, extra: Labels = {}): Series[] => from.flatMap((row) => {
    const found = value(row)
    return found === undefined ? [] : [{ labels: { ...row.labels, ...extra }, value: found, atMs: row.atMs }]
  })
  const detail = (value: (cgroup: CgroupUsage) => number | undefined, extra?: Labels): Series[] => of(rows, ({ cgroup }) => cgroup && value(cgroup), extra)
  const all = [root, ...rows]
  return [
    { name: 'container_cpu_usage_seconds_total', type: 'counter', help: 'CPU time used, in seconds', series: of(all, ({ cpuNanos }) => seconds(cpuNanos), { cpu: 'total' }) },
    { name: 'container_cpu_cfs_periods_total', type: 'counter', help: 'Enforcement periods of the CPU limit that have passed', series: detail(({ cpuPeriods }) => cpuPeriods || undefined) },
    { name: 'container_cpu_cfs_throttled_periods_total', type: 'counter', help: 'Periods in which the CPU limit was reached', series: detail(({ cpuPeriods, throttledPeriods }) => (cpuPeriods ? throttledPeriods : undefined)) },
    { name: 'container_cpu_cfs_throttled_seconds_total', type: 'counter', help: 'Time for which the CPU limit held it back', series: detail(({ cpuPeriods, throttledNanos }) => (cpuPeriods ? seconds(throttledNanos) : undefined)) },
    { name: 'container_memory_working_set_bytes', type: 'gauge', help: 'Memory that can not be given back at once, in bytes', series: of(all, ({ workingSetBytes }) => workingSetBytes) },
    { name: 'container_memory_usage_bytes', type: 'gauge', help: 'Memory in use, caches included, in bytes', series: [...of([root], () => machine.memory.usedBytes), ...detail(({ memoryBytes }) => memoryBytes)] },
    { name: 'container_memory_rss', type: 'gauge', help: 'Anonymous memory, in bytes', series: [...of([root], () => machine.memory.rssBytes), ...detail(({ rssBytes }) => rssBytes)] },
    { name: 'container_memory_cache', type: 'gauge', help: 'Page cache, in bytes', series: detail(({ cacheBytes }) => cacheBytes) },
    { name: 'container_memory_swap', type: 'gauge', help: 'Swap in use, in bytes', series: detail(({ swapBytes }) => swapBytes) },
    { name: 'container_memory_failures_total', type: 'counter', help: 'Page faults', series: [...detail(({ pageFaults }) => pageFaults, { failure_type: 'pgfault', scope: 'hierarchy' }), ...detail(({ majorPageFaults }) => majorPageFaults, { failure_type: 'pgmajfault', scope: 'hierarchy' })] },
    { name: 'container_spec_memory_limit_bytes', type: 'gauge', help: 'Limit of memory, in bytes; 0 for none', series: detail(({ memoryLimitBytes }) => memoryLimitBytes ?? 0) },
    { name: 'container_processes', type: 'gauge', help: 'Processes and threads inside', series: detail(({ processes }) => processes) },
    { name: 'container_fs_usage_bytes', type: 'gauge', help: 'Bytes written to the container\'s own layer', series: of(rows, ({ writableBytes }) => writableBytes) },
    { name: 'container_start_time_seconds', type: 'gauge', help: 'When it started, in seconds since the epoch', series: of(all, ({ startedAtMs }) => startedAtMs / 1000) },
    { name: 'container_last_seen', type: 'gauge', help: 'When it was last measured, in seconds since the epoch', series: of(all, (row) => Math.floor(row.atMs / 1000)) },
    ...pressureMetrics((value) => [...of([root], () => value(pressure)), ...detail((cgroup) => value(cgroup.pressure))]),
    ...networkMetrics(sample),
    { name: 'machine_cpu_cores', type: 'gauge', help: 'Processors of the machine', series: [{ value: machine.cpus }] },
    { name: 'machine_memory_bytes', type: 'gauge', help: 'Memory of the machine, in bytes', series: [{ value: machine.memory.totalBytes }] },
    { name: 'container_scrape_error', type: 'gauge', help: '1 if there was an error while getting container metrics, 0 otherwise', series: [{ value: 0 }] },
  ]
}

const pressureSeries: readonly [string, string, (pressure: Pressure) => number][] = [
  ['cpu_stalled', 'all tasks waited for CPU', ({ cpu }) => cpu.full.total], ['cpu_waiting', 'tasks waited for CPU', ({ cpu }) => cpu.some.total],
  ['memory_stalled', 'all tasks waited for memory', ({ memory }) => memory.full.total], ['memory_waiting', 'tasks waited for memory', ({ memory }) => memory.some.total],
  ['io_stalled', 'all tasks waited for disks', ({ io }) => io.full.total], ['io_waiting', 'tasks waited for disks', ({ io }) => io.some.total],
]

/** None where the kernel counts none. */
function pressureMetrics(series: (value: (pressure: Pressure | undefined) => number | undefined) => Series[]): Metric[] {
  return pressureSeries.flatMap(([name, what, total]) => {
    const found = series((pressure) => pressure && total(pressure) / 1e6)
    return found.length === 0 ? [] : [{ name: `container_pressure_${name}_seconds_total`, type: 'counter' as const, help: `Time for which ${what}, in seconds`, series: found }]
  })
}

const networkSeries: readonly [string, string, (usage: InterfaceUsage) => number][] = [
  ['receive_bytes_total', 'Bytes received', ({ receivedBytes }) => receivedBytes],
  ['receive_packets_total', 'Packets received', ({ receivedPackets }) => receivedPackets],
  ['receive_errors_total', 'Errors while receiving', ({ receiveErrors }) => receiveErrors],
  ['receive_packets_dropped_total', 'Packets dropped while receiving', ({ receiveDrops }) => receiveDrops],
  ['transmit_bytes_total', 'Bytes sent', ({ sentBytes }) => sentBytes],
  ['transmit_packets_total', 'Packets sent', ({ sentPackets }) => sentPackets],
  ['transmit_errors_total', 'Errors while sending', ({ sendErrors }) => sendErrors],
  ['transmit_packets_dropped_total', 'Packets dropped while sending', ({ sendDrops }) => sendDrops],
]

/** The network belongs to the pod; the machine's is that of `/`. */
function networkMetrics({ atMs, machine, pods }: NodeSample): Metric[] {
  const rows = [
    ...machine.interfaces.map((usage) => ({ usage, labels: labelsOf({ id: '/' }) })),
    ...pods.flatMap((pod) => pod.interfaces.map((usage) => ({ usage, labels: labelsOf({ id: pod.cgroupPath }, pod) }))),
  ]
  return networkSeries.map(([name, help, value]) => ({
    name: `container_network_${name}`, type: 'counter' as const, help,
    series: rows.map(({ usage, labels }) => ({ labels: { ...labels, interface: usage.name }, value: value(usage), atMs })),
  }))
}
