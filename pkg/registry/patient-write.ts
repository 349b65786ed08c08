// Writes in parts. What is small runs through inside one transaction. What is large runs outside, with pauses in which others
// have their turn, on the state as it finds it; the last part runs inside a transaction, if all that was read still stands.
import type { Entry, Store, Transaction } from '../storage/store.ts'
import { Awaiting } from './admission.ts'
import { slicesOf, type Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'
import { AwaitingEvaluation } from './evaluation.ts'

/** What a write yields before its last part: from then on it runs uninterrupted, on the newest state, and may write. */
export const settle = 'settle'

/** May be left wherever it yields. What is to be waited for it yields outside of transactions only, and goes on with what comes of it. */
export type WriteParts<R> = Generator<typeof settle | Promise<unknown> | undefined, R, unknown>

/** Where a write is that may have to wait. */
interface Waiter {
  readonly outsideTransaction: boolean
  readonly leaveTurn?: (() => void) | undefined
}

/** Other programs may write the same object before they answer. */
function asked(step: Waiter, error: Awaiting): Promise<void> {
  if (!(error instanceof AwaitingEvaluation)) step.leaveTurn?.()
  return error.ask()
}

/** A part that may be run again. Outside of a transaction it waits where it is for what is evaluated elsewhere, or for all that must be asked. */
export function* awaited<R>(step: Waiter, work: () => R, what: typeof Awaiting = AwaitingEvaluation): WriteParts<R> {
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!step.outsideTransaction || !(error instanceof what)) throw error
      yield asked(step, error)
    }
  }
}

/** The same for work in parts that others are asked by, while it may be begun again. */
export function* awaitedParts<R>(step: Waiter, work: () => Parts<R>, mayBeginAgain: () => boolean): WriteParts<R> {
  for (;;) {
    try {
      return yield* work()
    } catch (error) {
      if (!step.outsideTransaction || !(error instanceof Awaiting) || !mayBeginAgain()) throw error
      yield asked(step, error)
    }
  }
}

export function throughout<R>(parts: WriteParts<R>): R {
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value
    if (value instanceof Promise) throw new Error('a write without pauses cannot wait')
  }
}

/** Reads the visible state and knows what it read; then stands for the transaction that the write ends in. */
export class TrackedTransaction implements Transaction {
  readonly #store: Store
  readonly #entries = new Map<string, Entry | undefined>()
  readonly #lists = new Map<string, readonly Entry[]>()
  #real: Transaction | undefined

  constructor(store: Store) {
    this.#store = store
  }

  get<V>(key: string): Entry<V> | undefined {
    if (this.#real) return this.#real.get<V>(key)
    if (!this.#entries.has(key)) this.#entries.set(key, this.#store.get(key))
    return this.#entries.get(key) as Entry<V> | undefined
  }

  list<V>(prefix: string): readonly Entry<V>[] {
    if (this.#real) return this.#real.list<V>(prefix)
    let list = this.#lists.get(prefix)
    if (!list) this.#lists.set(prefix, list = this.#store.list(prefix).entries)
    return list as readonly Entry<V>[]
  }

  put: Transaction['put'] = (key, value, options) => this.#written().put(key, value, options)

  delete: Transaction['delete'] = (key, options) => this.#written().delete(key, options)

  /** False when something that was read is not what stands now, or when it has been in one before. */
  enter(real: Transaction): boolean {
    if (this.#real) return false
    for (const [key, entry] of this.#entries) if (real.get(key) !== entry) return false
    for (const [prefix, entries] of this.#lists) {
      const now = [...real.list(prefix)]
      if (now.length !== entries.length || now.some((entry, index) => entry !== entries[index])) return false
    }
    this.#real = real
    return true
  }

  #written(): Transaction {
    if (!this.#real) throw new Error('a large write must settle before it writes')
    return this.#real
  }
}

/** What the write was based on has changed meanwhile. */
export class Overtaken extends Error {
  override name = 'Overtaken'
}

/** A small write has made something large: it begins again as a large one. */
export class Grown extends Error {
  override name = 'Grown'
}

/** Patches with copies, and what others change on admission, may make much of little. */
export function checkGrowth({ isLarge }: { readonly isLarge: boolean }, draft: object): void {
  if (!isLarge && isHeavy(draft)) throw new Grown()
}

/** What a small write may take in one go. */
const mostSteps = 10_000

/** Much is to be done, though the write is about little. */
export function checkSteps({ isLarge }: { readonly isLarge: boolean }, steps: number): void {
  if (!isLarge && steps > mostSteps) throw new Grown()
}

/** The parts up to the last; undefined when there is more to do, in a transaction. */
export async function upToLast<R>(parts: WriteParts<R>): Promise<{ readonly result: R } | undefined> {
  const slices = slicesOf()
  await slices.pause()
  for (let next = parts.next(); ;) {
    const { done, value } = next
    if (done) return { result: value }
    if (value === settle) return undefined
    if (value instanceof Promise) {
      next = await goneOn(parts, value)
      continue
    }
    if (slices.due) await slices.pause()
    next = parts.next()
  }
}

async function goneOn<R>(parts: WriteParts<R>, awaited: Promise<unknown>): Promise<ReturnType<WriteParts<R>['next']>> {
  let result: unknown
  try {
    result = await awaited
  } catch (error) {
    return parts.throw(error)
  }
  return parts.next(result)
}
