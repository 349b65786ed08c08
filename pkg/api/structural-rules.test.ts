// What a CRD's schema may not be.
import { unknownFormats } from './structural-formats.ts'
import { structuralErrors } from './structural-rules.ts'
import { dropNulls } from './structural-nulls.ts'
import type { JsonSchemaProps } from './structural-schema.ts'

const errors = (spec: object): string[] =>
  structuralErrors({ type: 'object', properties: { f: spec as JsonSchemaProps } }, 'S').map(({ field, text }) => `${field.replace('S.properties[f]', 'F')}: ${text}`)

it.each<[object, string[]]>([
  [{ type: 'string' }, []],
  [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, []],
  [{ 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: 'x' }] }, []],
  [{ 'x-kubernetes-preserve-unknown-fields': true }, []],
  [{}, ['F.type: Required value: must not be empty for specified object fields']],
  [{ type: 'array' }, ['F.items: Required value: must be specified']],
  [{ type: 'array', items: {} }, ['F.items.type: Required value: must not be empty for specified array items']],
  [{ type: 'bogus' }, ['F.type: Unsupported value: "bogus": supported values: "array", "boolean", "integer", "number", "object", "string"']],
  [{ type: 'null' }, ['F.type: Unsupported value: "null": supported values: "array", "boolean", "integer", "number", "object", "string"', 'F.type: Forbidden: type cannot be set to null, use nullable as an alternative']],
  [{ type: 'object', $ref: '#/x' }, ['F.$ref: Forbidden: $ref is not supported']],
  [{ type: 'array', uniqueItems: true, items: { type: 'string' } }, ['F.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic']],
  [{ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }, ['F.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive']],
  [{ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }, ['F.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined']],
  [{ type: 'string', pattern: '(' }, ['F.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`']],
  [{ type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ properties: { a: { type: 'string' } } }] }, ['F.anyOf[0].properties[a].type: Forbidden: must be empty to be structural']],
  [{ type: 'object', anyOf: [{ properties: { a: { minLength: 1 } } }] }, ['F.properties[a]: Required value: because it is defined in F.anyOf[0].properties[a]']],
  [{ type: 'object', not: { nullable: true } }, ['F.not.nullable: Forbidden: must be false to be structural']],
  [{ type: 'string', 'x-kubernetes-embedded-resource': true }, ['F.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields', 'F.type: Invalid value: "string": must be object if x-kubernetes-embedded-resource is true']],
  [{ type: 'array', items: { type: 'object', properties: { k: { type: 'string' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
    ['F.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property']],
  [{ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'map' },
    ['F.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map', 'F.items.type: Invalid value: "string": must be object if parent array\'s x-kubernetes-list-type is map']],
  [{ type: 'array', items: { type: 'object', properties: { k: { type: 'string' } } }, 'x-kubernetes-list-type': 'set' },
    ['F.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set']],
  [{ type: 'array', items: { type: 'object', 'x-kubernetes-map-type': 'atomic' }, 'x-kubernetes-list-type': 'set' }, []],
  [{ type: 'array', items: { type: 'array', items: { type: 'string' } }, 'x-kubernetes-list-type': 'set' }, []],
  [{ type: 'array', items: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, 'x-kubernetes-list-type': 'set' }, ['F.items.x-kubernetes-list-type: Invalid value: "set": must be atomic as item of a list with x-kubernetes-list-type=set']],
  [{ type: 'array', items: { type: 'string', nullable: true }, 'x-kubernetes-list-type': 'set' }, ['F.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set']],
  [{ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'bag' }, ['F.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"']],
  [{ type: 'object', 'x-kubernetes-list-type': 'set', 'x-kubernetes-map-type': 'odd' }, ['F.x-kubernetes-map-type: Unsupported value: "odd": supported values: "atomic", "granular"', 'F.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified']],
  [{ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-map-keys': ['k'] }, ['F.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty']],
  [{ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set', 'x-kubernetes-list-map-keys': ['k'] }, ['F.x-kubernetes-list-type: Invalid value: "set": must be map if x-kubernetes-list-map-keys is non-empty']],
  [{ type: 'array', items: { type: 'object', required: ['k', 'o'], properties: { k: { type: 'string', nullable: true }, o: { type: 'object' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k', 'k', 'o', 'n'] }, [
    'F.x-kubernetes-list-map-keys: Invalid value: ["k","k","o","n"]: must not contain duplicate entries', 'F.items.properties[o].type: Invalid value: "object": must be a scalar type if parent array\'s x-kubernetes-list-type is map',
    'F.x-kubernetes-list-map-keys: Invalid value: ["k","k","o","n"]: entries must all be names of item properties',
    ...[1, 2].map(() => 'F.items.properties[k].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
  ]],
  [{ type: 'object', $schema: 'x' }, ["S: Invalid value: \"\": OpenAPIV3Schema 'schema' is not supported"]],
  [{ type: 'object', definitions: {}, properties: { a: {} } }, ['F.definitions: Forbidden: definitions is not supported']],
  [{ type: 'object', 'x-kubernetes-embedded-resource': true, properties: { metadata: { type: 'object', properties: { labels: { type: 'object', additionalProperties: { type: 'string', default: 'x' } } } }, kind: { type: 'string', default: 'Pod' } } },
    ['F.properties[metadata].properties[labels].additionalProperties.default: Forbidden: must not be set inside additionalProperties applying to object metadata']],
  [{ type: 'string', 'x-kubernetes-validations': [{ rule: ' ', message: ' ' }, { rule: 'true', message: ' ' }, { rule: 'true', message: 'a\rb' }, { rule: 'true ||\nfalse' }] }, [
    'F.x-kubernetes-validations[0].rule: Required value: rule is not specified', 'F.x-kubernetes-validations[1].message: Invalid value: " ": must be non-empty if specified',
    'F.x-kubernetes-validations[2].message: Invalid value: "a\\rb": must not contain line breaks', 'F.x-kubernetes-validations[3].message: Required value: message must be specified if rule contains line breaks',
  ]],
  [{ type: 'object', 'x-kubernetes-validations': [{ rule: 'true', messageExpression: ' ', reason: 'Odd', fieldPath: ' ' }, { rule: 'true', fieldPath: '.nope' }] }, [
    'F.x-kubernetes-validations[0].messageExpression: Required value: messageExpression must be non-empty if specified',
    'F.x-kubernetes-validations[0].reason: Unsupported value: "Odd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    'F.x-kubernetes-validations[0].fieldPath: Invalid value: " ": must be non-empty if specified', 'F.x-kubernetes-validations[0].fieldPath: Invalid value: " ": must be a valid path',
    'F.x-kubernetes-validations[1].fieldPath: Invalid value: ".nope": must be a valid path',
  ]],
  [{ type: 'integer', default: 'x' }, ['F.default: Invalid value: "string":  in body must be of type integer: "string"']],
  [{ type: 'integer', minimum: 1, default: 0 }, ['F.default: Invalid value: 0:  in body should be greater than or equal to 1']],
  [{ type: 'integer', default: 1, 'x-kubernetes-validations': [{ rule: 'self > 1' }] }, ['F.default: Invalid value: 1: failed rule: self > 1']],
  [{ type: 'object', properties: { a: { type: 'array', items: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 1' }] } } }, default: { a: [2, 1] } }, ['F.default.a[1]: Invalid value: 1: failed rule: self > 1']],
  [{ type: 'integer', default: 1, 'x-kubernetes-validations': [{ rule: 'oldSelf.hasValue()', optionalOldSelf: true }] }, ['F.default: Invalid value: 1: failed rule: oldSelf.hasValue()']],
  [{ type: 'integer', default: 1, 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] }, []],
  [{ type: 'object', properties: { a: { type: 'string' } }, default: { b: 1 } }, ['F.default: Invalid value: {"b":1}: must not have unknown fields']],
])('%j', (spec, expected) => {
  expect(errors(spec)).toEqual(expected.map((text) => text.replaceAll(/ F\./g, ' S.properties[f].')))
})

it.each<[JsonSchemaProps, string[]]>([
  [{}, ['S.type: Required value: must not be empty at the root']],
  [{ type: 'array', items: { type: 'string' } }, ['S.type: Invalid value: "array": must be object at the root']],
  [{ type: 'object', properties: { kind: { type: 'string', default: 'Pod' }, metadata: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { name: { type: 'string', default: 'x' } } } } }, [
    'S.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    'S.properties[kind].default: Forbidden: must not be set in top-level kind', 'S.properties[metadata].x-kubernetes-embedded-resource: Forbidden: must not be used inside of resource meta',
    'S.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata',
  ]],
  [{ type: 'object', additionalProperties: { type: 'string' } }, ['S.additionalProperties: Forbidden: must not be used at the root']],
  [{ type: 'object', properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } } } }, []],
  [{ type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
    ['S.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified']],
])('the root: %j', (schema, expected) => {
  expect(structuralErrors(schema, 'S').map(({ field, text }) => `${field}: ${text}`)).toEqual(expected)
})

it.each<[JsonSchemaProps, string[]]>([
  [{ type: 'string', format: 'date-time' }, []],
  [{ type: 'string', format: 'datetime' }, []],
  [{ type: 'string', format: 'password' }, []],
  [{ type: 'string', format: 'color' }, ['color']],
  // Of numbers, formats are only told.
  [{ type: 'integer', format: 'int64' }, []],
  [{ type: 'object', additionalProperties: { type: 'string', format: 'a' }, properties: { x: { type: 'array', items: { type: 'string', format: 'b' } }, y: { type: 'string', format: 'a' } } }, ['b', 'a']],
])('%j has texts in formats that are not known: %j', (schema, expected) => {
  expect([...unknownFormats(schema)]).toEqual(expected)
})

it('null says nothing', () => {
  const schema = JSON.parse('{"type":"object","description":null,"properties":{"a":null,"b":{"type":"array","items":{"properties":null,"allOf":[null],"additionalProperties":{"properties":{"c":null}}}},"d":{"default":null}}}') as Record<string, unknown>
  dropNulls(schema)
  expect(schema).toEqual({ type: 'object', properties: { a: {}, b: { type: 'array', items: { allOf: [{}], additionalProperties: { properties: { c: {} } } } }, d: { default: null } } })
})
