// Audit events gathered into batches: the mode "batch" of kube-apiserver's audit backends, in which no request waits.
import { type Clock, sleep, type Timer } from '../util/clock.ts'
import type { AuditSink } from './audit.ts'

export interface BatchOptions {
  /** Events that may wait; more are lost. */
  readonly bufferSize: number
  readonly maxSize: number
  readonly maxWaitMs: number
  /** Batches a second, and how many at once; undefined for no limit. */
  readonly throttle?: { readonly qps: number; readonly burst: number }
  /** A batch is no larger, unless one event alone is. */
  readonly maxBytes: number
}

export interface AuditBatchesOptions {
  readonly batch: BatchOptions
  /** Takes a batch; it counts itself what it loses. */
  readonly send: (lines: readonly string[]) => Promise<boolean>
  readonly clock: Clock
  readonly log: (text: string) => void
}

/** Batches on their way at once: one that is tried again and again holds nobody up, and memory stays bounded. */
const mostUnderWay = 16

/** Promises: `write` does not wait; batches set out in order of their events; `close` hands over what is left, and waits for all. */
export class AuditBatches implements AuditSink {
  readonly #options: AuditBatchesOptions
  #events: string[] = []
  #timer: Timer | undefined
  #collecting: Promise<void> | undefined
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()
  #tokens: number
  #countedMs: number
  /** Events for which there was no room. */
  lost = 0

  constructor(options: AuditBatchesOptions) {
    this.#options = options
    this.#tokens = options.batch.throttle?.burst ?? 0
    this.#countedMs = options.clock.monotonic()
  }

  write(line: string): undefined {
    const { batch, clock, log } = this.#options
    if (this.#closing.signal.aborted || this.#events.length >= batch.bufferSize) {
      if (this.lost++ === 0) log('audit: audit buffer queue blocked; events are lost')
      return
    }
    this.#events.push(line)
    if (this.#collecting) return
    if (this.#events.length >= batch.maxSize) this.#collect()
    else this.#timer ??= clock.setTimer(() => this.#collect(), batch.maxWaitMs)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#timer?.cancel()
    await this.#collecting
    while (this.#events.length > 0) this.#start(this.#take())
    await Promise.all(this.#underWay)
  }

  #collect(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#collecting ??= this.#collectAll().finally(() => {
      this.#collecting = undefined
      const { clock, batch } = this.#options
      if (this.#events.length > 0 && !this.#closing.signal.aborted) this.#timer ??= clock.setTimer(() => this.#collect(), batch.maxWaitMs)
    })
  }

  async #collectAll(): Promise<void> {
    // What is there when the time is over goes; after that whole batches only.
    do {
      const events = this.#take()
      await this.#turn()
      while (this.#underWay.size >= mostUnderWay) await Promise.race(this.#underWay)
      this.#start(events)
    } while (this.#events.length >= this.#options.batch.maxSize && !this.#closing.signal.aborted)
  }

  #start(events: readonly string[]): void {
    const sending = this.#options.send(events).finally(() => this.#underWay.delete(sending))
    this.#underWay.add(sending)
  }

  #take(): string[] {
    const { maxSize, maxBytes } = this.#options.batch
    let bytes = 0
    let count = 0
    while (count < Math.min(maxSize, this.#events.length)) {
      if (maxBytes !== Infinity) bytes += Buffer.byteLength(this.#events[count]!) + 1
      if (count > 0 && bytes > maxBytes) break
      count++
    }
    return this.#events.splice(0, count)
  }

  /** Resolves when one more batch may go. */
  async #turn(): Promise<void> {
    const { batch: { throttle }, clock } = this.#options
    if (!throttle) return
    const nowMs = clock.monotonic()
    this.#tokens = Math.min(throttle.burst, this.#tokens + (nowMs - this.#countedMs) * throttle.qps / 1000) - 1
    this.#countedMs = nowMs
    if (this.#tokens < 0) await pause(clock, -this.#tokens * 1000 / throttle.qps, this.#closing.signal)
  }
}

/** Resolves after the time, or at once when the signal comes. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => sleep(clock, ms, signal).catch(() => undefined)
