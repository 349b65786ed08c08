// What the columns of custom resources show.
import { customColumns } from './custom-columns.ts'

it.each([
  ['string', '.l[*]', 'a'], ['string', '.l', '["a","b"]'], ['string', '.none', null], ['string', '.c[?(@.t=="Ready")].s', 'True'],
  ['integer', '.n', 3], ['integer', '.l[0]', null], ['boolean', '.b', false], ['date', '.l[0]', '<invalid>'],
])('%s of %s is %j', (type, jsonPath, shown) => {
  const [, column] = customColumns([{ name: 'C', type, jsonPath }])
  const object = { apiVersion: 'a/v1', kind: 'K', metadata: {}, l: ['a', 'b'], n: 3.5, b: false, c: [{ t: 'Ready', s: 'True' }] }
  expect(column?.value(object, { now: 0 } as never)).toBe(shown)
})

it('ends before a path that leads nowhere', () => {
  const columns = customColumns(['.a', '.b[', '.c'].map((jsonPath) => ({ name: jsonPath, type: 'string', jsonPath })))
  expect(columns.map(({ name, description }) => [name, description])).toEqual([['Name', expect.any(String)], ['.a', 'Custom resource definition column (in JSONPath format): .a']])
})
