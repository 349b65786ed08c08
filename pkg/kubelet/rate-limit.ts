// Lets so many things begin a second, and a few more at once after a rest; what comes sooner waits for its turn.
import { type Clock, sleep } from '../util/clock.ts'

export interface Rate {
  /** 0 or less: no limit. */
  readonly perSecond: number
  readonly burst: number
}

export class RateLimit {
  readonly #rate: Rate
  readonly #clock: Clock
  /** When the next one would begin if they came without a pause; never long past, so that no rest counts for more than a burst. */
  #nextMs = -Infinity

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
  }

  async wait(): Promise<void> {
    const { perSecond, burst } = this.#rate
    if (perSecond <= 0) return
    const nowMs = this.#clock.monotonic()
    const everyMs = 1000 / perSecond
    const atMs = Math.max(this.#nextMs, nowMs - (Math.max(1, burst) - 1) * everyMs)
    this.#nextMs = atMs + everyMs
    if (atMs > nowMs) await sleep(this.#clock, atMs - nowMs)
  }
}
