// Samples of usage with CPU rates, taken when somebody asks: nothing is measured while nobody does.
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { type CpuCounter, type CpuCounters, type CpuRate, cpuRates } from './usage-rates.ts'
import type { NodeSample } from './usage-source.ts'

/** Younger than this, a sample is handed out again. */
const freshMs = 1000
/**
 * Up to this age, the last sample is what the next one is compared with: whoever asks regularly (an autoscaler, a
 * scraper, kubectl top in a loop) gets the average since it last asked. An older one would hide what happens now, so then
 * two samples are taken, a second apart; the average since the start, the other choice, would tell of the past only.
 */
const usableMs = 30_000
const settleMs = 1000

export interface RatedSample {
  readonly sample: NodeSample
  readonly rates: ReadonlyMap<string, CpuRate>
}

export class UsageSampler {
  readonly #options: { readonly take: () => Promise<NodeSample>; readonly clock: Clock }
  #last: RatedSample | undefined
  #pending: Promise<RatedSample> | undefined

  constructor(options: { take: () => Promise<NodeSample>; clock: Clock }) {
    this.#options = options
  }

  /** At most a second old, with rates. Takes a second when nobody has asked for half a minute. */
  latest(): Promise<RatedSample> {
    const { clock } = this.#options
    if (this.#last && clock.now() - this.#last.sample.atMs < freshMs) return Promise.resolve(this.#last)
    this.#pending ??= this.#measure().finally(() => { this.#pending = undefined })
    return this.#pending
  }

  async #measure(): Promise<RatedSample> {
    const { take, clock } = this.#options
    const known = this.#last?.sample
    let before = known && clock.now() - known.atMs <= usableMs ? known : undefined
    if (!before) {
      before = await take()
      await sleep(clock, settleMs)
    }
    const sample = await take()
    this.#last = { sample, rates: cpuRates(countersOf(before), countersOf(sample)) }
    return this.#last
  }
}

export const podKey = (uid: string): string => `pod/${uid}`
export const nodeKey = 'node'

export function countersOf({ atMs, machine, pods }: NodeSample): CpuCounters {
  const counters = new Map<string, CpuCounter>([[nodeKey, { nanos: machine.cpuNanos, atMs, sinceMs: machine.startedAtMs }]])
  for (const pod of pods) {
    if (pod.cgroup) counters.set(podKey(pod.uid), { nanos: pod.cgroup.cpuNanos, atMs, sinceMs: pod.startedAtMs })
    for (const { id, cpuNanos, atMs: at, startedAtMs } of pod.containers) counters.set(id, { nanos: cpuNanos, atMs: at, sinceMs: startedAtMs })
  }
  return counters
}
