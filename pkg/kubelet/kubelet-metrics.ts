// /metrics and /metrics/probes: what the kubelet tells of itself. Pure.
import type { Metric } from './metrics-text.ts'
import { kubeletVersion } from './node-status.ts'
import type { PodWorker } from './pod-worker.ts'

export interface ProbeCount {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly probe: 'startup' | 'liveness' | 'readiness'
  readonly result: 'success' | 'failure' | 'unknown'
  readonly count: number
}

export interface KubeletFigures {
  readonly nodeName: string
  readonly workers: readonly Pick<PodWorker, 'runtime' | 'active'>[]
  /** By what for. */
  readonly evictions: ReadonlyMap<string, number>
  readonly imageVolumes: { readonly requested: number; readonly mounted: number; readonly failed: number }
  /** With users of their own. */
  readonly mappedPods: { readonly started: number; readonly failed: number }
  readonly process: { readonly cpuSeconds: number; readonly residentBytes: number; readonly startedAtMs: number }
}

const counter = (name: string, help: string, value: number): Metric => ({ name, type: 'counter', help, series: [{ value }] })

export function kubeletMetrics({ nodeName, workers, process, evictions, imageVolumes, mappedPods }: KubeletFigures): Metric[] {
  const phases = new Map<string, number>()
  for (const { phase } of workers.flatMap(({ runtime }) => runtime.containers)) phases.set(phase, (phases.get(phase) ?? 0) + 1)
  const runningPods = workers.filter(({ runtime }) => runtime.sandboxes.some(({ ready }) => ready)).length
  return [
    { name: 'kubelet_active_pods', type: 'gauge', help: 'Pods that use resources of the node', series: [{ value: workers.filter(({ active }) => active).length, labels: { static: '' } }] },
    ...(evictions.size === 0 ? [] : [{ name: 'kubelet_evictions', type: 'counter' as const, help: 'Pods evicted, by what the node was short of', series: [...evictions].map(([eviction_signal, value]) => ({ labels: { eviction_signal }, value })) }]),
    counter('kubelet_image_volume_mounted_errors_total', 'Image volumes of containers that could not be created', imageVolumes.failed),
    counter('kubelet_image_volume_mounted_succeed_total', 'Image volumes of containers that were created', imageVolumes.mounted),
    counter('kubelet_image_volume_requested_total', 'Image volumes that containers asked for', imageVolumes.requested),
    { name: 'kubelet_node_name', type: 'gauge', help: 'The name of the node; the count is always 1', series: [{ labels: { node: nodeName }, value: 1 }] },
    { name: 'kubelet_running_containers', type: 'gauge', help: 'Containers by state', series: [...phases].map(([container_state, value]) => ({ labels: { container_state }, value })) },
    { name: 'kubelet_running_pods', type: 'gauge', help: 'Pods that have a running sandbox', series: [{ value: runningPods }] },
    counter('kubelet_started_user_namespaced_pods_errors_total', 'Sandboxes of pods with users of their own that could not be made', mappedPods.failed),
    counter('kubelet_started_user_namespaced_pods_total', 'Sandboxes asked for by pods with users of their own', mappedPods.started),
    { name: 'kubernetes_build_info', type: 'gauge', help: 'The version; the value is always 1', series: [{ labels: { git_version: kubeletVersion, major: '1', minor: '35' }, value: 1 }] },
    { name: 'process_cpu_seconds_total', type: 'counter', help: 'CPU time used by the process, in seconds', series: [{ value: process.cpuSeconds }] },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory of the process, in bytes', series: [{ value: process.residentBytes }] },
    { name: 'process_start_time_seconds', type: 'gauge', help: 'When the process started, in seconds since the epoch', series: [{ value: process.startedAtMs / 1000 }] },
  ]
}

const results = { success: 'successful', failure: 'failed', unknown: 'unknown' } as const
const titles = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const

export function probeMetrics(counts: readonly ProbeCount[]): Metric[] {
  return [{
    name: 'prober_probe_total', type: 'counter', help: 'Probes of a container, by result',
    series: counts.map(({ namespace, pod, podUid, container, probe, result, count }) => ({
      labels: { container, namespace, pod, pod_uid: podUid, probe_type: titles[probe], result: results[result] }, value: count,
    })),
  }]
}
