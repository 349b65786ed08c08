// What admission and storage cost writes, in Prometheus' text form.
import { StatusError } from '../api/status-error.ts'
import type { Clock } from '../util/clock.ts'
import { Counters } from '../util/counters.ts'
import { type Histogram, Histograms } from '../util/histogram.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { Definition } from './definition.ts'

export type AdmissionStep = 'admit' | 'validate'
export type StoreOperation = 'create' | 'update' | 'delete'

const admissionBounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5]
const storeBounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]

/** Of one step of one operation. */
export interface StepFigures {
  readonly operation: AdmissionRequest['operation']
  readonly step: AdmissionStep
  readonly plugins: Map<AdmissionPlugin, Histogram>
  passed?: Histogram
}

/** Promises: a measured plugin costs a look at the clock and one at a map. */
export class WriteFigures {
  readonly #plugins = new Histograms('apiserver_admission_controller_admission_duration_seconds', 'How long admission plugins took.', admissionBounds)
  readonly #steps = new Histograms('apiserver_admission_step_admission_duration_seconds', 'How long the steps of admission took, what was asked outside included.', admissionBounds)
  readonly #stored = new Histograms('etcd_request_duration_seconds', 'How long the store took to make changes last.', storeBounds)
  readonly #errors = new Counters('etcd_request_errors_total', 'Changes that the store failed to make.')
  readonly #known = new Map<string, StepFigures>()
  readonly #changes = new WeakMap<Definition, Partial<Record<StoreOperation, Histogram>>>()

  of(operation: AdmissionRequest['operation'], step: AdmissionStep): StepFigures {
    const key = operation + step
    let figures = this.#known.get(key)
    if (!figures) this.#known.set(key, figures = { operation, step, plugins: new Map() })
    return figures
  }

  admitted({ operation, step, plugins }: StepFigures, plugin: AdmissionPlugin, seconds: number): void {
    let series = plugins.get(plugin)
    if (!series) plugins.set(plugin, series = this.#plugins.of(`name="${plugin.name}",operation="${operation}",rejected="false",type="${step}"`))
    series.observe(seconds)
  }

  refused({ operation, step }: StepFigures, plugin: AdmissionPlugin, seconds: number): void {
    this.#plugins.observe(`name="${plugin.name}",operation="${operation}",rejected="true",type="${step}"`, seconds)
  }

  stepped(own: StepFigures, seconds: number): void {
    const { operation, step } = own
    const series = own.passed ??= this.#steps.of(`operation="${operation}",rejected="false",type="${step}"`)
    series.observe(seconds)
  }

  stepRefused({ operation, step }: StepFigures, seconds: number): void {
    this.#steps.observe(`operation="${operation}",rejected="true",type="${step}"`, seconds)
  }

  stored(definition: Definition, operation: StoreOperation, seconds: number): void {
    let known = this.#changes.get(definition)
    if (!known) this.#changes.set(definition, known = {})
    const series = known[operation] ??= this.#stored.of(labelsOf(definition, operation))
    series.observe(seconds)
  }

  failed(definition: Definition, operation: StoreOperation): void {
    this.#errors.raise(labelsOf(definition, operation))
  }

  text(): string {
    const durations = this.#stored.lines()
    // Each change that lasts was timed.
    const counts = durations.flatMap((line) => /^etcd_request_duration_seconds_count(\{.*\}) (\d+)$/.exec(line)?.slice(1, 3).join(' ') ?? [])
    const asked = counts.length === 0 ? [] : ['# HELP etcd_requests_total Changes that the store was asked for.', '# TYPE etcd_requests_total counter', ...counts.map((count) => `etcd_requests_total${count}`)]
    return [...this.#plugins.lines(), ...this.#steps.lines(), ...durations, ...asked, ...this.#errors.lines(), ''].join('\n')
  }
}

const labelsOf = ({ resource }: Definition, operation: StoreOperation): string => `group="${resource.group}",operation="${operation}",resource="${resource.plural}"`

/** One run of a step of admission. Its time counts from the first run of the transaction; a plugin costs one look at the clock. */
export class StepMeasure {
  readonly #clock: Clock
  readonly #figures: WriteFigures
  readonly #own: StepFigures
  readonly #steps: Partial<Record<AdmissionStep, number | undefined>>
  readonly #fromMs: number
  #beganMs: number
  #running: AdmissionPlugin | undefined

  constructor({ clock, figures }: { readonly clock: Clock; readonly figures: WriteFigures }, steps: Partial<Record<AdmissionStep, number | undefined>>, { operation, step }: Pick<StepFigures, 'operation' | 'step'>) {
    this.#clock = clock
    this.#figures = figures
    this.#own = figures.of(operation, step)
    this.#steps = steps
    this.#beganMs = clock.monotonic()
    this.#fromMs = steps[step] ??= this.#beganMs
  }

  begin(): void {
    this.#beganMs = this.#clock.monotonic()
  }

  runs(plugin: AdmissionPlugin): void {
    this.#running = plugin
  }

  ran(plugin: AdmissionPlugin): void {
    const nowMs = this.#clock.monotonic()
    this.#figures.admitted(this.#own, plugin, (nowMs - this.#beganMs) / 1000)
    this.#beganMs = nowMs
    this.#running = undefined
  }

  passed(): void {
    this.#figures.stepped(this.#own, (this.#clock.monotonic() - this.#fromMs) / 1000)
    this.#steps[this.#own.step] = undefined
  }

  /** What only ends this run of the transaction is no refusal. */
  failed(error: unknown): void {
    if (!(error instanceof StatusError)) return
    const nowMs = this.#clock.monotonic()
    if (this.#running) this.#figures.refused(this.#own, this.#running, (nowMs - this.#beganMs) / 1000)
    this.#figures.stepRefused(this.#own, (nowMs - this.#fromMs) / 1000)
  }
}
