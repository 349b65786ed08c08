// Conforming: dropped and reported fields, canonical values, Go's words for wrong types.
import { DecodingError, conform } from './conform.ts'
import type { Field, ObjectSchema } from './schema.ts'
import { applySchemaDefaults } from './schema-defaults.ts'
import { schemaOf } from './schema-table.ts'

const schema = (group: string, version: string, kind: string): ObjectSchema => {
  const found = schemaOf(group, version, kind)
  if (!found) throw new Error(`no schema for ${kind}`)
  return found
}
const deployment = schema('apps', 'v1', 'Deployment')
const pod = schema('', 'v1', 'Pod')

describe('unknown fields', () => {
  it('are dropped and reported with indices, in the order of the input', () => {
    const { object, unknown } = conform({ spec: { foo: 1, containers: [{ name: 'a', bar: 2 }, { Image: 'x', name: 'b' }] }, metadata: { labels: { free: 'yes' }, zap: null } }, pod, { fill: false })
    expect(unknown).toEqual(['spec.foo', 'spec.containers[0].bar', 'spec.containers[1].Image', 'metadata.zap'])
    expect(object).toEqual({ spec: { containers: [{ name: 'a' }, { name: 'b' }] }, metadata: { labels: { free: 'yes' } } })
  })
})

describe('canonical values', () => {
  const container = (value: object): unknown => (conform({ spec: { containers: [value] } }, pod, { fill: false }).object['spec'] as { containers: unknown[] }).containers[0]

  it('writes quantities in one way and takes numbers for them', () => {
    expect(container({ resources: { limits: { cpu: 0.5, memory: '1024Mi' } } })).toEqual({ resources: { limits: { cpu: '500m', memory: '1Gi' } } })
  })

  it('keeps numbers and texts of ports apart', () => {
    expect(container({ livenessProbe: { httpGet: { port: '80' }, tcpSocket: { port: 80 } } })).toEqual({ livenessProbe: { httpGet: { port: '80' }, tcpSocket: { port: 80 } } })
  })

  it('writes times in UTC to the second, and MicroTime to the microsecond', () => {
    expect(conform({ metadata: { creationTimestamp: '2026-01-02T03:04:05.6+01:00' } }, pod, { fill: false }).object).toEqual({ metadata: { creationTimestamp: '2026-01-02T02:04:05Z' } })
    expect(conform({ spec: { renewTime: '2026-01-02T03:04:05.123Z' } }, schema('coordination.k8s.io', 'v1', 'Lease'), { fill: false }).object).toEqual({ spec: { renewTime: '2026-01-02T03:04:05.123000Z' } })
    expect(conform({ spec: { renewTime: '0001-01-01T00:00:05+00:00' } }, schema('coordination.k8s.io', 'v1', 'Lease'), { fill: false }).object).toEqual({ spec: { renewTime: '0001-01-01T00:00:05.000000Z' } })
  })

  it('takes null for missing, and for zero within lists and maps', () => {
    expect(conform({ metadata: { labels: null, annotations: { a: null } }, spec: { containers: [{ name: 'a', args: ['x', null] }] } }, pod, { fill: false }).object)
      .toEqual({ metadata: { annotations: { a: '' } }, spec: { containers: [{ name: 'a', args: ['x', ''] }] } })
  })
})

describe('as Go writes it', () => {
  it('drops zeros that are not written, keeps zeros of pointers, adds what is always written', () => {
    const { object } = conform({ spec: { replicas: 0, paused: false, minReadySeconds: 0, selector: {}, template: { spec: { containers: [{ name: 'a', args: [] }] } } } }, deployment)
    expect(object).toEqual({
      metadata: {}, status: {},
      spec: { replicas: 0, selector: {}, strategy: {}, template: { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] } } },
    })
  })

  it('is the same when done again', () => {
    const service = schema('', 'v1', 'Service')
    const once = conform({ spec: { ports: [{ port: 80 }] } }, service).object
    expect(conform(once, service)).toEqual({ object: once, unknown: [] })
    expect(once['status']).toEqual({ loadBalancer: {} })
  })
})

it.each<[string, unknown, ObjectSchema, string]>([
  ['text for a number', { spec: { replicas: 'x' } }, deployment, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ['fraction', { spec: { replicas: 1.5 } }, deployment, 'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ['too large', { spec: { replicas: 3_000_000_000 } }, deployment, 'json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ['object for a list', { spec: { containers: {} } }, pod, 'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container'],
  ['number for a label', { metadata: { labels: { a: 1 } } }, pod, 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
  ['within a list', { spec: { containers: [{ name: true }] } }, pod, 'json: cannot unmarshal bool into Go struct field Container.spec.containers.name of type string'],
  ['list for an object', { spec: [] }, pod, 'json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec'],
  ['root', [], pod, 'json: cannot unmarshal array into Go value of type v1.Pod'],
  ['quantity', { spec: { containers: [{ resources: { limits: { cpu: 'x' } } }] } }, pod, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ['base64', { data: { a: 'a$' } }, schema('', 'v1', 'Secret'), 'illegal base64 data at input byte 1'],
  ['time', { metadata: { creationTimestamp: 'now' } }, pod, 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"'],
])('refuses %s', (_what, value, against, message) => {
  expect(() => conform(value, against)).toThrow(new DecodingError(message))
})

describe('custom resources', () => {
  const field = (name: string, schema: Field['schema'], more: Partial<Field> = {}): [string, Field] => [name, { name, number: 0, schema, ...more }]
  const text = { type: 'scalar', format: 'string' } as const
  const custom: ObjectSchema = {
    type: 'object', fields: new Map([
      field('spec', { type: 'object', fields: new Map([
        field('size', { type: 'scalar', format: 'int64' }, { default: 3 }), field('open', { type: 'object', fields: new Map([field('known', text, { default: 'k' })]), preserveUnknown: true }, { default: {} }),
        field('items', { type: 'list', items: { type: 'object', fields: new Map([field('a', text, { default: 'x' })]) } }),
      ]) }),
    ]),
  }

  it('only lose fields that the schema does not know', () => {
    const { object, unknown } = conform({ kind: 'Foo', spec: { size: 'wrong', open: { any: { thing: null } }, no: 1 }, metadata: { name: 'a', no: 1 } }, custom)
    expect(unknown).toEqual(['spec.no', 'metadata.no'])
    expect(object).toEqual({ kind: 'Foo', spec: { size: 'wrong', open: { any: { thing: null } } }, metadata: { name: 'a' } })
  })

  it('get defaults, also within defaults and lists', () => {
    const draft: Record<string, unknown> = { spec: { size: null, items: [{}, { a: 'y' }] } }
    applySchemaDefaults(custom, draft)
    expect(draft).toEqual({ spec: { size: 3, open: { known: 'k' }, items: [{ a: 'x' }, { a: 'y' }] } })
  })
})

it('fills in what built-in types declare', () => {
  const draft: Record<string, unknown> = { spec: { ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] } }
  applySchemaDefaults(schema('', 'v1', 'Service'), draft)
  expect(draft).toEqual({ spec: { ports: [{ port: 80, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] } })
})

describe('schemas within the schema of a CRD', () => {
  const crd = schema('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')
  const stated = (openAPIV3Schema: object): object => ({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', spec: { versions: [{ schema: { openAPIV3Schema } }] } })
  const found = (openAPIV3Schema: object): unknown => {
    const { object, unknown } = conform(stated(openAPIV3Schema), crd, { fill: false })
    return [(object as { spec: { versions: { schema: { openAPIV3Schema: unknown } }[] } }).spec.versions[0]?.schema.openAPIV3Schema, unknown]
  }
  it('tell only of unknown fields that are not below items and the like, and lose all of them', () => {
    expect(found({ odd: 1, properties: { a: { odd: 1 } }, items: { type: 'array', odd: 1, items: [{ odd: 1, type: 'object' }] }, additionalProperties: { type: 'string', odd: 1 } })).toEqual([
      { properties: { a: {} }, items: { type: 'array', items: [{ type: 'object' }] }, additionalProperties: { type: 'string' } },
      ['spec.versions[0].schema.openAPIV3Schema.odd', 'spec.versions[0].schema.openAPIV3Schema.properties.a.odd'],
    ])
    expect(found({ additionalProperties: true })).toEqual([{ additionalProperties: true }, []])
  })
  it('have types', () => {
    expect(() => found({ additionalProperties: 'x' })).toThrow('boolean or JSON schema expected')
    expect(() => found({ items: { maxLength: 'x' } })).toThrow('json: cannot unmarshal string into Go struct field JSONSchemaProps.maxLength of type int64')
  })
})
