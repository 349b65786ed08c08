// A priority level: its seats, and the flows that wait for them.
import type { PriorityLevel } from '../api/types-flow-control.ts'

/** A request that waits. `start` is called once: with true when its turn has come, with false when it is turned away. */
export interface Waiter {
  readonly sinceMs: number
  readonly start: (allowed: boolean) => void
  /** It waits no more. */
  done: boolean
}

/** Requests of one flow that wait, oldest first. Its credit is time on the event loop. */
export interface Flow {
  readonly key: unknown
  readonly waiters: Waiter[]
  creditMs: number
}

export interface LevelLimits {
  /** Never turned away, and needs no seat. */
  readonly exempt: boolean
  readonly shares: number
  /** Its own. */
  readonly seats: number
  /** Of its own, those that others may use while it does not. */
  readonly lendable: number
  /** Of others, those that it may use. */
  readonly borrowable: number
  /** How many may wait, of one flow and in all. */
  readonly perFlow: number
  readonly inAll: number
  /** As the level's object says; none where nobody may wait. */
  readonly queues: number
}

/** One flow's time before the next one's turn. */
const quantumMs = 2

export function limitsOf({ spec }: Pick<PriorityLevel, 'spec'>, seatsOfServer: number, allShares: number): LevelLimits {
  const { limited } = spec
  const shares = limited?.nominalConcurrencyShares ?? 0
  const seats = allShares > 0 ? Math.ceil((seatsOfServer * shares) / allShares) : 0
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = limited?.limitResponse?.type === 'Queue' ? limited.limitResponse.queuing ?? {} : {}
  const percent = limited?.borrowingLimitPercent
  return {
    exempt: !limited, shares, seats,
    lendable: Math.round((seats * (limited?.lendablePercent ?? 0)) / 100),
    borrowable: percent === undefined || percent === null ? Infinity : Math.round((seats * percent) / 100),
    perFlow: handSize * queueLengthLimit, inAll: queues * queueLengthLimit, queues,
  }
}

/**
 * Flows take turns by time used, not by number of requests, so that one flow's long lists do not count as another's gets.
 * A flow that comes new goes first, once: whoever asks seldom hardly waits.
 */
export class FlowLevel {
  readonly name: string
  limits: LevelLimits
  inUse = 0
  waiting = 0
  /** Time used, by its weight: the level with the least goes first. */
  virtualMs = 0
  dispatched = 0
  refused = 0
  readonly #flows = new Map<unknown, Flow>()
  #fresh: Flow[] = []
  #known: Flow[] = []

  constructor(name: string, limits: LevelLimits) {
    this.name = name
    this.limits = limits
  }

  /** False when its queue is full. */
  push(key: unknown, waiter: Waiter): boolean {
    const { exempt, perFlow, inAll } = this.limits
    let flow = this.#flows.get(key)
    if (!exempt && (this.waiting >= inAll || (flow?.waiters.length ?? 0) >= perFlow)) return false
    if (!flow) {
      this.#flows.set(key, flow = { key, waiters: [], creditMs: quantumMs })
      this.#fresh.push(flow)
    }
    flow.waiters.push(waiter)
    this.waiting++
    return true
  }

  /** The next one whose client is still there, and the flow that pays for it. */
  shift(): { waiter: Waiter; flow: Flow } | undefined {
    for (;;) {
      const list = this.#fresh.length > 0 ? this.#fresh : this.#known
      const flow = list[0]
      if (!flow) return undefined
      if (flow.creditMs <= 0) {
        flow.creditMs += quantumMs
        list.shift()
        this.#known.push(flow)
        continue
      }
      const waiter = flow.waiters.shift()
      if (waiter) {
        if (!this.#finish(waiter)) continue
        return { waiter, flow }
      }
      list.shift()
      // A flow that ran empty comes round once more before it may be new again; else it could always be first.
      if (list === this.#fresh && this.#known.length > 0) this.#known.push(flow)
      else this.#flows.delete(flow.key)
    }
  }

  /** The waiter's client has left; false when it did not wait any more. */
  leave(waiter: Waiter): boolean {
    const left = this.#finish(waiter)
    this.#forgetIfIdle()
    return left
  }

  /** Takes out those that have waited since before `ms`. */
  expired(ms: number): Waiter[] {
    const out: Waiter[] = []
    for (const { waiters } of this.#flows.values()) {
      while (waiters[0] && (waiters[0].done || waiters[0].sinceMs < ms)) {
        const waiter = waiters.shift()!
        if (this.#finish(waiter)) out.push(waiter)
      }
    }
    this.#forgetIfIdle()
    return out
  }

  #finish(waiter: Waiter): boolean {
    if (waiter.done) return false
    waiter.done = true
    this.waiting--
    return true
  }

  /** Nobody calls `shift` while nothing waits, so flows of those who left would stay. */
  #forgetIfIdle(): void {
    if (this.waiting > 0) return
    this.#flows.clear()
    this.#fresh = []
    this.#known = []
  }
}
