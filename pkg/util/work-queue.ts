// A queue of keys to work on: each key at most once in the queue and at most once at work.
import type { Clock, Timer } from './clock.ts'
import { BackOff, type BackOffOptions } from './back-off.ts'

export interface WorkQueueOptions<K> {
  readonly clock: Clock
  /** How many keys are at work at once. Default 1. */
  readonly concurrency?: number
  /** Delays of `retry`. Default 5 ms, doubling to 1000 s. */
  readonly backOff?: BackOffOptions
  /** Must not reject: failures are the worker's to report, and to `retry`. */
  readonly work: (key: K) => Promise<void>
  /** Told of each key that starts how long it waited, and when it ends how long it was at work, in seconds. */
  readonly onTimes?: { waited(seconds: number): void; worked(seconds: number): void }
}

/**
 * Promises: a key added while it waits is worked on once; a key added while it is at work is worked on again afterwards;
 * keys start in the order they were added. After `stop` nothing starts and no timer is left.
 */
export class WorkQueue<K = string> {
  readonly #options: WorkQueueOptions<K>
  readonly #backOff: BackOff<K>
  // A key is waiting, or at work, or both (then it is dirty: it goes back in line when its work ends).
  // Each with the time since when.
  readonly #waiting = new Map<K, number>()
  readonly #working = new Map<K, number>()
  readonly #dirty = new Map<K, number>()
  // The earliest timer of each key.
  readonly #timers = new Map<K, { dueMs: number; timer: Timer }>()
  #idle: (() => void)[] = []
  #pump: NodeJS.Immediate | undefined
  #stopped = false
  /** How often keys came to wait, and came again after a failure. */
  added = 0
  retried = 0

  constructor(options: WorkQueueOptions<K>) {
    this.#options = options
    this.#backOff = new BackOff(options.clock, options.backOff ?? { baseMs: 5, maxMs: 1_000_000 })
  }

  add(key: K): void {
    if (this.#stopped) return
    this.#disarm(key)
    if (!this.#waiting.has(key) && !this.#dirty.has(key)) this.added++
    const line = this.#working.has(key) ? this.#dirty : this.#waiting
    if (!line.has(key)) line.set(key, this.#options.clock.monotonic())
    this.#schedule()
  }

  /** Adds the key after `delayMs`; of several such calls the earliest counts, and `add` overtakes them. */
  addAfter(key: K, delayMs: number): void {
    if (this.#stopped) return
    if (delayMs <= 0) return this.add(key)
    const dueMs = this.#options.clock.monotonic() + delayMs
    const armed = this.#timers.get(key)
    if (armed && armed.dueMs <= dueMs) return
    armed?.timer.cancel()
    const timer = this.#options.clock.setTimer(() => {
      this.#timers.delete(key)
      this.add(key)
    }, delayMs)
    this.#timers.set(key, { dueMs, timer })
  }

  /** Adds the key after its back-off, which grows until `forget`. */
  retry(key: K): void {
    this.retried++
    this.addAfter(key, this.#backOff.next(key))
  }

  /** The key did well: its back-off starts anew. */
  forget(key: K): void {
    this.#backOff.forget(key)
  }

  failures(key: K): number {
    return this.#backOff.failures(key)
  }

  /** Keys that wait or are at work; timers do not count. */
  get size(): number {
    return this.#waiting.size + this.#working.size
  }

  /** Keys that wait. */
  get depth(): number {
    return this.#waiting.size + this.#dirty.size
  }

  /** Of the keys at work, how long all have been and the longest has been, in seconds. */
  get unfinished(): { readonly all: number; readonly longest: number } {
    const times = [...this.#working.values()].map((sinceMs) => this.#workedSeconds(sinceMs))
    return { all: times.reduce((sum, time) => sum + time, 0), longest: Math.max(0, ...times) }
  }

  /** Drops what waits; resolves when what is at work has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearImmediate(this.#pump)
    this.#waiting.clear()
    this.#dirty.clear()
    for (const { timer } of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    if (this.#working.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #workedSeconds(sinceMs: number): number {
    return (this.#options.clock.monotonic() - sinceMs) / 1000
  }

  #disarm(key: K): void {
    this.#timers.get(key)?.timer.cancel()
    this.#timers.delete(key)
  }

  // Starts work in a later turn of the event loop: a burst of adds is seen whole, and no busy key can starve timers and sockets.
  #schedule(): void {
    this.#pump ??= setImmediate(() => {
      this.#pump = undefined
      this.#startWork()
    })
  }

  #startWork(): void {
    const { concurrency = 1, clock, onTimes } = this.#options
    for (const [key, sinceMs] of this.#waiting) {
      if (this.#stopped || this.#working.size >= concurrency) return
      const nowMs = clock.monotonic()
      onTimes?.waited((nowMs - sinceMs) / 1000)
      this.#waiting.delete(key)
      this.#working.set(key, nowMs)
      void this.#options.work(key).finally(() => this.#end(key))
    }
  }

  #end(key: K): void {
    this.#options.onTimes?.worked(this.#workedSeconds(this.#working.get(key)!))
    this.#working.delete(key)
    if (this.#stopped) {
      if (this.#working.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    const sinceMs = this.#dirty.get(key)
    if (sinceMs !== undefined && this.#dirty.delete(key)) this.#waiting.set(key, sinceMs)
    if (this.#waiting.size > 0) this.#schedule()
  }
}
