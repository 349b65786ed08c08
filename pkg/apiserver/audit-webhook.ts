// Audit events sent to another server, each list tried several times, as kube-apiserver's webhook backend does.
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Clock } from '../util/clock.ts'
import { pause } from './audit-batches.ts'

/** Where events go, and as whom. */
export interface AuditTarget {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string; readonly rejectUnauthorized?: boolean }
}

export interface AuditWebhookOptions {
  readonly target: AuditTarget
  readonly initialBackoffMs: number
  readonly clock: Clock
  readonly log: (text: string) => void
}

const attempts = 5
const backoffFactor = 1.5
const jitter = 0.2
const answerMs = 30_000
const head = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",'

/** Promises: `send` resolves with whether the server took the events, after several tries; `close` ends the pauses between them. */
export class AuditWebhook {
  readonly #options: AuditWebhookOptions
  readonly #agent: HttpAgent | HttpsAgent
  readonly #closing = new AbortController()
  readonly #underWay = new Set<Promise<boolean>>()
  /** Events that were given up. */
  lost = 0
  written = 0

  constructor(options: AuditWebhookOptions) {
    this.#options = options
    const { target } = options
    this.#agent = target.url.startsWith('https:') ? new HttpsAgent({ keepAlive: true, ...target.tls }) : new HttpAgent({ keepAlive: true })
  }

  send(events: readonly string[]): Promise<boolean> {
    const sending = this.#send(events).finally(() => this.#underWay.delete(sending))
    this.#underWay.add(sending)
    return sending
  }

  /** What is sent from now on is tried once. */
  hurry(): void {
    this.#closing.abort()
  }

  async close(): Promise<void> {
    this.hurry()
    await Promise.all(this.#underWay)
    this.#agent.destroy()
  }

  async #send(events: readonly string[]): Promise<boolean> {
    // As parts of a list events don't say what they are.
    const items = events.map((line) => (line.startsWith(head) ? `{${line.slice(head.length)}` : line))
    const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}`
    const { initialBackoffMs, clock } = this.#options
    for (let attempt = 1, delayMs = initialBackoffMs; ; attempt++, delayMs *= backoffFactor) {
      try {
        await this.#post(body)
        this.written += events.length
        return true
      } catch (error) {
        if (attempt === attempts || this.#closing.signal.aborted) return this.#lose(events.length, (error as Error).message)
        await pause(clock, delayMs * (1 + clock.random() * jitter), this.#closing.signal)
      }
    }
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

  #lose(count: number, reason: string): false {
    if (this.lost === 0) this.#options.log(`audit: ${count} events could not be sent to ${this.#options.target.url} (${reason}); such events are lost`)
    this.lost += count
    return false
  }
}
