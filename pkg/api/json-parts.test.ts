// Work in parts gives what it gives in one go.
import fc from 'fast-check'
import { atOnce } from '../util/slices.ts'
import { equalParts, thawParts } from './json-parts.ts'
import { equalJson, thaw } from './json.ts'

const long = (change?: (item: { n: number; l: number[] }, index: number) => unknown): unknown[] => Array.from({ length: 3000 }, (_, index) => {
  const item = { n: index, l: [index] }
  return change?.(item, index) ?? item
})

it.each([
  ['lists', long(), long(), true],
  ['an item that differs deep within', long(), long((item, index) => (index === 2999 ? { ...item, l: [0] } : item)), false],
  ['one item more', long(), [...long(), 1], false],
  ['objects in another order', { a: long(), b: 1 }, { b: 1, a: long() }, true],
  ['a member that is undefined', { a: long(), b: undefined }, { a: long() }, true],
  ['one member more', { a: long() }, { a: long(), b: null }, false],
  ['another member', { a: long(), b: 1 }, { a: long(), c: 1 }, false],
  ['a list and an object', long(), { a: long() }, false],
])('%s', (_, a, b, same) => {
  expect(atOnce(equalParts(a, b))).toBe(same)
  expect(atOnce(equalParts(b, a))).toBe(same)
  expect(equalJson(a, b)).toBe(same)
})

it('copies are equal and may be changed', () => {
  const value = Object.freeze({ a: Object.freeze(long((item) => Object.freeze(item))), ...JSON.parse('{"__proto__": 1}') as object })
  const copy = atOnce(thawParts(value))
  expect(copy).toEqual(thaw(value))
  expect(Object.hasOwn(copy, '__proto__')).toBe(true)
  ;(copy.a as { n: number }[])[5]!.n = 7
  expect((value.a as { n: number }[])[5]!.n).toBe(5)
})

it('of anything', () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
    const [one, two] = [{ a, long: long() }, { a: b, long: long() }]
    expect(atOnce(equalParts(one, two))).toBe(equalJson(one, two))
    expect(atOnce(thawParts(one))).toEqual(one)
  }), { numRuns: 50 })
})
