// What the scheduler does, counted and timed as kube-scheduler tells it, in Prometheus' text form.
import type { Clock } from '../util/clock.ts'
import { Counters, labelValue } from '../util/counters.ts'
import { exponentialBounds, type Histogram, Histograms } from '../util/histogram.ts'
import type { ChangeKind, ClusterChange } from './plugin.ts'
import type { SeriesOf } from './timed-plugins.ts'

/** Those at which something is done here. */
export type ExtensionPoint = 'PreFilter' | 'Filter' | 'PostFilter' | 'PreScore' | 'Score' | 'Reserve' | 'PreBind' | 'Bind'
export type PointStatus = 'Success' | 'Unschedulable' | 'Error'
export type AttemptResult = 'scheduled' | 'unschedulable' | 'error'
/** Pods that come in gated are told as unschedulable. */
export type QueueName = 'active' | 'backoff' | 'unschedulable'

/** Those that do not say how have it from the change's action. */
const eventNames: Readonly<Record<ChangeKind, string>> = {
  'node-added': 'NodeAdd', 'node-gone': 'NodeDelete', 'node-allocatable': 'NodeUpdateNodeAllocatable', 'node-labels': 'NodeUpdateNodeLabel', 'node-taints': 'NodeUpdateNodeTaint',
  'pod-placed': 'AssignedPodAdd', 'pod-gone': 'AssignedPodDelete', namespace: 'Namespace', claim: 'PersistentVolumeClaim', volume: 'PersistentVolume',
  'storage-class': 'storage.k8s.io/StorageClass', 'csi-node': 'storage.k8s.io/CSINode', attachment: 'storage.k8s.io/VolumeAttachment', 'storage-capacity': 'storage.k8s.io/CSIStorageCapacity',
  'resource-claim': 'resource.k8s.io/ResourceClaim', 'device-class': 'resource.k8s.io/DeviceClass',
}

export const eventName = ({ kind, action }: Pick<ClusterChange, 'kind' | 'action'>): string => eventNames[kind] + (action ?? '')

const tryBounds = exponentialBounds(0.001, 2, 15)
/** So many and more are told as one. */
const manyAttempts = 15

/** Promises: what is observed costs a look at the clock and one or two at maps. */
export class SchedulerFigures {
  readonly clock: Clock
  readonly #profile: string
  readonly #tries = new Histograms('scheduler_scheduling_attempt_duration_seconds', 'How long tries to give pods a node took, up to what was written.', tryBounds)
  readonly #choices = new Histograms('scheduler_scheduling_algorithm_duration_seconds', 'How long it took to choose nodes.', tryBounds)
  readonly #points = new Histograms('scheduler_framework_extension_point_duration_seconds', 'How long all plugins together took at an extension point.', exponentialBounds(0.0001, 2, 12))
  readonly #waits = new Histograms('scheduler_pod_scheduling_sli_duration_seconds', 'How long pods waited for their node since they could first be tried, by tries.', exponentialBounds(0.01, 2, 20))
  readonly #attempts = new Histograms('scheduler_pod_scheduling_attempts', 'How many tries it took to give pods a node.', exponentialBounds(1, 2, 5))
  readonly #victims = new Histograms('scheduler_preemption_victims', 'How many pods had to make room for another one.', exponentialBounds(1, 2, 7))
  readonly #results = new Counters('scheduler_schedule_attempts_total', 'Tries to give pods a node, by how they ended.')
  readonly #preemptions = new Counters('scheduler_preemption_attempts_total', 'How often it was asked whether less important pods could make room.')
  readonly #incoming = new Counters('scheduler_queue_incoming_pods_total', 'Pods that came to wait, by where and why.')
  readonly #plugins = new Histograms('scheduler_plugin_execution_duration_seconds', 'How long plugins took to answer at an extension point, in one try of ten.', exponentialBounds(0.00001, 1.5, 20))
  readonly #byPoint = new Map<ExtensionPoint, Partial<Record<PointStatus, Histogram>>>()

  constructor({ clock, profile }: { readonly clock: Clock; readonly profile: string }) {
    this.clock = clock
    this.#profile = labelValue(profile)
    // Without labels there is one from the beginning.
    for (const histograms of [this.#choices, this.#attempts, this.#victims]) histograms.of('')
    this.#preemptions.raise('', 0)
  }

  begin(): Attempt {
    return new Attempt(this)
  }

  passed(point: ExtensionPoint, status: PointStatus, seconds: number): void {
    let known = this.#byPoint.get(point)
    if (!known) this.#byPoint.set(point, known = {})
    const series = known[status] ??= this.#points.of(`extension_point="${point}",profile=${this.#profile},status="${status}"`)
    series.observe(seconds)
    if (point === 'PostFilter') this.#preemptions.raise('')
  }

  readonly seriesOf: SeriesOf = (plugin, point, status) => this.#plugins.of(`extension_point="${point}",plugin="${plugin}",status="${status}"`)

  chosen(seconds: number): void {
    this.#choices.observe('', seconds)
  }

  ended(result: AttemptResult, seconds: number): void {
    const labels = `profile=${this.#profile},result="${result}"`
    this.#results.raise(labels)
    this.#tries.observe(labels, seconds)
  }

  /** The pod has its node; `activeMs` is when it could be tried first. */
  scheduled({ attempts, activeMs }: { readonly attempts: number; readonly activeMs: number }): void {
    this.#attempts.observe('', attempts)
    this.#waits.observe(`attempts="${attempts < manyAttempts ? attempts : `${manyAttempts}+`}"`, Math.max(0, this.clock.now() - activeMs) / 1000)
  }

  preempted(victims: number): void {
    this.#victims.observe('', victims)
  }

  readonly incoming = (queue: QueueName, event: string): void => this.#incoming.raise(`event="${event}",queue="${queue}"`)

  lines(): string[] {
    return [this.#results, this.#tries, this.#choices, this.#points, this.#waits, this.#attempts, this.#preemptions, this.#victims, this.#incoming, this.#plugins].flatMap((each) => each.lines())
  }
}

/** One try to give one pod a node. */
export class Attempt {
  readonly #figures: SchedulerFigures
  readonly #beganMs: number
  #lapMs: number

  constructor(figures: SchedulerFigures) {
    this.#figures = figures
    this.#beganMs = this.#lapMs = figures.clock.monotonic()
  }

  /** What follows is to be measured alone. */
  restart(): void {
    this.#lapMs = this.#figures.clock.monotonic()
  }

  /** All since the last call was for this. */
  readonly passed = (point: ExtensionPoint, status: PointStatus): void => {
    const nowMs = this.#figures.clock.monotonic()
    this.#figures.passed(point, status, (nowMs - this.#lapMs) / 1000)
    this.#lapMs = nowMs
  }

  chosen(): void {
    this.#figures.chosen((this.#figures.clock.monotonic() - this.#beganMs) / 1000)
  }

  ended(result: AttemptResult): void {
    this.#figures.ended(result, (this.#figures.clock.monotonic() - this.#beganMs) / 1000)
  }
}
