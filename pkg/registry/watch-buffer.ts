// Batches between a producer that never waits and one consumer: bounded, so that a slow consumer is cut off.
import { room } from '../util/turn-share.ts'

/** Iterated once. The end comes by `end`, by the consumer leaving, or by overflow; `onEnd` is called once in each case. */
export class WatchBuffer<T> implements AsyncIterable<readonly T[]> {
  /** What is delivered before the batch, made when it is asked for. */
  #made: Iterator<readonly T[]> | undefined
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

  get empty(): boolean {
    return this.#made === undefined && this.#batch.length === 0
  }

  /** Into an empty buffer: `size` items at most, made when they are asked for, that do not count against the capacity. */
  pushLater(items: Iterator<readonly T[]>, size: number): void {
    if (this.#ended) return
    this.#capacity += size
    this.#made = items
    this.#wake?.()
  }

  /** Items beyond the capacity end the stream: what is buffered is still delivered, the rest is not. */
  push(items: readonly T[]): void {
    if (items.length === 1) return this.pushOne(items[0]!)
    if (!this.#hasRoom(items.length)) return
    for (const item of items) this.#batch.push(item)
    this.#wake?.()
  }

  pushOne(item: T): void {
    if (!this.#hasRoom(1)) return
    this.#batch.push(item)
    this.#wake?.()
  }

  #hasRoom(count: number): boolean {
    if (this.#ended || count === 0) return false
    if (this.#batch.length === 0 || this.#batch.length + count <= this.#capacity) return true
    this.end()
    return false
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
        this.#made = undefined
        this.#batch = []
        this.end()
        return { done: true, value: undefined }
      },
    }
  }

  async #next(): Promise<IteratorResult<readonly T[]>> {
    for (;;) {
      if (this.#made) {
        const { done, value } = this.#made.next()
        if (done) this.#made = undefined
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
