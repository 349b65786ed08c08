// A lock for each key: work on one key runs one after another, in the order it came; other keys do not wait.
export class KeyedLock<K = string> {
  // The tail of each key's chain. Invariant: a key is here only while something of it runs or waits.
  readonly #tails = new Map<K, Promise<void>>()

  async run<R>(key: K, work: () => Promise<R>): Promise<R> {
    const before = this.#tails.get(key)
    let release = (): void => undefined
    const tail = new Promise<void>((resolve) => (release = resolve))
    this.#tails.set(key, tail)
    try {
      await before
      return await work()
    } finally {
      release()
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }

  /** How many keys are locked now. */
  get size(): number {
    return this.#tails.size
  }
}
