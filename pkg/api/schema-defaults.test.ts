// Defaults of schemas: the same in parts, and never more than an object may be.
import { atOnce } from '../util/slices.ts'
import type { JsonObject } from './json.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import { applySchemaDefaults, applySomeDefaults, schemaDefaultParts } from './schema-defaults.ts'

const object = (fields: Record<string, { schema: Schema; default?: unknown }>): ObjectSchema =>
  ({ type: 'object', fields: new Map(Object.entries(fields).map(([name, field]): [string, Field] => [name, { name, number: 0, ...field }])) })
const text: Schema = { type: 'scalar', format: 'string' }
const item = object({ a: { schema: text, default: 'x' }, b: { schema: { type: 'list', items: object({ c: { schema: text, default: 'y' } }) }, default: [{}] }, plain: { schema: text } })
const schema = object({ list: { schema: { type: 'list', items: item } }, map: { schema: { type: 'map', values: item } }, one: { schema: item, default: {} } })

const hollow = (count: number): JsonObject => ({ list: Array.from({ length: count }, () => ({})), map: Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index % 2 ? { a: 'own' } : {}])) })

it.each([0, 1, 5000])('fills %d items', (count) => {
  const draft = hollow(count)
  applySchemaDefaults(schema, draft)
  const filled = { a: 'x', b: [{ c: 'y' }] }
  expect(draft).toEqual({
    one: filled, list: Array.from({ length: count }, () => filled),
    map: Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index % 2 ? { ...filled, a: 'own' } : filled])),
  })
  const inParts = hollow(count)
  const parts = schemaDefaultParts(schema, inParts)
  let pauses = 0
  while (!parts.next().done) pauses++
  expect(inParts).toEqual(draft)
  if (count > 1000) expect(pauses).toBeGreaterThan(50)
})

it('does not make much of little', () => {
  const wide = object({ list: { schema: { type: 'list', items: object({ many: { schema: { type: 'list', items: text }, default: Array.from({ length: 1000 }, () => 'x') } }) } } })
  const draft = hollow(5000)
  expect(() => atOnce(schemaDefaultParts(wide, draft))).toThrow('Request entity too large: limit is 1572864')
  const stored = hollow(5000) as { list: { many?: unknown }[] }
  expect(() => applySchemaDefaults(wide, hollow(5000))).toThrow('Request entity too large: limit is 1572864')
  applySomeDefaults(wide, stored as unknown as JsonObject)
  expect(stored.list.filter(({ many }) => many).length).toBeLessThan(400)
})
