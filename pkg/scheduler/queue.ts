// Pods that wait for a node, and when each is tried.
import type { Clock, Timer } from '../util/clock.ts'
import { Heap } from './heap.ts'
import type { ClusterChange, Plugin } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import { eventName, type QueueName } from './scheduler-figures.ts'

//            add                 pop
//   gated ---------> active -----------> in flight ---> (bound, or gone: remove)
//     ^   gates gone   ^  ^                |      |
//     |                |  | time is over   |      | reject
//   pod has gates      |  +-- back-off <---+      v
//                      |          ^   retry   unschedulable
//                      |          |               |
//                      +----------+---------------+  a change that a rejecting plugin names
//
// Whatever is told, a refusal holds for five minutes at most.
// Pods that a plugin does not let in are unschedulable, as if it had rejected them.
// A pod whose back-off follows a refusal (not an error) is also taken when nothing else is active: waiting would be idle.
type Place = 'gated' | 'active' | 'back-off' | 'unschedulable' | 'in-flight'

export interface QueuedPod {
  readonly info: PodInfo
  /** Tries that have begun. */
  readonly attempts: number
  /** When it could be tried for the first time. */
  readonly activeMs: number
}

interface Entry {
  info: PodInfo
  place: Place
  attempts: number
  activeMs: number | undefined
  /** When it came into the queue, and in which order. */
  readonly sinceMs: number
  readonly sequence: number
  rejectors: ReadonlySet<string>
  /** The end of its back-off. */
  readyMs: number
  /** When it was refused last. */
  refusedMs: number
  failed: boolean
  /** Raised whenever it moves: what the heaps hold of earlier places is void. */
  move: number
}

interface Ticket {
  readonly entry: Entry
  readonly move: number
}

export interface QueueOptions {
  readonly clock: Clock
  readonly plugins: readonly Plugin[]
  /** Called when there may be something to pop. */
  readonly onReady: () => void
  /** A pod comes to wait. */
  readonly incoming?: (queue: QueueName, event: string) => void
}

const podAdded = 'UnschedulablePodAdd'
const podUpdated = 'UnschedulablePodUpdate'
const attemptFailed = 'ScheduleAttemptFailure'

const firstBackOffMs = 1000
const longestBackOffMs = 10_000
/** What nobody tells may have changed by then. */
const longestRefusalMs = 300_000

const isValid = ({ entry, move }: Ticket): boolean => entry.move === move

const earlier = (a: Entry, b: Entry): boolean => a.sinceMs < b.sinceMs || (a.sinceMs === b.sinceMs && a.sequence < b.sequence)

export class SchedulingQueue {
  readonly #options: QueueOptions
  readonly #plugins: ReadonlyMap<string, Plugin>
  readonly #entries = new Map<string, Entry>()
  readonly #active = new Heap<Ticket>(({ entry: a }, { entry: b }) =>
    a.info.priority !== b.info.priority ? a.info.priority > b.info.priority : earlier(a, b))
  readonly #backOff = new Heap<Ticket>(({ entry: a }, { entry: b }) => (a.readyMs !== b.readyMs ? a.readyMs < b.readyMs : earlier(a, b)))
  /** In the order of their refusals. */
  readonly #unschedulable = new Set<Entry>()
  #leftover: Timer | undefined
  #timer: { readyMs: number; timer: Timer } | undefined
  #sequence = 0
  #stopped = false

  constructor(options: QueueOptions) {
    this.#options = options
    this.#plugins = new Map(options.plugins.map((plugin) => [plugin.name, plugin]))
  }

  get size(): number {
    return this.#entries.size
  }

  /** How many pods wait, by the names that Kubernetes has for where. */
  pending(): Readonly<Record<'active' | 'backoff' | 'gated' | 'unschedulable', number>> {
    const counts = { active: 0, backoff: 0, gated: 0, unschedulable: 0 }
    for (const { place } of this.#entries.values()) if (place !== 'in-flight') counts[place === 'back-off' ? 'backoff' : place]++
    return counts
  }

  /** How many pods each plugin has refused; a pod that several have counts for each. */
  rejections(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { rejectors } of this.#unschedulable) for (const name of rejectors) counts.set(name, (counts.get(name) ?? 0) + 1)
    return counts
  }

  placeOf(uid: string): Place | undefined {
    return this.#entries.get(uid)?.place
  }

  /** A pod that is new, or that has changed in a way that may make it schedulable. */
  add(info: PodInfo): void {
    if (this.#stopped) return
    const gated = (info.pod.spec.schedulingGates?.length ?? 0) > 0
    const known = this.#entries.get(info.uid)
    if (!known) {
      const entry: Entry = {
        info, place: 'gated', attempts: 0, activeMs: undefined, sinceMs: this.#options.clock.now(), sequence: this.#sequence++,
        rejectors: new Set(), readyMs: 0, refusedMs: 0, failed: false, move: 0,
      }
      this.#entries.set(info.uid, entry)
      if (gated) this.#options.incoming?.('unschedulable', podAdded)
      else this.#awake(entry, podAdded)
      return
    }
    known.info = info
    if (known.place === 'gated' && !gated) this.#awake(known, podUpdated)
    else if (known.place === 'unschedulable') this.#awake(known, podUpdated)
    // Its priority may have changed.
    else if (known.place === 'active') this.#activate(known)
  }

  /** The pod as it is now, where the change does not matter for scheduling. */
  refresh(info: PodInfo): void {
    const known = this.#entries.get(info.uid)
    if (known) known.info = info
  }

  /** Bound, or gone. */
  remove(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    this.#entries.delete(uid)
    this.#move(entry, 'in-flight')
  }

  /** The next pod to try; it is in flight until `remove`, `reject` or `retry`. */
  pop(): QueuedPod | undefined {
    const entry = this.#takeActive() ?? this.#takeBackedOff()
    if (!entry) return undefined
    this.#move(entry, 'in-flight')
    entry.attempts++
    return { info: entry.info, attempts: entry.attempts, activeMs: entry.activeMs ?? entry.sinceMs }
  }

  /** No node would do. Without rejectors any change brings it back. */
  reject(uid: string, rejectors: ReadonlySet<string>): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    entry.rejectors = rejectors
    entry.failed = false
    entry.refusedMs = this.#options.clock.now()
    entry.readyMs = entry.refusedMs + backOffMs(entry.attempts)
    this.#move(entry, 'unschedulable')
    this.#unschedulable.add(entry)
    this.#options.incoming?.('unschedulable', attemptFailed)
    if (!this.#leftover) this.#armLeftover()
  }

  /** Something failed: again after its back-off. */
  retry(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry || this.#stopped) return
    entry.failed = true
    entry.readyMs = this.#options.clock.now() + backOffMs(entry.attempts)
    this.#delay(entry, attemptFailed)
  }

  /** Brings back the pods that the change may help. */
  notify(change: ClusterChange): void {
    for (const entry of [...this.#unschedulable]) if (this.#mayHelp(entry, change)) this.#awake(entry, eventName(change))
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.timer.cancel()
    this.#timer = undefined
    this.#leftover?.cancel()
    this.#leftover = undefined
  }

  #mayHelp({ rejectors, info }: Entry, change: ClusterChange): boolean {
    if (rejectors.size === 0) return true
    for (const name of rejectors) {
      const plugin = this.#plugins.get(name)
      if (plugin?.enqueueOn.includes(change.kind) && (plugin.mayHelp?.(info, change) ?? true)) return true
    }
    return false
  }

  #awake(entry: Entry, event: string): void {
    const keeper = this.#options.plugins.find((plugin) => plugin.mayEnter?.(entry.info) === false)
    if (keeper) return this.#keepOut(entry, { keeper, event })
    if (entry.readyMs <= this.#options.clock.now()) this.#activate(entry, event)
    else this.#delay(entry, event)
  }

  /** Not tried, and without a back-off when it comes in. */
  #keepOut(entry: Entry, { keeper, event }: { readonly keeper: Plugin; readonly event: string }): void {
    if (entry.place !== 'unschedulable') this.#options.incoming?.('unschedulable', event)
    entry.rejectors = new Set([keeper.name])
    entry.refusedMs = this.#options.clock.now()
    this.#move(entry, 'unschedulable')
    this.#unschedulable.add(entry)
    if (!this.#leftover) this.#armLeftover()
  }

  /** Without an event it was active before. */
  #activate(entry: Entry, event?: string): void {
    entry.activeMs ??= this.#options.clock.now()
    if (event !== undefined) this.#options.incoming?.('active', event)
    this.#move(entry, 'active')
    this.#active.push({ entry, move: entry.move })
    this.#options.onReady()
  }

  #delay(entry: Entry, event: string): void {
    this.#options.incoming?.('backoff', event)
    this.#move(entry, 'back-off')
    this.#backOff.push({ entry, move: entry.move })
    this.#arm()
    if (!entry.failed) this.#options.onReady()
  }

  #move(entry: Entry, place: Place): void {
    this.#unschedulable.delete(entry)
    entry.place = place
    entry.move++
  }

  #takeActive(): Entry | undefined {
    for (let ticket = this.#active.pop(); ticket; ticket = this.#active.pop()) if (isValid(ticket)) return ticket.entry
    return undefined
  }

  #takeBackedOff(): Entry | undefined {
    const errors: Ticket[] = []
    let found: Entry | undefined
    for (let ticket = this.#backOff.pop(); ticket && !found; ticket = found ? undefined : this.#backOff.pop()) {
      if (!isValid(ticket)) continue
      if (ticket.entry.failed) errors.push(ticket)
      else found = ticket.entry
    }
    for (const ticket of errors) this.#backOff.push(ticket)
    if (found) this.#options.incoming?.('active', 'PopFromBackoffQ')
    return found
  }

  // One timer, for the earliest end of a back-off.
  #arm(): void {
    while (this.#backOff.size > 0 && !isValid(this.#backOff.peek() as Ticket)) this.#backOff.pop()
    const next = this.#backOff.peek()?.entry
    if (!next || this.#stopped) return
    if (this.#timer && this.#timer.readyMs <= next.readyMs) return
    this.#timer?.timer.cancel()
    const { clock } = this.#options
    const timer = clock.setTimer(() => this.#expire(), Math.max(0, next.readyMs - clock.now()))
    this.#timer = { readyMs: next.readyMs, timer }
  }

  #armLeftover(): void {
    this.#leftover = undefined
    const [oldest] = this.#unschedulable
    if (!oldest || this.#stopped) return
    this.#leftover = this.#options.clock.setTimer(() => this.#flushLeftover(), Math.max(0, oldest.refusedMs + longestRefusalMs - this.#options.clock.now()))
  }

  #flushLeftover(): void {
    const nowMs = this.#options.clock.now()
    for (const entry of [...this.#unschedulable]) if (entry.refusedMs + longestRefusalMs <= nowMs) this.#awake(entry, 'UnschedulableTimeout')
    this.#armLeftover()
  }

  #expire(): void {
    this.#timer = undefined
    const nowMs = this.#options.clock.now()
    for (let ticket = this.#backOff.peek(); ticket; ticket = this.#backOff.peek()) {
      if (isValid(ticket) && ticket.entry.readyMs > nowMs) break
      this.#backOff.pop()
      if (isValid(ticket)) this.#activate(ticket.entry, 'BackoffComplete')
    }
    this.#arm()
  }
}

function backOffMs(attempts: number): number {
  return Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.max(0, attempts - 1))
}
