// Whatever a client sends, the answer is a result or the error that callers expect, and it comes soon.
import fc from 'fast-check'
import { DecodingError, conform } from './conform.ts'
import { conformParts } from './conform-parts.ts'
import { decodeMessage, decodeMessageParts } from './decode-protobuf.ts'
import { ProtobufError } from './protobuf-wire.ts'
import { atOnce } from '../util/slices.ts'
import { decodeBody, decodeDeleteOptions, decodeObject } from './decode.ts'
import { parseFieldSelector } from './field-selector.ts'
import { parseLabelSelector } from './label-selector.ts'
import { applyPatch } from './patch.ts'
import { QuantityError, canonicalQuantity } from './quantity.ts'
import { builtinResources } from './resources.ts'
import { schemaOf } from './schema-table.ts'
import type { ObjectSchema, Schema } from './schema.ts'
import { StatusError } from './status-error.ts'
import { deepFreeze } from '../util/deep-freeze.ts'

const only = (expected: new (...args: never[]) => Error, run: () => unknown): void => {
  try {
    run()
  } catch (error) {
    if (!(error instanceof expected)) throw error
  }
}

const schemas = builtinResources.map(({ resource }) => ({ ...resource, schema: schemaOf(resource.group, resource.version, resource.kind) as ObjectSchema }))
const anyKind = fc.constantFrom(...schemas)

/** Values that mostly fit a schema, so that the walk gets deep. */
function valueFor(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const odd = { arbitrary: fc.jsonValue({ maxDepth: 1 }), weight: 1 }
  if (depth <= 0) return fc.jsonValue({ maxDepth: 1 })
  switch (schema.type) {
    case 'scalar': return fc.oneof(odd, { arbitrary: schema.format.startsWith('int') ? fc.integer() : fc.string(), weight: 8 })
    case 'any': return fc.jsonValue({ maxDepth: 2 })
    case 'list': return fc.oneof(odd, { arbitrary: fc.array(valueFor(schema.items, depth - 1), { maxLength: 3 }), weight: 8 })
    case 'map': return fc.oneof(odd, { arbitrary: fc.dictionary(fc.string(), valueFor(schema.values, depth - 1), { maxKeys: 3 }), weight: 8 })
    case 'object': return fc.oneof(odd, { arbitrary: fc.record(Object.fromEntries([...schema.fields.values()].slice(0, 6).map((field) => [field.name, valueFor(field.schema, depth - 1)])), { requiredKeys: [] }), weight: 8 })
  }
}
const directives = fc.constantFrom('$patch', '$retainKeys', '$setElementOrder/containers', '$deleteFromPrimitiveList/finalizers', '__proto__', 'constructor')
const patchValue = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.constantFrom(null, 'delete', 'replace', 'a', 1, true), fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(fc.oneof(directives, fc.constantFrom('metadata', 'spec', 'template', 'containers', 'name', 'finalizers', 'labels')), tie('value'), { maxKeys: 4 }),
})).value

it('bytes as bodies', () => {
  const types = fc.constantFrom('application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf')
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), types, fc.boolean(), (bytes, type, envelope) => {
    const body = envelope ? Buffer.from([0x6b, 0x38, 0x73, 0, ...bytes]) : Buffer.from(bytes)
    only(StatusError, () => decodeBody(body, type))
    only(StatusError, () => decodeDeleteOptions(body, type))
  }), { numRuns: 500 })
})

it('protobuf messages of any kind with random bytes', () => {
  fc.assert(fc.property(anyKind, fc.uint8Array({ maxLength: 120 }), (kind, bytes) => {
    const name = Buffer.from(kind.kind)
    const version = Buffer.from(kind.group === '' ? kind.version : `${kind.group}/${kind.version}`)
    const type = [0x0a, version.length, ...version, 0x12, name.length, ...name]
    const body = Buffer.from([0x6b, 0x38, 0x73, 0, 0x0a, type.length, ...type, 0x12, bytes.length, ...bytes])
    only(StatusError, () => decodeObject(decodeBody(body, 'application/vnd.kubernetes.protobuf'), kind))
  }), { numRuns: 1000 })
})

it('protobuf messages in parts: the same as in one go', () => {
  const outcome = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error
      return error.message
    }
  }
  fc.assert(fc.property(anyKind, fc.uint8Array({ maxLength: 120 }), ({ schema }, bytes) => {
    expect(outcome(() => atOnce(decodeMessageParts(bytes, schema)))).toEqual(outcome(() => decodeMessage(bytes, schema)))
  }), { numRuns: 1000 })
})

it('values conformed in parts: the same as in one go', () => {
  // Large enough to be taken apart.
  const filler = Array.from({ length: 2500 }, (_, index) => [`filler-${index}`, 'x'])
  const outcome = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      if (!(error instanceof DecodingError)) throw error
      return error.message
    }
  }
  fc.assert(fc.property(anyKind.chain((kind) => fc.tuple(fc.constant(kind), valueFor(kind.schema, 4), fc.boolean())), ([{ schema }, value, fill]) => {
    const large = { ...(value as object), metadata: { labels: Object.fromEntries(filler) } }
    expect(outcome(() => atOnce(conformParts(large, schema, { fill })))).toEqual(outcome(() => conform(large, schema, { fill })))
  }), { numRuns: 200 })
})

it('texts as YAML and JSON objects', () => {
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => {
    only(StatusError, () => decodeBody(Buffer.from(`a: ${text}\nb:\n  - ${text}\n`), 'application/yaml'))
    only(StatusError, () => decodeBody(Buffer.from(`{"a":${text}}`), 'application/json'))
  }), { numRuns: 500 })
})

it('objects that fit a kind more or less; what conforms, conforms again unchanged', () => {
  fc.assert(fc.property(anyKind.chain((kind) => valueFor(kind.schema, 5).map((value) => ({ kind, value }))), ({ kind, value }) => {
    only(DecodingError, () => {
      const { object } = conform(deepFreeze(value), kind.schema)
      expect(conform(object, kind.schema)).toEqual({ object, unknown: [] })
    })
  }), { numRuns: 500 })
})

it('patches of all types', () => {
  const schema = schemaOf('apps', 'v1', 'Deployment') as ObjectSchema
  const object = deepFreeze({ metadata: { name: 'a', finalizers: ['a', 'b'], labels: { a: 'b' } }, spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'b' }] } } } })
  const operation = fc.record({ op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'), path: fc.constantFrom('', '/', '/spec', '/metadata/finalizers/0', '/metadata/finalizers/-', '/a/b', '/metadata/name/x', '/__proto__/a', '/metadata/finalizers/length'), from: fc.constantFrom('', '/spec', '/metadata', '/x'), value: fc.jsonValue({ maxDepth: 1 }) }, { requiredKeys: ['op'] })
  fc.assert(fc.property(patchValue, fc.array(operation, { maxLength: 4 }), (body, operations) => {
    only(StatusError, () => applyPatch(object, { type: 'strategic', body }, schema))
    only(StatusError, () => applyPatch(object, { type: 'merge', body }, schema))
    only(StatusError, () => applyPatch(object, { type: 'json', body: operations }, schema))
  }), { numRuns: 2000 })
  expect(({} as Record<string, unknown>)['a']).toBeUndefined()
})

it('selectors and quantities', () => {
  const selector = fc.array(fc.constantFrom('a', 'b', '=', '!', '==', ',', '(', ')', 'in', 'notin', '<', '>', ' ', '\\', '/', '.', 'é', '\u0000')).map((parts) => parts.join(''))
  fc.assert(fc.property(selector, (text) => {
    only(StatusError, () => parseLabelSelector(text).matches({ a: 'b' }))
    only(StatusError, () => parseFieldSelector(text))
  }), { numRuns: 2000 })
  const quantity = fc.array(fc.constantFrom('1', '0', '9', '.', '-', '+', 'e', 'E', 'Ki', 'i', 'm', 'n', ' ')).map((parts) => parts.join(''))
  fc.assert(fc.property(fc.oneof(quantity, fc.string(), fc.double()), (value) => only(QuantityError, () => canonicalQuantity(value))), { numRuns: 2000 })
  only(QuantityError, () => canonicalQuantity(`${'9'.repeat(100_000)}e${'9'.repeat(1000)}`))
})
