// Flow control of the HTTP door: requests are put into flows by the FlowSchemas, and let in by their priority levels.
import type { UserInfo } from '../api/request.ts'
import { flowSchemas, priorityLevels, type FlowSchema, type PriorityLevel } from '../api/types-flow-control.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import { onNextTurn } from '../util/turn.ts'
import { turnUsedMs } from '../util/turn-share.ts'
import { isConnect } from './connect.ts'
import { connectionOf, type Exchange } from './exchange.ts'
import { FairGate } from './fair-gate.ts'
import { dumpLevels, dumpQueues, dumpRequests, type LevelState } from './flow-dumps.ts'
import { FlowFigures, type Guest, type Leave } from './flow-figures.ts'
import { candidatesFor, chooseSchema, flowOf, inOrder, type Candidate, type FlowRequest } from './flow-rules.ts'
import { FlowLevel, limitsOf } from './flow-level.ts'
import { KindView } from './kind-view.ts'
import type { RequestPath } from './request-path.ts'
import { verbOf } from './resource-door.ts'
import { family } from '../util/counters.ts'

export interface FlowControlOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Requests that may be under way at once, watches and streams apart. */
  readonly seats?: number
}

const defaultSeats = 600
const rememberedUsers = 2000
/** They tell whether the server works; waiting would make them lie. */
const healthPaths = /^\/(healthz|livez|readyz)(\/|$)/

interface Table {
  readonly version: number
  readonly schemas: readonly FlowSchema[]
  readonly levels: ReadonlyMap<string, FlowLevel>
  readonly all: readonly FlowLevel[]
  readonly uids: ReadonlyMap<string, string>
  readonly byUser: WeakMap<UserInfo, readonly Candidate[]>
  readonly byName: Map<string, readonly Candidate[]>
}

const exemptName = 'exempt'
const otherName = 'catch-all'

export class FlowControl {
  readonly #schemas: KindView<FlowSchema>
  readonly #levels: KindView<PriorityLevel>
  readonly #gate: FairGate
  readonly #seats: number
  readonly #clock: Clock
  readonly #figures: FlowFigures
  #table: Table

  constructor({ registry, clock, signal, seats = defaultSeats }: FlowControlOptions) {
    this.#seats = seats
    this.#clock = clock
    this.#figures = new FlowFigures(clock)
    this.#schemas = new KindView(registry, flowSchemas, { clock, signal })
    this.#levels = new KindView(registry, priorityLevels, { clock, signal })
    this.#table = this.#newTable(-1, new Map())
    this.#gate = new FairGate({ clock, onNextTurn, turnUsedMs, seats, levels: () => this.#table.all })
    signal.addEventListener('abort', () => this.#gate.close(), { once: true })
  }

  /**
   * The right to run: at once, later, or, as undefined, not at all. Names the flow in the answer's headers.
   * `none` for what holds no seat: health checks, and streams that last as long as they like. `now`: by the clock, for who knows.
   */
  enter(exchange: Exchange, path: RequestPath, now?: number): Leave | 'none' | Promise<Leave | undefined> | undefined {
    const { user, outgoing, method } = exchange
    if (path.kind === 'resource' ? isConnect(path) : healthPaths.test(path.path)) return 'none'
    const table = this.#current()
    const request: FlowRequest = path.kind === 'resource'
      ? { user, verb: verbOf(method, path, exchange.query) ?? '', resource: path, path: exchange.path }
      : { user, verb: method.toLowerCase(), path: path.path }
    const schema = chooseSchema(this.#candidates(table, user), request)
    const level = this.#levelOf(table, schema, user)
    if (schema) {
      outgoing.setHeader('x-kubernetes-pf-flowschema-uid', schema.metadata.uid ?? '')
      outgoing.setHeader('x-kubernetes-pf-prioritylevel-uid', table.uids.get(level.name) ?? '')
    }
    // Those that are exempt are often all one user, the administrator: each connection counts for itself.
    const flow = level.limits.exempt ? connectionOf(exchange.incoming) : schema ? `${schema.metadata.name}\n${flowOf(schema, request)}` : user.username
    const named = path.kind === 'resource' ? path : undefined
    const guest: Guest = {
      request, name: named?.name, version: named?.version, distinguisher: schema ? flowOf(schema, request) : user.username, level: level.name, schema: schema?.metadata.name ?? otherName,
      arrivedMs: now ?? this.#clock.monotonic(),
    }
    const seat = this.#gate.enter(level, flow, (left) => void outgoing.once('close', left), now)
    return this.#figures.seated(guest, seat, { queues: level.limits.queues > 0, isGone: () => outgoing.destroyed })
  }

  metricsText(): string {
    const rows = (pick: (level: FlowLevel) => number, those = this.#current().all): [string, number][] => those.map((level) => [`priority_level="${level.name}"`, pick(level)])
    const limits = (name: string, help: string, pick: (level: FlowLevel) => number): string[] => family(`apiserver_flowcontrol_${name}`, 'gauge', help, rows(pick))
    return [
      ...this.#figures.lines(),
      ...limits('nominal_limit_seats', 'Seats of the level.', ({ limits: { seats } }) => seats),
      ...limits('lower_limit_seats', 'Seats that stay when others borrow.', ({ limits: { seats, lendable } }) => seats - lendable),
      ...limits('upper_limit_seats', 'Seats with those of others.', ({ limits: { seats, borrowable } }) => Math.min(this.#seats, seats + borrowable)),
      ...limits('current_limit_seats', 'Seats that it has now.', ({ limits: { seats }, inUse }) => Math.max(seats, inUse)),
      '',
    ].join('\n')
  }

  /** What kube-apiserver shows under /debug/api_priority_and_fairness. */
  dump(what: 'dump_priority_levels' | 'dump_queues' | 'dump_requests', details = false): string {
    const levels = this.#current().all.map(({ name, limits, dispatched, refused }): LevelState =>
      ({ name, queues: limits.queues, guests: this.#figures.guests(name), dispatched, refused, ...this.#figures.totals(name) }))
    if (what === 'dump_priority_levels') return dumpLevels(levels)
    if (what === 'dump_queues') return dumpQueues(levels)
    const offsetMs = this.#clock.now() - this.#clock.monotonic()
    return dumpRequests(levels, (ms) => ms + offsetMs, details)
  }

  #candidates(table: Table, user: UserInfo): readonly Candidate[] {
    let found = table.byUser.get(user)
    if (found) return found
    const name = `${user.username}\n${user.groups.join('\n')}`
    found = table.byName.get(name)
    if (!found) {
      if (table.byName.size >= rememberedUsers) table.byName.clear()
      table.byName.set(name, found = candidatesFor(user, table.schemas))
    }
    table.byUser.set(user, found)
    return found
  }

  #levelOf({ levels }: Table, schema: FlowSchema | undefined, { groups }: UserInfo): FlowLevel {
    const named = schema && levels.get(schema.spec.priorityLevelConfiguration?.name ?? '')
    return named ?? levels.get(groups.includes('system:masters') ? exemptName : otherName)!
  }

  #current(): Table {
    const version = this.#schemas.version + this.#levels.version
    return this.#table.version === version ? this.#table : this.#table = this.#newTable(version, this.#table.levels)
  }

  /** Levels keep who is in them; those that are gone stay while somebody is. */
  #newTable(version: number, before: ReadonlyMap<string, FlowLevel>): Table {
    const objects = new Map(this.#levels.values().map((level) => [level.metadata.name ?? '', level]))
    const shares = [...objects.values()].reduce((sum, { spec }) => sum + (spec.limited?.nominalConcurrencyShares ?? 0), 0)
    const levels = new Map<string, FlowLevel>()
    const put = (name: string, limits: FlowLevel['limits']): void => {
      const level = before.get(name) ?? new FlowLevel(name, limits)
      level.limits = limits
      levels.set(name, level)
    }
    for (const [name, object] of objects) put(name, limitsOf(object, this.#seats, shares))
    // The two that must be there for the server to work, whatever became of their objects.
    if (!levels.has(exemptName)) put(exemptName, limitsOf({ spec: {} }, 0, 0))
    if (!levels.has(otherName)) put(otherName, limitsOf({ spec: { limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 } } } } }, this.#seats, shares + 5))
    for (const [name, level] of before) if (!levels.has(name) && level.inUse + level.waiting > 0) levels.set(name, level)
    return {
      version, levels, all: [...levels.values()],
      // A schema whose level is missing means nothing.
      schemas: inOrder(this.#schemas.values().filter(({ spec }) => objects.has(spec.priorityLevelConfiguration?.name ?? ''))),
      uids: new Map([...objects].map(([name, { metadata }]) => [name, metadata.uid ?? ''])),
      byUser: new WeakMap(), byName: new Map(),
    }
  }
}
