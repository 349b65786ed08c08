// The compiled form of a regular expression, as flat arrays, with the characters that it does not tell apart taken for one another.
import { RE2JS } from 're2js'
import { spend } from '../util/allowance.ts'

/** An instruction of the library's program, as far as it is looked at here. */
interface Instruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  /** Pairs of first and last, or one character. */
  readonly runes: Int32Array
}

interface LibraryProgram {
  readonly inst: readonly Instruction[]
  readonly start: number
  readonly numLb: number
}

const libraryOps = { alternative: 1, alternativeMatch: 2, capture: 3, assertion: 4, match: 6, nothing: 7, character: 8, lastCharacter: 11 } as const

/** Jumps that only lead on are left out. */
export const step = { character: 0, alternative: 1, assertion: 2, match: 3, fail: 4 } as const

/** What an assertion wants of its place, as bits. */
export const place = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, wordBoundary: 16, noWordBoundary: 32 } as const

/** What stands beside a place, as far as assertions are concerned. */
export const side = { other: 0, newline: 1, word: 2, edge: 3 } as const

export interface PatternProgram {
  readonly start: number
  readonly ops: Uint8Array
  readonly outs: Int32Array
  /** The other way of an alternative, what an assertion wants, or the set of a character. */
  readonly args: Int32Array
  readonly classes: CharacterClasses
  /** What its assertions look at, all together. */
  readonly asserted: number
}

const foldsCase = 1
const newline = 10
const lastCharacter = 0x10ffff
/** What ASCII calls a word. */
const wordRanges = [48, 57, 65, 90, 95, 95, 97, 122]
/** A program that tells more apart is left to the library. */
const mostClasses = 4096
const mostMembers = 1 << 24

const folded = new Map<number, Int32Array>()

/** All that is the same but for case. */
function casesOf(rune: number): Int32Array {
  let cases = folded.get(rune)
  if (!cases) {
    const { prog } = RE2JS.compile(`(?i)[\\x{${rune.toString(16)}}\\x{0}]`).re2() as unknown as { readonly prog: LibraryProgram }
    const found = prog.inst.find(({ op, runes }) => op >= libraryOps.character && op <= libraryOps.lastCharacter && runes.length > 1)?.runes ?? Int32Array.of(rune, rune)
    cases = rune !== 0 && found[0] === 0 && found[1] === 0 ? found.slice(2) : found
    if (folded.size < 5000) folded.set(rune, cases)
  }
  return cases
}

function rangesOf({ runes, arg }: Instruction): Int32Array {
  if (runes.length !== 1) return runes
  const rune = runes[0] ?? 0
  return (arg & foldsCase) !== 0 ? casesOf(rune) : Int32Array.of(rune, rune)
}

/** undefined for what only the library can do. */
export function programOf(compiled: RE2JS): PatternProgram | undefined {
  const { prog } = compiled.re2() as unknown as { readonly prog: LibraryProgram }
  if (prog.numLb > 0) return undefined
  const { inst } = prog
  spend(inst.length / 2)
  const [ops, outs, args] = [new Uint8Array(inst.length), new Int32Array(inst.length), new Int32Array(inst.length)]
  const sets: Int32Array[] = []
  const setIds = new Map<string, number>()
  let asserted = 0
  const onward = (at: number): number => {
    let next = at
    for (let one = inst[next]; one && (one.op === libraryOps.nothing || one.op === libraryOps.capture); one = inst[next]) next = one.out
    return next
  }
  let last: Instruction | undefined
  let lastId = 0
  for (const [index, one] of inst.entries()) {
    outs[index] = onward(one.out)
    if (one.op === libraryOps.alternative || one.op === libraryOps.alternativeMatch) {
      ops[index] = step.alternative
      args[index] = onward(one.arg)
    } else if (one.op === libraryOps.assertion) {
      ops[index] = step.assertion
      args[index] = one.arg
      asserted |= one.arg
    } else if (one.op >= libraryOps.character && one.op <= libraryOps.lastCharacter) {
      // Repetitions share their characters.
      if (!last || last.runes !== one.runes || last.arg !== one.arg) {
        spend(5 + one.runes.length / 4)
        const key = `${one.runes.length === 1 ? one.arg & foldsCase : 2}:${one.runes.join()}`
        lastId = setIds.get(key) ?? sets.push(rangesOf(one)) - 1
        setIds.set(key, lastId)
        last = one
      }
      args[index] = lastId
    } else ops[index] = one.op === libraryOps.match ? step.match : step.fail
  }
  const classes = CharacterClasses.of(sets, asserted)
  return classes && { start: onward(prog.start), ops, outs, args, classes, asserted }
}

/** Characters that every set of the pattern either has or lacks are one class. */
export class CharacterClasses {
  readonly count: number
  /** What each class is for assertions. */
  readonly sides: Uint8Array
  readonly #bounds: Int32Array
  readonly #classOf: Int32Array
  readonly #plain = new Uint16Array(256)
  /** By set and class. */
  readonly #members: Uint8Array

  private constructor(bounds: Int32Array, classOf: Int32Array, sets: readonly Int32Array[], asserted: number) {
    this.#bounds = bounds
    this.#classOf = classOf
    this.count = classOf.reduce((most, id) => Math.max(most, id + 1), 0)
    for (let rune = 0; rune < 256; rune++) this.#plain[rune] = classOf[indexIn(bounds, rune)] ?? 0
    this.#members = new Uint8Array(sets.length * this.count)
    for (const [id, ranges] of sets.entries()) forIntervals(bounds, ranges, (interval) => void (this.#members[id * this.count + (classOf[interval] ?? 0)] = 1))
    this.sides = new Uint8Array(this.count)
    const mark = (ranges: ArrayLike<number>, kind: number): void => forIntervals(bounds, ranges, (interval) => void (this.sides[classOf[interval] ?? 0] = kind))
    if ((asserted & (place.beginLine | place.endLine)) !== 0) mark([newline, newline], side.newline)
    if ((asserted & (place.wordBoundary | place.noWordBoundary)) !== 0) mark(wordRanges, side.word)
  }

  static of(sets: readonly Int32Array[], asserted: number): CharacterClasses | undefined {
    const told = [...sets, ...((asserted & ~(place.beginText | place.endText)) === 0 ? [] : [Int32Array.of(newline, newline), Int32Array.from(wordRanges)])]
    const edges = new Set<number>([0])
    for (const ranges of told) {
      spend(2 + ranges.length)
      for (let at = 0; at + 1 < ranges.length; at += 2) {
        edges.add(ranges[at] ?? 0)
        edges.add((ranges[at + 1] ?? 0) + 1)
      }
    }
    edges.delete(lastCharacter + 1)
    const bounds = Int32Array.from(edges).sort()
    const classOf = new Int32Array(bounds.length)
    let next = 1
    for (const ranges of told) {
      const renamed = new Map<number, number>()
      forIntervals(bounds, ranges, (interval) => {
        const old = classOf[interval] ?? 0
        let id = renamed.get(old)
        if (id === undefined) renamed.set(old, id = next++)
        classOf[interval] = id
      })
    }
    const dense = new Map<number, number>()
    for (const [interval, id] of classOf.entries()) {
      if (!dense.has(id)) dense.set(id, dense.size)
      classOf[interval] = dense.get(id) ?? 0
    }
    if (dense.size > mostClasses || dense.size * sets.length > mostMembers) return undefined
    return new CharacterClasses(bounds, classOf, sets, asserted)
  }

  classOf(rune: number): number {
    return rune < 256 ? this.#plain[rune] ?? 0 : this.#classOf[indexIn(this.#bounds, rune)] ?? 0
  }

  has(set: number, characterClass: number): boolean {
    return this.#members[set * this.count + characterClass] === 1
  }
}

/** The interval that a character is in: the last that begins at or before it. */
function indexIn(bounds: Int32Array, rune: number): number {
  let low = 0
  let high = bounds.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((bounds[middle] ?? 0) <= rune) low = middle
    else high = middle - 1
  }
  return low
}

function forIntervals(bounds: Int32Array, ranges: ArrayLike<number>, visit: (interval: number) => void): void {
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const last = ranges[at + 1] ?? 0
    let interval = indexIn(bounds, ranges[at] ?? 0)
    spend(1)
    for (; interval < bounds.length && (bounds[interval] ?? 0) <= last; interval++) visit(interval)
  }
}
