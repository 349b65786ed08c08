// Whether the part of an updated object that a rule found wrong is what it was before, found by its path only when somebody asks.
import { oldItems, isUnchanged, pairOfField, type Pair } from './structural-past.ts'
import type { PathStep } from './structural-walk.ts'

interface Place {
  /** undefined where nobody can tell what was here before. */
  readonly current: Pair | undefined
  /** Then the nearest part around it of which one can. */
  readonly around: Pair | undefined
}

const nowhere: Place = { current: undefined, around: undefined }

export class CorrelatedPast {
  readonly #root: Pair
  /** How deep each schema lies within whose logic the walk is: there nothing is told apart any more. */
  readonly #logic: number[] = []
  readonly #known = new Map<unknown, boolean>()
  readonly #lists = new Map<unknown, ReturnType<typeof oldItems>>()

  constructor(root: Pair) {
    this.#root = root
  }

  enterLogic(depth: number): void {
    this.#logic.push(depth)
  }

  leaveLogic(): void {
    this.#logic.pop()
  }

  isUnchanged(path: readonly PathStep[]): boolean {
    if (this.#root.old === undefined) return false
    const { current, around } = this.#placeOf(path)
    const pair = current ?? around
    return pair !== undefined && this.#same(pair)
  }

  #placeOf(path: readonly PathStep[]): Place {
    let place: Place = { current: this.#root, around: undefined }
    for (let depth = 0; depth <= path.length; depth++) {
      if (this.#logic.includes(depth)) place = { current: undefined, around: place.around }
      const step = path[depth]
      if (step === undefined || !place.current) continue
      place = this.#below(place.current, step, place.around === undefined)
    }
    return place
  }

  #below(current: Pair, step: PathStep, atRoot: boolean): Place {
    if (typeof step === 'number') return { current: this.#item(current, step), around: current }
    const name = typeof step === 'string' ? step : step.key
    // What kind it is and of which version is converted before anybody looks.
    if (atRoot && (name === 'apiVersion' || name === 'kind')) return nowhere
    return { current: pairOfField(current, name), around: current }
  }

  #item({ props, value, old }: Pair, index: number): Pair | undefined {
    if (!Array.isArray(value) || !props.items) return undefined
    if (!this.#lists.has(old)) this.#lists.set(old, oldItems(props, old))
    const item: unknown = value[index]
    const before = this.#lists.get(old)?.(item) ?? undefined
    return before === undefined ? undefined : { props: props.items, value: item, old: before }
  }

  #same(pair: Pair): boolean {
    const { value } = pair
    if (typeof value !== 'object' || value === null) return isUnchanged(pair)
    let known = this.#known.get(value)
    if (known === undefined) this.#known.set(value, known = isUnchanged(pair))
    return known
  }
}
