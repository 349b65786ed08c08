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
    [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, true, ['f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"',
      '<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)', 'f: Invalid value: "boolean": f in body must be of type integer: "boolean"']],
    [{ type: 'integer', format: 'int32' }, 2 ** 31, []],
    [{ type: 'integer' }, 1e19, ['f: Invalid value: "number": f in body must be of type integer: "number"']],
    [{ type: 'string', format: 'date' }, 5, ['f: Invalid value: "int64": f in body must be of type date: "int64"']],
    [{ type: 'string', format: 'date' }, true, ['f: Invalid value: "": f in body must be of type date: ""']],
    [{ type: 'string', format: 'date' }, ['x'], []],
    [{ type: 'string', nullable: true, enum: ['a'] }, null, ['f: Unsupported value: null: supported values: "a"']],
    [{ type: 'object', nullable: true, not: { required: ['a'] } }, null, []],
    [{ type: 'number', enum: [1, 2] }, 1.5, []],
    [{ type: 'string', maxLength: 1, minLength: 5, pattern: 'x' }, 'aaa', ['f: Too long: may not be more than 1 byte']],
    // What is written 9223372036854775000.
    [{ type: 'integer', multipleOf: 1000 }, 9223372036854774784, []],
    [{ type: 'integer', maximum: 9223372036854774784 }, 9223372036854774807n, ['f: Invalid value: 9223372036854774807: f in body should be less than or equal to 9223372036854774784']],
    [{ type: 'integer', maximum: 5.5 }, 6, ['f: Invalid value: 6: f in body should be less than or equal to 5']],
    [{ type: 'number', minimum: 1e21 }, 1.5, ['f: Invalid value: 1.5: f in body should be greater than or equal to 1e+21']],
    [{ type: 'integer', multipleOf: 0.5 }, 4, ['f: Invalid value: 0: factor MultipleOf declared for f must be positive: 0']],
    [{ type: 'integer', multipleOf: 2, minimum: 5, maximum: 2 }, 3, ['f: Invalid value: 3: f in body should be a multiple of 2', 'f: Invalid value: 3: f in body should be greater than or equal to 5', 'f: Invalid value: 3: f in body should be less than or equal to 2']],
    [{ type: 'object', minProperties: 3, maxProperties: 0, required: ['b'] }, { a: 1 }, ['f: Invalid value: 1: f in body should have at least 3 properties', 'f: Too many: 1: must have at most 0 items', 'f.b: Required value']],
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
    [{ type: 'object', additionalProperties: { type: 'integer' } }, { a: 1, b: 'x' }, ['f.b: Invalid value: "string": f.b in body must be of type integer: "string"']],
    [{ type: 'object', minProperties: 1 }, {}, ['f: Invalid value: 0: f in body should have at least 1 properties']],
    [{ type: 'object', additionalProperties: { type: 'string' }, maxProperties: 1 }, { a: 'x', b: 'x' }, ['f: Too many: 2: must have at most 1 item']],
    [{ type: 'object', required: ['a', 'toString'], properties: { a: { type: 'string' } } }, {}, ['f.a: Required value', 'f.toString: Required value']],
  ])('%j %j', (schema, value, expected) => {
    expect(texts(field(schema), { f: value })).toEqual(expected)
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
    // What came farthest is told, what is told already is not.
    [{ ...object, oneOf: [a, { properties: { a: { minimum: 5 } } }] }, { b: 1, a: 3 }, []],
    [{ ...object, oneOf: [a, { properties: { b: { minimum: 5 } } }] }, { b: 1 }, ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found none valid', 'f.b: Invalid value: 1: f.b in body should be greater than or equal to 5']],
    [{ ...object, required: ['a'], oneOf: [a] }, {}, ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found none valid', 'f.a: Required value']],
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
  it.each<[string, JsonSchemaProps, unknown, unknown, number]>([
    ['items by keys, wherever they stand', { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: { type: 'object', properties: { k: { type: 'string' }, v: { minimum: 5 } } } }, [{ k: 'b', v: 7 }, { k: 'a', v: 1 }], [{ k: 'a', v: 1 }], 0],
    ['not items of other lists', { type: 'array', items: { type: 'integer', minimum: 5 } }, [1, 2], [1], 2],
    ['lists that stay', { type: 'array', items: { type: 'integer', minimum: 5 } }, [1, 2], [1, 2], 0],
    ['not what the logic says', { type: 'object', properties: { x: { type: 'integer' }, y: { type: 'integer' } }, allOf: [{ properties: { x: { minimum: 5 } } }] }, { x: 1, y: 2 }, { x: 1, y: 1 }, 2],
    ['not objects with fields that nobody knows', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, required: ['x'] }, { y: 1 }, { y: 1 }, 1],
  ])('leave what was wrong before: %s', (_name, f, value, old, count) => {
    expect(texts(field(f), { f: value, g: 1 }, { f: old, g: 2 })).toHaveLength(count)
  })
  it('may not make it wrong in another way', () => {
    expect(texts(schema, { f: { x: 2 } }, { f: { x: 1 } })).toEqual(['f.x: Invalid value: 2: f.x in body should be greater than or equal to 5'])
  })
})

it('a part of an object is told as one', () => {
  const said = (value: unknown): string[] => compileValidator({ type: 'object', properties: { phase: { type: 'string' } }, not: { required: ['x'] } }, 'status')(value).map(({ field: at, text }) => `${at}: ${text}`)
  expect(said({ phase: 1 })).toEqual(['status.phase: Invalid value: "integer": phase in body must be of type string: "integer"'])
  expect(said('x')).toEqual(['status: Invalid value: "string":  in body must be of type object: "string"', 'status: Invalid value: "": "" must not validate the schema (not)'])
  expect(said({ x: 1 })).toEqual(['status: Invalid value: "": "" must not validate the schema (not)'])
})

it.each(['^(a+)+$', '^((a{1,100}){1,10})*$', '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$'])('no text makes the pattern %s slow', (pattern) => {
  const check = compileValidator(field({ type: 'string', pattern }))
  expect(cpuMs(() => {
    expect(check({ f: `${'a'.repeat(1_000_000)}!` })).toHaveLength(1)
  })).toBeLessThan(1500)
})
