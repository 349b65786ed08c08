// Audit events sent to another server in batches, as kube-apiserver's webhook backend does in the mode "batch".
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Clock, Timer } from '../util/clock.ts'
import type { AuditSink } from './audit.ts'

/** Where events go, and as whom. */
export interface AuditTarget {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string; readonly rejectUnauthorized?: boolean }
}

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

export interface AuditWebhookOptions {
  readonly target: AuditTarget
  readonly batch: BatchOptions
  readonly initialBackoffMs: number
  readonly clock: Clock
  readonly log: (text: string) => void
}

export const defaultBatch: BatchOptions = { bufferSize: 10_000, maxSize: 400, maxWaitMs: 30_000, throttle: { qps: 10, burst: 15 }, maxBytes: Infinity }

const attempts = 5
const backoffFactor = 1.5
const jitter = 0.2
const answerMs = 30_000
const head = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",'

/** Promises: `write` does not wait; batches go out one by one in order of their events, each tried several times; `close` tries once what is left. */
export class AuditWebhook implements AuditSink {
  readonly #options: AuditWebhookOptions
  readonly #agent: HttpAgent | HttpsAgent
  #events: string[] = []
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  readonly #closing = new AbortController()
  #tokens: number
  #countedMs: number
  /** Events that were given up. */
  lost = 0
  written = 0

  constructor(options: AuditWebhookOptions) {
    this.#options = options
    const { target, batch, clock } = options
    this.#agent = target.url.startsWith('https:') ? new HttpsAgent({ keepAlive: true, ...target.tls }) : new HttpAgent({ keepAlive: true })
    this.#tokens = batch.throttle?.burst ?? 0
    this.#countedMs = clock.monotonic()
  }

  write(line: string): void {
    const { batch, clock } = this.#options
    if (this.#closing.signal.aborted || this.#events.length >= batch.bufferSize) return this.#lose(1, 'audit buffer queue blocked')
    this.#events.push(line)
    if (this.#sending) return
    if (this.#events.length >= batch.maxSize) this.#send()
    else this.#timer ??= clock.setTimer(() => this.#send(), batch.maxWaitMs)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#timer?.cancel()
    await this.#sending
    while (this.#events.length > 0) await this.#sendBatch()
    this.#agent.destroy()
  }

  #send(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
      const { clock, batch } = this.#options
      if (this.#events.length > 0 && !this.#closing.signal.aborted) this.#timer ??= clock.setTimer(() => this.#send(), batch.maxWaitMs)
    })
  }

  async #sendAll(): Promise<void> {
    // What is there when the time is over goes; after that whole batches only.
    do await this.#sendBatch()
    while (this.#events.length >= this.#options.batch.maxSize && !this.#closing.signal.aborted)
  }

  async #sendBatch(): Promise<void> {
    const events = this.#take()
    await this.#turn()
    // As parts of a list events don't say what they are.
    const items = events.map((line) => (line.startsWith(head) ? `{${line.slice(head.length)}` : line))
    const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}`
    const { initialBackoffMs, clock } = this.#options
    for (let attempt = 1, delayMs = initialBackoffMs; ; attempt++, delayMs *= backoffFactor) {
      try {
        await this.#post(body)
        this.written += events.length
        return
      } catch (error) {
        if (attempt === attempts || this.#closing.signal.aborted) return this.#lose(events.length, (error as Error).message)
        await pause(clock, delayMs * (1 + clock.random() * jitter), this.#closing.signal)
      }
    }
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

  #post(body: string): Promise<void> {
    const { target: { url, headers, tls }, clock } = this.#options
    return new Promise((resolve, reject) => {
      const send = url.startsWith('https:') ? httpsRequest : httpRequest
      const outgoing = send(url, {
        agent: this.#agent, method: 'POST', ...tls,
        headers: { ...headers, 'content-type': 'application/json', accept: 'application/json, */*', 'user-agent': 'kube-apiserver', 'content-length': Buffer.byteLength(body) },
      }, (incoming) => {
        const { statusCode = 0 } = incoming
        incoming.resume()
        incoming.once('end', () => {
          timer.cancel()
          if (statusCode >= 200 && statusCode < 300) resolve()
          else reject(new Error(`the server answered ${statusCode}`))
        })
      })
      const timer = clock.setTimer(() => outgoing.destroy(new Error(`no answer within ${answerMs / 1000} s`)), answerMs)
      outgoing.once('error', (error) => {
        timer.cancel()
        reject(error)
      })
      outgoing.end(body)
    })
  }

  #lose(count: number, reason: string): void {
    if (this.lost === 0) this.#options.log(`audit: ${count} events could not be sent to ${this.#options.target.url} (${reason}); such events are lost`)
    this.lost += count
  }
}

/** Resolves after the time, or at once when the signal comes. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const over = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', over)
      resolve()
    }
    const timer = clock.setTimer(over, ms)
    signal.addEventListener('abort', over)
  })
}
