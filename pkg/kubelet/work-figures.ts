// How long a kubelet's work takes and how often it fails, told as a kubelet tells it, in Prometheus' text form.
import type { ContainerStatus, Pod } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'
import { Counters, family, labelValue } from '../util/counters.ts'
import { commonBounds, Histograms } from '../util/histogram.ts'
import { podUid } from './pod-names.ts'

/** Why a pod is looked at. */
export type SyncType = 'create' | 'update' | 'sync' | 'kill'
export type ContainerKind = 'container' | 'init_container' | 'ephemeral_container'
export type CgroupOperation = 'create' | 'update' | 'destroy'

const startBounds = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600]
const statusBounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60]
const storageBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600]

/** A pod that this kubelet has seen from its beginning, until everybody has seen it started. */
interface Start {
  readonly seenMs: number
  pullMs: number
  running: boolean
}

/** Promises: what is observed costs a look at the clock and one or two at maps; nothing is kept of a pod that has started or gone. */
export class WorkFigures {
  readonly #clock: Clock
  readonly #starts = new Map<string, Start>()
  readonly #workerSeconds = new Histograms('kubelet_pod_worker_duration_seconds', 'How long it took to bring a pod to what is wanted, since something called for a look, by what.', commonBounds)
  readonly #workerStarts = new Histograms('kubelet_pod_worker_start_duration_seconds', 'How long new pods waited until they were looked at first.', commonBounds)
  readonly #podStarts = new Histograms('kubelet_pod_start_duration_seconds', 'How long it took until pods ran since the kubelet saw them first.', startBounds)
  readonly #totals = new Histograms('kubelet_pod_start_total_duration_seconds', 'How long it took from the creation of pods until all their containers were seen started.', startBounds)
  readonly #slis = new Histograms('kubelet_pod_start_sli_duration_seconds', 'The same without what pulls of images and init containers took.', startBounds)
  readonly #statuses = new Histograms('kubelet_pod_status_sync_duration_seconds', 'How long it took until the API server had what changed of pods\' states.', statusBounds)
  readonly #relists = new Histograms('kubelet_pleg_relist_duration_seconds', 'How long it took to list all pods of the runtime, which is done once a minute; what ends is told by the runtime at once.', commonBounds)
  readonly #intervals = new Histograms('kubelet_pleg_relist_interval_seconds', 'How long it was from one list to the next.', commonBounds)
  readonly #sandboxes = new Histograms('kubelet_run_podsandbox_duration_seconds', 'How long the runtime took to make sandboxes, by handler.', commonBounds)
  readonly #sandboxErrors = new Counters('kubelet_run_podsandbox_errors_total', 'Sandboxes that the runtime failed to make, by handler.')
  readonly #podsStarted = new Counters('kubelet_started_pods_total', 'Sandboxes that were asked for.')
  readonly #podErrors = new Counters('kubelet_started_pods_errors_total', 'Sandboxes that were asked for and could not be made.')
  readonly #containersStarted = new Counters('kubelet_started_containers_total', 'Containers that were to be started.')
  readonly #containerErrors = new Counters('kubelet_started_containers_errors_total', 'Containers that could not be started, by why.')
  readonly #cgroups = new Histograms('kubelet_cgroup_manager_duration_seconds', 'How long changes of pods\' cgroups took.', commonBounds)
  readonly #storage = new Histograms('storage_operation_duration_seconds', 'How long volumes took to be made ready for pods or taken away, and whether they were.', storageBounds)
  #relistedMs: number | undefined
  #lastSeenMs: number | undefined
  #networkSeen = false

  constructor(clock: Clock) {
    this.#clock = clock
    for (const histograms of [this.#workerStarts, this.#podStarts, this.#statuses, this.#relists, this.#intervals]) histograms.of('')
    for (const counters of [this.#podsStarted, this.#podErrors]) counters.raise('', 0)
  }

  /** A pod is taken on. What another kubelet began is nobody's start. */
  seen(pod: Pod): void {
    if (pod.status?.startTime === undefined) this.#starts.set(podUid(pod), { seenMs: this.#clock.monotonic(), pullMs: 0, running: false })
  }

  /** Its first look is about to be taken. */
  looked(uid: string): void {
    const start = this.#starts.get(uid)
    if (start) this.#workerStarts.observe('', (this.#clock.monotonic() - start.seenMs) / 1000)
  }

  pulled(uid: string, ms: number): void {
    const start = this.#starts.get(uid)
    if (start) start.pullMs += ms
  }

  running(uid: string): void {
    const start = this.#starts.get(uid)
    if (!start || start.running) return
    start.running = true
    this.#podStarts.observe('', (this.#clock.monotonic() - start.seenMs) / 1000)
  }

  /** The watch shows the pod so. */
  shown(pod: Pod): void {
    const start = this.#starts.get(podUid(pod))
    if (!start || !hasStarted(pod)) return
    const first = !this.#networkSeen && !pod.spec.hostNetwork
    this.#networkSeen ||= first
    const labels = `first_with_network="${first}"`
    const totalMs = Math.max(0, this.#clock.now() - Date.parse(pod.metadata.creationTimestamp ?? ''))
    this.#totals.observe(labels, totalMs / 1000)
    this.#slis.observe(labels, Math.max(0, totalMs - start.pullMs - initMs(pod)) / 1000)
    this.gone(podUid(pod))
  }

  gone(uid: string): void {
    this.#starts.delete(uid)
  }

  synced(type: SyncType, ms: number): void {
    this.#workerSeconds.observe(`operation_type="${type}"`, ms / 1000)
  }

  readonly statusWritten = (ms: number): void => this.#statuses.observe('', ms / 1000)

  async relisting<T>(list: () => Promise<T>): Promise<T> {
    const beganMs = this.#clock.monotonic()
    if (this.#relistedMs !== undefined) this.#intervals.observe('', (beganMs - this.#relistedMs) / 1000)
    this.#relistedMs = beganMs
    const found = await list()
    this.#relists.observe('', (this.#clock.monotonic() - beganMs) / 1000)
    this.#lastSeenMs = this.#clock.now()
    return found
  }

  async makingSandbox<T>(handler: string, make: () => Promise<T>): Promise<T> {
    const labels = `runtime_handler=${labelValue(handler)}`
    const beganMs = this.#clock.monotonic()
    this.#podsStarted.raise('')
    try {
      return await make()
    } catch (error) {
      this.#sandboxErrors.raise(labels)
      this.#podErrors.raise('')
      throw error
    } finally {
      this.#sandboxes.observe(labels, (this.#clock.monotonic() - beganMs) / 1000)
    }
  }

  startingContainer(kind: ContainerKind): void {
    this.#containersStarted.raise(`container_type="${kind}"`)
  }

  notStarted(kind: ContainerKind, reason: string): void {
    this.#containerErrors.raise(`code="${reason}",container_type="${kind}"`)
  }

  async changingCgroup(work: () => Promise<CgroupOperation>): Promise<void> {
    const beganMs = this.#clock.monotonic()
    const operation = await work()
    this.#cgroups.observe(`operation_type="${operation}"`, (this.#clock.monotonic() - beganMs) / 1000)
  }

  /** `plugin` as in kubernetes.io/PLUGIN. */
  volumeDone(operation: 'volume_mount' | 'volume_unmount', { plugin, beganMs, failed }: { readonly plugin: string; readonly beganMs: number; readonly failed: boolean }): void {
    this.#storage.observe(`migrated="false",operation_name="${operation}",status="${failed ? 'fail-unknown' : 'success'}",volume_plugin=${labelValue(plugin)}`, (this.#clock.monotonic() - beganMs) / 1000)
  }

  lines(): string[] {
    const lastSeen = family('kubelet_pleg_last_seen_seconds', 'gauge', 'When all pods of the runtime were listed last, in seconds since the epoch.', this.#lastSeenMs === undefined ? [] : [['', this.#lastSeenMs / 1000]])
    return [
      this.#workerSeconds, this.#workerStarts, this.#podStarts, this.#totals, this.#slis, this.#statuses, this.#relists, this.#intervals, this.#sandboxes, this.#sandboxErrors,
      this.#podsStarted, this.#podErrors, this.#containersStarted, this.#containerErrors, this.#cgroups, this.#storage,
    ].flatMap((each) => each.lines()).concat(lastSeen)
  }
}

/** Every main container runs, or has run. */
function hasStarted({ spec, status }: Pod): boolean {
  const statuses = status?.containerStatuses ?? []
  return statuses.length >= spec.containers.length && statuses.every(({ state }) => (state?.running ?? state?.terminated)?.startedAt !== undefined)
}

/** What containers took that had to end before the others could begin. */
const initMs = ({ status }: Pod): number => (status?.initContainerStatuses ?? []).reduce((sum, { state }: ContainerStatus) => {
  const { startedAt, finishedAt } = state?.terminated ?? {}
  return startedAt && finishedAt ? sum + Date.parse(finishedAt) - Date.parse(startedAt) : sum
}, 0)
