// Watches what the node has left, tells its pressures, and evicts pods one by one until it has enough: by its own clock, and more often when it is close.
import type { Clock, Timer } from '../util/clock.ts'
import {
  crossed, type EvictionConfig, isNear, leastOf, mostUrgent, type Observations, type Pressure, signals, type Threshold,
} from './eviction-signals.ts'
import { evictionVerdict, hasStorageLimits, type PodConsumption, rankForEviction, storageVerdict } from './eviction-ranking.ts'
import type { PodVerdict } from './pod-ending.ts'
import { isCritical } from './pod-importance.ts'
import { podUid } from './pod-names.ts'
import { type OomVictim, oomMessage } from './system-oom.ts'

export interface MeasuredPod extends PodConsumption {
  /** Of each emptyDir on the disk. */
  readonly volumeBytes: ReadonlyMap<string, number>
}

export interface EvictionNode {
  observe(): Promise<Observations>
  /** The pods that use the node. */
  active(): readonly PodConsumption['pod'][]
  /** Takes its time when the disk is asked for. */
  measure(pods: readonly PodConsumption['pod'][], what: { readonly disk: boolean }): Promise<readonly MeasuredPod[]>
  evict(uid: string, verdict: PodVerdict): void
  /** Frees what nobody needs: ended containers, unused images. */
  reclaimDisk(): Promise<void>
  /** The pressures are others now. */
  changed(): void
  /** Processes of the system that were killed for want of memory since it was asked before. */
  systemOoms?(): Promise<readonly OomVictim[]>
  /** About the node itself. */
  record(event: { type: 'Warning'; reason: string; message: string }): void
}

export interface EvictionOptions {
  readonly clock: Clock
  readonly config: EvictionConfig
  readonly node: EvictionNode
  readonly log: (message: string) => void
}

const periodMs = 10_000
const nearMs = 2000
/** Measuring disks takes at most this share of the time. */
const walkShare = 0.05
/** How long an evicted pod may take to leave before the next one goes. */
const leaveMs = 30_000

export class EvictionManager {
  readonly #options: EvictionOptions
  /** When each pressure was last there. */
  readonly #pressedMs = new Map<Pressure, number>()
  #crossed = new Map<Threshold, number>()
  #near = false
  /** The pressures that were told last. */
  #told = ''
  #leaving: { readonly uid: string; readonly untilMs: number } | undefined
  #walkAgainMs = 0
  readonly #counts = new Map<string, number>()
  /** There is nothing to evict, and that has been said. */
  #helpless = false
  /** The kernel's log can't be read, and that has been said. */
  #blind = false
  #timer: Timer | undefined
  #stopped = false
  #ticking: Promise<void> | undefined

  constructor(options: EvictionOptions) {
    this.#options = options
  }

  /** Of now, and of the last minutes, so that pods do not come and go with them. */
  pressures(): ReadonlySet<Pressure> {
    const { clock, config } = this.#options
    const now = this.#pressed()
    return new Set([...this.#pressedMs].filter(([pressure, atMs]) => now.has(pressure) || clock.monotonic() - atMs < config.transitionMs).map(([pressure]) => pressure))
  }

  #pressed(): ReadonlySet<Pressure> {
    return new Set([...this.#crossed.keys()].map(({ signal }) => signals[signal].pressure))
  }

  /** How many pods it has evicted, by what for. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  #evict(uid: string, verdict: PodVerdict, signal: string): void {
    this.#counts.set(signal, (this.#counts.get(signal) ?? 0) + 1)
    this.#options.node.evict(uid, verdict)
  }

  /** Measures the node, and evicts nobody yet. */
  async look(): Promise<Observations> {
    const { clock, config, node, log } = this.#options
    const observations = await node.observe()
    const nowMs = clock.monotonic()
    const met = crossed(config.thresholds, observations, new Set(this.#crossed.keys()))
    this.#crossed = new Map(met.map((threshold) => [threshold, this.#crossed.get(threshold) ?? nowMs]))
    this.#near = isNear(config.thresholds, observations)
    for (const pressure of this.#pressed()) this.#pressedMs.set(pressure, nowMs)
    const after = [...this.pressures()].join()
    // Time alone ends a pressure, also between two looks.
    if (this.#told !== after) {
      this.#told = after
      log(after === '' ? 'the node has enough of everything again' : `the node is short: ${after}`)
      node.changed()
    }
    return observations
  }

  start(): void {
    this.#arm()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#ticking
  }

  #arm(): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.setTimer(() => {
      this.#ticking = this.#tick().catch((error: Error) => this.#options.log(`eviction: ${error.message}`)).finally(() => this.#arm())
    }, this.#near ? nearMs : periodMs)
  }

  async #tick(): Promise<void> {
    let observations = await this.look()
    await this.#tellOoms()
    if (await this.#evictOverLimits()) return
    if (this.#due().length === 0) return
    if (this.#due().some(({ signal }) => signals[signal].pressure === 'DiskPressure')) {
      this.#options.node.record({ type: 'Warning', reason: 'EvictionThresholdMet', message: 'Attempting to reclaim ephemeral-storage' })
      await this.#options.node.reclaimDisk()
      observations = await this.look()
    } else this.#options.node.record({ type: 'Warning', reason: 'EvictionThresholdMet', message: `Attempting to reclaim ${signals[mostUrgent(this.#due())!.signal].resource}` })
    await this.#evictOne(observations)
  }

  /** Without the kernel's log nothing is told. */
  async #tellOoms(): Promise<void> {
    const { systemOoms, record } = this.#options.node
    const victims = await systemOoms?.().catch((error: Error) => {
      if (!this.#blind) this.#options.log(`the kernel's log can't be read, so processes killed for want of memory are not told of: ${error.message}`)
      this.#blind = true
      return []
    })
    for (const victim of victims ?? []) record({ type: 'Warning', reason: 'SystemOOM', message: oomMessage(victim) })
  }

  /** Those whose grace is over. */
  #due(): Threshold[] {
    const nowMs = this.#options.clock.monotonic()
    return [...this.#crossed].filter(([{ graceMs }, sinceMs]) => nowMs - sinceMs >= graceMs).map(([threshold]) => threshold)
  }

  async #evictOverLimits(): Promise<boolean> {
    const { clock, node } = this.#options
    const beganMs = clock.monotonic()
    if (beganMs < this.#walkAgainMs) return false
    const limited = node.active().filter(hasStorageLimits)
    if (limited.length === 0) return false
    const measured = await node.measure(limited, { disk: true })
    this.#walkAgainMs = beganMs + (clock.monotonic() - beganMs) / walkShare
    let evicted = false
    for (const each of measured) {
      const found = isCritical(each.pod) ? undefined : storageVerdict(each, each.volumeBytes)
      if (!found) continue
      this.#evict(podUid(each.pod), found.verdict, found.limit)
      evicted = true
    }
    return evicted
  }

  async #evictOne(observations: Observations): Promise<void> {
    const { clock, config, node, log } = this.#options
    const threshold = mostUrgent(this.#due())
    const seen = threshold && observations.get(threshold.signal)
    if (!seen) return
    const active = node.active()
    if (this.#leaving && clock.monotonic() < this.#leaving.untilMs && active.some((pod) => podUid(pod) === this.#leaving?.uid)) return
    const { resource, pressure } = signals[threshold.signal]
    const candidates = active.filter((pod) => !isCritical(pod))
    const ranked = rankForEviction(await node.measure(candidates, { disk: pressure === 'DiskPressure' }), resource)
    const first = ranked[0]
    if (!first) {
      if (!this.#helpless) log(`the node is short of ${resource}, and there is no pod that could be evicted`)
      this.#helpless = true
      return
    }
    this.#helpless = false
    const graceSeconds = threshold.graceMs === 0 ? 1 : Math.min(config.maxPodGraceSeconds ?? Infinity, first.pod.spec.terminationGracePeriodSeconds ?? 30)
    this.#leaving = { uid: podUid(first.pod), untilMs: clock.monotonic() + leaveMs }
    this.#evict(podUid(first.pod), evictionVerdict(first, { threshold, least: leastOf(threshold, seen.capacity), available: seen.available }, graceSeconds), threshold.signal)
  }
}
