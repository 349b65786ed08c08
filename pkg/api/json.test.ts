// Plain JSON values: equality and copies.
import fc from 'fast-check'
import { deepFreeze } from '../util/deep-freeze.ts'
import { equalJson, thaw, valueAt } from './json.ts'

it('a copy is equal and shares nothing', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const copy = thaw(deepFreeze(structuredClone(value)))
    expect(equalJson(copy, value)).toBe(true)
    if (typeof copy === 'object' && copy !== null) expect(Object.isFrozen(copy)).toBe(false)
  }))
})

it('agrees with the texts of values', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
    if (JSON.stringify(a) === JSON.stringify(b)) expect(equalJson(a, b)).toBe(true)
    expect(equalJson(a, b)).toBe(equalJson(b, a))
  }))
})

it.each<[unknown, unknown, boolean]>([
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true], [{ a: undefined }, {}, true], [{}, { a: undefined }, true], [{ a: null }, {}, false], [[], {}, false],
  [[1, 2], [2, 1], false], [{ a: 1 }, { b: 1 }, false], [{ a: [{ b: 1 }] }, { a: [{ b: 1 }] }, true], [0, false, false], ['', null, false],
])('%j and %j: %s', (a, b, expected) => {
  expect(equalJson(a, b)).toBe(expected)
})

it('keeps a key named __proto__ a key', () => {
  const copy = thaw(JSON.parse('{"__proto__":{"x":1}}') as object)
  expect(JSON.stringify(copy)).toBe('{"__proto__":{"x":1}}')
  expect((copy as Record<string, unknown>)['x']).toBeUndefined()
})

it('finds values by path', () => {
  expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1)
  expect(valueAt({ a: 1 }, ['a', 'toString'])).toBeUndefined()
})
