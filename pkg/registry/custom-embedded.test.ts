// Objects within custom resources: what they must say of themselves.
import { compileEmbeddedCheck } from './custom-embedded.ts'
import type { JsonSchemaProps } from '../api/structural-schema.ts'

const resource: JsonSchemaProps = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
const texts = (f: JsonSchemaProps, value: unknown): string[] => (compileEmbeddedCheck({ type: 'object', properties: { f } })?.({ f: value }) ?? []).map((error) => `${error.field}: ${error.text}`)

it.each<[JsonSchemaProps, unknown, string[]]>([
  [resource, { apiVersion: 'v1', kind: 'Pod', metadata: {} }, []],
  [resource, {}, ['f.apiVersion: Required value', 'f.kind: Required value']],
  [resource, { apiVersion: '', kind: '' }, ['f.apiVersion: Invalid value: "": must not be empty', 'f.kind: Invalid value: "": must not be empty']],
  [resource, { apiVersion: 'a/b/c', kind: 'Pod' }, ['f.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c']],
  [resource, { apiVersion: 1, kind: true }, ['f.apiVersion: Invalid value: 1: must be a string', 'f.kind: Invalid value: true: must be a string']],
  [resource, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a/b' } }, ['f.metadata.name: Invalid value: "a/b": may not contain \'/\'']],
  [{ type: 'array', items: resource }, [{ apiVersion: 'v1' }], ['f[0].kind: Required value']],
  [{ type: 'object', additionalProperties: resource }, { x: { apiVersion: 'v1' } }, ['f[x].kind: Required value']],
])('%j %j', (schema, value, expected) => {
  expect(texts(schema, value)).toEqual(expected)
})

it('says how a kind may be called', () => {
  expect(texts(resource, { apiVersion: 'v1', kind: 'P_d' })).toEqual([expect.stringMatching(/^f\.kind: Invalid value: "P_d": may have mixed case, but should otherwise match: a DNS-1035 label must/)])
})
