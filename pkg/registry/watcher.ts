// Watches: the state at the start, then every change as the events of one selection, with bookmarks and a time limit.
import type { AnyObject, WatchEvent } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import type { WatchStream } from '../api/request.ts'
import { StatusError, internalError } from '../api/status-error.ts'
import type { ListResult, Store, Watch } from '../storage/store.ts'
import { RevisionCompactedError, RevisionInFutureError } from '../storage/store.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { isTurnUsedUp } from '../util/turn-share.ts'
import type { Definition } from './definition.ts'
import { whenReached } from './freshness.ts'
import { checkWatchOptions, expired, parseRevision, tooLargeRevision, tooOldRevision } from './list-options.ts'
import { deletedView, viewOf } from './object-view.ts'
import type { StoredChange, StoredEntry } from './object-view.ts'
import type { WatchRequest } from './requests.ts'
import type { Selection } from './selection.ts'
import { selectionOf } from './selection.ts'
import { WatchBuffer } from './watch-buffer.ts'

type Event = WatchEvent<AnyObject>

export interface WatchSource {
  readonly store: Store
  readonly clock: Clock
  /** Events that may wait for a consumer beyond the batch it is at. */
  readonly capacity?: number
  /** Aborts when the registry stops. */
  readonly signal: AbortSignal
}

const bookmarkEveryMs = 60_000
const beforeTimeoutMs = 2_000
const defaultCapacity = 10_000
/** So many events of a state, or of a past, are made at a time. */
const atOnce = 100
/** A look at what is left of the turn costs as much as some events. */
const betweenLooks = 16

// All watchers of a kind get the same event objects.
const shared = new WeakMap<AnyObject, Event>()

export function eventOf(type: Event['type'], object: AnyObject): Event {
  let event = shared.get(object)
  if (event?.type !== type) shared.set(object, event = Object.freeze({ type, object }))
  return event
}

/** Nothing, until the value can be asked for. */
function* prepared(entry: StoredEntry | undefined): Generator<Event[], void> {
  const parts = entry?.prepare?.()
  if (parts) while (!parts.next().done) yield []
}

/** What a change is to a selection: entering it is ADDED, leaving it DELETED, with the change's revision. */
export function eventFor(definition: Definition, selection: Selection, change: StoredChange): Event | undefined {
  const { entry, previous } = change
  const now = entry && viewOf(definition, entry)
  if (!selection.selective) {
    if (now) return eventOf(previous ? 'MODIFIED' : 'ADDED', now)
    return previous && eventOf('DELETED', deletedView(definition, change, previous))
  }
  const matchesNow = now !== undefined && selection.matches(now)
  const matchedBefore = previous !== undefined && selection.matches(viewOf(definition, previous))
  if (matchesNow) return eventOf(matchedBefore ? 'MODIFIED' : 'ADDED', now)
  return matchedBefore ? eventOf('DELETED', deletedView(definition, change, previous)) : undefined
}

function bookmark(definition: Definition, revision: number, initialEventsEnd = false): Event {
  const metadata = {
    resourceVersion: String(revision),
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  }
  return { type: 'BOOKMARK', object: { kind: definition.resource.kind, apiVersion: apiVersionOf(definition.resource), metadata } }
}

const states = new WeakMap<Store, { readonly prefix: string; readonly state: WeakRef<ListResult<AnyObject>> }>()

/** Those who begin at the same time share it. */
function stateOf(store: Store, prefix: string): ListResult<AnyObject> {
  const last = states.get(store)
  const known = last?.prefix === prefix ? last.state.deref() : undefined
  if (known?.revision === store.revision) return known
  const state = store.list<AnyObject>(prefix)
  states.set(store, { prefix, state: new WeakRef(state) })
  return state
}

export function watchObjects(source: WatchSource, definition: Definition, request: WatchRequest): WatchStream {
  const { options } = request
  checkWatchOptions(options)
  const selection = selectionOf(definition, request, options)
  const wanted = parseRevision(options.resourceVersion, 'watch')
  return new ObjectWatch(source, definition, selection, request).open(wanted)
}

/** One running watch. Everything it holds (store watch, timers, abort listeners) is released when its buffer ends. */
class ObjectWatch {
  readonly #source: WatchSource
  readonly #definition: Definition
  readonly #selection: Selection
  readonly #request: WatchRequest
  readonly #buffer: WatchBuffer<Event>
  #watch: Watch | undefined
  #timers: Timer[] = []
  /** Over when everything that came before has been converted; undefined when it has. */
  #turn: Promise<void> | undefined
  /** Changes that wait for their turn. */
  #waiting = 0
  readonly #end = (): void => this.#buffer.end()

  constructor(source: WatchSource, definition: Definition, selection: Selection, request: WatchRequest) {
    this.#source = source
    this.#definition = definition
    this.#selection = selection
    this.#request = request
    this.#buffer = new WatchBuffer(source.capacity ?? defaultCapacity, () => this.#release())
  }

  open(wanted = 0): WatchStream {
    if (wanted <= this.#source.store.revision) this.#begin(wanted)
    else this.#timers.push(whenReached(this.#source, wanted, () => this.#begin(wanted)))
    if (!this.#buffer.ended) this.#arm()
    return this.#buffer
  }

  /** What was waited for in vain is refused. */
  #begin(wanted: number): void {
    const { store, signal } = this.#source
    const { sendInitialEvents, allowWatchBookmarks = false } = this.#request.options
    if (signal.aborted) return this.#buffer.end()
    const fromState = sendInitialEvents ?? wanted === 0
    if (fromState && wanted > store.revision) return this.#fail(tooLargeRevision(wanted, store.revision))
    const after = fromState ? this.#sendState(allowWatchBookmarks) : wanted === 0 ? store.revision : wanted
    try {
      this.#watch = store.watch<AnyObject>(this.#selection.prefix, after, (changes) => this.#onChanges(changes))
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** ADDED for everything there is. Returns the revision that this shows. */
  #sendState(withEnd: boolean): number {
    const state = stateOf(this.#source.store, this.#selection.prefix)
    const { entries, revision } = state
    this.#inTurn(() => entries.map(({ value }) => value), 0, () => this.#buffer.pushLater(this.#state(state, withEnd), entries.length))
    return revision
  }

  *#state(state: ListResult<AnyObject>, withEnd: boolean): Generator<Event[], void> {
    const { entries, revision } = state
    for (let from = 0; from < entries.length; from += atOnce) {
      let events: Event[] = []
      for (let at = from; at < Math.min(from + atOnce, entries.length); at++) {
        if (entries[at]!.prepare || (at % betweenLooks === 0 && at > from && isTurnUsedUp())) {
          yield events
          events = []
          yield* prepared(entries[at])
        }
        const object = viewOf(this.#definition, entries[at]!)
        if (this.#selection.matches(object)) events.push({ type: 'ADDED', object })
      }
      yield events
    }
    if (withEnd) yield [bookmark(this.#definition, revision, true)]
  }

  #onChanges(changes: readonly StoredChange[]): void {
    const { convert } = this.#definition
    // What most watches of most kinds do.
    if (!convert?.ready && !this.#turn) return this.#push(changes)
    this.#inTurn(() => changes.flatMap(({ entry, previous }) => [entry, previous].flatMap((one) => (one ? [one.value] : []))), changes.length, () => this.#push(changes))
  }

  #push(changes: readonly StoredChange[]): void {
    if (changes.length > atOnce && this.#buffer.empty) return this.#buffer.pushLater(this.#events(changes), changes.length)
    if (changes.length > 1) return this.#buffer.push([...this.#events(changes)].flat())
    const event = eventFor(this.#definition, this.#selection, changes[0]!)
    if (event) this.#buffer.pushOne(event)
  }

  *#events(changes: readonly StoredChange[]): Generator<Event[], void> {
    for (let from = 0; from < changes.length; from += atOnce) {
      const events: Event[] = []
      for (let at = from; at < Math.min(from + atOnce, changes.length); at++) {
        yield* prepared(changes[at]!.entry)
        yield* prepared(changes[at]!.previous)
        const event = eventFor(this.#definition, this.#selection, changes[at]!)
        if (event) events.push(event)
      }
      yield events
    }
  }

  /** At once, unless another program must convert the objects first, or is at it for what came before; then after that. */
  #inTurn(objects: () => AnyObject[], count: number, then: () => void): void {
    const conversion = this.#definition.convert?.ready?.(objects())
    if (!conversion && !this.#turn) return then()
    this.#waiting += count
    // A webhook that is too slow is like a client that is.
    if (this.#waiting > (this.#source.capacity ?? defaultCapacity)) return this.#buffer.end()
    const turn: Promise<void> = Promise.all([conversion?.(), this.#turn]).then(then).then(() => {
      this.#waiting -= count
      if (this.#turn === turn) this.#turn = undefined
    }, (error: unknown) => void this.#fail(error))
    this.#turn = turn
  }

  /** The end, told in the stream as one ERROR. What could not be converted is one: what comes after it must not be taken for all. */
  #fail(error: unknown): void {
    const status = error instanceof StatusError ? error.status : internalError((error as Error).message).status
    this.#buffer.push([{ type: 'ERROR', object: status as unknown as AnyObject }])
    this.#buffer.end()
  }

  /** A version that can't be resumed from. */
  #refuse(error: unknown): void {
    if (error instanceof RevisionCompactedError) return this.#fail(tooOldRevision(error.revision, error.compactedRevision))
    // A version that this server never gave out (its data was replaced): only a new list helps the client.
    if (error instanceof RevisionInFutureError) return this.#fail(expired(`too new resource version: ${error.revision} (${error.currentRevision})`))
    throw error
  }

  #arm(): void {
    const { clock, signal } = this.#source
    const { options } = this.#request
    const timeoutSeconds = options.timeoutSeconds && options.timeoutSeconds > 0 ? options.timeoutSeconds : 1800 * (1 + clock.random())
    const timeoutMs = timeoutSeconds * 1000
    this.#timers.push(clock.setTimer(this.#end, timeoutMs))
    if (options.allowWatchBookmarks) {
      this.#bookmarkIn(bookmarkEveryMs)
      if (timeoutMs > beforeTimeoutMs) this.#timers.push(clock.setTimer(() => this.#bookmark(), timeoutMs - beforeTimeoutMs))
    }
    for (const stop of [signal, this.#request.signal]) {
      if (stop?.aborted) return this.#buffer.end()
      stop?.addEventListener('abort', this.#end, { once: true })
    }
  }

  #bookmarkIn(delayMs: number): void {
    const timer = this.#source.clock.setTimer(() => {
      this.#timers = this.#timers.filter((other) => other !== timer)
      this.#bookmark()
      this.#bookmarkIn(bookmarkEveryMs)
    }, delayMs)
    this.#timers.push(timer)
  }

  #bookmark(): void {
    // What has not begun has no place to be marked.
    if (!this.#watch) return
    const { revision } = this.#source.store
    this.#inTurn(() => [], 0, () => this.#buffer.push([bookmark(this.#definition, revision)]))
  }

  #release(): void {
    this.#watch?.close()
    for (const timer of this.#timers) timer.cancel()
    this.#timers = []
    this.#source.signal.removeEventListener('abort', this.#end)
    this.#request.signal?.removeEventListener('abort', this.#end)
  }
}
