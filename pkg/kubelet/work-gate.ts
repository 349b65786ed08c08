// Lets a few pieces of work run at a time; of those that wait, the one with the lowest rank goes first, then the oldest.
export class WorkGate {
  readonly #limit: number
  readonly #waiting: { readonly rank: number; readonly go: () => void }[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<T>(rank: number, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) {
      await new Promise<void>((go) => {
        const later = this.#waiting.findIndex((each) => each.rank > rank)
        this.#waiting.splice(later === -1 ? this.#waiting.length : later, 0, { rank, go })
      })
    } else this.#running++
    try {
      return await work()
    } finally {
      // The place goes over to the next one, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next) next.go()
      else this.#running--
    }
  }
}
