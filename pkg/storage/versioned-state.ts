// The state that all stores of one process share: visible entries, pending changes on top of them, and the log below.
import { deepFreeze } from '../util/deep-freeze.ts'
import { prefixEnd, SortedMap } from '../util/sorted-map.ts'
import { ChangeLog } from './change-log.ts'
import { type Overlay, Pasts } from './past.ts'
import type { Change, Entry, ListOptions, ListResult, PutOptions, Transaction, Watch } from './store.ts'
import { Watchers } from './watchers.ts'

/** What one transaction changed, and whether all of it may be lost in a crash. */
export interface Pending {
  readonly changes: readonly Change[]
  readonly volatile: boolean
}

/** A key with pending changes: what readers see of it, and how many of its changes are still pending. */
interface Hidden {
  visible: Entry | undefined
  pending: number
}

/**
 * `#newest` holds the newest entries, pending or not. `#hidden` holds, for the keys with pending changes only, what is visible.
 * So a transaction reads one map, and readers of the visible state look into a second, small one first.
 * Pending transactions become visible in the order in which they ran.
 */
export class VersionedState {
  readonly #newest: SortedMap<Entry>
  readonly #hidden = new Map<string, Hidden>()
  readonly #pending: Pending[] = []
  readonly #log: ChangeLog
  readonly #pasts = new Pasts()
  readonly #watchers = new Watchers()
  #newestRevision: number
  #running = false

  constructor(start: { entries: Map<string, Entry>; changes: Change[]; compacted: number; revision: number }) {
    this.#newest = new SortedMap(start.entries)
    this.#log = new ChangeLog({ changes: start.changes, compacted: start.compacted, newest: start.revision })
    this.#newestRevision = start.revision
  }

  get revision(): number {
    return this.#log.newest
  }

  get compactedRevision(): number {
    return this.#log.compacted
  }

  get hasPending(): boolean {
    return this.#pending.length > 0
  }

  get<V>(key: string): Entry<V> | undefined {
    const hidden = this.#hidden.get(key)
    return (hidden ? hidden.visible : this.#newest.get(key)) as Entry<V> | undefined
  }

  list<V>(prefix: string, options: ListOptions = {}): ListResult<V> {
    const { revision = this.revision, start = prefix, limit = Infinity } = options
    if (!start.startsWith(prefix)) throw new RangeError(`start ${start} is not under ${prefix}`)
    const overlay = this.#overlay(prefix, revision)
    const end = prefixEnd(prefix)
    const entries = overlay.size === 0 ? this.#newest.values(start, end, limit) : this.#visible(overlay, { start, end, limit })
    const remaining = this.#count(overlay, start, end) - entries.length
    return { entries: entries as Entry<V>[], revision, remaining }
  }

  count(prefix: string): number {
    return this.#count(this.#overlay(prefix, this.revision), prefix, prefixEnd(prefix))
  }

  watch(prefix: string, after: number, listener: (changes: readonly Change[]) => void): Watch {
    return this.#watchers.add(prefix, { revision: this.revision, missed: this.#log.after(after) }, listener)
  }

  closeWatches(): void {
    this.#watchers.closeAll()
  }

  /**
   * Runs `change` on the newest state. What it changed is pending afterwards, unless it changed nothing; if it or `accept` throws, nothing happened.
   * `accept` sees the changes before they count.
   */
  run<R>(change: (transaction: Transaction) => R, accept?: (pending: Pending) => void): { result: R; pending: Pending } {
    if (this.#running) throw new Error('a transaction was started inside another one')
    const changes: Change[] = []
    let volatile = true
    let open = true
    const add = (next: Change, options?: PutOptions): void => {
      if (!open) throw new Error(`the transaction has ended; ${next.key} can't be changed in it`)
      this.#apply(next)
      changes.push(next)
      volatile &&= options?.volatile === true
    }
    const transaction: Transaction = {
      get: <V>(key: string) => this.#newest.get(key) as Entry<V> | undefined,
      list: <V>(prefix: string) => this.#newest.under(prefix) as readonly Entry<V>[],
      put: (key, value, options) => {
        const revision = this.#newestRevision + 1
        const previous = this.#newest.get(key)
        const entry = { key, value: deepFreeze(value), revision, createRevision: previous?.createRevision ?? revision }
        add({ type: 'put', key, revision, entry, previous }, options)
        return entry
      },
      delete: (key, options) => {
        const previous = this.#newest.get(key)
        if (!previous) return undefined
        const gone: Change = { type: 'delete', key, revision: this.#newestRevision + 1, previous }
        add(gone, options)
        return gone
      },
    }
    this.#running = true
    try {
      const result = change(transaction)
      const pending = { changes, volatile: volatile && changes.length > 0 }
      accept?.(pending)
      if (changes.length > 0) this.#pending.push(pending)
      return { result, pending }
    } catch (error) {
      this.#undo(changes)
      throw error
    } finally {
      open = false
      this.#running = false
    }
  }

  /** Makes the oldest pending transaction visible and tells the watchers. */
  publish(): void {
    const pending = this.#pending.shift()
    if (!pending) throw new Error('no transaction is pending')
    for (const change of pending.changes) {
      const hidden = this.#hidden.get(change.key) as Hidden
      hidden.visible = change.entry
      if (--hidden.pending === 0) this.#hidden.delete(change.key)
    }
    this.#log.append(pending.changes)
    this.#watchers.tell(pending.changes)
  }

  /** Takes all pending transactions back: the newest state is the visible one again. */
  revert(): void {
    for (const pending of this.#pending.splice(0).reverse()) this.#undo(pending.changes)
  }

  /** Forgets log entries at or below `revision` and returns the revisions of changes that are part of neither log nor state any more. */
  compact(revision: number): number[] {
    return this.#log.compact(revision).flatMap(supersededBy)
  }

  #apply(change: Change): void {
    const hidden = this.#hidden.get(change.key)
    if (hidden) hidden.pending++
    else this.#hidden.set(change.key, { visible: change.previous, pending: 1 })
    this.#place(change.key, change.entry)
    this.#newestRevision = change.revision
  }

  #undo(changes: readonly Change[]): void {
    for (const change of changes.toReversed()) {
      const hidden = this.#hidden.get(change.key) as Hidden
      if (--hidden.pending === 0) this.#hidden.delete(change.key)
      this.#place(change.key, change.previous)
    }
    if (changes[0]) this.#newestRevision = changes[0].revision - 1
  }

  #place(key: string, entry: Entry | undefined): void {
    if (entry) this.#newest.set(key, entry)
    else this.#newest.delete(key)
  }

  /** How the state at `revision` differs from the newest one. */
  #overlay(prefix: string, revision: number): Overlay {
    const overlay = revision === this.revision ? new Map<string, Entry | undefined>() : this.#pasts.at(prefix, revision, this.#log)
    // What is pending has not changed yet, now or since then.
    for (const [key, hidden] of this.#hidden) {
      if (key.startsWith(prefix) && !overlay.has(key)) overlay.set(key, hidden.visible)
    }
    return overlay
  }

  #visible(overlay: Overlay, { start, end, limit }: { start: string; end: string | undefined; limit: number }): Entry[] {
    const found: Entry[] = []
    const add = (entry: Entry | undefined): boolean => {
      if (entry && found.length < limit) found.push(entry)
      return found.length < limit
    }
    const extra = [...overlay.keys()].filter((key) => key >= start && !this.#newest.has(key)).sort()
    let next = 0
    for (const [key, newest] of this.#newest.range(start, end)) {
      for (; next < extra.length && (extra[next] as string) < key; next++) add(overlay.get(extra[next] as string))
      if (!add(overlay.has(key) ? overlay.get(key) : newest)) return found
    }
    for (; next < extra.length; next++) add(overlay.get(extra[next] as string))
    return found
  }

  #count(overlay: Overlay, start: string, end: string | undefined): number {
    let count = this.#newest.count(start, end)
    for (const [key, entry] of overlay) {
      if (key >= start) count += (entry ? 1 : 0) - (this.#newest.has(key) ? 1 : 0)
    }
    return count
  }
}

/** The revisions that no longer matter once the log before and including `change` is forgotten. */
export function supersededBy(change: Change): number[] {
  const revisions = change.previous ? [change.previous.revision] : []
  if (change.type === 'delete') revisions.push(change.revision)
  return revisions
}
