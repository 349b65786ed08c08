// The store on SQLite: state in memory, changes on disk in group commits made by a worker thread.
import type { Clock, Timer } from '../util/clock.ts'
import { followed, ownSlices } from '../util/slices.ts'
import { onNextTurn } from '../util/turn.ts'
import { emptyRows } from './commit-protocol.ts'
import { CommitThread } from './commit-thread.ts'
import { addRow, encode, type EncodedChange, type ReadParts, StateLoader } from './stored-rows.ts'
import type { Change, Entry, ListOptions, ListResult, Store, Transaction, Watch } from './store.ts'
import { RevisionInFutureError } from './store.ts'
import type { VersionedState } from './versioned-state.ts'

/** The write budget of volatile changes: while nothing durable is written, they go to disk at most this often. */
export const flushIntervalMs = 30_000

/** How many revisions are reserved ahead: the counter jumps by at most this much in a crash. */
const reservedBlock = 100_000

/** A batch takes no further transactions once it holds this much JSON. */
const batchCharacters = 8 * 1024 * 1024

/** So many commits are shown before it is looked how long that took, and what followed from it. */
const shownAtOnce = 16

/** How many rows one step of compaction deletes. */
const pruneStep = 500

export interface SqliteOptions {
  /** Holds the database; made when it is not there. Only one store can have it open. */
  readonly directory: string
  readonly clock: Clock
  /** A value's JSON; for owners who know a faster way than JSON.stringify. */
  readonly text?: (value: unknown) => string | undefined
  /** Reads the JSON of long values in parts, as parseLossless does in one go. */
  readonly read?: ReadParts
  /** Commits that would make the database bigger are refused. */
  readonly maxBytes?: number
  /** Told after each batch how much JSON it had, in characters. */
  readonly onWritten?: (characters: number) => void
}

/** The disk refused a batch: none of its changes happened. */
export class CommitFailedError extends Error {
  override name = 'CommitFailedError'
  constructor(cause: unknown) {
    super(`the change could not be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

interface Commit {
  readonly rows: readonly EncodedChange[]
  readonly volatile: boolean
  /** Waits for a batch, with nothing of its own to write. */
  readonly barrier?: boolean
  resolve(): void
  reject(error: Error): void
}

/**
 * A transaction's way: run in memory (pending) -> `#waiting` -> `#writing`, with all others that wait -> on disk -> visible -> resolved.
 * A volatile one that has nothing pending before it is visible at once and goes to `#unflushed`, which every batch takes along first;
 * so whatever is on disk, everything before it is too. It needs a revision below `#reserved`, which no crash can give out again.
 */
export class SqliteStore implements Store {
  readonly #thread: CommitThread
  readonly #state: VersionedState
  readonly #clock: Clock
  readonly #text: (value: unknown) => string | undefined
  readonly #onWritten: (characters: number) => void
  #waiting: Commit[] = []
  #writing = false
  #unflushed: EncodedChange[] = []
  #flushTimer: Timer | undefined
  #reserved = 0
  #garbage: number[]
  #compaction: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  private constructor(options: SqliteOptions, thread: CommitThread, loader: StateLoader) {
    this.#clock = options.clock
    this.#text = options.text ?? JSON.stringify
    this.#onWritten = options.onWritten ?? (() => undefined)
    this.#thread = thread
    this.#state = loader.state()
    this.#garbage = loader.garbage
  }

  /** Rejects when the directory is in use, or was written by a newer version. */
  static async open(options: SqliteOptions): Promise<SqliteStore> {
    const loader = new StateLoader(options.read)
    const thread = new CommitThread(loader)
    try {
      await thread.request({ type: 'open', directory: options.directory, maxBytes: options.maxBytes })
      return new SqliteStore(options, thread, loader)
    } catch (error) {
      await thread.end()
      throw error
    }
  }

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

  transact<R>(change: (transaction: Transaction) => R): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#closing) throw new Error('the store is closed')
      const idle = !this.#state.hasPending
      let commit: Commit
      try {
        let rows: EncodedChange[] = []
        const { result, pending } = this.#state.run(change, ({ changes }) => {
          // Here, so that a value that is not JSON fails its own transaction and no other.
          rows = changes.map((one) => encode(one, this.#text))
        })
        commit = { rows, volatile: pending.volatile, resolve: () => resolve(result), reject }
      } catch (error) {
        commit = { rows: [], volatile: true, resolve: () => reject(error as Error), reject }
      }
      // What a transaction read may still be pending, so even one that changed nothing, or refused, waits for it.
      if (idle && (commit.rows.length === 0 || this.#mayShowEarly(commit))) return this.#show(commit)
      this.#waiting.push(commit)
      this.#write()
    })
  }

  watch<V = unknown>(prefix: string, after: number, listener: (changes: readonly Change<V>[]) => void): Watch {
    return this.#state.watch(prefix, after, listener as (changes: readonly Change[]) => void)
  }

  compact(revision: number): Promise<void> {
    if (revision > this.revision) return Promise.reject(new RevisionInFutureError(revision, this.revision))
    const done = this.#compaction.then(() => this.#compact(revision))
    this.#compaction = done.catch(() => undefined)
    return done
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #mayShowEarly(commit: Commit): boolean {
    return commit.volatile && (commit.rows.at(-1)?.change.revision ?? 0) < this.#reserved
  }

  /** Makes the oldest pending commit visible; unless it is on disk already, it stays to be written. */
  #show(commit: Commit, onDisk = false): void {
    if (commit.rows.length > 0) {
      if (!onDisk) {
        for (const row of commit.rows) this.#unflushed.push(row)
        this.#flushTimer ??= this.#clock.setTimer(() => this.#flush(), flushIntervalMs)
      }
      this.#state.publish()
    }
    commit.resolve()
  }

  #flush(): void {
    this.#flushTimer?.cancel()
    this.#flushTimer = undefined
    this.#write()
  }

  /** Writes all that waits, batch after batch, until nothing does. */
  #write(): void {
    if (this.#writing) return
    this.#writing = true
    void this.#writeBatches()
  }

  async #writeBatches(): Promise<void> {
    // What is written in this turn of the event loop lands in one batch.
    await new Promise<void>((resolve) => onNextTurn(resolve))
    do {
      const batch = this.#takeBatch()
      const unflushed = this.#unflushed
      this.#unflushed = []
      this.#flushTimer?.cancel()
      this.#flushTimer = undefined
      try {
        await this.#writeBatch(unflushed, batch)
      } catch (error) {
        this.#refuse(unflushed, batch, error)
        continue
      }
      await this.#showAll(batch)
      this.#showEarly()
    } while (this.#waiting.length > 0)
    this.#writing = false
  }

  /** In slices: a batch can have thousands, and each wakes who waits for it. */
  async #showAll(batch: readonly Commit[]): Promise<void> {
    const slices = ownSlices()
    for (const [index, commit] of batch.entries()) {
      if (index > 0 && index % shownAtOnce === 0) {
        await followed()
        if (slices.due) await slices.pause()
      }
      this.#show(commit, true)
    }
  }

  /** What waits only for its turn needs no batch. */
  #showEarly(): void {
    for (let next = this.#waiting[0]; next && !next.barrier && (next.rows.length === 0 || this.#mayShowEarly(next)); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#show(next)
    }
  }

  #takeBatch(): Commit[] {
    let characters = 0
    let length = 0
    while (length < this.#waiting.length && characters < batchCharacters) {
      for (const row of (this.#waiting[length] as Commit).rows) characters += row.json?.length ?? 0
      length++
    }
    return this.#waiting.splice(0, length)
  }

  async #writeBatch(unflushed: readonly EncodedChange[], batch: readonly Commit[]): Promise<void> {
    const rows = emptyRows()
    for (const row of unflushed) addRow(rows, row)
    for (const commit of batch) for (const row of commit.rows) addRow(rows, row)
    const last = rows.revisions.at(-1)
    if (last === undefined) return
    // A store that never sees a volatile change needs no reservation: its rows say where the counter stands.
    const wanted = unflushed.length > 0 || batch.some((commit) => commit.volatile)
    const reserve = wanted && this.#reserved - last < reservedBlock / 2 ? last + reservedBlock : undefined
    await this.#thread.request({ type: 'commit', rows, reserve })
    if (reserve !== undefined) this.#reserved = reserve
    this.#onWritten(rows.values.reduce((sum, json) => sum + (json?.length ?? 0), 0))
  }

  /** The batch is not on disk: what is pending never happened; what was shown already is tried again later. */
  #refuse(unflushed: EncodedChange[], batch: readonly Commit[], cause: unknown): void {
    const error = new CommitFailedError(cause)
    this.#unflushed = [...unflushed, ...this.#unflushed]
    if (this.#unflushed.length > 0) this.#flushTimer ??= this.#clock.setTimer(() => this.#flush(), flushIntervalMs)
    const refused = [...batch, ...this.#waiting.splice(0)]
    this.#state.revert()
    for (const commit of refused) commit.reject(error)
  }

  async #compact(revision: number): Promise<void> {
    // The rows to delete are superseded by later ones; those must be on disk first.
    await this.#flushed()
    const superseded = this.#garbage.concat(this.#state.compact(revision))
    this.#garbage = []
    const compacted = this.#state.compactedRevision
    for (let start = 0; start < superseded.length || start === 0; start += pruneStep) {
      try {
        await this.#thread.request({ type: 'prune', compacted, revisions: superseded.slice(start, start + pruneStep) })
      } catch (error) {
        this.#garbage = superseded.slice(start)
        throw error
      }
    }
    for (let more = true; more; ) more = (await this.#thread.request({ type: 'shrink' })).more === true
  }

  /** Resolves when what is volatile now is on disk; rejects when the disk refuses it. */
  #flushed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows: [], volatile: false, barrier: true, resolve, reject })
      this.#write()
    })
  }

  async #close(): Promise<void> {
    await this.#compaction
    try {
      // A failure may have been another transaction's.
      await this.#flushed().catch(() => this.#flushed())
      await this.#thread.request({ type: 'close', revision: this.#state.revision })
    } finally {
      this.#flushTimer?.cancel()
      this.#state.closeWatches()
      await this.#thread.end()
    }
  }
}
