// Answers for people: the same values as their JSON says, however they are cut into pieces.
import fc from 'fast-check'
import { load } from 'js-yaml'
import { plainJson, prettyJson, type Listed, yaml } from './encode-text.ts'

const inYaml = (json: string): string => [...yaml.whole(json)].join('')
const indented = (json: string): string => [...prettyJson.whole(json)].join('')

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const nested = (depth: number, value: unknown): unknown => (depth === 0 ? value : { list: [nested(depth - 1, value), { other: depth }] })
const item = { a: 1, text: 'two\nlines\n\n# three', list: [{ b: '' }, []], quoted: '"\\n', numbers: [1, -0.5, 0, 1e300], texts: ['1', '-1', '0x1f', '1_000', 'true', '0777', '1.5', ''], none: {}, nothing: null }
const long = 'long '.repeat(3000)

const values: Record<string, object> = {
  small: item,
  empty: {},
  list: { kind: 'List', metadata: { resourceVersion: '1' }, items: times(500, () => item) },
  'of lists': { a: times(20, () => times(20, () => times(20, String))) },
  'of long texts': { a: long, b: [long, 'short', long, { c: long }], [long]: { d: long }, [`${long}e`]: 'f', after: 1 },
  'of long lines': {
    plain: `${'a line\n'.repeat(3000)}end`, ended: 'a line\n'.repeat(3000), 'more ends': `${'a line\n'.repeat(3000)}\n\n`, 'blank lines': `x${'\n  \n\n\ty'.repeat(3000)}`,
    'begins with a space': ` x${'\ny'.repeat(5000)}`, 'not printable': `x${'\n\u0007'.repeat(3000)}`, emoji: `x${'\n😀'.repeat(3000)}`, returns: 'x\r\n'.repeat(3000), separators: 'x\u2028\n\u0085'.repeat(3000),
    documents: `a\n---\n...\n${'# b\n'.repeat(3000)}`, list: [`${'- a\n  b: c\n'.repeat(2000)}`],
  },
  deep: nested(20, times(5000, (index) => ({ index }))) as object,
  'very deep': nested(45, times(3000, (index) => ({ index }))) as object,
  'deep in a piece': nested(45, 1) as object,
  'of many keys': Object.fromEntries(times(5000, (index) => [`key ${index}`, index % 3 ? 'v' : {}])),
}

it.each(Object.keys(values))('an object: %s', (name) => {
  const value = values[name]!
  const text = JSON.stringify(value)
  expect(load(inYaml(text))).toEqual(value)
  const pretty = indented(text)
  expect(JSON.parse(pretty)).toEqual(value)
  if (!name.includes('deep')) expect(pretty).toBe(JSON.stringify(value, null, 2))
})

it('any value', () => {
  const big = fc.record({ filler: fc.constant(times(2000, String)), value: fc.jsonValue({ maxDepth: 5 }), other: fc.dictionary(fc.string(), fc.string({ maxLength: 20 })) })
  fc.assert(fc.property(big, fc.boolean(), (value, wrapped) => {
    const text = JSON.stringify(wrapped ? { items: [value, value] } : value)
    const expected: unknown = JSON.parse(text)
    expect(load(inYaml(text))).toEqual(expected)
    expect(indented(text)).toBe(JSON.stringify(expected, null, 2))
  }), { numRuns: 25 })
})

it('depth does not make much of little', () => {
  const text = `{"a":${'['.repeat(490)}${'1,'.repeat(100_000)}1${']'.repeat(490)}}`
  expect(inYaml(text).length).toBeLessThan(20 * text.length)
  expect(indented(text).length).toBeLessThan(20 * text.length)
})

const head = { kind: 'List', metadata: { resourceVersion: '1' } }
const listed = (items: readonly unknown[]): Listed => ({ head: JSON.stringify(head), name: 'items', items, text: (one) => JSON.stringify(one) })

it.each([[[item, {}, 'plain', null, values['list'], values['of long texts']]], [[]], [[{ only: 'one' }]]])('lists piece by piece as it would in one', (items) => {
  const whole = { ...head, items }
  expect(load([...yaml.pieces(listed(items))].join(''))).toEqual(whole)
  expect([...prettyJson.pieces(listed(items))].join('')).toBe(JSON.stringify(whole, null, 2))
  expect([...plainJson.pieces(listed(items))].join('')).toBe(`${JSON.stringify(whole)}\n`)
})

it('makes an item when it is asked for it', () => {
  let made = 0
  const pieces = plainJson.pieces({ ...listed([1, 2]), text: () => String(made++) })
  pieces.next()
  pieces.next()
  expect(made).toBe(1)
})

it.each([yaml, prettyJson])('lets others have their turn', ({ whole }) => {
  expect([...whole(JSON.stringify(values['list']))].length).toBeGreaterThan(5)
})
