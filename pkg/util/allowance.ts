// How long work may hold the event loop before it has to be done elsewhere. Work that can be long tells what its steps cost.
import { onNextTurn } from './turn.ts'

/** Ends work that costs more than it may here. */
export class TooDear extends Error {
  override name = 'TooDear'
  constructor() {
    super('this is too much work for the event loop')
  }
}

let current: TurnAllowance | undefined

/** Told before a step is made. A unit is what takes a seventh of a microsecond, at worst. Costs nothing where nobody allows anything. */
export function spend(units: number): void {
  current?.spend(units)
}

const shareMs = 10
/** What takes about 10 ms. */
const mostUnits = 70_000
const unitsBetweenLooks = 2_000

function inside<R>(allowance: TurnAllowance, work: () => R): R {
  current = allowance
  try {
    return work()
  } finally {
    current = undefined
  }
}

/** A step that costs so much is never begun. */
export const longestStep = (): number => (current ? mostUnits : Infinity)

/** All work of one turn of the event loop shares some 10 ms. */
export class TurnAllowance {
  #usedMs = 0
  #end = 0
  #unseen = 0
  #over = false

  /** Throws TooDear, whatever became of the one that ended a step. */
  within<R>(work: () => R): R {
    if (current) return work()
    const begin = performance.now()
    if (this.#usedMs === 0) onNextTurn(() => void (this.#usedMs = 0))
    this.#end = begin + shareMs - this.#usedMs
    this.#unseen = this.#usedMs < shareMs ? 0 : unitsBetweenLooks
    this.#over = false
    try {
      const result = inside(this, work)
      if (this.#over) throw new TooDear()
      return result
    } catch (error) {
      throw this.#over ? new TooDear() : error
    } finally {
      this.#usedMs += performance.now() - begin
    }
  }

  spend(units: number): void {
    this.#unseen += units
    if (this.#over || units >= mostUnits || (this.#unseen >= unitsBetweenLooks && this.#isUsedUp())) {
      this.#over = true
      throw new TooDear()
    }
  }

  #isUsedUp(): boolean {
    this.#unseen = 0
    return performance.now() >= this.#end
  }
}
