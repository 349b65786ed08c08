// The change log: the changes since compaction, by revision.
import type { Change } from './store.ts'
import { RevisionCompactedError, RevisionInFutureError } from './store.ts'

/**
 * Revisions rise by one from change to change, except across a crash that lost volatile changes: there a range of revisions is
 * missing for ever. Who saw one of those has seen what no longer is, and can't resume.
 */
export class ChangeLog {
  #changes: Change[]
  #compacted: number
  /** Where the counter stands; beyond the last change after a crash. */
  #newest: number

  constructor(start: { changes: Change[]; compacted: number; newest: number }) {
    this.#changes = start.changes
    this.#compacted = start.compacted
    this.#newest = start.newest
  }

  get newest(): number {
    return this.#newest
  }

  get compacted(): number {
    return this.#compacted
  }

  append(changes: readonly Change[]): void {
    for (const change of changes) this.#changes.push(change)
    this.#newest = changes[changes.length - 1]?.revision ?? this.#newest
  }

  /** All changes after `revision`; throws when they can't be had. */
  after(revision: number): Change[] {
    return this.#changes.slice(this.check(revision))
  }

  /** Throws when the changes after `revision` can't be had; the index of the first. */
  check(revision: number): number {
    if (revision > this.#newest) throw new RevisionInFutureError(revision, this.#newest)
    if (revision < this.#compacted) throw new RevisionCompactedError(revision, this.#compacted)
    const index = this.#indexAfter(revision)
    if (!this.#happened(revision, index)) throw new RevisionCompactedError(revision, (this.#changes[index]?.revision ?? this.#newest + 1) - 1)
    return index
  }

  /** Forgets changes at or below `revision` and returns them. */
  compact(revision: number): Change[] {
    if (revision > this.#newest) throw new RevisionInFutureError(revision, this.#newest)
    if (revision <= this.#compacted) return []
    const index = this.#indexAfter(revision)
    const forgotten = this.#changes.slice(0, index)
    // A revision that was lost must not become the start of the log: it can't be resumed from.
    this.#compacted = this.#happened(revision, index) ? revision : (forgotten[forgotten.length - 1]?.revision ?? this.#compacted)
    this.#changes = this.#changes.slice(index)
    return forgotten
  }

  #happened(revision: number, indexAfter: number): boolean {
    const next = this.#changes[indexAfter]?.revision ?? this.#newest + 1
    return revision === next - 1 || revision === this.#compacted || this.#changes[indexAfter - 1]?.revision === revision
  }

  /** The index of the first change after `revision`. */
  #indexAfter(revision: number): number {
    let low = 0
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#changes[middle] as Change).revision <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}
