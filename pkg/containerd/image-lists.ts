// Images that files name, one a line: pulled one after another, again and again until all are there, and kept.
import type { Clock, Timer } from '../util/clock.ts'

export interface ImageListsOptions {
  readonly has: (image: string) => Promise<boolean>
  readonly pull: (image: string) => Promise<unknown>
  /** Nobody's garbage from now on. */
  readonly pin: (image: string) => Promise<void>
  readonly clock: Clock
  readonly log: (text: string) => void
}

const firstRetryMs = 10_000
const longestRetryMs = 300_000

/** Pure. Empty lines and those that begin with `#` name none. */
export const imagesOf = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))

/** Invariant: one pull runs at a time; a timer is set only while some are missing and none runs. */
export class ImageLists {
  readonly #options: ImageListsOptions
  #missing: { readonly image: string; readonly file: string }[] = []
  /** Also told of once only. */
  readonly #failed = new Map<string, string>()
  #retryMs = firstRetryMs
  #timer: Timer | undefined
  #running = false
  #stopped = false

  constructor(options: ImageListsOptions) {
    this.#options = options
  }

  /** Instead of what the file named before. Does not wait for the pulls. */
  want(file: string, images: readonly string[]): void {
    this.#missing = [...this.#missing.filter((each) => each.file !== file), ...images.map((image) => ({ image, file }))]
    this.#retryMs = firstRetryMs
    void this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    if (this.#running || this.#stopped) return
    this.#timer?.cancel()
    this.#running = true
    const tried = new Set<object>()
    for (let next = this.#missing[0]; next && !this.#stopped; next = this.#missing.find((each) => !tried.has(each))) {
      tried.add(next)
      const wanted = next
      if (await this.#get(wanted.image, wanted.file)) this.#missing = this.#missing.filter((each) => each !== wanted)
    }
    this.#running = false
    if (this.#stopped || this.#missing.length === 0) return
    this.#timer = this.#options.clock.setTimer(() => void this.#run(), this.#retryMs)
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2)
  }

  async #get(image: string, file: string): Promise<boolean> {
    const { has, pull, pin, log } = this.#options
    try {
      if (!await has(image)) {
        await pull(image)
        log(`pulled ${image}, which ${file} names`)
      }
      await pin(image)
      return true
    } catch (error) {
      const { message } = error as Error
      if (!this.#stopped && this.#failed.get(image) !== message) log(`${image}, which ${file} names, can't be pulled, and is tried again: ${message}`)
      this.#failed.set(image, message)
      return false
    }
  }
}
