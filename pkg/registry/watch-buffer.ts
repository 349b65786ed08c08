// Batches between a producer that never waits and one consumer: bounded, so that a slow consumer is cut off.

import { room } from '../util/turn-share.ts'

/** Iterated once. The end comes by `end`, by the consumer leaving, or by overflow; `onEnd` is called once in each case. */
export class WatchBuffer<T> implements AsyncIterable<readonly T[]> {
  /** What is delivered before all else, made when it is asked for. */
  #state: Iterator<readonly T[]> | undefined
  #batch: T[] = []
  #ended = false
  #wake: (() => void) | undefined
  #capacity: number
  readonly #onEnd: () => void

  constructor(capacity: number, onEnd: () => void) {
    this.#capacity = capacity
    this.#onEnd = onEnd
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The state at the start, `size` items of it, which do not count against the capacity. */
  pushState(state: Iterator<readonly T[]>, size: number): void {
    if (this.#ended) return
    this.#capacity += size
    this.#state = state
    this.#wake?.()
  }

  /** Items beyond the capacity end the stream: what is buffered is still delivered, the rest is not. */
  push(items: readonly T[]): void {
    if (this.#ended || items.length === 0) return
    if (this.#batch.length > 0 && this.#batch.length + items.length > this.#capacity) return this.end()
    for (const item of items) this.#batch.push(item)
    this.#wake?.()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    this.#wake?.()
  }

  /** By hand, not as a generator: leaving takes effect at once, also while `next` waits. */
  [Symbol.asyncIterator](): AsyncIterator<readonly T[]> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.#state = undefined
        this.#batch = []
        this.end()
        return { done: true, value: undefined }
      },
    }
  }

  async #next(): Promise<IteratorResult<readonly T[]>> {
    for (;;) {
      if (this.#state) {
        const { done, value } = this.#state.next()
        if (done) this.#state = undefined
        else if (value.length > 0) return { done: false, value }
        const turn = room()
        if (turn) await turn
        continue
      }
      if (this.#batch.length > 0) break
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => void (this.#wake = resolve))
    }
    const batch = this.#batch
    this.#batch = []
    return { done: false, value: batch }
  }
}
