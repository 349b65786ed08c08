// MutatingAdmissionPolicy, end to end: what policies make of objects, when they run, and what happens when they fail.
import { startServer, type Reply, type TestServer } from './fixture.suite.ts'

let server: TestServer
beforeAll(async () => { server = await startServer() })
afterAll(() => server.stop())

const base = '/apis/admissionregistration.k8s.io/v1beta1'
const rule = (resources: string[], apiGroups = [''], apiVersions = ['v1']): object => ({ operations: ['CREATE', 'UPDATE'], apiGroups, apiVersions, resources })
const apply = (expression: string): object => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } })
const patch = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

afterEach(async () => {
  for (const plural of ['mutatingadmissionpolicybindings', 'mutatingadmissionpolicies']) expect((await server.call('DELETE', `${base}/${plural}`)).code).toBe(200)
})

const policy = (name: string, spec: object): Promise<Reply> => server.call('POST', `${base}/mutatingadmissionpolicies`, { body: {
  metadata: { name }, spec: { matchConstraints: { resourceRules: [rule(['configmaps'])] }, reinvocationPolicy: 'Never', ...spec },
} })

async function establish(name: string, spec: object, binding: object = {}): Promise<void> {
  const made = await policy(name, spec)
  expect([made.code, made.json.message]).toEqual([201, undefined])
  const bound = await server.call('POST', `${base}/mutatingadmissionpolicybindings`, { body: { metadata: { name: `${name}-binding` }, spec: { policyName: name, ...binding } } })
  expect([bound.code, bound.json.message]).toEqual([201, undefined])
}

let made = 0
const create = (body: { metadata?: object; data?: object } = {}, query = ''): Promise<Reply> =>
  server.call('POST', `/api/v1/namespaces/a/configmaps${query}`, { body: { data: {}, ...body, metadata: { name: `map-${++made}`, ...body.metadata } } })
const shown = ({ json }: Reply): unknown => ({ data: json['data'], labels: json.metadata?.labels })

it('is served, with columns', async () => {
  await establish('listed', { mutations: [apply('Object{}')] })
  expect(JSON.stringify((await server.call('GET', '/apis/admissionregistration.k8s.io/v1beta1')).json['resources'])).toContain('mutatingadmissionpolicybindings')
  const table = (await server.call('GET', `${base}/mutatingadmissionpolicies`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })).json
  expect((table['rows'] as { cells: unknown[] }[])[0]?.cells.slice(0, 3)).toEqual(['listed', 1, '<unset>'])
})

describe('mutations', () => {
  it('applies a configuration over what is there', async () => {
    await establish('labels', { mutations: [apply('Object{metadata: Object.metadata{labels: {"team": "x", "kind": request.kind.kind}}, data: {"n": string(size(object.data))}}')] })
    expect(shown(await create({ data: { a: 'b' }, metadata: { labels: { own: 'y' } } }))).toEqual({ data: { a: 'b', n: '1' }, labels: { own: 'y', team: 'x', kind: 'ConfigMap' } })
  })

  it('merges lists by their keys', async () => {
    await establish('sidecar', {
      matchConstraints: { resourceRules: [rule(['pods'])] },
      mutations: [apply('Object{spec: Object.spec{containers: [Object.spec.containers{name: "side", image: "i", env: [Object.spec.containers.env{name: "N", value: object.metadata.name}]}, Object.spec.containers{name: "main", workingDir: "/w"}]}}')],
    })
    const pod = await server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'main', image: 'm' }] } } })
    const { containers } = pod.json['spec'] as { containers: object[] }
    expect(containers).toMatchObject([{ name: 'side', image: 'i', env: [{ name: 'N', value: 'p' }], imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }, { name: 'main', image: 'm', workingDir: '/w' }])
    await server.call('DELETE', '/api/v1/namespaces/a/pods/p?gracePeriodSeconds=0')
  })

  it('patches, and leaves alone what does not pass the patch\'s test', async () => {
    await establish('patch', { mutations: [patch(`[
      JSONPatch{op: "test", path: "/data/a", value: "b"}, // only then
      JSONPatch{op: "replace", path: "/data/a", value: "c"},
      JSONPatch{op: "add", path: "/metadata/labels", value: {"x." + jsonpatch.escapeKey("a"): "y"}},
    ]`)] })
    expect(shown(await create({ data: { a: 'b' } }))).toEqual({ data: { a: 'c' }, labels: { 'x.a': 'y' } })
    expect(shown(await create({ data: { a: 'z' } }))).toEqual({ data: { a: 'z' }, labels: undefined })
  })

  it('goes on from mutation to mutation, with variables, conditions and parameters', async () => {
    await server.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { name: 'params' }, data: { suffix: '-s' } } })
    await establish('chain', {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConditions: [{ name: 'wanted', expression: "object.metadata.name != 'skipped' && has(params.data)" }],
      variables: [{ name: 'last', expression: 'object.data.a' }],
      mutations: [apply('Object{data: {"a": variables.last + params.data.suffix}}'), apply('Object{data: {"b": variables.last}}')],
    }, { paramRef: { name: 'params', parameterNotFoundAction: 'Deny' } })
    expect(shown(await create({ data: { a: '1' } }))).toEqual({ data: { a: '1-s', b: '1-s' } })
    expect(shown(await create({ data: { a: '1' }, metadata: { name: 'skipped' } }))).toEqual({ data: { a: '1' } })
    await server.call('DELETE', '/api/v1/namespaces/a/configmaps/params')
    const refused = await create({ data: { a: '1' } })
    expect([refused.code, refused.json.message]).toEqual([403, "policy 'chain' with binding 'chain-binding' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"])
  })

  it('runs again what wants to, when others have changed the object since', async () => {
    const adds = (from: string, to: string): object => patch(`object.data.exists(k, k == "${from}") ? [JSONPatch{op: "add", path: "/data/${to}", value: "1"}] : []`)
    await establish('a-late', { mutations: [adds('late', 'again')], reinvocationPolicy: 'IfNeeded' })
    await establish('b-never', { mutations: [adds('late', 'never')] })
    await establish('c-first', { mutations: [adds('first', 'late')] })
    expect(shown(await create({ data: { first: '1' } }))).toEqual({ data: { first: '1', late: '1', again: '1' } })
  })

  it('holds on updates and dry runs, and is nobody\'s', async () => {
    await establish('always', { mutations: [apply('Object{data: {"set": "1"}}')] })
    expect(shown(await create({}, '?dryRun=All'))).toEqual({ data: { set: '1' } })
    const { json } = await create({ data: { a: 'b' } }, '?fieldManager=m')
    expect(json.metadata?.managedFields).toMatchObject([{ manager: 'm', fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } } }])
    const path = `/api/v1/namespaces/a/configmaps/${json.metadata?.name}`
    expect(shown(await server.call('PATCH', path, { headers: { 'content-type': 'application/merge-patch+json' }, body: '{"data":{"set":"2"}}' }))).toEqual({ data: { a: 'b', set: '1' } })
  })

  it('is about custom resources and subresources, too', async () => {
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' }, name: { type: 'string' } } } } } }
    expect((await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: {
      metadata: { name: 'things.mut.example.com' }, spec: { group: 'mut.example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, schema }] },
    } })).code).toBe(201)
    await establish('things', { matchConstraints: { resourceRules: [rule(['things'], ['mut.example.com'])] }, mutations: [apply('Object{spec: Object.spec{size: object.spec.size * 2}}')] })
    await establish('scales', { matchConstraints: { resourceRules: [rule(['deployments/scale'], ['apps'])] }, mutations: [apply('Object{spec: Object.spec{replicas: 7}}')] })
    const made = await server.call('POST', '/apis/mut.example.com/v1/namespaces/a/things', { body: { apiVersion: 'mut.example.com/v1', kind: 'Thing', metadata: { name: 'one' }, spec: { size: 2 } } })
    expect(made.json['spec']).toEqual({ size: 4 })
    const deployments = '/apis/apps/v1/namespaces/a/deployments'
    const labels = { a: 'b' }
    await server.call('POST', deployments, { body: { metadata: { name: 'd' }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } } } } })
    const scaled = await server.call('PATCH', `${deployments}/d/scale`, { headers: { 'content-type': 'application/merge-patch+json' }, body: '{"spec":{"replicas":3}}' })
    expect(scaled.json['spec']).toEqual({ replicas: 7 })
  })

  it('leaves what configures admission alone', async () => {
    await establish('greedy', { matchConstraints: { resourceRules: [rule(['*'], ['*'], ['*'])] }, mutations: [apply('Object{metadata: Object.metadata{labels: {"x": "y"}}}')] })
    expect((await policy('free', { mutations: [apply('Object{}')] })).json.metadata?.labels).toBeUndefined()
  })
})

describe('failures', () => {
  it.each([
    ['a fault', apply('Object{data: {"a": object.data.missing}}'), "expression 'Object{data: {\"a\": object.data.missing}}' resulted in error: no such key: missing"],
    ['an unknown field', apply('Object{nonsense: 1}'), 'error applying patch: failed to convert patch object to typed object: .nonsense: field not declared in schema'],
    ['a message that stands in the wrong place', apply('Object{metadata: Object.meta{name: "x"}}'), 'type mismatch: unexpected type name "Object.meta", expected "Object.metadata", which matches field name path from root Object type'],
    ['a patch of what is not there', patch('[JSONPatch{op: "remove", path: "/data/none"}]'), 'JSON Patch: error in remove for path: \'/data/none\': Unable to remove nonexistent key: none: missing value'],
  ])('%s', async (_title, mutation, message) => {
    await establish('failing', { mutations: [mutation] })
    const reply = await create({ data: { b: 'c' } })
    const text = `policy 'failing' with binding 'failing-binding' denied request: ${message}`
    expect(reply.json).toMatchObject({ code: 403, reason: 'Invalid', message: text, details: { kind: 'configmaps', causes: [{ message: text }] } })
  })

  it('may not set a part of what has one owner', async () => {
    await establish('atomic', { matchConstraints: { resourceRules: [rule(['pods'])] }, mutations: [apply('Object{spec: Object.spec{containers: [Object.spec.containers{name: "c", args: ["x"]}]}}')] })
    const reply = await server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name: 'p2' }, spec: { containers: [{ name: 'c', image: 'm' }] } } })
    expect(reply.json.message).toContain('invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].args')
  })

  it('are ignored where the policy says so', async () => {
    await establish('ignored', { failurePolicy: 'Ignore', mutations: [apply('Object{data: {"a": object.data.missing}}'), apply('Object{data: {"b": "c"}}')] })
    expect(shown(await create())).toEqual({ data: { b: 'c' } })
  })

  it.each([
    ['no mutations', {}, 'spec.mutations: Required value: mutations must contain at least one item'],
    ['no such type', { mutations: [{ patchType: 'Merge' }] }, 'spec.mutations[0].patchType: Unsupported value: "Merge": supported values: "ApplyConfiguration", "JSONPatch"'],
    ['both', { mutations: [{ ...apply('Object{}'), jsonPatch: { expression: '[]' } }] }, 'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration'],
    ['no object', { mutations: [apply('1')] }, 'spec.mutations[0].applyConfiguration.expression: Invalid value: "1": must evaluate to Object'],
    ['no patch', { mutations: [patch('{"a": 1}')] }, 'must evaluate to list(JSONPatch) but got map(string, int)'],
    ['nonsense', { mutations: [apply('Object{')] }, 'compilation failed'],
    ['a field that patches do not have', { mutations: [patch('[JSONPatch{what: 1}]')] }, "undefined field 'what'"],
    ['no reinvocation policy', { mutations: [apply('Object{}')], reinvocationPolicy: undefined }, 'spec.reinvocationPolicy: Required value'],
  ])('refuses a policy with %s', async (_title, spec, message) => {
    const reply = await policy('bad', spec)
    expect(reply.code).toBe(422)
    expect(reply.json.message).toContain(message)
  })
})
