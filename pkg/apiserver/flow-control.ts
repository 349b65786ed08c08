// Flow control of the HTTP door: requests are put into flows by the FlowSchemas, and let in by their priority levels.
import type { UserInfo } from '../api/request.ts'
import { flowSchemas, priorityLevels, type FlowSchema, type PriorityLevel } from '../api/types-flow-control.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import { onNextTurn } from '../util/turn.ts'
import { turnUsedMs } from '../util/turn-share.ts'
import { isConnect } from './connect.ts'
import { connectionOf, type Exchange } from './exchange.ts'
import { FairGate, type Seat } from './fair-gate.ts'
import { candidatesFor, chooseSchema, flowOf, inOrder, type Candidate, type FlowRequest } from './flow-rules.ts'
import { FlowLevel, limitsOf } from './flow-level.ts'
import { KindView } from './kind-view.ts'
import { family } from './metrics.ts'
import type { RequestPath } from './request-path.ts'
import { verbOf } from './resource-door.ts'

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
  #table: Table

  constructor({ registry, clock, signal, seats = defaultSeats }: FlowControlOptions) {
    this.#seats = seats
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
  enter(exchange: Exchange, path: RequestPath, now?: number): Seat | 'none' | Promise<Seat | undefined> | undefined {
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
    return this.#gate.enter(level, flow, (left) => void outgoing.once('close', left), now)
  }

  metricsText(): string {
    const rows = (pick: (level: FlowLevel) => number): [string, number][] => this.#table.all.map((level) => [`priority_level="${level.name}"`, pick(level)])
    return [
      ...family('apiserver_flowcontrol_dispatched_requests_total', 'counter', 'Requests that were let in.', rows((level) => level.dispatched)),
      ...family('apiserver_flowcontrol_rejected_requests_total', 'counter', 'Requests that were turned away.', rows((level) => level.refused)),
      ...family('apiserver_flowcontrol_current_inqueue_requests', 'gauge', 'Requests that wait.', rows((level) => level.waiting)),
      ...family('apiserver_flowcontrol_current_executing_requests', 'gauge', 'Requests under way.', rows((level) => level.inUse)),
      ...family('apiserver_flowcontrol_nominal_limit_seats', 'gauge', 'Requests that may be under way.', rows((level) => level.limits.seats)),
      '',
    ].join('\n')
  }

  /** As kube-apiserver's `/debug/api_priority_and_fairness/dump_priority_levels`. */
  dumpLevels(): string {
    const rows = this.#current().all.map(({ name, waiting, inUse, dispatched, refused }) =>
      [name, waiting > 0 ? '1' : '0', String(waiting + inUse === 0), 'false', waiting, inUse, dispatched, refused, 0, 0].map(String))
    const table = [['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests', 'DispatchedRequests', 'RejectedRequests', 'TimedoutRequests', 'CancelledRequests'], ...rows.sort((a, b) => (a[0]! < b[0]! ? -1 : 1))]
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)) + 2)
    return table.map((row) => `${row.map((cell, column) => (column === row.length - 1 ? cell : `${cell},`.padEnd(widths[column]!))).join('')}\n`).join('')
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
