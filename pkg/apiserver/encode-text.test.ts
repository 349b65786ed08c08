import { load } from 'js-yaml'
import { slicesOf } from '../util/slices.ts'
import { inSlices, type Listed, writePretty, writeYaml } from './encode-text.ts'

const items = [{ a: 1, text: 'two\nlines\n\n# three', list: [{ b: '' }, []], quoted: '"\\n', numbers: [1, -0.5, 0, 1e300], texts: ['1', '-1', '0x1f', '1_000', 'true', '0777', '1.5', ''] }, {}, 'plain', null]
const head = { kind: 'List', metadata: { resourceVersion: '1' } }
const withItems = (list: readonly unknown[]): Listed => ({ value: head, list: { name: 'items', items: (make) => inSlices(list, make, slicesOf()) } })

it.each([[items], [[]], [[{ only: 'one' }]]])('writes lists piece by piece as it would in one: %j', async (list) => {
  const whole = { ...head, items: list }
  expect(load(await writeYaml(withItems(list)))).toEqual(whole)
  expect(await writePretty(withItems(list))).toBe(JSON.stringify(whole, null, 2))
})

it('writes what has no list', async () => {
  expect(load(await writeYaml({ value: head }))).toEqual(head)
  expect(await writePretty({ value: head })).toBe(JSON.stringify(head, null, 2))
})

it('lets others have their turn', async () => {
  let pauses = 0
  await inSlices([1, 2, 3], String, { due: true, pause: () => Promise.resolve(void pauses++) })
  expect(pauses).toBe(3)
})
