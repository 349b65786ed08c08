// /metrics and /metrics/probes: what the kubelet tells of itself. Pure.
import { labelValue } from '../util/counters.ts'
import { commonBounds, type Histogram, Histograms } from '../util/histogram.ts'
import type { Metric, Series } from './metrics-text.ts'
import { kubeletVersion } from './node-status.ts'
import { isStatic } from './pod-importance.ts'
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

export interface ProbeDuration extends Pick<ProbeCount, 'namespace' | 'pod' | 'container' | 'probe'> {
  readonly seconds: Histogram
}

export interface KubeletFigures {
  readonly nodeName: string
  readonly workers: readonly Pick<PodWorker, 'pod' | 'runtime' | 'active' | 'desired' | 'volumeCounts'>[]
  /** When the certificate of its endpoint ends; undefined without an endpoint. */
  readonly servingEndsMs: number | undefined
  readonly nowMs: number
  /** By what for. */
  readonly evictions: ReadonlyMap<string, number>
  readonly imageVolumes: { readonly requested: number; readonly mounted: number; readonly failed: number }
  /** With users of their own. */
  readonly mappedPods: { readonly started: number; readonly failed: number }
}

const counter = (name: string, help: string, value: number): Metric => ({ name, type: 'counter', help, series: [{ value }] })

export function kubeletMetrics({ nodeName, workers, evictions, imageVolumes, mappedPods, servingEndsMs, nowMs }: KubeletFigures): Metric[] {
  const phases = new Map<string, number>()
  for (const { phase } of workers.flatMap(({ runtime }) => runtime.containers)) phases.set(phase, (phases.get(phase) ?? 0) + 1)
  const runningPods = workers.filter(({ runtime }) => runtime.sandboxes.some(({ ready }) => ready)).length
  return [
    { name: 'kubelet_active_pods', type: 'gauge', help: 'Pods that use resources of the node', series: byOrigin(workers.filter(({ active }) => active)) },
    { name: 'kubelet_desired_pods', type: 'gauge', help: 'Pods that the kubelet is to run', series: byOrigin(workers.filter(({ desired }) => desired)) },
    { name: 'kubelet_mirror_pods', type: 'gauge', help: 'Static pods, each of which has a mirror on the API server', series: [{ value: workers.filter(({ pod }) => isStatic(pod)).length }] },
    ...(servingEndsMs === undefined ? [] : [{ name: 'kubelet_certificate_manager_server_ttl_seconds', type: 'gauge' as const, help: 'For how long the certificate of the endpoint is still good', series: [{ value: (servingEndsMs - nowMs) / 1000 }] }]),
    { name: 'volume_manager_total_volumes', type: 'gauge', help: 'Volumes of pods, those that are mounted and those that are to be, by what serves them', series: volumeSeries(workers.map((worker) => worker.volumeCounts())) },
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
  ]
}

/** Static pods count for themselves. */
const byOrigin = (workers: readonly Pick<PodWorker, 'pod'>[]): Series[] =>
  [false, true].map((fixed) => ({ labels: { static: fixed ? 'true' : '' }, value: workers.filter(({ pod }) => isStatic(pod) === fixed).length }))

function volumeSeries(all: readonly ReturnType<PodWorker['volumeCounts']>[]): Series[] {
  return (['actual', 'desired'] as const).flatMap((state) => {
    const sums = new Map<string, number>()
    for (const counts of all) for (const [plugin, count] of counts[state]) sums.set(plugin, (sums.get(plugin) ?? 0) + count)
    return [...sums].map(([plugin_name, value]) => ({ labels: { plugin_name, state: `${state}_state_of_world` }, value }))
  })
}

const results = { success: 'successful', failure: 'failed', unknown: 'unknown' } as const
const titles = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const

export function probeDurations(durations: readonly ProbeDuration[]): string[] {
  const told = new Histograms('prober_probe_duration_seconds', 'How long probes took that did not fail.', commonBounds)
  for (const { container, namespace, pod, probe, seconds } of durations) told.add(`container=${labelValue(container)},namespace=${labelValue(namespace)},pod=${labelValue(pod)},probe_type="${titles[probe]}"`, seconds)
  return told.lines()
}

export function probeMetrics(counts: readonly ProbeCount[]): Metric[] {
  return [{
    name: 'prober_probe_total', type: 'counter', help: 'Probes of a container, by result',
    series: counts.map(({ namespace, pod, podUid, container, probe, result, count }) => ({
      labels: { container, namespace, pod, pod_uid: podUid, probe_type: titles[probe], result: results[result] }, value: count,
    })),
  }]
}
