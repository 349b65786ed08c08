// Which numbers are taken: by stored objects, and by writes under way.

/** A number is taken while an object holds it or a reservation stands; both may be true at once, around a commit. */
export class TakenNumbers {
  readonly #heldBy = new Map<string, readonly number[]>()
  readonly #uses = new Map<number, number>()

  has(value: number): boolean {
    return this.#uses.has(value)
  }

  /** States what the object at this key holds now. */
  set(key: string, values: readonly number[]): void {
    this.release(this.#heldBy.get(key) ?? [])
    if (values.length > 0) this.#heldBy.set(key, values)
    else this.#heldBy.delete(key)
    for (const value of values) this.reserve(value)
  }

  reserve(value: number): void {
    this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1)
  }

  release(values: readonly number[]): void {
    for (const value of values) {
      const rest = (this.#uses.get(value) ?? 0) - 1
      if (rest > 0) this.#uses.set(value, rest)
      else this.#uses.delete(value)
    }
  }
}
