// The SQLite file of a data directory: one table of changes, from which the current state follows.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { emptyRows, type Rows } from './commit-protocol.ts'

/** The newest format that this program reads and the one it writes. */
export const formatVersion = 1

const rowsPerRead = 2000
const charactersPerRead = 1 << 20
const pagesPerShrink = 64

/**
 * Each change is one row. A row lives as long as it is the newest of its key or part of the log, so the file is state and log in one,
 * an append is one insert at the end of one tree, and no index is needed: who compacts knows which revisions are superseded.
 */
export class SqliteFile {
  readonly #database: Database.Database
  readonly #insert: Database.Statement
  readonly #remove: Database.Statement
  readonly #setMeta: Database.Statement

  constructor(directory: string, options: { maxBytes?: number } = {}) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.#database = openLocked(directory)
    try {
      const format = this.#format()
      if (format > formatVersion) {
        throw new Error(`data directory ${directory} was written by a newer kinglet (format ${format}, this one reads up to ${formatVersion})`)
      }
      if (format === 0) this.#create()
      this.#database.pragma('synchronous = FULL')
      this.#database.pragma('journal_size_limit = 16777216')
      if (options.maxBytes !== undefined) {
        const pageSize = this.#database.pragma('page_size', { simple: true }) as number
        this.#database.pragma(`max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pageSize))}`)
      }
      this.#insert = this.#database.prepare('INSERT INTO changes (revision, key, value, create_revision) VALUES (?, ?, ?, ?)')
      this.#remove = this.#database.prepare('DELETE FROM changes WHERE revision = ?')
      this.#setMeta = this.#database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)')
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /** 0 when it was never set. */
  counter(name: 'compacted' | 'reserved'): number {
    return Number(this.#database.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name) ?? 0)
  }

  /** All rows by revision, some thousand at a time, or some large ones. */
  *read(): Generator<Rows, void, undefined> {
    const select = this.#database.prepare('SELECT revision, key, value, create_revision FROM changes ORDER BY revision').raw()
    let rows = emptyRows()
    let characters = 0
    for (const row of select.iterate() as IterableIterator<[number, string, string | null, number]>) {
      rows.revisions.push(row[0])
      rows.keys.push(row[1])
      rows.values.push(row[2])
      rows.createRevisions.push(row[3])
      characters += row[2]?.length ?? 0
      if (rows.revisions.length < rowsPerRead && characters < charactersPerRead) continue
      yield rows
      rows = emptyRows()
      characters = 0
    }
    yield rows
  }

  append(rows: Rows, reserve: number | undefined): void {
    this.#inTransaction(() => {
      rows.revisions.forEach((revision, index) => this.#insert.run(revision, rows.keys[index], rows.values[index], rows.createRevisions[index]))
      if (reserve !== undefined) this.#setMeta.run('reserved', reserve)
    })
  }

  prune(compacted: number, revisions: readonly number[]): void {
    this.#unhurried(() => {
      this.#inTransaction(() => {
        this.#setMeta.run('compacted', compacted)
        for (const revision of revisions) this.#remove.run(revision)
      })
    })
  }

  /** Whether there is more to give back: a good part of the file is free, and this step made it less. */
  shrink(): boolean {
    const count = (of: 'freelist_count' | 'page_count'): number => this.#database.pragma(of, { simple: true }) as number
    const free = count('freelist_count')
    if (free < 1024 || free < count('page_count') / 4) return false
    // Not as a pragma() call, which takes one step, that is one page, only.
    this.#unhurried(() => this.#database.exec(`PRAGMA incremental_vacuum(${pagesPerShrink})`))
    return count('freelist_count') < free
  }

  close(revision: number): void {
    this.#inTransaction(() => this.#setMeta.run('reserved', revision))
    this.#database.close()
  }

  #format(): number {
    const known = this.#database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").get()
    return known ? Number(this.#database.prepare("SELECT value FROM meta WHERE name = 'format'").pluck().get() ?? 0) : 0
  }

  #create(): void {
    this.#database.pragma('journal_mode = WAL')
    this.#database.exec(`
      BEGIN IMMEDIATE;
      CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
      CREATE TABLE changes (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT, create_revision INTEGER NOT NULL);
      INSERT INTO meta VALUES ('format', ${formatVersion});
      COMMIT;`)
  }

  /** For what a power cut may take back: it does not wait for the disk; the next append brings it there, in order. */
  #unhurried(work: () => void): void {
    this.#database.pragma('synchronous = NORMAL')
    try {
      work()
    } finally {
      this.#database.pragma('synchronous = FULL')
    }
  }

  #inTransaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      // SQLite has rolled back by itself after some errors (disk full), not after others.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

/** Opens the file and keeps all others out of it until it is closed or this process ends, however it ends. */
function openLocked(directory: string): Database.Database {
  const database = new Database(join(directory, 'state.db'), { timeout: 0 })
  try {
    // Counts in a new file only, and only before the first transaction.
    database.pragma('auto_vacuum = INCREMENTAL')
    database.pragma('locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    return database
  } catch (error) {
    database.close()
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error
    throw new Error(`data directory ${directory} is in use by another kinglet`)
  }
}
