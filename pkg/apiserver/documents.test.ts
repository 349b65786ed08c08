// Discovery and OpenAPI documents: forms, order, hashes, and what kubectl looks for in them.
import type { JsonObject } from '../api/json.ts'
import { builtinResources } from '../api/resources.ts'
import { schemaOf } from '../api/schema-table.ts'
import type { ObjectSchema } from '../api/schema.ts'
import type { Definition } from '../registry/definition.ts'
import { inOneGoMs, longestTurnMs } from '../util/cpu-time.suite.ts'
import { noDescriptions } from './descriptions.ts'
import { compareVersions } from './discovery.ts'
import { createDocuments } from './documents.ts'
import type { Answer } from './respond.ts'

const builtin: readonly Definition[] = builtinResources.map((entry) => {
  const { group, version, kind, plural } = entry.resource
  return { ...entry, schema: schemaOf(group, version, kind) as ObjectSchema, storage: plural, columns: [] } as unknown as Definition
})

const custom = (version: string, published: JsonObject = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } }): Definition => ({
  resource: { group: 'example.com', version, plural: 'foos', kind: 'Foo', namespaced: true }, singular: 'foo', listKind: 'FooList', shortNames: ['f'], categories: [],
  verbs: ['get', 'list', 'create', 'patch'], schema: { type: 'object', fields: new Map() }, published, columns: [], subresources: [],
})

const serve = (definitions: readonly Definition[]) => {
  const state = { definitions }
  const documents = createDocuments({ definitions: () => state.definitions, descriptions: noDescriptions })
  const get = async (url: string, more: { accept?: string; ifNoneMatch?: string } = {}): Promise<Answer | undefined> => {
    const { pathname, searchParams } = new URL(url, 'http://x')
    return documents({ path: pathname, query: searchParams, accept: more.accept, ifNoneMatch: more.ifNoneMatch, host: 'h:6443' })
  }
  const body = async (url: string, accept?: string): Promise<JsonObject> => JSON.parse(String((await get(url, { accept }))?.body ?? 'null')) as JsonObject
  return { state, get, body }
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'

describe('aggregated discovery', () => {
  it('tells groups in the order of preference, and answers 304 to a known tag', async () => {
    const { get } = serve([custom('v1'), ...builtin])
    const answer = await get('/apis', { accept: aggregated })
    expect(answer?.contentType).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
    const { items } = JSON.parse(String(answer?.body)) as { items: { metadata: { name: string }; versions: { version: string; resources: unknown[] }[] }[] }
    expect(items.map(({ metadata }) => metadata.name).slice(0, 3)).toEqual(['apiregistration.k8s.io', 'apps', 'events.k8s.io'])
    expect(items.at(-1)?.metadata.name).toBe('example.com')
    expect(items.find(({ metadata }) => metadata.name === 'autoscaling')?.versions.map(({ version }) => version)).toEqual(['v2', 'v1'])
    expect((await get('/apis', { accept: aggregated, ifNoneMatch: answer?.headers?.['etag'] as string }))?.code).toBe(304)
  })

  it('tells kinds of subresources', async () => {
    const { body } = serve(builtin)
    const { items } = await body('/api', aggregated) as { items: { versions: { resources: { resource: string; subresources: JsonObject[] }[] }[] }[] }
    const pods = items[0]?.versions[0]?.resources.find(({ resource }) => resource === 'pods')
    expect(items).toHaveLength(1)
    expect(pods).toMatchObject({ responseKind: { group: '', version: 'v1', kind: 'Pod' }, scope: 'Namespaced', singularResource: 'pod', shortNames: ['po'], categories: ['all'] })
    expect(pods?.subresources.find(({ subresource }) => subresource === 'eviction')).toEqual({ subresource: 'eviction', responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] })
  })
})

describe('legacy discovery', () => {
  it('lists groups, versions and resources', async () => {
    const { body, get } = serve([...builtin, custom('v1beta1'), custom('v1')])
    expect(await body('/api')).toEqual({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: 'h:6443' }] })
    expect((await body('/apis')) as { groups: unknown[] }).toMatchObject({ kind: 'APIGroupList' })
    expect(await body('/apis/example.com')).toMatchObject({ kind: 'APIGroup', name: 'example.com', preferredVersion: { groupVersion: 'example.com/v1', version: 'v1' } })
    const core = await body('/api/v1') as { resources: JsonObject[] }
    expect(core.resources.find(({ name }) => name === 'pods/eviction')).toEqual({ name: 'pods/eviction', singularName: '', namespaced: true, group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] })
    expect(core.resources.find(({ name }) => name === 'pods/exec')).toEqual({ name: 'pods/exec', singularName: '', namespaced: true, kind: 'PodExecOptions', verbs: ['create', 'get'] })
    expect(await get('/apis/nope')).toBeUndefined()
    expect(await get('/apis/apps/v9')).toBeUndefined()
    expect(await get('/healthz')).toBeUndefined()
  })

  it('orders versions by stability and number', () => {
    expect(['v1alpha1', 'foo', 'v2', 'v1beta2', 'v10', 'v1beta1', 'bar', 'v1'].sort(compareVersions)).toEqual(['v10', 'v2', 'v1', 'v1beta2', 'v1beta1', 'v1alpha1', 'bar', 'foo'])
  })
})

const refs = (value: unknown, found = new Set<string>()): Set<string> => {
  if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (key === '$ref' && typeof item === 'string') found.add(item)
      else refs(item, found)
    }
  }
  return found
}

describe('OpenAPI v3', () => {
  it('indexes documents whose references all resolve', async () => {
    const { body } = serve([...builtin, custom('v1')])
    const { paths } = await body('/openapi/v3') as { paths: Record<string, { serverRelativeURL: string }> }
    expect(Object.keys(paths)).toHaveLength(24)
    for (const { serverRelativeURL } of Object.values(paths)) {
      const document = await body(serverRelativeURL) as { components: { schemas: JsonObject } }
      const missing = [...refs(document)].filter((ref) => !Object.hasOwn(document.components.schemas, ref.replace('#/components/schemas/', '')))
      expect([serverRelativeURL, missing]).toEqual([serverRelativeURL, []])
    }
  })

  it('has what kubectl validates, merges and explains by', async () => {
    const { body } = serve(builtin)
    const document = await body('/openapi/v3/apis/apps/v1') as { paths: Record<string, Record<string, JsonObject>>; components: { schemas: Record<string, JsonObject> } }
    const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch'] as { parameters: { name: string }[]; requestBody: { content: object } }
    expect(patch).toMatchObject({ 'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' } })
    expect(patch.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['fieldValidation', 'dryRun', 'fieldManager', 'force']))
    expect(Object.keys(patch.requestBody.content)).toContain('application/strategic-merge-patch+json')
    const { schemas } = document.components
    expect(schemas['io.k8s.api.apps.v1.Deployment']?.['x-kubernetes-group-version-kind']).toEqual([{ group: 'apps', kind: 'Deployment', version: 'v1' }])
    expect(schemas['io.k8s.api.apps.v1.DeploymentSpec']?.['required']).toEqual(['selector', 'template'])
    expect((schemas['io.k8s.api.core.v1.Container']?.['properties'] as JsonObject)['ports']).toMatchObject({
      type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['containerPort', 'protocol'], 'x-kubernetes-patch-merge-key': 'containerPort', 'x-kubernetes-patch-strategy': 'merge',
    })
  })

  it('sends a client with an old hash to the new one, and changes only the hash of what changed', async () => {
    const { state, get, body } = serve([...builtin, custom('v1')])
    const before = await body('/openapi/v3') as { paths: Record<string, { serverRelativeURL: string }> }
    state.definitions = [...builtin, custom('v1', { type: 'object', description: 'changed' })]
    const after = await body('/openapi/v3') as typeof before
    expect(after.paths['apis/example.com/v1']).not.toEqual(before.paths['apis/example.com/v1'])
    expect(after.paths['apis/apps/v1']).toEqual(before.paths['apis/apps/v1'])
    const moved = await get(before.paths['apis/example.com/v1']?.serverRelativeURL ?? '')
    expect([moved?.code, moved?.headers?.['location']]).toEqual([301, after.paths['apis/example.com/v1']?.serverRelativeURL])
  })
})

describe('descriptions', () => {
  it('are the field\'s own, or else its type\'s', async () => {
    const read = () => ({ 'io.k8s.api.core.v1.Pod': { '': 'A pod.', metadata: 'Its name.' }, 'io.k8s.api.core.v1.PodSpec': { '': 'What it runs.' } })
    const documents = createDocuments({ definitions: () => builtin, descriptions: { stamp: '', read } })
    const answer = await documents({ path: '/openapi/v3/api/v1', query: new URLSearchParams(), accept: undefined, ifNoneMatch: undefined, host: 'h' })
    const { components } = JSON.parse(String(answer?.body)) as { components: { schemas: Record<string, { properties: Record<string, JsonObject> }> } }
    const { metadata, spec, status } = components.schemas['io.k8s.api.core.v1.Pod']?.properties ?? {}
    expect([metadata?.['description'], spec?.['description'], status?.['description']]).toEqual(['Its name.', 'What it runs.', undefined])
  })
})

describe('OpenAPI v2', () => {
  it('answers kubectl\'s own form, which it wants for kinds that version 3 does not have', async () => {
    const answer = await serve(builtin).get('/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' })
    expect([answer?.code, answer?.contentType]).toEqual([200, 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'])
    const bytes = answer?.body as Buffer
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0x0a, 3, ...Buffer.from('2.0')]))
    expect([bytes[5], bytes[6]]).toEqual([0x12, bytes.length - 7])
  })

  it('publishes custom resources as far as old clients understand them', async () => {
    const spec = { type: 'object', required: ['a'], properties: {
      a: { type: 'string', pattern: '^x' }, either: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      maybe: { type: 'string', nullable: true }, open: { type: 'object', properties: { b: { type: 'string' } }, 'x-kubernetes-preserve-unknown-fields': true },
    } }
    const { get, state } = serve([custom('v1', { type: 'object', description: 'A foo', properties: { spec } })])
    const answer = await get('/openapi/v2')
    const { definitions, swagger } = JSON.parse(String(answer?.body)) as { definitions: Record<string, JsonObject>; swagger: string }
    expect(swagger).toBe('2.0')
    expect(definitions['com.example.v1.Foo']).toMatchObject({ description: 'A foo', 'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Foo', version: 'v1' }] })
    expect((definitions['com.example.v1.Foo']?.['properties'] as JsonObject)['spec']).toEqual({ type: 'object', required: ['a'], properties: {
      a: { type: 'string', pattern: '^x' }, either: { 'x-kubernetes-int-or-string': true }, maybe: {}, open: { 'x-kubernetes-preserve-unknown-fields': true },
    } })
    const etag = answer?.headers?.['etag'] as string
    expect((await get('/openapi/v2', { ifNoneMatch: etag }))?.code).toBe(304)
    state.definitions = []
    expect((await get('/openapi/v2', { ifNoneMatch: etag }))?.code).toBe(200)
  })

  it('states no field of a kind that takes any, and requires none that may be null', async () => {
    const spec = { type: 'object', required: ['a', 'b'], properties: { a: { type: 'string' }, b: { type: 'string', nullable: true } } }
    const open = custom('v1', { type: 'object', description: 'Anything', properties: { spec }, 'x-kubernetes-preserve-unknown-fields': true })
    const { body } = serve([open, custom('v2', { type: 'object', properties: { spec } })])
    const { definitions } = await body('/openapi/v2') as { definitions: Record<string, { properties: Record<string, JsonObject> }> }
    expect(definitions['com.example.v1.Foo']).toEqual({ type: 'object', 'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Foo', version: 'v1' }] })
    expect(definitions['com.example.v2.Foo']?.properties['spec']?.['required']).toEqual(['a'])
  })

  it('is made in turns, with a thousand custom kinds, and once for all who ask meanwhile', async () => {
    const properties = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`field${index}`, { type: 'string', description: 'Tells the operator what to do. '.repeat(4) }]))
    const kinds = Array.from({ length: 1000 }, (_, index): Definition => {
      const kind = custom('v1', { type: 'object', properties: { spec: { type: 'object', properties } } })
      return { ...kind, resource: { ...kind.resource, kind: `Foo${index}`, plural: `foos${index}` }, listKind: `Foo${index}List` }
    })
    const { get } = serve(kinds)
    const { turns, longestMs, result: [first, second] } = await longestTurnMs(() => Promise.all([get('/openapi/v2'), get('/openapi/v2')]))
    expect(turns).toBeGreaterThan(5)
    expect(longestMs).toBeLessThan(inOneGoMs)
    expect(Object.keys((JSON.parse(String(first?.body)) as { definitions: JsonObject }).definitions).length).toBeGreaterThan(2000)
    expect(second?.body).toBe(first?.body)
  }, 60_000)
})
