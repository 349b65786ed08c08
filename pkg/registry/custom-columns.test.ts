// What the columns of custom resources show.
import { customColumns } from './custom-columns.ts'

it.each([
  ['string', '.l[*]', 'a'], ['string', '.l', '["a","b"]'], ['string', '.none', null], ['string', '.nil', '<no value>'], ['string', '.o', '{"a":1,"b":[]}'], ['string', '.f', '1.5000005e+06'], ['string', '.n', '3.5'], ['date', '.empty', '<unknown>'], ['date', '.day', '<invalid>'], ['string', '.c[?(@.t=="Ready")].s', 'True'],
  ['integer', '.n', 3], ['integer', '.l[0]', null], ['boolean', '.b', false], ['date', '.l[0]', '<invalid>'],
])('%s of %s is %j', (type, jsonPath, shown) => {
  const [, column] = customColumns([{ name: 'C', type, jsonPath }])
  const object = { apiVersion: 'a/v1', kind: 'K', metadata: {}, l: ['a', 'b'], n: 3.5, b: false, nil: null, o: { b: [], a: 1 }, f: 1500000.5, empty: '', day: '2027-01-01', c: [{ t: 'Ready', s: 'True' }] }
  expect(column?.value(object, { now: 0 } as never)).toBe(shown)
})

it('ends before a path that leads nowhere', () => {
  const columns = customColumns(['.a', '.b[', '.c'].map((jsonPath) => ({ name: jsonPath, type: 'string', jsonPath })))
  expect(columns.map(({ name, description }) => [name, description])).toEqual([['Name', expect.any(String)], ['.a', 'Custom resource definition column (in JSONPath format): .a']])
})
