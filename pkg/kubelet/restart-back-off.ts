// How long a container that keeps ending waits before it is started again; also used for image pulls.
export interface RestartBackOffOptions {
  readonly baseMs: number
  readonly maxMs: number
}

/** Of containers: ten seconds, doubled up to the longest. */
export const restartDelays = (maxMs = 300_000): RestartBackOffOptions => ({ baseMs: Math.min(10_000, maxMs), maxMs })

/** Invariant: a key's delay doubles with each start, and starts anew when the last one was longer ago than twice the maximum. */
export class RestartBackOff {
  readonly #options: RestartBackOffOptions
  readonly #entries = new Map<string, { delayMs: number; updatedMs: number }>()

  constructor(options: RestartBackOffOptions) {
    this.#options = options
  }

  /** The wait that holds at `nowMs` for something that ended at `endedMs`; undefined when it may start at once. */
  wait(key: string, endedMs: number, nowMs: number): { delayMs: number; untilMs: number } | undefined {
    const entry = this.#entries.get(key)
    if (!entry || this.#expired(entry, endedMs)) return undefined
    const untilMs = endedMs + entry.delayMs
    return untilMs > nowMs ? { delayMs: entry.delayMs, untilMs } : undefined
  }

  /** Notes a start (or a failure) at `nowMs`. */
  next(key: string, nowMs: number): void {
    const entry = this.#entries.get(key)
    const fresh = !entry || this.#expired(entry, nowMs)
    const delayMs = fresh ? this.#options.baseMs : Math.min(entry.delayMs * 2, this.#options.maxMs)
    this.#entries.set(key, { delayMs, updatedMs: nowMs })
  }

  /** When the key was last noted. */
  notedMs(key: string): number {
    return this.#entries.get(key)?.updatedMs ?? 0
  }

  forget(key: string): void {
    this.#entries.delete(key)
  }

  #expired(entry: { updatedMs: number }, atMs: number): boolean {
    return atMs - entry.updatedMs > this.#options.maxMs * 2
  }
}
