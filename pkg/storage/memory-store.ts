// A store that lives and dies with its process.
import type { Change, Entry, ListOptions, ListResult, Store, Transaction, Watch } from './store.ts'
import { VersionedState } from './versioned-state.ts'

/** Changes are visible, and watchers told, when `transact` returns. */
export class MemoryStore implements Store {
  readonly #state = new VersionedState({ entries: new Map(), changes: [], compacted: 0, revision: 0 })
  #closed = false

  get revision(): number {
    return this.#state.revision
  }

  get compactedRevision(): number {
    return this.#state.compactedRevision
  }

  get<V = unknown>(key: string): Entry<V> | undefined {
    return this.#state.get<V>(key)
  }

  list<V = unknown>(prefix: string, options?: ListOptions): ListResult<V> {
    return this.#state.list<V>(prefix, options)
  }

  count(prefix: string): number {
    return this.#state.count(prefix)
  }

  async transact<R>(change: (transaction: Transaction) => R): Promise<R> {
    if (this.#closed) throw new Error('the store is closed')
    const { result, pending } = this.#state.run(change)
    if (pending.changes.length > 0) this.#state.publish()
    return result
  }

  watch<V = unknown>(prefix: string, after: number, listener: (changes: readonly Change<V>[]) => void): Watch {
    return this.#state.watch(prefix, after, listener as (changes: readonly Change[]) => void)
  }

  async compact(revision: number): Promise<void> {
    this.#state.compact(revision)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#state.closeWatches()
  }
}
