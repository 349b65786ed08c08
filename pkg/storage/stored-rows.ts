// Between changes and the rows they are kept as.
import { deepFreeze } from '../util/deep-freeze.ts'
import { deepFreezeParts } from '../util/freeze-parts.ts'
import { parseLossless } from '../util/lossless-json.ts'
import type { Parts } from '../util/slices.ts'
import type { Loader } from './commit-thread.ts'
import type { Rows } from './commit-protocol.ts'
import type { Change, Entry } from './store.ts'
import { supersededBy, VersionedState } from './versioned-state.ts'

/** A change together with its value's JSON. */
export interface EncodedChange {
  readonly change: Change
  readonly json: string | null
}

/** `text` writes what parseLossless reads back; undefined for what is no JSON. */
export function encode(change: Change, text: (value: unknown) => string | undefined): EncodedChange {
  if (!change.entry) return { change, json: null }
  const json = text(change.entry.value)
  if (json === undefined) throw new TypeError(`the value of ${change.key} is not JSON`)
  return { change, json }
}

export function addRow(rows: Rows, { change, json }: EncodedChange): void {
  rows.revisions.push(change.revision)
  rows.keys.push(change.key)
  rows.values.push(json)
  rows.createRevisions.push(change.entry?.createRevision ?? 0)
}

/** An entry whose value is parsed when it is first asked for: a start does not pay for what nobody reads. */
function lazyEntry(row: { key: string; json: string; revision: number; createRevision: number }): Entry {
  let json: string | undefined = row.json
  let value: unknown
  return {
    key: row.key,
    revision: row.revision,
    createRevision: row.createRevision,
    get value() {
      if (json !== undefined) {
        value = deepFreeze(parseLossless(json))
        json = undefined
      }
      return value
    },
  }
}

/** Longer JSON can be read in parts. */
const longJson = 16 * 1024

/** Reads JSON in parts; undefined where it cannot. */
export type ReadParts = (json: string) => Parts<unknown>

/** The same of a long value. */
function longEntry(row: { key: string; json: string; revision: number; createRevision: number }, read: ReadParts): Entry {
  let json: string | undefined = row.json
  let value: unknown
  let making: Parts<void> | undefined
  function* make(text: string): Parts<void> {
    const made = yield* read(text)
    if (made === undefined) return
    yield* deepFreezeParts(made)
    // Somebody may have asked for it meanwhile.
    if (json === undefined) return
    value = made
    json = undefined
  }
  function* prepare(): Parts<void> {
    // What one has made so far is there for all.
    for (making ??= make(row.json); json !== undefined && !making.next().done;) yield
  }
  return {
    key: row.key,
    revision: row.revision,
    createRevision: row.createRevision,
    get value() {
      if (json !== undefined) {
        value = deepFreeze(parseLossless(json))
        json = undefined
        making = undefined
      }
      return value
    },
    get prepare() {
      return json === undefined ? undefined : prepare
    },
  }
}

/** Builds the state from a file's rows: the last row of a key is its entry, the rows after compaction are the log. */
export class StateLoader implements Loader {
  readonly #entries = new Map<string, Entry>()
  readonly #changes: Change[] = []
  /** Rows that a compaction which did not finish has left behind. */
  readonly garbage: number[] = []
  #compacted = 0
  #revision = 0
  readonly #read: ReadParts | undefined

  constructor(read?: ReadParts) {
    this.#read = read
  }

  counters(compacted: number, reserved: number): void {
    this.#compacted = compacted
    this.#revision = Math.max(compacted, reserved)
  }

  rows({ revisions, keys, values, createRevisions }: Rows): void {
    for (let index = 0; index < revisions.length; index++) {
      const key = keys[index] as string
      const json = values[index] as string | null
      const revision = revisions[index] as number
      const previous = this.#entries.get(key)
      const entry = json === null ? undefined : this.#entry({ key, json, revision, createRevision: createRevisions[index] as number })
      if (entry) this.#entries.set(key, entry)
      else this.#entries.delete(key)
      const change: Change = { type: entry ? 'put' : 'delete', key, revision, entry, previous }
      if (revision > this.#compacted) this.#changes.push(change)
      else for (const superseded of supersededBy(change)) this.garbage.push(superseded)
      if (revision > this.#revision) this.#revision = revision
    }
  }

  #entry(row: { key: string; json: string; revision: number; createRevision: number }): Entry {
    return this.#read && row.json.length > longJson ? longEntry(row, this.#read) : lazyEntry(row)
  }

  state(): VersionedState {
    return new VersionedState({ entries: this.#entries, changes: this.#changes, compacted: this.#compacted, revision: this.#revision })
  }
}
