import { load } from 'js-yaml'
import { plainJson, prettyJson, type Writing, yaml } from './encode-text.ts'

const items = [{ a: 1, text: 'two\nlines\n\n# three', list: [{ b: '' }, []], quoted: '"\\n', numbers: [1, -0.5, 0, 1e300], texts: ['1', '-1', '0x1f', '1_000', 'true', '0777', '1.5', ''] }, {}, 'plain', null]
const head = { kind: 'List', metadata: { resourceVersion: '1' } }
const written = ({ pieces }: Writing, list: readonly unknown[]): string =>
  [...pieces({ head: JSON.stringify(head), name: 'items', items: list, text: (item) => JSON.stringify(item) })].join('')

it.each([[items], [[]], [[{ only: 'one' }]]])('writes lists piece by piece as it would in one: %j', (list) => {
  const whole = { ...head, items: list }
  expect(load(written(yaml, list))).toEqual(whole)
  expect(written(prettyJson, list)).toBe(JSON.stringify(whole, null, 2))
  expect(written(plainJson, list)).toBe(JSON.stringify(whole))
})

it('writes what has no list', () => {
  const json = JSON.stringify(head)
  expect(load(yaml.whole(json).toString())).toEqual(head)
  expect(prettyJson.whole(json)).toBe(JSON.stringify(head, null, 2))
  expect(plainJson.whole(json)).toBe(json)
})

it('makes an item when it is asked for it', () => {
  let made = 0
  const pieces = plainJson.pieces({ head: '{"a":1}', name: 'items', items, text: () => String(made++) })
  pieces.next()
  pieces.next()
  expect(made).toBe(1)
})
