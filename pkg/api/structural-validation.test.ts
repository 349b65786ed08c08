// Custom resources against schemas: each text as Kubernetes says it.
import type { JsonSchemaProps } from './structural-schema.ts'
import { compileValidator } from './structural-validation.ts'
import { cpuMs } from '../util/cpu-time.suite.ts'

const field = (f: JsonSchemaProps): JsonSchemaProps => ({ type: 'object', properties: { f } })
const texts = (schema: JsonSchemaProps, value: unknown, old?: unknown): string[] => compileValidator(schema)(value, old).map((error) => `${error.field}: ${error.text}`)

describe('one field', () => {
  it.each<[JsonSchemaProps, unknown, string[]]>([
    [{ type: 'integer' }, 1, []],
    [{ type: 'integer' }, 1.5, ['f: Invalid value: "number": f in body must be of type integer: "number"']],
    [{ type: 'integer' }, '1', ['f: Invalid value: "string": f in body must be of type integer: "string"']],
    [{ type: 'number' }, 1, []],
    [{ type: 'string' }, null, ['f: Invalid value: "null": f in body must be of type string: "null"']],
    [{ type: 'string', nullable: true }, null, []],
    [{ type: 'string' }, {}, ['f: Invalid value: "object": f in body must be of type string: "object"']],
    [{ type: 'object' }, [], ['f: Invalid value: "array": f in body must be of type object: "array"']],
    [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, 'x', []],
    [{ 'x-kubernetes-int-or-string': true }, true, ['f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"']],
    [{ type: 'integer', minimum: 1 }, 0, ['f: Invalid value: 0: f in body should be greater than or equal to 1']],
    [{ type: 'integer', minimum: 1, exclusiveMinimum: true }, 1, ['f: Invalid value: 1: f in body should be greater than 1']],
    [{ type: 'integer', maximum: 5 }, 6, ['f: Invalid value: 6: f in body should be less than or equal to 5']],
    [{ type: 'number', maximum: 5, exclusiveMaximum: true }, 5, ['f: Invalid value: 5: f in body should be less than 5']],
    [{ type: 'number', multipleOf: 0.1 }, 0.3, []],
    [{ type: 'integer', multipleOf: 3 }, 4, ['f: Invalid value: 4: f in body should be a multiple of 3']],
    [{ type: 'string', minLength: 2 }, 'a', ['f: Invalid value: "a": f in body should be at least 2 chars long']],
    [{ type: 'string', maxLength: 2 }, 'äöü', ['f: Too long: may not be more than 2 bytes']],
    [{ type: 'string', maxLength: 2 }, '😀😀', []],
    [{ type: 'string', pattern: '^a+$' }, 'b', ["f: Invalid value: \"b\": f in body should match '^a+$'"]],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', ['f: Unsupported value: "c": supported values: "a", "b"']],
    [{ type: 'integer', enum: [1, 2] }, 3, ['f: Unsupported value: 3: supported values: "1", "2"']],
    [{ type: 'string', format: 'date-time' }, 'x', ['f: Invalid value: "x": f in body must be of type date-time: "x"']],
    [{ type: 'string', format: 'date-time' }, '2024-01-01T00:00:00Z', []],
    [{ type: 'string', format: 'ipv4' }, '10.0.0.256', ['f: Invalid value: "10.0.0.256": f in body must be of type ipv4: "10.0.0.256"']],
    [{ type: 'string', format: 'uuid' }, 'b2c1ab0e-5a21-4f3c-8f6e-0d4b4dd86f1c', []],
    [{ type: 'string', format: 'of-our-own' }, 'anything', []],
    [{ type: 'array', items: { type: 'string' }, minItems: 2 }, ['a'], ['f: Invalid value: 1: f in body should have at least 2 items']],
    [{ type: 'array', items: { type: 'string' }, maxItems: 1 }, ['a', 'b'], ['f: Too many: 2: must have at most 1 item']],
    [{ type: 'array', items: { type: 'object', properties: { n: { type: 'integer' } } } }, [{ n: 1 }, { n: 'x' }], ['f[1].n: Invalid value: "string": f[1].n in body must be of type integer: "string"']],
    [{ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, ['a', 'b', 'a'], ['f[2]: Duplicate value: "a"']],
    [{ type: 'object', additionalProperties: { type: 'integer' } }, { a: 1, b: 'x' }, ['f.b: Invalid value: "string": f.b in body must be of type integer: "string"']],
    [{ type: 'object', minProperties: 1 }, {}, ['f: Invalid value: 0: f in body should have at least 1 properties']],
    [{ type: 'object', additionalProperties: { type: 'string' }, maxProperties: 1 }, { a: 'x', b: 'x' }, ['f: Too many: 2: must have at most 1 item']],
    [{ type: 'object', required: ['a', 'toString'], properties: { a: { type: 'string' } } }, {}, ['f.a: Required value', 'f.toString: Required value']],
    [{ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }, { kind: 'X' }, ['f.apiVersion: Required value: must not be empty']],
  ])('%j %j', (schema, value, expected) => {
    expect(texts(field(schema), { f: value })).toEqual(expected)
  })

  it('finds keys of a list with defaults', () => {
    const list: JsonSchemaProps = {
      type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: { type: 'object', properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' } } },
    }
    expect(texts(field(list), { f: [{ port: 1, protocol: 'TCP' }, { port: 1, protocol: 'UDP' }, { port: 1 }] })).toEqual(['f[2]: Duplicate value: {"port":1}'])
  })
})

describe('logic', () => {
  const a: JsonSchemaProps = { required: ['a'] }
  const b: JsonSchemaProps = { required: ['b'] }
  const object: JsonSchemaProps = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } } }
  it.each<[JsonSchemaProps, unknown, string[]]>([
    [{ ...object, oneOf: [a, b] }, { a: 1 }, []],
    [{ ...object, oneOf: [a, b] }, { a: 1, b: 1 }, ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found 2 valid alternatives']],
    [{ ...object, oneOf: [a, b] }, {}, ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found none valid', 'f.a: Required value']],
    [{ ...object, anyOf: [a, b] }, {}, ['<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)', 'f.a: Required value']],
    [{ ...object, anyOf: [a, b] }, { a: 1, b: 1 }, []],
    [{ ...object, allOf: [a, b] }, { a: 1 }, ['f.b: Required value', '<nil>: Invalid value: "": "f" must validate all the schemas (allOf)']],
    [{ ...object, allOf: [a, b] }, {}, ['f.a: Required value', 'f.b: Required value', '<nil>: Invalid value: "": "f" must validate all the schemas (allOf). None validated']],
    [{ ...object, not: a }, { a: 1 }, ['<nil>: Invalid value: "": "f" must not validate the schema (not)']],
  ])('%j %j', (schema, value, expected) => {
    expect(texts(field(schema), { f: value })).toEqual(expected)
  })
})

describe('updates', () => {
  const schema = field({ type: 'object', properties: { x: { type: 'integer', minimum: 5 }, y: { type: 'string' } } })
  it('leave what was wrong before', () => {
    expect(texts(schema, { f: { x: 1, y: 'new' } }, { f: { x: 1 } })).toEqual([])
  })
  it('may not make it wrong in another way', () => {
    expect(texts(schema, { f: { x: 2 } }, { f: { x: 1 } })).toEqual(['f.x: Invalid value: 2: f.x in body should be greater than or equal to 5'])
  })
})

it.each(['^(a+)+$', '^((a{1,100}){1,10})*$', '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$'])('no text makes the pattern %s slow', (pattern) => {
  const check = compileValidator(field({ type: 'string', pattern }))
  expect(cpuMs(() => {
    expect(check({ f: `${'a'.repeat(1_000_000)}!` })).toHaveLength(1)
  })).toBeLessThan(1500)
})
