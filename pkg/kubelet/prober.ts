// Runs the probes of all containers of this node, and knows of each whether it has started, is ready, or must be restarted.
import type { Container, Pod, Probe } from '../api/types-pod.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { commonBounds, Histogram } from '../util/histogram.ts'
import type { ProbeCount, ProbeDuration } from './kubelet-metrics.ts'
import { checkProbe, type ProbeResult } from './probe-check.ts'
import type { RuntimeService } from './runtime-service.ts'

type ProbeKind = 'startup' | 'liveness' | 'readiness'

export interface ProbeState {
  readonly started: boolean
  readonly ready: boolean
  readonly failed?: 'liveness' | 'startup'
}

export interface ProbedContainer {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly startedAtMs: number
  readonly podIP: string
  /** What was known of it before the kubelet restarted. */
  readonly known?: { readonly started: boolean; readonly ready: boolean }
}

export interface ProberOptions {
  readonly runtime: Pick<RuntimeService, 'exec'>
  readonly clock: Clock
  /** Default: really. */
  readonly check?: typeof checkProbe
  /** Some state of a container of this pod has changed. */
  readonly onChange: (podUid: string) => void
  readonly onUnhealthy: (probed: ProbedContainer, message: string) => void
}

const withoutProbes: ProbeState = { started: true, ready: true }

export class Prober {
  readonly #options: ProberOptions
  readonly #containers = new Map<string, ContainerProbes>()

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** Begins when it is called first for a container; later calls do nothing. */
  add(probed: ProbedContainer): void {
    if (this.#containers.has(probed.containerId)) return
    const probes = new ContainerProbes(probed, this.#options)
    this.#containers.set(probed.containerId, probes)
    probes.start()
  }

  /** How often each probe of the containers of now has ended in what way. */
  counts(): readonly ProbeCount[] {
    return [...this.#containers.values()].flatMap((probes) => probes.counts())
  }

  /** How long those took that said something about their containers of now. */
  durations(): readonly ProbeDuration[] {
    return [...this.#containers.values()].flatMap((probes) => probes.durations())
  }

  state(containerId: string): ProbeState {
    return this.#containers.get(containerId)?.state ?? withoutProbes
  }

  /** The container is to end: only its readiness still counts. */
  ending(containerId: string): void {
    this.#containers.get(containerId)?.stop(['startup', 'liveness'])
  }

  remove(containerId: string): void {
    this.#containers.get(containerId)?.stop(['startup', 'liveness', 'readiness'])
    this.#containers.delete(containerId)
  }

  stop(): void {
    for (const id of [...this.#containers.keys()]) this.remove(id)
  }
}

class ContainerProbes {
  readonly #probed: ProbedContainer
  readonly #options: ProberOptions
  readonly #timers = new Map<ProbeKind, Timer>()
  readonly #runs = new Map<ProbeKind, { outcome: ProbeResult['outcome']; count: number }>()
  readonly #stopped = new Set<ProbeKind>()
  readonly #counts = new Map<string, { probe: ProbeKind; result: ProbeResult['outcome']; count: number }>()
  readonly #seconds = new Map<ProbeKind, Histogram>()
  state: ProbeState

  constructor(probed: ProbedContainer, options: ProberOptions) {
    this.#probed = probed
    this.#options = options
    const { container, known } = probed
    this.state = { started: !container.startupProbe || (known?.started ?? false), ready: !container.readinessProbe || (known?.ready ?? false) }
  }

  start(): void {
    if (this.#probed.container.startupProbe && !this.state.started) this.#begin('startup')
    else this.#beginOthers()
  }

  stop(kinds: readonly ProbeKind[]): void {
    for (const kind of kinds) {
      this.#stopped.add(kind)
      this.#timers.get(kind)?.cancel()
      this.#timers.delete(kind)
    }
  }

  counts(): readonly ProbeCount[] {
    const { pod: { metadata: { namespace = '', name = '', uid = '' } }, container } = this.#probed
    return [...this.#counts.values()].map((each) => ({ ...each, namespace, pod: name, podUid: uid, container: container.name }))
  }

  durations(): readonly ProbeDuration[] {
    const { pod: { metadata: { namespace = '', name = '' } }, container } = this.#probed
    return [...this.#seconds].map(([probe, seconds]) => ({ namespace, pod: name, container: container.name, probe, seconds }))
  }

  #beginOthers(): void {
    if (this.#probed.container.livenessProbe) this.#begin('liveness')
    if (this.#probed.container.readinessProbe) this.#begin('readiness')
  }

  #begin(kind: ProbeKind): void {
    const delayMs = (this.#probe(kind).initialDelaySeconds ?? 0) * 1000
    this.#arm(kind, Math.max(0, this.#probed.startedAtMs + delayMs - this.#options.clock.now()))
  }

  #arm(kind: ProbeKind, delayMs: number): void {
    if (this.#stopped.has(kind)) return
    this.#timers.set(kind, this.#options.clock.setTimer(() => void this.#run(kind), delayMs))
  }

  #probe(kind: ProbeKind): Probe {
    const { startupProbe, livenessProbe, readinessProbe } = this.#probed.container
    return { startup: startupProbe, liveness: livenessProbe, readiness: readinessProbe }[kind] ?? {}
  }

  async #run(kind: ProbeKind): Promise<void> {
    const probe = this.#probe(kind)
    const { clock, runtime } = this.#options
    const beganMs = clock.monotonic()
    const { pod, container, containerId, podIP } = this.#probed
    const result = await (this.#options.check ?? checkProbe)(probe, { pod, containerName: container.name, containerId, podIP, timeoutMs: (probe.timeoutSeconds ?? 1) * 1000 }, { runtime, clock })
    if (this.#stopped.has(kind)) return
    if (result.outcome !== 'failure') this.#took(kind, clock.monotonic() - beganMs)
    const again = this.#note(kind, probe, result)
    if (again) this.#arm(kind, Math.max(0, beganMs + (probe.periodSeconds ?? 10) * 1000 - clock.monotonic()))
  }

  #took(kind: ProbeKind, ms: number): void {
    let seconds = this.#seconds.get(kind)
    if (!seconds) this.#seconds.set(kind, seconds = new Histogram(commonBounds))
    seconds.observe(ms / 1000)
  }

  /** Returns whether to go on. */
  #note(kind: ProbeKind, probe: Probe, { outcome, output }: ProbeResult): boolean {
    const counted = this.#counts.get(`${kind} ${outcome}`)
    this.#counts.set(`${kind} ${outcome}`, { probe: kind, result: outcome, count: (counted?.count ?? 0) + 1 })
    const title = kind[0]?.toUpperCase() + kind.slice(1)
    if (outcome === 'failure') this.#options.onUnhealthy(this.#probed, `${title} probe failed: ${output}`)
    if (outcome === 'unknown') {
      this.#options.onUnhealthy(this.#probed, `${title} probe errored and resulted in unknown state: ${output}`)
      return true
    }
    const run = this.#runs.get(kind)
    const count = run?.outcome === outcome ? run.count + 1 : 1
    this.#runs.set(kind, { outcome, count })
    const threshold = outcome === 'success' ? probe.successThreshold ?? 1 : probe.failureThreshold ?? 3
    return count < threshold || this.#decided(kind, outcome === 'success')
  }

  #decided(kind: ProbeKind, success: boolean): boolean {
    if (kind === 'readiness') {
      if (this.state.ready !== success) this.#change({ ...this.state, ready: success })
      return true
    }
    if (!success) {
      // Held here until the container is another one.
      this.#change({ ...this.state, ready: false, failed: kind })
      this.stop(['startup', 'liveness', 'readiness'])
      return false
    }
    if (kind === 'liveness') return true
    this.#change({ ...this.state, started: true })
    this.#beginOthers()
    return false
  }

  #change(state: ProbeState): void {
    this.state = state
    this.#options.onChange(this.#probed.pod.metadata.uid ?? '')
  }
}
