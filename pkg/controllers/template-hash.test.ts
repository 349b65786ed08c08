// The hash of a template: the same for equal templates, however large they are.
import { atOnce } from '../util/slices.ts'
import { canonicalParts, canonicalText, fnv32, safeText, templateHash } from './template-hash.ts'

const large = (count: number): object => ({
  spec: { containers: Array.from({ length: count }, (_, index) => ({ name: `ü${index}`, image: undefined, env: [{ value: 'v', name: 'E' }] })), nodeSelector: Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${count - index}`, '😀'])) },
})

it('hashes as FNV-1a does, of 32 bits', () => {
  expect(fnv32('')).toBe(0x811c9dc5)
  expect(fnv32('a')).toBe(0xe40c292c)
  expect(fnv32('foobar')).toBe(0xbf9cf968)
})

it.each([1, 10, 9000])('writes %i containers the same way in parts', async (count) => {
  const template = large(count)
  const text = canonicalText(template)
  expect(atOnce(canonicalParts(template)) === text).toBe(true)
  expect(await templateHash(template)).toBe(safeText(String(fnv32(text))))
  expect(await templateHash(template, 3)).toBe(safeText(String(fnv32(`${text}3`))))
})

it('does not depend on the order of keys nor on fields that are undefined', async () => {
  expect(await templateHash({ b: { d: 1, c: [2, 1] }, a: 1 })).toBe(await templateHash({ a: 1, e: undefined, b: { c: [2, 1], d: 1 } }))
  expect(await templateHash({ b: { c: [1, 2] } })).not.toBe(await templateHash({ b: { c: [2, 1] } }))
})
