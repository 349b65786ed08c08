// Lets objects of kinds with a time to live (events) expire: one timer for the next one, no polling.
import type { Store, Watch } from '../storage/store.ts'
import type { Clock, Timer } from '../util/clock.ts'
import type { StoredChange } from './object-view.ts'

/** Invariant: `#due` holds each key once, in the order of its expiry; the timer is set for the first. */
export class Expiry {
  readonly #store: Store
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #due = new Map<string, { revision: number; atMs: number }>()
  #watch: Watch | undefined
  #timer: Timer | undefined
  #stopped = false

  constructor(store: Store, clock: Clock, ttlSeconds: number) {
    this.#store = store
    this.#clock = clock
    this.#ttlMs = ttlSeconds * 1000
  }

  /** Objects that are there already live one more time to live: when they were last written is not known. */
  start(prefix: string): void {
    const { entries, revision } = this.#store.list(prefix)
    for (const entry of entries) this.#renew(entry.key, entry.revision)
    this.#watch = this.#store.watch(prefix, revision, (changes) => this.#onChanges(changes as readonly StoredChange[]))
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    this.#watch?.close()
    this.#timer?.cancel()
    this.#due.clear()
  }

  #onChanges(changes: readonly StoredChange[]): void {
    for (const { type, key, revision } of changes) {
      if (type === 'put') this.#renew(key, revision)
      else this.#due.delete(key)
    }
    if (!this.#timer) this.#arm()
  }

  #renew(key: string, revision: number): void {
    this.#due.delete(key)
    this.#due.set(key, { revision, atMs: this.#clock.now() + this.#ttlMs })
  }

  #arm(): void {
    this.#timer = undefined
    const [first] = this.#due.values()
    if (!first || this.#stopped) return
    this.#timer = this.#clock.setTimer(() => void this.#expire(), first.atMs - this.#clock.now())
  }

  async #expire(): Promise<void> {
    const nowMs = this.#clock.now()
    const expired: [string, number][] = []
    for (const [key, { revision, atMs }] of this.#due) {
      if (atMs > nowMs) break
      expired.push([key, revision])
      this.#due.delete(key)
    }
    try {
      if (expired.length > 0) {
        await this.#store.transact((transaction) => {
          for (const [key, revision] of expired) if (transaction.get(key)?.revision === revision) transaction.delete(key)
        })
      }
    } catch {
      // The store refused the batch (disk full, closing): they are tried again one time to live later.
      for (const [key, revision] of expired) if (this.#store.get(key)?.revision === revision && !this.#stopped) this.#renew(key, revision)
    } finally {
      this.#arm()
    }
  }
}
