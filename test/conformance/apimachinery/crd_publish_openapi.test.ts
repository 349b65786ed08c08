// Custom kinds in /openapi/v2, in kubectl's validation and in kubectl explain.
import { isDeepStrictEqual } from 'node:util'
import type { JsonSchemaProps } from '../../../pkg/api/structural-schema.ts'
import { customResourceDefinitions, type CustomResourceDefinition } from '../../../pkg/api/types-custom.ts'
import type { Outcome } from '../../e2e/cluster.ts'
import { client, cluster, http, uniqueName, useNamespace } from '../framework.ts'
import { anything, createDefinition, definitionOf, deleteDefinition, versionOf } from './definitions.ts'
import { foo, preserveNested, preserveRoot, waldo } from './published-schemas.ts'

const namespace = useNamespace('crd-publish-openapi')

interface Swagger { definitions: Record<string, JsonSchemaProps> }

let etag = ''
let cached: Swagger = { definitions: {} }

/** Asks with the last answer's ETag; 304 means that answer. */
async function swagger(): Promise<Swagger> {
  const answer = await http<Swagger>('GET', '/openapi/v2', { headers: { accept: '*/*', ...(etag ? { 'if-none-match': `"${etag}"` } : {}) } })
  if (answer.status === 304) return cached
  expect(answer.status).toBe(200)
  etag = String(answer.headers['etag']).replaceAll('"', '')
  cached = answer.json()
  return cached
}

/** Holds ten times in a row; asked every half second for a minute. */
async function waitForSwagger(holds: (swagger: Swagger) => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    let times = 0
    while (times < 10 && holds(await swagger())) times++
    if (times === 10) return
    if (performance.now() > deadline) throw new Error(`did not happen within 60 s: ${what}`)
  }
}

/** `group/version/Kind` as OpenAPI names it: the group's parts turned round. */
const definitionName = ({ spec }: CustomResourceDefinition, version: string): string => [...spec.group.split('.').reverse(), version, spec.names.kind].join('.')

const without = <T extends object>(object: T, ...names: readonly string[]): T =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name))) as T

/** Without what the server adds. */
function publishedSchema(definition: JsonSchemaProps | undefined): JsonSchemaProps {
  const { properties = {}, ...rest } = without(definition ?? {}, 'x-kubernetes-group-version-kind', 'x-kubernetes-selectable-fields')
  const own = without(properties, 'metadata', 'apiVersion', 'kind')
  return { ...rest, ...(Object.keys(own).length > 0 ? { properties: own } : {}) }
}

async function waitForDefinition(definition: CustomResourceDefinition, version: string, schema: JsonSchemaProps | 'any'): Promise<void> {
  const name = definitionName(definition, version)
  await waitForSwagger(({ definitions }) => definitions[name] !== undefined && (schema === 'any' || isDeepStrictEqual(publishedSchema(definitions[name]), schema)),
    `${name} is published as ${JSON.stringify(schema)}`)
}

async function waitForCleanup(definition: CustomResourceDefinition, version: string): Promise<void> {
  const name = definitionName(definition, version)
  await waitForSwagger(({ definitions }) => definitions[name] === undefined, `${name} is no longer published`)
}

const made: CustomResourceDefinition[] = []
afterEach(async () => { for (const definition of made.splice(0)) await cleanUp(definition) })

async function setUp(suffix: string, versions: readonly string[], schema: JsonSchemaProps, expected: JsonSchemaProps | 'any' = schema): Promise<CustomResourceDefinition> {
  const name = `e2e-test-${uniqueName('crd-publish-openapi')}-crd`
  const definition = await createDefinition(definitionOf(`crd-publish-openapi-test-${suffix}.example.com`, name,
    versions.map((version, index) => versionOf(version, schema, { storage: index === 0 })), { scope: 'Namespaced', kind: `E${name.slice(1)}` }))
  made.push(definition)
  for (const version of versions) await waitForDefinition(definition, version, expected)
  return definition
}

/** The definition as it is at last: versions may have been renamed, or no longer be served. */
async function cleanUp(definition: CustomResourceDefinition): Promise<void> {
  const index = made.indexOf(definition)
  if (index >= 0) made.splice(index, 1)
  await deleteDefinition(definition)
  for (const { name } of definition.spec.versions) await waitForCleanup(definition, name)
}

class CustomKind {
  readonly definition: CustomResourceDefinition
  readonly name: string
  constructor(definition: CustomResourceDefinition, name: string) {
    this.definition = definition
    this.name = name
  }

  get plural(): string {
    return this.definition.spec.names.plural
  }

  /** An object's text, of which `fields` is the part that differs. */
  text(fields: string): string {
    const { group, names, versions } = this.definition.spec
    return `{"kind":"${names.kind}","apiVersion":"${group}/${versions[0]?.name}","metadata":{"name":"${this.name}"},${fields}}`
  }

  send(verb: 'create' | 'apply', fields: string): Promise<Outcome> {
    return cluster.tryKubectl(`--namespace=${namespace.name} ${verb} -f -`, { input: this.text(fields) })
  }

  /** kubectl creates it and deletes it, applies it and deletes it. */
  async expectAccepted(fields: string): Promise<void> {
    for (const verb of ['create', 'apply'] as const) {
      const { code, stderr } = await this.send(verb, fields)
      expect({ verb, code, stderr }).toEqual({ verb, code: 0, stderr: '' })
      await cluster.kubectl(`--namespace=${namespace.name} delete ${this.plural} ${this.name}`)
    }
  }

  async expectRefused(fields: string, pattern: RegExp, verbs: readonly ('create' | 'apply')[] = ['create', 'apply']): Promise<void> {
    for (const verb of verbs) {
      const { code, stderr } = await this.send(verb, fields)
      expect(code).not.toBe(0)
      expect(stderr).toMatch(pattern)
    }
  }

  async explain(path: string, pattern: RegExp): Promise<void> {
    expect(await cluster.kubectl(`explain ${this.plural}${path}`)).toMatch(pattern)
  }
}

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD with validation schema [Conformance]', async () => {
  const definition = await setUp('foo', ['v1'], foo)
  const kind = new CustomKind(definition, 'test-foo')
  await kind.expectAccepted('"spec":{"bars":[{"name":"test-bar"}]}')
  await kind.expectRefused('"spec":{"bars":[{"name":"test-bar", "feeling":"NonExistentValue"}]}', /Unsupported value: "NonExistentValue"/, ['create'])
  await kind.expectRefused('"spec":{"foo":true}', /unknown field "(spec\.)?foo"/)
  await kind.expectRefused('"spec":{"bars":[{"age":"10"}]}', /missing required field "name"|spec\.bars\[0\]\.name: Required value/)

  await kind.explain('', /DESCRIPTION:.*Foo CRD for Testing.*FIELDS:.*apiVersion.*<string>.*APIVersion defines.*spec.*<Object>.*Specification of Foo/s)
  await kind.explain('.metadata', /DESCRIPTION:.*Standard object's metadata.*FIELDS:.*creationTimestamp.*<string>.*CreationTimestamp is a timestamp/s)
  await kind.explain('.spec', /DESCRIPTION:.*Specification of Foo.*FIELDS:.*bars.*<\[\]Object>.*List of Bars and their specs/s)
  await kind.explain('.spec.bars', /(FIELD|RESOURCE):.*bars.*<\[\]Object>.*DESCRIPTION:.*List of Bars and their specs.*FIELDS:.*bazs.*<\[\]string>.*List of Bazs.*name.*<string>.*Name of Bar/s)
  const missing = await cluster.tryKubectl(`explain ${kind.plural}.spec.bars2`)
  expect(missing.code).not.toBe(0)
  expect(missing.stderr).toContain('field "bars2" does not exist')
  await cleanUp(definition)
})

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD without validation schema [Conformance]', async () => {
  const definition = await setUp('empty', ['v1'], anything, { type: 'object' })
  const kind = new CustomKind(definition, 'test-cr')
  await kind.expectAccepted('"a":{"b":[{"c":"d"}]}')
  await kind.explain('', /DESCRIPTION:.*<empty>/s)
  await cleanUp(definition)
})

/** kubectl takes unknown fields, and explains the kind. The published schema itself is not compared. */
async function checkPreserving(suffix: string, schema: JsonSchemaProps, fields: string, pattern: (kind: string) => RegExp): Promise<void> {
  const definition = await setUp(suffix, ['v1'], schema, 'any')
  const kind = new CustomKind(definition, 'test-cr')
  await kind.expectAccepted(fields)
  await kind.explain('', pattern(definition.spec.names.kind))
  await cleanUp(definition)
}

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD preserving unknown fields at the schema root [Conformance]', async () => {
  await checkPreserving('unknown-at-root', preserveRoot, '"a":{"b":[{"c":"d"}]}', (kind) => new RegExp(`KIND:.*${kind}`, 's'))
})

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD preserving unknown fields in an embedded object [Conformance]', async () => {
  await checkPreserving('unknown-in-nested', preserveNested, '"spec":{"a":null,"b":[{"c":"d"}]}', () => /DESCRIPTION:.*preserve-unknown-properties in nested field for Testing/s)
})

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of different groups [Conformance]', async () => {
  const first = await setUp('foo', ['v1'], foo)
  const second = await setUp('waldo', ['v1beta1'], waldo)
  expect(first.spec.group).not.toBe(second.spec.group)
  await waitForDefinition(second, 'v1beta1', waldo)
  await waitForDefinition(first, 'v1', foo)
  await cleanUp(first)
  await cleanUp(second)
})

/** Two definitions of one group. */
async function checkCommonGroup(firstVersion: string, secondVersion: string): Promise<void> {
  const first = await setUp('common-group', [firstVersion], foo)
  const second = await setUp('common-group', [secondVersion], waldo)
  expect(first.spec.group).toBe(second.spec.group)
  await waitForDefinition(second, secondVersion, waldo)
  await waitForDefinition(first, firstVersion, foo)
  await cleanUp(first)
  await cleanUp(second)
}

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of same group but different versions [Conformance]', async () => {
  const several = await setUp('multi-ver', ['v2', 'v3'], foo)
  await waitForDefinition(several, 'v3', foo)
  await waitForDefinition(several, 'v2', foo)
  await cleanUp(several)
  await checkCommonGroup('v4', 'v5')
})

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of same group and version but different kinds [Conformance]', async () => {
  await checkCommonGroup('v6', 'v6')
})

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] updates the published spec when one version gets renamed [Conformance]', async () => {
  const definition = await setUp('multi-ver', ['v2', 'v3'], foo)
  await waitForDefinition(definition, 'v3', foo)
  await waitForDefinition(definition, 'v2', foo)
  const path = '/spec/versions/1/name'
  const renamed = await client.patch(customResourceDefinitions, { name: definition.metadata.name ?? '' },
    { type: 'json', body: [{ op: 'test', path, value: 'v3' }, { op: 'replace', path, value: 'v4' }] })
  await waitForDefinition(renamed, 'v4', foo)
  await waitForCleanup(renamed, 'v3')
  await waitForDefinition(renamed, 'v2', foo)
  made.splice(made.indexOf(definition), 1, renamed)
  await cleanUp(renamed)
})

test('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] removes definition from spec when one version gets changed to not be served [Conformance]', async () => {
  const definition = await setUp('multi-to-single-ver', ['v5', 'v6alpha1'], foo)
  await waitForDefinition(definition, 'v6alpha1', foo)
  await waitForDefinition(definition, 'v5', foo)
  const read = await client.get(customResourceDefinitions, { name: definition.metadata.name ?? '' })
  const versions = read.spec.versions.map((version, index) => (index === 1 ? { ...version, served: false } : version))
  const changed = await client.update(customResourceDefinitions, { ...read, spec: { ...read.spec, versions } })
  await waitForCleanup(changed, 'v6alpha1')
  await waitForDefinition(changed, 'v5', foo)
  made.splice(made.indexOf(definition), 1, changed)
  await cleanUp(changed)
})
