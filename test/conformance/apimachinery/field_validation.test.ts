// Strict field validation: unknown fields and duplicates, of typed objects and custom ones.
import { dump } from 'js-yaml'
import type { JsonSchemaProps } from '../../../pkg/api/structural-schema.ts'
import type { CustomResourceDefinition } from '../../../pkg/api/types-custom.ts'
import { type Answer, http, useNamespace } from '../framework.ts'
import { anything, createPrimedDefinition, deleteDefinition, randomDefinition, versionOf } from './definitions.ts'

const namespace = useNamespace('field-validation')
const strict = 'fieldManager=field_validation_mgr&fieldValidation=Strict'

/** A deployment as text, with more members where its metadata and its spec begin. */
const deployment = (metadata: string, spec: string): string => `{
  "apiVersion": "apps/v1", "kind": "Deployment",
  "metadata": {"name": "my-dep", ${metadata} "labels": {"app": "nginx"}},
  "spec": {${spec}
    "selector": {"matchLabels": {"app": "nginx"}},
    "template": {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [{"name": "nginx", "image": "nginx:latest"}]}}}}`

const createStrictly = (body: string): Promise<Answer<{ message: string }>> => http('POST', `/apis/apps/v1/namespaces/${namespace.name}/deployments?${strict}`, { body })

test('[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object [Conformance]', async () => {
  const answer = await createStrictly(deployment('', '"unknownField": "foo", "replicas": 2, "replicas": 3,'))
  expect(answer.json().message).toContain('strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"')
})

test('[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object [Conformance]', async () => {
  const answer = await createStrictly(deployment('"unknownMeta": "foo",', ''))
  expect(answer.json().message).toContain('strict decoding error: unknown field "metadata.unknownMeta"')
})

const integer: JsonSchemaProps = { type: 'integer', format: 'int32' }
const text: JsonSchemaProps = { type: 'string' }
const specProperties: Record<string, JsonSchemaProps> = {
  foo: text,
  cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
  ports: {
    type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    items: { type: 'object', required: ['containerPort', 'protocol'], properties: { containerPort: integer, hostIP: text, hostPort: integer, name: text, protocol: text } },
  },
}
const template: JsonSchemaProps = {
  type: 'object', 'x-kubernetes-embedded-resource': true,
  properties: { metadata: { type: 'object', properties: { name: text } }, spec: { type: 'object' } },
}
const withSpec = (spec: JsonSchemaProps): JsonSchemaProps => ({ type: 'object', properties: { spec: { type: 'object', ...spec } } })

async function withDefinition(schema: JsonSchemaProps, run: (definition: CustomResourceDefinition) => Promise<void>): Promise<void> {
  const subresources = { status: {} }
  const definition = await createPrimedDefinition(randomDefinition([versionOf('v1beta1', schema, { storage: false, subresources }), versionOf('v1', schema, { subresources })]))
  try {
    await run(definition)
  } finally {
    await deleteDefinition(definition)
  }
}

function applyStrictly({ spec: { group, names, versions } }: CustomResourceDefinition, body: (header: string) => string): Promise<Answer> {
  const version = versions[0]?.name ?? ''
  const header = `\napiVersion: ${group}/${version}\nkind: ${names.kind}\nmetadata:\n  name: mytest`
  return http('PATCH', `/apis/${group}/${version}/${names.plural}/mytest?${strict}`, { headers: { 'content-type': 'application/apply-patch+yaml' }, body: body(header) })
}

const cron = { cronSpec: '* * * * */5', ports: [{ name: 'x', containerPort: 80, protocol: 'TCP' }] }
const yaml = (object: object): string => `\n${dump(object)}`

test('[sig-api-machinery] FieldValidation should create/apply a valid CR for CRD with validation schema [Conformance]', async () => {
  await withDefinition(withSpec({ properties: specProperties }), async (definition) => {
    const answer = await applyStrictly(definition, (header) => header + yaml({ spec: { foo: 'foo1', ...cron } }))
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 201, text: expect.stringContaining('mytest') as string })
  })
})

test('[sig-api-machinery] FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema [Conformance]', async () => {
  await withDefinition(anything, async (definition) => {
    const answer = await applyStrictly(definition, (header) => header + yaml({ spec: { unknown: 'uk1', ...cron } }))
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 201, text: expect.stringContaining('uk1') as string })
  })
})

test('[sig-api-machinery] FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema [Conformance]', async () => {
  await withDefinition(withSpec({ properties: specProperties }), async (definition) => {
    const answer = await applyStrictly(definition, (header) => header + yaml({ unknownField: 'unknown', spec: { foo: 'foo1', ...cron } }))
    expect(answer.text).toContain('.unknownField: field not declared in schema')
  })
})

test('[sig-api-machinery] FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR [Conformance]', async () => {
  await withDefinition(withSpec({ 'x-kubernetes-preserve-unknown-fields': true, properties: { template, ...specProperties } }), async (definition) => {
    const embedded = { apiversion: 'foo/v1', kind: 'Sub', metadata: { unknownSubMeta: 'unknown', name: 'subobject', namespace: namespace.name } }
    const answer = await applyStrictly(definition, (header) => `${header}\n  unknownMeta: unknown${yaml({ spec: { template: embedded, foo: 'foo1', ...cron } })}`)
    expect(answer.text).toMatch(/\.spec\.template\.metadata\.unknownSubMeta: field not declared in schema|\.metadata\.unknownMeta: field not declared in schema/)
  })
})

test('[sig-api-machinery] FieldValidation should detect duplicates in a CR when preserving unknown fields [Conformance]', async () => {
  await withDefinition(withSpec({ 'x-kubernetes-preserve-unknown-fields': true, properties: specProperties }), async (definition) => {
    const answer = await applyStrictly(definition, (header) => `${header}\nspec:\n  unknown: uk1\n  foo: foo1\n  foo: foo2\n  cronSpec: "* * * * */5"\n  ports:\n  - name: x\n    containerPort: 80\n    protocol: TCP`)
    expect(answer.text).toContain('line 9: key \\"foo\\" already set in map')
  })
})
