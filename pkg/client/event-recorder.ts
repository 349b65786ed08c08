// Writes Events in the background: repeats raise a count, floods about one object are dropped.
import { isNotFound } from '../api/status-error.ts'
import type { KubeObject } from '../api/object.ts'
import { formatMicroTime, formatTime } from '../api/times.ts'
import { events, type Event } from '../api/types-config.ts'
import { sleep, type Clock } from '../util/clock.ts'
import type { Client } from './client.ts'
import type { EventRecorder, Occurrence } from './events.ts'

export interface EventRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  /** Who says it: `deployment-controller`. */
  readonly component: string
  /** The node that it is said on. */
  readonly host?: string
  readonly log: (text: string) => void
}

/** How many may wait to be written; later ones are lost. */
const queueLimit = 1000
/** Those that come so soon after others wait for more: what is written together is committed together. */
const gatherMs = 50
/** No more than this many are written together: each takes its time of everybody's thread. */
const together = 16
/** Events about one object: this many at once, then one more every five minutes. */
const burst = 25
const refillMs = 300_000
/** How many different events, and objects, are remembered for counting. */
const memory = 4096

export class QueuedEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #queue: Event[] = []
  // What was last written of each event, in the order of use.
  readonly #written = new Map<string, { name: string; count: number }>()
  readonly #budgets = new Map<string, { tokens: number; atMs: number }>()
  #draining: Promise<void> | undefined
  #begunMs = -Infinity
  /** Aborted when somebody waits for the queue to be empty. */
  #gathering = new AbortController()
  /** Of the names, below the millisecond. Recorders begin apart: two of them may tell of objects of one name at the same time. */
  #sequence: number
  #stopped = false

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#sequence = Math.floor(options.clock.random() * 1_000_000)
  }

  record(about: KubeObject, occurrence: Occurrence): void {
    if (this.#stopped || this.#queue.length >= queueLimit || !this.#allow(about)) return
    this.#queue.push(this.#eventOf(about, occurrence))
    this.#draining ??= this.#drain()
  }

  /** Resolves when everything recorded so far is written. */
  async flush(): Promise<void> {
    while (this.#draining) {
      this.#gathering.abort()
      await this.#draining
    }
    this.#gathering = new AbortController()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.flush()
  }

  #allow(about: KubeObject): boolean {
    const nowMs = this.#options.clock.monotonic()
    const key = about.metadata.uid ?? ''
    const budget = this.#budgets.get(key) ?? { tokens: burst, atMs: nowMs }
    const tokens = Math.min(burst, budget.tokens + (nowMs - budget.atMs) / refillMs)
    remember(this.#budgets, key, { tokens: Math.max(0, tokens - 1), atMs: nowMs })
    return tokens >= 1
  }

  #eventOf(about: KubeObject, { type, reason, message, fieldPath, action, related }: Occurrence): Event {
    const { component, host, clock } = this.#options
    const { namespace, name = '' } = about.metadata
    const nowMs = clock.now()
    const time = formatTime(nowMs)
    const serial = (BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(this.#sequence++ % 1_000_000)).toString(16)
    const event = {
      apiVersion: 'v1', kind: 'Event',
      metadata: { name: `${name}.${serial}`, namespace: namespace || 'default' },
      involvedObject: { ...referenceTo(about), ...(fieldPath ? { fieldPath } : {}) },
      type, reason, message: message.slice(0, 1024), reportingComponent: component,
    }
    if (action === undefined) return { ...event, count: 1, firstTimestamp: time, lastTimestamp: time, source: { component, ...(host ? { host } : {}) }, reportingInstance: host ?? '' }
    return { ...event, action, eventTime: formatMicroTime(nowMs), reportingInstance: host ? `${component}-${host}` : component, ...(related ? { related: referenceTo(related) } : {}) }
  }

  async #drain(): Promise<void> {
    const { clock } = this.#options
    while (this.#queue.length > 0) {
      const waitMs = this.#begunMs + gatherMs - clock.monotonic()
      if (waitMs > 0 && this.#queue.length < together) await sleep(clock, waitMs, this.#gathering.signal).catch(() => undefined)
      this.#begunMs = clock.monotonic()
      await this.#writeTogether(this.#queue.splice(0, together))
    }
    this.#draining = undefined
  }

  /** Begun in their order; a repeat waits for what it repeats. */
  async #writeTogether(batch: readonly Event[]): Promise<void> {
    const last = new Map<string, Promise<void>>()
    for (const event of batch) {
      const key = identityOf(event)
      const before = last.get(key)
      last.set(key, before ? before.then(() => this.#tryWrite(event)) : this.#tryWrite(event))
    }
    await Promise.all(last.values())
  }

  async #tryWrite(event: Event): Promise<void> {
    try {
      await this.#write(event)
    } catch (error) {
      // A namespace that goes away takes its events with it.
      const text = error instanceof Error ? error.message : String(error)
      if (!isNotFound(error) && !text.includes('is being terminated')) this.#options.log(`event ${event.reason} about ${event.involvedObject.name} was not written: ${text}`)
    }
  }

  async #write(event: Event): Promise<void> {
    const key = identityOf(event)
    const known = this.#written.get(key)
    if (known) {
      const count = known.count + 1
      const body = event.eventTime ? { series: { count, lastObservedTime: event.eventTime } } : { count, lastTimestamp: event.lastTimestamp }
      try {
        await this.#options.client.patch(events, { namespace: event.metadata.namespace, name: known.name }, { type: 'merge', body })
        return remember(this.#written, key, { name: known.name, count })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    await this.#options.client.create(events, event)
    remember(this.#written, key, { name: event.metadata.name ?? '', count: 1 })
  }
}

function referenceTo({ apiVersion, kind, metadata: { namespace, name, uid, resourceVersion } }: KubeObject): Event['involvedObject'] {
  return { apiVersion, kind, name, uid, resourceVersion, ...(namespace ? { namespace } : {}) }
}

const identityOf = ({ involvedObject, type, reason, message }: Event): string =>
  JSON.stringify([involvedObject.uid, involvedObject.namespace, involvedObject.name, involvedObject.fieldPath, type, reason, message])

/** Puts the key last in line, and forgets the first in line when there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > memory) map.delete(map.keys().next().value as string)
}
