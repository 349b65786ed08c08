// The same as the automaton, without states to remember: all places of the program that a text may be at, as bits, moved on together.
import type { PatternProgram } from './pattern-program.ts'
import { place, step } from './pattern-program.ts'
import { spend } from '../util/allowance.ts'

/** Patterns whose characters lead to more others than that, on average, are not for this. */
const mostFollowers = 12
const wordsAUnit = 60
const charactersALook = 1024

export class PatternBits {
  readonly #program: PatternProgram
  /** Character instructions in their order, by which bits are numbered. */
  readonly #indexes: Int32Array
  readonly #words: number
  /** Those that are followed by the next one. */
  readonly #shifted: Int32Array
  /** Those that many have for followers. */
  readonly #groups: readonly Group[]
  /** Those that are followed by others, and by which. */
  readonly #jumping: Int32Array
  readonly #followers: readonly (Int32Array | undefined)[]
  readonly #starting: Int32Array
  /** After these it has matched, wherever it is; after those, at the end of the text. */
  readonly #final: Int32Array
  readonly #last: Int32Array
  /** Nothing is a match, at the end of the text. */
  readonly #emptyAtEnd: boolean
  readonly #taken: Int32Array
  readonly #byClass: (Int32Array | undefined)[] = []

  private constructor(program: PatternProgram, { indexes, followers, final, last, starting, emptyAtEnd }: Followers) {
    this.#program = program
    this.#indexes = indexes
    this.#words = (indexes.length >> 5) + 1
    const bits = (members: Iterable<number>): Int32Array => bitsOf(this.#words, members)
    const others = followers.map((next, one) => next.filter((other) => other !== one + 1))
    this.#shifted = bits(where(followers, (next, one) => next.includes(one + 1)))
    const alike = new Map<string, number[]>()
    for (const [one, next] of others.entries()) if (next.length > 0) alike.set(next.join(), [...alike.get(next.join()) ?? [], one])
    this.#groups = [...alike.values()].filter((members) => members.length >= leastGroup).map((members) => groupOf(members, others[members[0] ?? 0] ?? [], this.#words))
    const grouped = new Set([...alike.values()].filter((members) => members.length >= leastGroup).flat())
    this.#followers = others.map((next, one) => (next.length > 0 && !grouped.has(one) ? Int32Array.from(next) : undefined))
    this.#jumping = bits(where(this.#followers, (next) => next !== undefined))
    this.#starting = bits(starting)
    this.#final = bits(final)
    this.#last = bits(last)
    this.#emptyAtEnd = emptyAtEnd
    this.#taken = new Int32Array(this.#words)
  }

  /** undefined where assertions are about more than the ends of the text, or too much follows from everything. */
  static of(program: PatternProgram): PatternBits | undefined {
    if ((program.asserted & ~(place.beginText | place.endText)) !== 0) return undefined
    const found = followersOf(program)
    return found && new PatternBits(program, found)
  }

  /** From inside the text on, with what the automaton has found until there. */
  test(text: string, from: number, places: Int32Array): boolean {
    const words = this.#words
    let [current, next] = [new Int32Array(words), new Int32Array(words)]
    const reach = reachOf(this.#program, this.#indexes)
    for (const at of places) {
      const { characters, matches, matchesAtEnd } = reach(at)
      if (matches || (matchesAtEnd && from >= text.length)) return true
      for (const one of characters) current[one >> 5]! |= 1 << (one & 31)
    }
    const { classes } = this.#program
    let toLook = charactersALook
    let ended = this.#emptyAtEnd
    for (let at = from; at < text.length;) {
      if (toLook-- === 0) {
        spend(charactersALook * words / wordsAUnit)
        toLook = charactersALook
      }
      const rune = text.codePointAt(at) ?? 0
      at += rune > 0xffff ? 2 : 1
      const outcome = this.#move(current, next, this.#takers(classes.classOf(rune)))
      if ((outcome & 1) !== 0) return true
      ended = this.#emptyAtEnd || (outcome & 2) !== 0
      ;[current, next] = [next, current]
    }
    return ended
  }

  /** Bit 0 of what it gives: it has matched. Bit 1: it has if this was the end. */
  #move(current: Int32Array, next: Int32Array, takers: Int32Array): number {
    const [kept, shifted, jumping, final, last, starting] = [this.#taken, this.#shifted, this.#jumping, this.#final, this.#last, this.#starting]
    let outcome = 0
    let carry = 0
    next.set(starting)
    for (let word = 0; word < current.length; word++) {
      const taken = (current[word]! | starting[word]!) & takers[word]!
      kept[word] = taken
      const moving = taken & shifted[word]!
      next[word]! |= (moving << 1) | carry
      carry = moving >>> 31
      if (taken === 0) continue
      if ((taken & final[word]!) !== 0) outcome |= 1
      if ((taken & last[word]!) !== 0) outcome |= 2
      for (let rest = taken & jumping[word]!; rest !== 0; rest &= rest - 1) {
        const followers = this.#followers[(word << 5) + 31 - Math.clz32(rest & -rest)]!
        for (const other of followers) next[other >> 5]! |= 1 << (other & 31)
      }
    }
    for (const { from, members, followers, firstFollower } of this.#groups) {
      for (let word = 0; word < members.length; word++) {
        if ((kept[from + word]! & members[word]!) === 0) continue
        for (let one = 0; one < followers.length; one++) next[firstFollower + one]! |= followers[one]!
        break
      }
    }
    return outcome
  }

  #takers(characterClass: number): Int32Array {
    let takers = this.#byClass[characterClass]
    if (!takers) {
      const { args, classes } = this.#program
      takers = this.#byClass[characterClass] = new Int32Array(this.#words)
      for (const [one, at] of this.#indexes.entries()) if (classes.has(args[at] ?? 0, characterClass)) takers[one >> 5]! |= 1 << (one & 31)
      spend(this.#indexes.length / wordsAUnit)
    }
    return takers
  }
}

/** Characters that are followed by the same others; only the words that have any. */
interface Group {
  readonly from: number
  readonly members: Int32Array
  readonly firstFollower: number
  readonly followers: Int32Array
}

const leastGroup = 4

const where = <T>(list: readonly T[], holds: (one: T, index: number) => boolean): number[] => [...list.keys()].filter((index) => holds(list[index]!, index))

function bitsOf(words: number, members: Iterable<number>): Int32Array {
  const made = new Int32Array(words)
  for (const one of members) made[one >> 5]! |= 1 << (one & 31)
  return made
}

function groupOf(members: readonly number[], followers: readonly number[], words: number): Group {
  const span = (list: readonly number[]): [number, Int32Array] => {
    const bits = bitsOf(words, list)
    const used = where([...bits], (word) => word !== 0)
    const from = used[0] ?? 0
    return [from, bits.slice(from, (used.at(-1) ?? from) + 1)]
  }
  const [[from, memberBits], [firstFollower, followerBits]] = [span(members), span(followers)]
  return { from, members: memberBits, firstFollower, followers: followerBits }
}

interface Followers {
  readonly indexes: Int32Array
  /** Of each character, which characters may come next. */
  readonly followers: readonly (readonly number[])[]
  readonly final: readonly number[]
  readonly last: readonly number[]
  /** Those that a match may begin with, not at the beginning of the text. */
  readonly starting: readonly number[]
  readonly emptyAtEnd: boolean
}

interface Reach {
  readonly characters: readonly number[]
  readonly matches: boolean
  readonly matchesAtEnd: boolean
}

/** Which characters can be next from an instruction on, inside the text. */
function reachOf({ ops, outs, args }: PatternProgram, indexes: Int32Array): (from: number) => Reach {
  const numbers = new Map(Array.from(indexes, (at, one) => [at, one] as const))
  const seen = new Int32Array(ops.length)
  let round = 0
  const walk = (from: number, holds: number): { characters: number[]; matches: boolean } => {
    round++
    const characters: number[] = []
    let matches = false
    const stack = [from]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen[at] === round) continue
      seen[at] = round
      if (ops[at] === step.match) matches = true
      else if (ops[at] === step.character) characters.push(numbers.get(at) ?? 0)
      else if (ops[at] === step.alternative) stack.push(args[at] ?? 0, outs[at] ?? 0)
      else if (ops[at] === step.assertion && ((args[at] ?? 0) & ~holds) === 0) stack.push(outs[at] ?? 0)
    }
    return { characters, matches }
  }
  return (from) => {
    const { characters, matches } = walk(from, 0)
    return { characters, matches, matchesAtEnd: walk(from, place.endText).matches }
  }
}

function followersOf(program: PatternProgram): Followers | undefined {
  const { ops, outs, start } = program
  const indexes = Int32Array.from(ops.keys()).filter((at) => ops[at] === step.character)
  const reach = reachOf(program, indexes)
  const followers: (readonly number[])[] = []
  const [final, last]: [number[], number[]] = [[], []]
  let left = mostFollowers * indexes.length + 1000
  for (const [one, at] of indexes.entries()) {
    const { characters, matches, matchesAtEnd } = reach(outs[at] ?? 0)
    spend(1 + characters.length / 4)
    left -= characters.length
    if (left < 0) return undefined
    followers.push(characters)
    if (matches) final.push(one)
    if (matchesAtEnd) last.push(one)
  }
  const { characters, matchesAtEnd } = reach(start)
  return { indexes, followers, final, last, starting: characters, emptyAtEnd: matchesAtEnd }
}
