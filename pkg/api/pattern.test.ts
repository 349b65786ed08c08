// Patterns: the automaton finds what the library finds, however little room it has; no legal pattern takes long on a legal text.
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { PatternAutomaton } from './pattern-automaton.ts'
import { PatternBits } from './pattern-bits.ts'
import { Pattern } from './pattern.ts'
import { programOf } from './pattern-program.ts'

const atoms = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\p{L}', '\\p{Lu}', '(?i)k', '(?i:ſt)', '\\w', '\\d', '\\s', '\\b', '\\B', '(a|b)', '(a|ab|aba)', '(?:)', '^', '$', '(?m:^)', '(?m:$)', '\\z', 'é', '😀', '\\n', '(?s:.)', '(ab*)+')
const times = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{0,5}', '*?', '??')
const patterns = fc.array(fc.tuple(atoms, times).map((parts) => parts.join('')), { minLength: 1, maxLength: 6 })
  .chain((parts) => fc.constantFrom(parts.join(''), `^(${parts.join('|')})*$`, `(${parts.join('')})+`, `^${parts.join('')}$`, `(${parts.join('|')}){1,4}$`))
const texts = fc.array(fc.constantFrom('a', 'b', 'ab', 'k', 'K', '\u212a', 'ſt', 'st', '1', ' ', '\n', 'é', 'É', '😀', '_', '-'), { maxLength: 12 }).map((parts) => parts.join(''))

it('finds what the library finds', () => {
  fc.assert(fc.property(patterns, texts, (pattern, text) => {
    let compiled: RE2JS
    try {
      compiled = RE2JS.compile(pattern)
    } catch {
      return
    }
    const program = programOf(compiled)
    if (!program) throw new Error('not taken')
    const expected = compiled.matcher(text).find()
    const found = [undefined, { words: 300, kept: 0 }, { words: 0, kept: 0 }].map((limits) => new PatternAutomaton(program, limits).test(text))
    expect([pattern, text, ...found]).toEqual([pattern, text, expected, expected, expected])
  }), { numRuns: 2000 })
}, 60_000)

it.each([
  ['a[ab]{9}c', true], ['((a|b){1,3}x){1,5}$', true], ['^(ab|ba){5}$', true], ['\\ba', false], ['(?m)^a', false], ['(a?){200}', false],
])('moves %s on as bits: %j', (pattern, expected) => {
  const program = programOf(RE2JS.compile(pattern))
  expect(program && PatternBits.of(program) !== undefined).toBe(expected)
})

it('does not tell apart what the pattern does not', () => {
  expect(programOf(RE2JS.compile('[\\p{L}]{1,1000}$'))?.classes.count).toBe(2)
  expect(programOf(RE2JS.compile('(?i)straße|\\d+'))?.classes.count).toBe(8)
})

const random = Array.from({ length: 300_000 }, (_none, index) => (Math.imul(index ^ (index >>> 7), 0x9e3779b1) >>> 31 ? 'a' : 'b')).join('')

// Each took minutes, or the end of the server's memory, in one way or another of looking for it.
it.each([
  ['[\\p{L}]{1,1000}$', `${random}!`, false], ['[\\p{L}]{1,1000}$', random, true], ['a[ab]{900}c', random, false], ['(a|b)*a(a|b){900}$', `${random}a${random.slice(0, 900)}`, true], ['(a|b)*a(a|b){900}$', `${random}b${random.slice(0, 900)}`, false],
  ['(a?){1000}c', random, false], ['(\\ba|b){900}c', random, false], ['(x+x+)+y', 'x'.repeat(300_000), false], ['(a.{1,20}b.{1,20}){10,20}c', random, false],
])('takes seconds at most: %s', (pattern, text, expected) => {
  expect(new Pattern(pattern).test(text)).toBe(expected)
}, 60_000)
