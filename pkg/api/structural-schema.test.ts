// Schemas of CRDs as Schema values: what is pruned, reported and filled in.
import { conform } from './conform.ts'
import { applySchemaDefaults } from './schema-defaults.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import { customObjectSchema, dropNulls, schemaOfProps } from './structural-schema.ts'

const spec = (properties: Record<string, JsonSchemaProps>, more: JsonSchemaProps = {}): JsonSchemaProps =>
  ({ type: 'object', properties: { spec: { type: 'object', properties, ...more } } })

function pruned(schema: JsonSchemaProps, value: object): { value: unknown; unknown: readonly string[] } {
  const { object, unknown } = conform(value, customObjectSchema(schema))
  return { value: object, unknown }
}

function filled(schema: JsonSchemaProps, value: object): unknown {
  const root = customObjectSchema(schema)
  const { object } = conform(value, root)
  applySchemaDefaults(root, object)
  dropNulls(root, object)
  return object
}

const text: JsonSchemaProps = { type: 'string' }
const open: JsonSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

describe('pruning', () => {
  it.each<[string, JsonSchemaProps, object, object, string[]]>([
    ['unknown fields', spec({ a: text }), { spec: { a: 'x', b: 1 }, other: 1 }, { spec: { a: 'x' } }, ['spec.b', 'other']],
    ['in lists', spec({ l: { type: 'array', items: { type: 'object', properties: { a: text } } } }), { spec: { l: [{ a: 'x', b: 1 }] } }, { spec: { l: [{ a: 'x' }] } }, ['spec.l[0].b']],
    ['in maps', spec({ m: { type: 'object', additionalProperties: { type: 'object', properties: { a: text } } } }), { spec: { m: { k: { a: 'x', b: 1 } } } }, { spec: { m: { k: { a: 'x' } } } }, ['spec.m.k.b']],
    ['not where unknown fields are kept', spec({ o: open }), { spec: { o: { a: { b: [1] } } } }, { spec: { o: { a: { b: [1] } } } }, []],
    ['below what is named within them', spec({ o: { ...open, properties: { known: { type: 'object', properties: { a: text } } } } }), { spec: { o: { known: { b: 1 }, x: 1 } } }, { spec: { o: { known: {}, x: 1 } } }, ['spec.o.known.b']],
    ['objects without properties', spec({ o: { type: 'object' } }), { spec: { o: { a: 1 } } }, { spec: { o: {} } }, ['spec.o.a']],
    ['maps of anything', spec({ m: { type: 'object', additionalProperties: true } }), { spec: { m: { a: { b: 1 } } } }, { spec: { m: { a: { b: 1 } } } }, []],
    ['values of the wrong type stay', spec({ a: { type: 'object', properties: {} } }), { spec: { a: 'text' } }, { spec: { a: 'text' } }, []],
    ['embedded objects', spec({ e: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object', properties: { a: text } } } } }),
      { spec: { e: { apiVersion: 'v1', kind: 'X', metadata: { name: 'n', bogus: 1 }, spec: { a: 'x', b: 1 }, b: 1 } } },
      { spec: { e: { apiVersion: 'v1', kind: 'X', metadata: { name: 'n' }, spec: { a: 'x' } } } }, ['spec.e.metadata.bogus', 'spec.e.spec.b', 'spec.e.b']],
    ['type and metadata are always there', { type: 'object' }, { apiVersion: 'x/v1', kind: 'K', metadata: { name: 'n' } }, { apiVersion: 'x/v1', kind: 'K', metadata: { name: 'n' } }, []],
  ])('%s', (_name, schema, value, expected, unknown) => {
    expect(pruned(schema, value)).toEqual({ value: expected, unknown })
  })
})

describe('defaults', () => {
  const nested: JsonSchemaProps = { type: 'object', default: {}, properties: { n: { type: 'integer', default: 3 } } }
  it.each<[string, JsonSchemaProps, object, object]>([
    ['fill what is missing', spec({ a: { ...text, default: 'x' } }), { spec: {} }, { spec: { a: 'x' } }],
    ['not where the holder is missing', spec({ a: { ...text, default: 'x' } }), {}, {}],
    ['holders with a default of their own', spec({ o: nested }), { spec: {} }, { spec: { o: { n: 3 } } }],
    ['in items', spec({ l: { type: 'array', items: nested } }), { spec: { l: [{}, { n: 1 }] } }, { spec: { l: [{ n: 3 }, { n: 1 }] } }],
    ['instead of null', spec({ a: { ...text, default: 'x' } }), { spec: { a: null } }, { spec: { a: 'x' } }],
    ['null where it may be', spec({ a: { ...text, nullable: true, default: 'x' } }), { spec: { a: null } }, { spec: { a: null } }],
    ['null without a default goes', spec({ a: text }), { spec: { a: null } }, { spec: {} }],
    ['the empty text', spec({ a: { ...text, default: '' } }), { spec: {} }, { spec: { a: '' } }],
    ['false and zero', spec({ a: { type: 'boolean', default: false }, b: { type: 'integer', default: 0 } }), { spec: {} }, { spec: { a: false, b: 0 } }],
  ])('%s', (_name, schema, value, expected) => {
    expect(filled(schema, value)).toEqual(expected)
  })

  it('are copied, not shared', () => {
    const schema = spec({ l: { type: 'array', items: text, default: ['a'] } })
    const first = filled(schema, { spec: {} }) as { spec: { l: string[] } }
    first.spec.l.push('b')
    expect(filled(schema, { spec: {} })).toEqual({ spec: { l: ['a'] } })
  })
})

it('tells how lists and maps merge', () => {
  expect(schemaOfProps({ type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] })).toMatchObject({ type: 'list', listType: 'map', listMapKeys: ['k'] })
  expect(schemaOfProps({ type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' })).toMatchObject({ type: 'map', mapType: 'atomic', values: { format: 'string' } })
  expect(schemaOfProps({ 'x-kubernetes-int-or-string': true })).toEqual({ type: 'scalar', format: 'int-or-string' })
})
