// Sets and maps in lists: what is told of what stands twice.
import { compileListCheck } from './structural-lists.ts'
import type { JsonSchemaProps } from './structural-schema.ts'

const field = (f: JsonSchemaProps): JsonSchemaProps => ({ type: 'object', properties: { f } })
const texts = (schema: JsonSchemaProps, value: unknown, old?: unknown): string[] => (compileListCheck(field(schema))?.({ f: value }, old === undefined ? undefined : { f: old }) ?? []).map((error) => `${error.field}: ${error.text}`)
const set: JsonSchemaProps = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }
const map = (...keys: string[]): JsonSchemaProps => ({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys, items: { type: 'object', properties: { in: set } } })

it.each<[JsonSchemaProps, unknown, string[]]>([
  [set, ['a', 'b', 'a', 'a'], ['f[2]: Duplicate value: "a"']],
  [set, [1, '1', '"1', '"1"'], []],
  [set, [{ a: 1, b: 2 }, { b: 2, a: 1 }], ['f[1]: Duplicate value: {"b":2,"a":1}']],
  [map('port', 'protocol'), [{ port: 1, protocol: 'TCP' }, { port: 1, protocol: 'UDP' }, { port: 1, protocol: 'TCP' }, { port: 1 }], ['f[2]: Duplicate value: {"port":1,"protocol":"TCP"}']],
  [map('k'), [{ k: 1 }, { k: '1' }, {}, null, { k: 1 }], ['f[3]: Duplicate value: {}', 'f[4]: Duplicate value: {"k":1}']],
  [map('k'), [{ k: 1 }, 'x', 'x'], ['f[1]: Invalid value: "x": must be an object for an array of list-type map']],
  [map('k'), [{ k: 1, in: ['a', 'a'] }], ['f[0].in[1]: Duplicate value: "a"']],
  [{ type: 'object', additionalProperties: set }, { 'x.y': ['a', 'a'] }, ['f[x.y][1]: Duplicate value: "a"']],
  [{ type: 'array', items: { type: 'string' } }, ['a', 'a'], []],
])('%j %j', (schema, value, expected) => {
  expect(texts(schema, value)).toEqual(expected)
})

it('where there was something twice before, nothing is told', () => {
  expect(texts(set, ['b', 'b'], ['a', 'a'])).toEqual([])
  expect(texts(set, ['b', 'b'], ['a'])).toHaveLength(1)
})
