// Gives memory back to the system when a busy time is over: an idle process collects nothing, and would keep for good what it once used.
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock, Timer } from './clock.ts'

export interface MemoryReturnOptions {
  readonly clock: Clock
  readonly residentBytes: () => number
  /** Collects everything, and stops the process for as long. */
  readonly collect: () => void
  /** So long nothing must have been collected: who makes no garbage is not busy. */
  readonly quietMs?: number
  /** What is not worth it. */
  readonly leastBytes?: number
}

export class MemoryReturn {
  readonly #options: MemoryReturnOptions
  #timer: Timer | undefined
  #lastMs: number
  #restingBytes = 0

  constructor(options: MemoryReturnOptions) {
    this.#options = options
    this.#lastMs = options.clock.monotonic()
    this.#arm(this.#quietMs)
  }

  /** Something was collected: the process works. */
  noteCollection(): void {
    this.#lastMs = this.#options.clock.monotonic()
    if (!this.#timer) this.#arm(this.#quietMs)
  }

  stop(): void {
    this.#timer?.cancel()
  }

  get #quietMs(): number {
    return this.#options.quietMs ?? 5000
  }

  #arm(delayMs: number): void {
    this.#timer = this.#options.clock.setTimer(() => this.#look(), delayMs)
  }

  #look(): void {
    this.#timer = undefined
    const { clock, residentBytes, collect, leastBytes = 24 << 20 } = this.#options
    const leftMs = this.#lastMs + this.#quietMs - clock.monotonic()
    if (leftMs > 0) return this.#arm(leftMs)
    if (residentBytes() < this.#restingBytes + leastBytes) return
    collect()
    this.#restingBytes = residentBytes()
  }
}

/** For this process. Returns the end of it. */
export function returnMemoryWhenQuiet(clock: Clock): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: { type: 'major'; flavor: 'last-resort' }) => void
  const memory = new MemoryReturn({ clock, residentBytes: () => process.memoryUsage.rss(), collect: () => collect({ type: 'major', flavor: 'last-resort' }) })
  const asked = constants.NODE_PERFORMANCE_GC_FLAGS_FORCED | constants.NODE_PERFORMANCE_GC_FLAGS_ALL_AVAILABLE_GARBAGE
  const forced = (entry: PerformanceEntry): boolean => (((entry as { detail?: { flags?: number } }).detail?.flags ?? 0) & asked) !== 0
  const observer = new PerformanceObserver((list) => {
    // Our own collections tell of no work.
    if (!list.getEntries().every(forced)) memory.noteCollection()
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    observer.disconnect()
    memory.stop()
  }
}
