// Forgets the log's older part: what is older than five minutes goes, while there is something to forget.
import type { Store } from '../storage/store.ts'
import type { Clock, Timer } from '../util/clock.ts'

const keepMs = 5 * 60_000

/** An idle cluster writes next to nothing, so one timer every five minutes is all that this costs. */
export class CompactionSchedule {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: (text: string) => void
  #timer: Timer | undefined
  #mark: number

  constructor(store: Store, clock: Clock, log: (text: string) => void) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#mark = store.revision
  }

  start(): void {
    this.#timer = this.#clock.setTimer(() => void this.#run(), keepMs)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async #run(): Promise<void> {
    const revision = this.#mark
    this.#mark = this.#store.revision
    try {
      if (revision > this.#store.compactedRevision) await this.#store.compact(revision)
    } catch (error) {
      this.#log(`compaction to revision ${revision}: ${(error as Error).message}`)
    }
    if (this.#timer) this.start()
  }
}
