// Forgets the log's older part: what is older than five minutes goes, and earlier when much is written.
import type { Store } from '../storage/store.ts'
import type { Clock, Timer } from '../util/clock.ts'

const keepMs = 5 * 60_000
/** The log is in memory, too: changes of big objects must not fill it before their time is over. */
const keepCharacters = 64 << 20

/** An idle cluster writes next to nothing, so one timer every five minutes is all that this costs. */
export class CompactionSchedule {
  readonly #clock: Clock
  readonly #log: (text: string) => void
  #store: Store | undefined
  #timer: Timer | undefined
  #mark = 0
  #written = 0

  constructor({ clock, log }: { readonly clock: Clock; readonly log: (text: string) => void }) {
    this.#clock = clock
    this.#log = log
  }

  start(store: Store): void {
    this.#store = store
    this.#mark = store.revision
    this.#wait()
  }

  stop(): void {
    this.#store = undefined
    this.#timer?.cancel()
  }

  /** To be told how much the store writes. */
  written(characters: number): void {
    this.#written += characters
    if (this.#written >= keepCharacters) void this.#run()
  }

  #wait(): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.setTimer(() => void this.#run(), keepMs)
  }

  /** Forgets what was there already the last time. */
  async #run(): Promise<void> {
    if (!this.#store) return
    const revision = this.#mark
    this.#mark = this.#store.revision
    this.#written = 0
    this.#wait()
    try {
      if (revision > this.#store.compactedRevision) await this.#store.compact(revision)
    } catch (error) {
      this.#log(`compaction to revision ${revision}: ${(error as Error).message}`)
    }
  }
}
