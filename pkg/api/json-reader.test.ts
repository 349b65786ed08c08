// Long JSON in parts: the same values and faults as in one go, whatever the text.
import fc from 'fast-check'
import { atOnce } from '../util/slices.ts'
import { readJsonParts } from './json-reader.ts'
import { hasDuplicateKeys, keysOf, keysInParts, parseJson } from './json-text.ts'

const outcome = (run: () => unknown): unknown => {
  try {
    return { value: run() }
  } catch (error) {
    return { fault: (error as Error).message }
  }
}
const same = (text: string, faults = true): void => {
  const whole = outcome(() => parseJson(text)) as { fault?: string }
  const found = outcome(() => atOnce(readJsonParts(text)).value) as { fault?: string }
  // What is wrong within a number is told in several ways.
  if (faults || !whole.fault || !found.fault) expect(found).toEqual(whole)
  if ((whole as { value?: unknown }).value === undefined) return
  const keys = keysOf(text)
  expect(atOnce(readJsonParts(text)).hasDuplicates).toBe(keys.some(({ duplicate }) => duplicate))
  expect(atOnce(keysInParts(text))).toEqual(keys)
  expect(hasDuplicateKeys(text, parseJson(text))).toBe(keys.some(({ duplicate }) => duplicate))
  // In the same order, too.
  expect(JSON.stringify(atOnce(readJsonParts(text)).value)).toBe(JSON.stringify(parseJson(text)))
}

it.each([
  '', ' ', '{}', '[]', ' [ 1 , 2 ] ', '{"a":1,"a":2}', '{"b":{"__proto__":{"x":1},"constructor":[]}}', '9007199254740993', '[12345678901234567890, -9007199254740993]', '-0', '01', '1.', '.5', '1e', '1e5', '+1', '--1',
  '"', '"a', '"\\', '"\\u12', '"\\q"', '"\\ud800"', '"a\nb"', '"é\\u00e9😀"', 'tru', 'trux', 'nul', 'falsey', '[1,]', '[,1]', '{"a"}', '{"a":}', '{"a":1,}', '{a:1}', '{"a" 1}', '{"a":1 "b":2}', '[1 2]', '{} {}', '[1]]', '}', '\u0000', '{"a":"b\\"c","d\\n":"\\\\"}',
  `[${'"a text of more than twelve characters",'.repeat(3)}null]`, '\ufeff{}', '[1,2', '{"a":[{"b":', '{"a:":"{\\"b\\":1}","c":"\\\\","c":":"}', '[{"a":1},{"a":{"a":[{"a":1,"b":2,"\\u0061":3}]}}]', `${'['.repeat(100)}${']'.repeat(100)}`,
])('%j', (text) => same(text))

it('any value, with any spaces', () => {
  fc.assert(fc.property(fc.jsonValue(), fc.constantFrom(0, 1, '\t', '\r\n '), (value, space) => same(JSON.stringify(value, null, space))), { numRuns: 500 })
})

it('any value with a piece cut out, or another put in', () => {
  const pieces = fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '\\', '0', '-', 'e', 'true', ' ', '\n', '\u0001', '"a":')
  fc.assert(fc.property(fc.jsonValue(), pieces, fc.nat(), fc.nat(3), (value, piece, at, cut) => {
    const text = JSON.stringify(value)
    const from = at % (text.length + 1)
    same(text.slice(0, from) + piece + text.slice(from + cut), false)
  }), { numRuns: 3000 })
})

it('refuses what is nested too deeply', () => {
  expect(() => atOnce(readJsonParts('['.repeat(501)))).toThrow('exceeded max depth')
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  for (const depth of [500, 501, 502, 503]) {
    const text = nested(depth)
    expect(outcome(() => hasDuplicateKeys(text, JSON.parse(text)))).toEqual(outcome(() => keysOf(text).length > 0))
  }
  expect(outcome(() => atOnce(readJsonParts('['.repeat(500))))).toEqual({ fault: 'unexpected end of JSON input' })
})

it('pauses', () => {
  expect([...readJsonParts(`[${'1,'.repeat(10_000)}1]`)].length).toBeGreaterThan(5)
  expect([...keysInParts(`[${'{"a":1},'.repeat(20_000)}1]`)].length).toBeGreaterThan(3)
})
