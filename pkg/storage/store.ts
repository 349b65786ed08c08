// The Store contract: current state and a log of changes under one revision counter.
import type { Parts } from '../util/slices.ts'

/** One key's value. Values are frozen JSON objects and never hold their own revision. */
export interface Entry<V = unknown> {
  readonly key: string
  readonly value: V
  /** The revision of the change that made this value. */
  readonly revision: number
  /** The revision of the change that made this key. */
  readonly createRevision: number
  /** Where `value` would take long to make when it is asked for: makes it in parts. They may be left, and several may be at it. */
  readonly prepare?: (() => Parts<void>) | undefined
}

/** One step of history. Each change has a revision of its own, one higher than the change before it. */
export interface Change<V = unknown> {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  /** The value after a put; undefined after a delete. */
  readonly entry?: Entry<V>
  /** What stood there before, if anything did. */
  readonly previous?: Entry<V>
}

export interface PutOptions {
  /**
   * The change need not survive a crash: it is announced at once and written within the store's write budget.
   * For heartbeats, leases and events. Revisions never go back, even when such a change is lost.
   * A transaction is volatile when all of its changes are.
   */
  readonly volatile?: boolean
}

/** Reads and writes of one uninterruptible step. Reads see this transaction's writes and all that came before it, durable or not. */
export interface Transaction {
  get<V = unknown>(key: string): Entry<V> | undefined
  /** Entries whose key starts with `prefix`, in key order. */
  list<V = unknown>(prefix: string): readonly Entry<V>[]
  /** Deep-freezes `value`. Returns the entry that will be committed; on a shared backend its revision is a guess until then. */
  put<V>(key: string, value: V, options?: PutOptions): Entry<V>
  /** Deleting a key that is not there does nothing and returns undefined. */
  delete(key: string, options?: PutOptions): Change | undefined
}

export interface ListOptions {
  /** Exact state at this revision; RevisionCompactedError or RevisionInFutureError when it can't be had. */
  readonly revision?: number
  /** First key of the page (inclusive); must start with the prefix. */
  readonly start?: string
  readonly limit?: number
}

export interface ListResult<V = unknown> {
  readonly entries: readonly Entry<V>[]
  /** The revision that this list is a picture of. */
  readonly revision: number
  /** How many entries follow after this page. */
  readonly remaining: number
}

export interface Watch {
  /** No listener call comes after this returns. */
  close(): void
}

/**
 * Promises:
 * - `get`, `list` and watchers see only durable (or volatile) changes, in revision order; nothing that a power cut can take back.
 * - `transact` runs `change` synchronously, at once, on the newest state, and resolves after the changes are durable
 *   and every watcher has been told. If `change` throws, nothing happened and the promise rejects with that error,
 *   once what it has seen is visible to others: who is told of a conflict reads the change that it conflicts with.
 *   If the commit fails, everything pending on it rejects and the state is the committed one.
 * - `change` has no side effects: a shared backend may run it again.
 * - A watch from revision R delivers every change after R under its prefix, once, in order, with no gap.
 *   Changes arrive in arrays, one a commit; the listener must not throw and must not block.
 */
export interface Store {
  /** The revision of the newest visible change; 0 in an empty store. */
  readonly revision: number
  /** Changes at or below this revision are no longer in the log. */
  readonly compactedRevision: number
  get<V = unknown>(key: string): Entry<V> | undefined
  list<V = unknown>(prefix: string, options?: ListOptions): ListResult<V>
  /** How many entries have this prefix now. */
  count(prefix: string): number
  transact<R>(change: (transaction: Transaction) => R): Promise<R>
  /** Throws RevisionCompactedError or RevisionInFutureError at once when `after` can't be resumed from. */
  watch<V = unknown>(prefix: string, after: number, listener: (changes: readonly Change<V>[]) => void): Watch
  /** Forgets log entries at or below `revision`; current state stays. Goes in small steps. */
  compact(revision: number): Promise<void>
  /** Writes what is volatile, ends watches, releases files. Pending transactions finish first. */
  close(): Promise<void>
}

/** The wanted revision is older than what the log still holds. */
export class RevisionCompactedError extends Error {
  override name = 'RevisionCompactedError'
  readonly revision: number
  readonly compactedRevision: number
  constructor(revision: number, compactedRevision: number) {
    super(`revision ${revision} is compacted; the log starts after ${compactedRevision}`)
    this.revision = revision
    this.compactedRevision = compactedRevision
  }
}

/** The wanted revision has not happened yet. */
export class RevisionInFutureError extends Error {
  override name = 'RevisionInFutureError'
  readonly revision: number
  readonly currentRevision: number
  constructor(revision: number, currentRevision: number) {
    super(`revision ${revision} is in the future; the newest is ${currentRevision}`)
    this.revision = revision
    this.currentRevision = currentRevision
  }
}
