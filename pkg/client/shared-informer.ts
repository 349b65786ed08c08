// One kind's cache, kept current by one watch that resumes where it broke off.
import { keyOf, keyText, type KubeObject, type ObjectKey, type Resource, type WatchEvent } from '../api/object.ts'
import { BackOff } from '../util/back-off.ts'
import { sleep, type Clock } from '../util/clock.ts'
import { slicesOf } from '../util/slices.ts'
import { room } from '../util/turn-share.ts'
import type { Client } from './client.ts'
import type { Following, Index, Informer, InformerChange } from './informer.ts'
import { ObjectCache } from './object-cache.ts'
import { endsInitialEvents, isExpired } from './watch-error.ts'

type Listener<T> = (change: InformerChange<T>) => void

/** More is told in slices to those who follow. */
const toldAtOnce = 200

export interface SharedInformerOptions {
  readonly client: Client
  readonly clock: Clock
  /** Told of watches that failed and of listeners that threw. */
  readonly log: (text: string) => void
}

export class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly #resource: Resource<T>
  readonly #options: SharedInformerOptions
  readonly #cache = new ObjectCache<T>()
  readonly #listeners = new Set<Listener<T>>()
  readonly #backOff: BackOff
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  // Looked at after every batch; what holds is taken out.
  readonly #waiters = new Set<{ holds: () => boolean; resolve: () => void }>()
  // Keys seen since a full state began to come in; undefined outside of one.
  #arriving: Set<string> | undefined
  #synced = false
  #revision = 0

  constructor(resource: Resource<T>, options: SharedInformerOptions) {
    this.#resource = resource
    this.#options = options
    this.#backOff = new BackOff(options.clock, { baseMs: 100, maxMs: 30_000, jitter: 0.5 })
    this.#done = this.#run()
  }

  get synced(): boolean {
    return this.#synced
  }

  get revision(): number {
    return this.#revision
  }

  whenSynced(): Promise<void> {
    return this.until(() => this.#synced)
  }

  until(holds: () => boolean): Promise<void> {
    if (this.#stop.signal.aborted || holds()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.add({ holds, resolve }))
  }

  get(key: ObjectKey): T | undefined {
    return this.#cache.get(key)
  }

  list(namespace?: string): readonly T[] {
    return this.#cache.list(namespace)
  }

  ownedBy(uid: string): readonly T[] {
    return this.#cache.ownedBy(uid)
  }

  byIndex(index: Index<T>, value: string): readonly T[] {
    return this.#cache.byIndex(index, value)
  }

  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener)
    for (const object of this.#cache.list()) this.#tell(listener, { object })
    return () => void this.#listeners.delete(listener)
  }

  follow(listener: Listener<T>): Following {
    if (this.#cache.size <= toldAtOnce) {
      const end = this.onChange(listener)
      return { told: Promise.resolve(), end }
    }
    let heard: Set<string> | undefined = new Set()
    const live: Listener<T> = (change) => {
      const key = heard && keyText(keyOf((change.object ?? change.previous)!))
      if (!heard || heard.has(key!)) listener(change)
      else if (change.object) {
        // Its turn has not come: it is new to this listener, as it is now.
        heard.add(key!)
        listener({ object: change.object })
      }
    }
    this.#listeners.add(live)
    const told = this.#catchUp(heard, { listener, goesOn: () => this.#listeners.has(live) }).then(() => void (heard = undefined))
    return { told, end: () => void this.#listeners.delete(live) }
  }

  async #catchUp(heard: Set<string>, { listener, goesOn }: { listener: Listener<T>; goesOn: () => boolean }): Promise<void> {
    const slices = slicesOf()
    // A subscriber seldom comes alone.
    await slices.pause()
    // It goes on to what is added meanwhile.
    for (const key of this.#cache.keys()) {
      if (!goesOn()) return
      if (heard.has(key)) continue
      heard.add(key)
      this.#tell(listener, { object: this.#cache.at(key) as T })
      if (slices.due) await slices.pause()
    }
  }

  /** Ends the watch; what the cache holds stays readable. Waiters are released. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#listeners.clear()
    await this.#done
    this.#release()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    // Listeners that subscribe in the same step as the informer was made must see the first batch.
    await Promise.resolve()
    let resumable = false
    while (!signal.aborted) {
      try {
        for await (const batch of this.#watch(resumable)) {
          await this.#take(batch)
          // The next part of a state may be dear to make.
          const turn = this.#arriving && room()
          if (turn) await turn
          if (signal.aborted) return
          if (this.#arriving === undefined) resumable = true
          this.#backOff.forget('')
        }
        // A watch that ended before its first full state was complete can't be resumed.
        resumable = this.#arriving === undefined && resumable
        if (!signal.aborted) await sleep(this.#options.clock, this.#backOff.next(''), signal)
      } catch (error) {
        if (signal.aborted) return
        const expired = isExpired(error)
        resumable = this.#arriving === undefined && resumable && !expired
        if (expired && this.#backOff.failures('') === 0) continue
        this.#options.log(`watch of ${this.#resource.plural} failed: ${error instanceof Error ? error.message : String(error)}`)
        await sleep(this.#options.clock, this.#backOff.next(''), signal).catch(() => undefined)
      }
    }
  }

  #watch(resume: boolean): AsyncIterable<readonly WatchEvent<T>[]> {
    const { signal } = this.#stop
    if (resume) return this.#options.client.watch(this.#resource, { resourceVersion: String(this.#revision), signal })
    this.#arriving = new Set()
    return this.#options.client.watch(this.#resource, { sendInitialEvents: true, signal })
  }

  /** In slices: whoever listens has work to do. */
  async #take(batch: readonly WatchEvent<T>[]): Promise<void> {
    const slices = slicesOf()
    for (const event of batch) {
      this.#takeOne(event)
      if (!slices.due) continue
      await slices.pause()
      if (this.#stop.signal.aborted) return
    }
    for (const waiter of this.#waiters) {
      if (!waiter.holds()) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  #takeOne(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      if (this.#arriving && endsInitialEvents(event)) this.#completeState(this.#arriving)
    } else if (event.type === 'DELETED') {
      this.#arriving?.delete(keyText(keyOf(event.object)))
      this.#remove(keyText(keyOf(event.object)), event.object)
    } else this.#put(event.object)
    this.#advance(event)
  }

  // Initial events come in the order of names: only the bookmark at their end tells how new the state is.
  #advance(event: WatchEvent<KubeObject>): void {
    if (this.#arriving) return
    this.#revision = Math.max(this.#revision, Number(event.object.metadata.resourceVersion ?? 0))
  }

  // What was cached and did not come in again was deleted while the watch was down.
  #completeState(seen: ReadonlySet<string>): void {
    // All that came in is cached.
    if (seen.size < this.#cache.size) for (const key of [...this.#cache.keys()]) if (!seen.has(key)) this.#remove(key)
    this.#arriving = undefined
    this.#synced = true
  }

  #put(object: T): void {
    const key = keyText(keyOf(object))
    this.#arriving?.add(key)
    const before = this.#cache.at(key)
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion && before?.metadata.uid === object.metadata.uid) return
    // Another object took the name while the watch was down: two changes, so that nobody takes them for one object.
    if (before && before.metadata.uid !== object.metadata.uid) this.#remove(key)
    const previous = this.#cache.put(object)
    this.#tellAll(previous ? { object, previous } : { object })
  }

  #remove(key: string, last?: T): void {
    const previous = this.#cache.remove(key)
    if (previous) this.#tellAll({ previous: last ?? previous })
  }

  #tellAll(change: InformerChange<T>): void {
    for (const listener of this.#listeners) this.#tell(listener, change)
  }

  // One bad listener must not cost the others the change, nor the informer its watch.
  #tell(listener: Listener<T>, change: InformerChange<T>): void {
    try {
      listener(change)
    } catch (error) {
      this.#options.log(`listener of ${this.#resource.plural} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  }

  #release(): void {
    for (const waiter of this.#waiters) waiter.resolve()
    this.#waiters.clear()
  }
}
