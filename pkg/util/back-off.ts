// Exponential back-off for each key: how long to wait before the next try.
import type { Clock } from './clock.ts'

export interface BackOffOptions {
  readonly baseMs: number
  readonly maxMs: number
  /** Share of the delay that is added by chance, 0 to 1. Default 0. */
  readonly jitter?: number
}

/** Counts failures a key. A key that was never failed, or was forgotten, starts again at `baseMs`. */
export class BackOff<K = string> {
  readonly #options: BackOffOptions
  readonly #clock: Clock
  readonly #failures = new Map<K, number>()

  constructor(clock: Clock, options: BackOffOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Notes one more failure and gives the delay before the next try. */
  next(key: K): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const { baseMs, maxMs, jitter = 0 } = this.#options
    const delayMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures, 50))
    return delayMs * (1 + jitter * this.#clock.random())
  }

  failures(key: K): number {
    return this.#failures.get(key) ?? 0
  }

  forget(key: K): void {
    this.#failures.delete(key)
  }
}
