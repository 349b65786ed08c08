// What flow control does with requests, by priority level and flow schema: counts in Prometheus' text form, and who is there now.
import type { Clock } from '../util/clock.ts'
import { Counters, family } from '../util/counters.ts'
import { Histogram, Histograms } from '../util/histogram.ts'
import type { FlowRequest } from './flow-rules.ts'

const bounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

/** The right to run. Give it back once; more does no harm. */
export interface Leave {
  release(now?: number): void
}

/** A request that waits or runs. */
export interface Guest {
  readonly request: FlowRequest
  readonly name: string | undefined
  readonly version: string | undefined
  readonly distinguisher: string
  readonly level: string
  readonly schema: string
  /** By the monotonic clock. */
  readonly arrivedMs: number
  /** undefined: it waits. */
  startedMs?: number
}

export type Rejection = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

/** One level and schema. */
class Line {
  readonly labels: string
  readonly waits = new Histogram(bounds)
  readonly refusedWaits = new Histogram(bounds)
  readonly runs = new Histogram(bounds)
  dispatched = 0
  waiting = 0
  executing = 0

  constructor(level: string, schema: string) {
    this.labels = `flow_schema="${schema}",priority_level="${level}"`
  }
}

class GuestLeave implements Leave {
  readonly #figures: FlowFigures
  readonly #line: Line
  readonly #guest: Guest
  readonly #seat: Leave
  #held = true

  constructor(figures: FlowFigures, parts: { line: Line; guest: Guest; seat: Leave }) {
    this.#figures = figures
    this.#line = parts.line
    this.#guest = parts.guest
    this.#seat = parts.seat
  }

  release(now?: number): void {
    if (!this.#held) return
    this.#held = false
    this.#seat.release(now)
    this.#figures.left(this.#line, this.#guest, now)
  }
}

export class FlowFigures {
  readonly #clock: Clock
  readonly #lines = new Map<string, Map<string, Line>>()
  readonly #guests = new Set<Guest>()
  readonly #refused = new Counters('apiserver_flowcontrol_rejected_requests_total', 'Requests that were turned away.')
  readonly #totals = new Map<string, { timedOut: number; cancelled: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What the gate says to a guest, and what is to be known of it. */
  seated(guest: Guest, seat: Leave | Promise<Leave | undefined> | undefined, facts: { queues: boolean; isGone: () => boolean }): Leave | Promise<Leave | undefined> | undefined {
    const line = this.#line(guest)
    if (seat instanceof Promise) return this.#waited(line, guest, seat, facts.isGone)
    return seat ? this.#started(line, guest, seat, guest.arrivedMs) : this.#turnedAway(line, guest, facts.queues ? 'queue-full' : 'concurrency-limit')
  }

  /** Only for seats. */
  left(line: Line, guest: Guest, now = this.#clock.monotonic()): void {
    line.executing--
    this.#guests.delete(guest)
    line.runs.observe((now - guest.startedMs!) / 1000)
  }

  /** In the order in which they came. */
  guests(level: string): Guest[] {
    return [...this.#guests].filter((guest) => guest.level === level)
  }

  totals(level: string): { readonly timedOut: number; readonly cancelled: number } {
    return this.#totals.get(level) ?? { timedOut: 0, cancelled: 0 }
  }

  lines(): string[] {
    const all = [...this.#lines.values()].flatMap((lines) => [...lines.values()])
    const rows = (name: string, type: 'counter' | 'gauge', help: string, of: (line: Line) => number): string[] =>
      family(`apiserver_flowcontrol_${name}`, type, help, all.map((line) => [line.labels, of(line)]))
    const waits = new Histograms('apiserver_flowcontrol_request_wait_duration_seconds', 'How long requests waited for their turn.', bounds)
    const runs = new Histograms('apiserver_flowcontrol_request_execution_seconds', 'How long requests ran.', bounds)
    for (const { labels, waits: entered, refusedWaits, runs: ran } of all) {
      const [schema, level] = labels.split(',')
      if (entered.count > 0) waits.add(`execute="true",${labels}`, entered)
      if (refusedWaits.count > 0) waits.add(`execute="false",${labels}`, refusedWaits)
      if (ran.count > 0) runs.add(`${schema},${level},type="regular"`, ran)
    }
    return [
      ...rows('dispatched_requests_total', 'counter', 'Requests that were let in.', ({ dispatched }) => dispatched), ...this.#refused.lines(),
      ...rows('current_inqueue_requests', 'gauge', 'Requests that wait.', ({ waiting }) => waiting),
      ...rows('current_executing_requests', 'gauge', 'Requests under way.', ({ executing }) => executing),
      ...rows('current_executing_seats', 'gauge', 'Seats in use.', ({ executing }) => executing),
      ...waits.lines(), ...runs.lines(),
    ]
  }

  async #waited(line: Line, guest: Guest, coming: Promise<Leave | undefined>, isGone: () => boolean): Promise<Leave | undefined> {
    line.waiting++
    this.#guests.add(guest)
    const seat = await coming
    line.waiting--
    return seat ? this.#started(line, guest, seat, this.#clock.monotonic()) : this.#turnedAway(line, guest, isGone() ? 'cancelled' : 'time-out')
  }

  #started(line: Line, guest: Guest, seat: Leave, now: number): Leave {
    guest.startedMs = now
    this.#guests.add(guest)
    line.dispatched++
    line.executing++
    line.waits.observe((now - guest.arrivedMs) / 1000)
    return new GuestLeave(this, { line, guest, seat })
  }

  #turnedAway(line: Line, guest: Guest, reason: Rejection): undefined {
    this.#guests.delete(guest)
    line.refusedWaits.observe((this.#clock.monotonic() - guest.arrivedMs) / 1000)
    this.#refused.raise(`${line.labels},reason="${reason}"`)
    const totals = this.#totals.get(guest.level) ?? { timedOut: 0, cancelled: 0 }
    this.#totals.set(guest.level, totals)
    if (reason === 'time-out') totals.timedOut++
    if (reason === 'cancelled') totals.cancelled++
  }

  #line({ level, schema }: Guest): Line {
    let schemas = this.#lines.get(level)
    if (!schemas) this.#lines.set(level, schemas = new Map())
    let line = schemas.get(schema)
    if (!line) schemas.set(schema, line = new Line(level, schema))
    return line
  }
}
