// Publishes the newest state again and again: many triggers make one run, and one that failed comes again by itself.
import { BackOff } from '../util/back-off.ts'
import type { Clock, Timer } from '../util/clock.ts'

export interface PublisherOptions {
  readonly publish: () => Promise<void>
  readonly clock: Clock
  readonly failed: (error: Error) => void
}

/** What was triggered is published once `idle` resolves, or has failed and is tried again later. */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #backOff: BackOff
  #dirty = false
  #stopped = false
  #running: Promise<void> | undefined
  #retry: Timer | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#backOff = new BackOff(options.clock, { baseMs: 500, maxMs: 30_000 })
  }

  trigger(): void {
    if (this.#stopped) return
    this.#dirty = true
    this.#running ??= this.#run()
  }

  idle(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  stop(): void {
    this.#stopped = true
    this.#retry?.cancel()
  }

  async #run(): Promise<void> {
    // A batch of changes triggers many times in one turn; all of them belong to one table.
    await Promise.resolve()
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false
      this.#retry?.cancel()
      await this.#options.publish().then(() => this.#backOff.forget(''), (error: Error) => this.#again(error))
    }
    // In the same step as the last look, so that no trigger falls between.
    this.#running = undefined
  }

  #again(error: Error): void {
    if (this.#stopped) return
    this.#options.failed(error)
    this.#retry = this.#options.clock.setTimer(() => this.trigger(), this.#backOff.next(''))
  }
}
