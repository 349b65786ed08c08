// Regular expressions as RE2 has them, with what they cost told beforehand: linear in the text, yet not always quick.
import { RE2JS } from 're2js'
import { PatternAutomaton } from './pattern-automaton.ts'
import { programOf } from './pattern-program.ts'
import { spend } from '../util/allowance.ts'

/** Fails where RE2 does. */
export class Pattern {
  readonly #compiled: RE2JS
  /** What each character of a text may cost where the library looks for it: each state may have to be looked at, but where each character leaves one way only. */
  readonly #perCharacter: number
  #automaton: PatternAutomaton | 'none' | undefined

  constructor(pattern: string) {
    spend(compileCost(pattern))
    this.#compiled = RE2JS.compile(pattern)
    this.#perCharacter = this.#compiled.re2().onepass ? 20 : this.#compiled.programSize()
  }

  /** Whether it matches somewhere. */
  test(text: string): boolean {
    if (this.#automaton === undefined) {
      const program = programOf(this.#compiled)
      this.#automaton = program ? new PatternAutomaton(program) : 'none'
    }
    if (this.#automaton !== 'none') return this.#automaton.test(text)
    spend(this.#costOf(text))
    return this.#compiled.test(text)
  }

  /** The first matches, from left to right. */
  find(text: string, limit: number): string[] {
    const found: string[] = []
    const matcher = this.#compiled.matcher(text)
    while (found.length < limit) {
      spend(3 * this.#costOf(text))
      if (!matcher.find()) break
      found.push(matcher.group() ?? '')
    }
    return found
  }

  #costOf(text: string): number {
    return 1 + this.#perCharacter * text.length
  }
}

const unicodeClass = 20
const perInstruction = 30

/** By the size of the program that the pattern will become. */
function compileCost(pattern: string): number {
  return 10 * pattern.length + perInstruction * programSize(pattern)
}

/** About: sums what follows one another, multiplies what is repeated. */
function programSize(pattern: string): number {
  const outer: number[] = []
  let total = 0
  let last = 0
  const add = (size: number): void => {
    last = size
    total += size
  }
  for (let at = 0; at < pattern.length; at++) {
    switch (pattern[at]) {
      case '\\':
        at++
        add(/[pP]/.test(pattern[at] ?? '') ? unicodeClass : 1)
        break
      case '[': {
        const end = classEnd(pattern, at)
        add(1 + (end - at) / 10 + unicodeClass * countOf(pattern, /\\[pP]/g, at, end))
        at = end
        break
      }
      case '(':
        outer.push(total)
        total = 0
        break
      case ')':
        last = total
        total = (outer.pop() ?? 0) + last
        break
      case '{': {
        const [, least = '1', most = least] = /^\{(\d{1,4})(?:,(\d{0,4}))?\}/.exec(pattern.slice(at, at + 12)) ?? []
        const times = Math.max(1, Number(least), Number(most))
        total += last * (times - 1)
        last *= times
        break
      }
      default: add(0.3)
    }
  }
  return outer.reduce((sum, size) => sum + size, total)
}

function classEnd(pattern: string, start: number): number {
  for (let at = start + 2; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === ']') return at
  }
  return pattern.length
}

const countOf = (text: string, what: RegExp, start: number, end: number): number => text.slice(start, end).match(what)?.length ?? 0
