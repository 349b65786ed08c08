// Whether a pattern matches somewhere in a text: an automaton whose states are made when they are first met, as many as there is room for.
import { PatternBits } from './pattern-bits.ts'
import type { PatternProgram } from './pattern-program.ts'
import { place, side, step } from './pattern-program.ts'
import { spend } from '../util/allowance.ts'

/** Where the pattern may be in its program: the instructions after the characters taken so far. */
interface State {
  readonly places: Int32Array
  readonly before: number
  /** The next state by class, its number plus one; 0 where nobody has been yet. Behind the classes, whether it has matched if this is the end. */
  readonly next: Int32Array
}

/** Instead of a state: it has matched. */
const matched = -1
const unknown = 0
const unmatched = 1

/** In words of four bytes: while a text is looked at, and afterwards. */
const mostWords = 1_500_000
const mostKeptWords = 50_000
const wordsOfState = 40
/** When states were of less use than that, on average, remembering them is not worth while. */
const leastUse = 16

const charactersALook = 4096
const unitsALook = 200
/** So many instructions are looked at in a unit of time. */
const visitsAUnit = 12

/** Of larger programs it is made anew for each text. */
const mostKeptScratch = 500

/** What one step needs: which instructions it has looked at and which it has found, by the number of the step. */
interface Scratch {
  readonly seen: Int32Array
  readonly taken: Int32Array
  readonly stack: Int32Array
  readonly found: Int32Array
  round: number
}

const scratchFor = (size: number): Scratch => ({ seen: new Int32Array(size), taken: new Int32Array(size), stack: new Int32Array(2 * size + 2), found: new Int32Array(size), round: 0 })

interface Limits {
  readonly words: number
  readonly kept: number
}

export class PatternAutomaton {
  readonly #program: PatternProgram
  readonly #limits: Limits
  #states: State[] = []
  #byHash = new Map<number, number[]>()
  #words = 0
  #bits: PatternBits | 'none' | undefined
  #scratch: Scratch | undefined
  /** The state that texts begin in; -1 while there is none. */
  #first = -1

  constructor(program: PatternProgram, limits: Limits = { words: mostWords, kept: mostKeptWords }) {
    this.#program = program
    this.#limits = limits
  }

  test(text: string): boolean {
    try {
      return this.#run(text)
    } finally {
      if (this.#words > this.#limits.kept) this.#forget()
      if (this.#program.ops.length > mostKeptScratch) this.#scratch = undefined
    }
  }

  #forget(): void {
    this.#states = []
    this.#first = -1
    this.#byHash.clear()
    this.#words = 0
  }

  #begin(): number {
    const edge = this.#asserts(place.beginText | place.beginLine | place.wordBoundary | place.noWordBoundary)
    return (this.#first = this.#stateOf(Int32Array.of(this.#program.start), edge ? side.edge : side.other))
  }

  #run(text: string): boolean {
    const { classes } = this.#program
    let state = this.#states[this.#first < 0 ? this.#begin() : this.#first]!
    let forgotAt = 0
    let toLook = 0
    for (let at = 0; at < text.length;) {
      if (toLook-- === 0) {
        spend(at === 0 ? 1 : unitsALook)
        toLook = charactersALook
      }
      const rune = text.codePointAt(at)!
      const characterClass = classes.classOf(rune)
      at += widthOf(rune)
      let next = state.next[characterClass]!
      if (next === unknown) {
        const found = this.#advance(state, characterClass, classes.sides[characterClass]!)
        if (!found) next = matched
        else {
          if (this.#words > this.#limits.words) {
            if (at - forgotAt < leastUse * this.#states.length) return this.#withoutStates(text, at, found)
            forgotAt = at
            this.#forget()
          }
          next = this.#stateOf(found.places, found.before) + 1
        }
        state.next[characterClass] = next
      }
      if (next === matched) return true
      state = this.#states[next - 1]!
    }
    const last = state.next.length - 1
    if (state.next[last] === unknown) state.next[last] = this.#advance(state, -1, side.edge) ? unmatched : matched
    return state.next[last] === matched
  }

  #asserts(bits: number): boolean {
    return (this.#program.asserted & bits) !== 0
  }

  #stateOf(places: Int32Array, before: number): number {
    let hash = before
    for (let index = 0; index < places.length; index++) hash = Math.imul(hash ^ places[index]!, 16_777_619) ^ (hash >>> 15)
    let same = this.#byHash.get(hash)
    if (!same) this.#byHash.set(hash, same = [])
    for (const id of same) if (this.#is(this.#states[id], places, before)) return id
    const { count } = this.#program.classes
    this.#words += places.length + count + wordsOfState
    spend((places.length + count) / visitsAUnit)
    const id = this.#states.push({ places, before, next: new Int32Array(count + 1) }) - 1
    same.push(id)
    return id
  }

  #is(state: State | undefined, places: Int32Array, before: number): boolean {
    if (state?.before !== before || state.places.length !== places.length) return false
    for (let index = 0; index < places.length; index++) if (state.places[index] !== places[index]) return false
    return true
  }

  /** What comes after a character of that class, or undefined when it has matched before it. -1 is the end of the text. */
  #advance({ places, before }: Pick<State, 'places' | 'before'>, characterClass: number, after: number): Pick<State, 'places' | 'before'> | undefined {
    const { ops, outs, args, classes, start } = this.#program
    const scratch = (this.#scratch ??= scratchFor(ops.length))
    const { seen, taken, stack, found } = scratch
    const round = ++scratch.round
    const holds = conditions(before, after)
    let visits = 0
    let count = 0
    let top = 0
    for (let index = -1; index < places.length; index++) {
      stack[top++] = index < 0 ? start : places[index] ?? start
      while (top > 0) {
        const at = stack[--top] ?? 0
        if (seen[at] === round) continue
        seen[at] = round
        visits++
        switch (ops[at]) {
          case step.match: return undefined
          case step.alternative:
            stack[top++] = args[at] ?? 0
            stack[top++] = outs[at] ?? 0
            break
          case step.assertion:
            if (((args[at] ?? 0) & ~holds) === 0) stack[top++] = outs[at] ?? 0
            break
          case step.character: {
            const out = outs[at] ?? 0
            if (characterClass >= 0 && taken[out] !== round && classes.has(args[at] ?? 0, characterClass)) {
              taken[out] = round
              found[count++] = out
            }
          }
        }
      }
    }
    spend(1 + visits / visitsAUnit)
    return { places: found.slice(0, count).sort(), before: after }
  }

  /** Too many states: from here on each is made of the one before, and forgotten. */
  #withoutStates(text: string, from: number, begin: Pick<State, 'places' | 'before'>): boolean {
    this.#bits ??= PatternBits.of(this.#program) ?? 'none'
    if (this.#bits !== 'none') return this.#bits.test(text, from, begin.places)
    const { classes } = this.#program
    let current = begin
    for (let at = from; at < text.length;) {
      const rune = text.codePointAt(at) ?? 0
      const characterClass = classes.classOf(rune)
      const next = this.#advance(current, characterClass, classes.sides[characterClass] ?? side.other)
      if (!next) return true
      current = next
      at += widthOf(rune)
    }
    return this.#advance(current, -1, side.edge) === undefined
  }
}

const widthOf = (rune: number): number => (rune > 0xffff ? 2 : 1)

/** What holds between two sides. */
function conditions(before: number, after: number): number {
  return (before === side.edge ? place.beginText | place.beginLine : 0) | (before === side.newline ? place.beginLine : 0)
    | (after === side.edge ? place.endText | place.endLine : 0) | (after === side.newline ? place.endLine : 0)
    | ((before === side.word) === (after === side.word) ? place.noWordBoundary : place.wordBoundary)
}
