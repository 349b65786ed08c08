// The gate before the API server: how many requests run at once, and who is next when they have to wait.
//
// The event loop is the scarcest seat: what runs in one turn of it is bounded in time, and the rest takes turns by flow.
import type { Clock, Timer } from '../util/clock.ts'
import type { OnNextTurn } from '../util/turn.ts'
import type { Flow, FlowLevel, Waiter } from './flow-level.ts'

/** How long requests may keep the event loop before sockets are looked at again. */
const turnMs = 8
/** Started in one turn at most; each costs a callback even when there is no time left for it. */
const startsPerTurn = 64
/** Longer than this nobody waits: a quarter of the usual time limit of requests. */
const longestWaitMs = 15_000
const sweepMs = 1000

/** The right to run. Give it back once; more does no harm. */
export class Seat {
  readonly #gate: FairGate
  readonly #level: FlowLevel
  #held = true

  constructor(gate: FairGate, level: FlowLevel) {
    this.#gate = gate
    this.#level = level
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#gate.released(this.#level)
  }
}

export interface FairGateOptions {
  readonly clock: Clock
  readonly onNextTurn: OnNextTurn
  /** How much of this turn was used, by anybody. */
  readonly turnUsedMs: () => number
  /** All there are, in any order. */
  readonly levels: () => readonly FlowLevel[]
  /** Seats of all levels together. */
  readonly seats: number
}

export class FairGate {
  readonly #options: FairGateOptions
  #inUse = 0
  #waiting = 0
  #draining = false
  #sweeper: Timer | undefined
  /** The flow whose request was started last, and when: it pays for the time since. */
  #paying: { flow: Flow; level: FlowLevel; sinceMs: number } | undefined

  constructor(options: FairGateOptions) {
    this.#options = options
  }

  get inUse(): number {
    return this.#inUse
  }

  get waiting(): number {
    return this.#waiting
  }

  /** A seat at once when nothing waits and the turn is young; undefined when the queue is full. `onGone` is told what to call when the client leaves. */
  enter(level: FlowLevel, flow: unknown, onGone: (left: () => void) => void, now = this.#options.clock.monotonic()): Seat | Promise<Seat | undefined> | undefined {
    if (this.#waiting === 0 && this.#options.turnUsedMs() < turnMs && this.#hasSeat(level)) return this.#seat(level)
    return this.#wait(level, flow, { now, onGone })
  }

  /** Turns away all who wait. */
  close(): void {
    this.#sweeper?.cancel()
    this.#sweeper = undefined
    for (const level of this.#options.levels()) for (const waiter of level.expired(Infinity)) this.#turnAway(waiter)
  }

  /** Only for Seat. */
  released(level: FlowLevel): void {
    level.inUse--
    if (!level.limits.exempt) this.#inUse--
    if (this.#waiting > 0) this.#drain()
  }

  #seat(level: FlowLevel): Seat {
    level.inUse++
    level.dispatched++
    if (!level.limits.exempt) this.#inUse++
    return new Seat(this, level)
  }

  #hasSeat(level: FlowLevel): boolean {
    const { exempt, seats, borrowable } = level.limits
    if (exempt || level.inUse < seats) return true
    if (level.inUse - seats >= borrowable || this.#inUse >= this.#options.seats) return false
    let lent = 0
    for (const { limits, inUse } of this.#options.levels()) {
      if (limits.exempt) continue
      lent += inUse > limits.seats ? limits.seats - inUse : Math.min(limits.lendable, limits.seats - inUse)
    }
    return lent > 0
  }

  #wait(level: FlowLevel, flow: unknown, { now, onGone }: { now: number; onGone: (left: () => void) => void }): Promise<Seat | undefined> | undefined {
    let start: (allowed: boolean) => void = () => undefined
    const turn = new Promise<Seat | undefined>((resolve) => {
      start = (allowed) => resolve(allowed ? this.#seat(level) : undefined)
    })
    const waiter: Waiter = { sinceMs: now, done: false, start: (allowed) => start(allowed) }
    // A level that was idle has saved nothing up.
    if (level.waiting === 0) level.virtualMs = Math.max(level.virtualMs, this.#leastVirtual())
    if (!level.push(flow, waiter)) {
      level.refused++
      return undefined
    }
    this.#waiting++
    onGone(() => {
      if (level.leave(waiter)) this.#turnAway(waiter)
    })
    this.#drain()
    this.#sweeper ??= this.#options.clock.setTimer(() => this.#sweep(), sweepMs)
    return turn
  }

  #leastVirtual(): number {
    let least = Infinity
    for (const { waiting, virtualMs } of this.#options.levels()) if (waiting > 0) least = Math.min(least, virtualMs)
    return least === Infinity ? 0 : least
  }

  /** Each start gets a callback of its own, so that what one request does is done, and measured, before the next. */
  #drain(): void {
    if (this.#draining || !this.#chooseLevel()) return
    this.#draining = true
    let endsMs: number | undefined
    const next = (last: boolean): void => {
      const now = this.#options.clock.monotonic()
      endsMs ??= now + turnMs
      this.#charge(now)
      if (now < endsMs) this.#startOne(now)
      if (!last) return
      this.#options.onNextTurn(() => {
        this.#charge(this.#options.clock.monotonic())
        this.#draining = false
        if (this.#waiting > 0) this.#drain()
      })
    }
    const count = Math.min(this.#waiting, startsPerTurn)
    for (let index = 1; index <= count; index++) this.#options.onNextTurn(() => next(index === count))
  }

  #charge(now: number): void {
    if (!this.#paying) return
    const { flow, level, sinceMs } = this.#paying
    this.#paying = undefined
    const usedMs = Math.max(now - sinceMs, 0.01)
    flow.creditMs -= usedMs
    level.virtualMs += usedMs / this.#weight(level)
  }

  /** Those that are exempt weigh as much as all others together. */
  #weight({ limits }: FlowLevel): number {
    if (!limits.exempt) return Math.max(limits.shares, 1)
    return this.#options.levels().reduce((sum, other) => sum + other.limits.shares, 1)
  }

  #chooseLevel(): FlowLevel | undefined {
    let chosen: FlowLevel | undefined
    for (const level of this.#options.levels()) {
      if (level.waiting > 0 && (!chosen || level.virtualMs < chosen.virtualMs) && this.#hasSeat(level)) chosen = level
    }
    return chosen
  }

  #startOne(now: number): void {
    const level = this.#chooseLevel()
    const next = level?.shift()
    if (!level || !next) return
    const { waiter, flow } = next
    this.#waiting--
    this.#paying = { flow, level, sinceMs: now }
    waiter.start(true)
  }

  #sweep(): void {
    this.#sweeper = undefined
    const before = this.#options.clock.monotonic() - longestWaitMs
    for (const level of this.#options.levels()) {
      for (const waiter of level.expired(before)) {
        level.refused++
        this.#turnAway(waiter)
      }
    }
    if (this.#waiting > 0) this.#sweeper = this.#options.clock.setTimer(() => this.#sweep(), sweepMs)
  }

  #turnAway(waiter: Waiter): void {
    this.#waiting--
    waiter.start(false)
  }
}
