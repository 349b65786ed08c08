// ValidatingAdmissionPolicies, end to end: what clients see of their decisions.
import { startServer, type Reply, type TestServer } from './fixture.suite.ts'

let server: TestServer
beforeAll(async () => void (server = await startServer()))
afterAll(() => server.stop())

const base = '/apis/admissionregistration.k8s.io/v1'
afterEach(async () => {
  for (const plural of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies']) await server.call('DELETE', `${base}/${plural}`)
})

const onConfigMaps = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] }] }

const policy = (name: string, spec: object): Promise<Reply> =>
  server.call('POST', `${base}/validatingadmissionpolicies`, { body: { metadata: { name }, spec: { matchConstraints: onConfigMaps, ...spec } } })
const bind = (name: string, policyName: string, spec: object = {}): Promise<Reply> =>
  server.call('POST', `${base}/validatingadmissionpolicybindings`, { body: { metadata: { name }, spec: { policyName, validationActions: ['Deny'], ...spec } } })

async function stand(spec: object, binding: object = {}): Promise<void> {
  const replies = [await policy('p', spec), await bind('b', 'p', binding)]
  expect(replies.map(({ code, json: { message } }) => [code, message])).toEqual([[201, undefined], [201, undefined]])
}

let count = 0
const create = (data: Record<string, string>, more: object = {}, namespace = 'a'): Promise<Reply> =>
  server.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, { body: { metadata: { name: `c-${count++}`, ...more }, data } })

it('denies deployments by replicas, in the words of Kubernetes', async () => {
  await stand({
    matchConstraints: { resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments', 'deployments/scale'] }] },
    variables: [{ name: 'replicas', expression: 'object.spec.replicas' }, { name: 'odd', expression: 'variables.replicas % 2 == 1' }],
    validations: [{ expression: 'variables.replicas > 1', messageExpression: "'wants replicas > 1, got ' + string(variables.replicas)" }, { expression: 'variables.odd', message: 'must be odd', reason: 'Forbidden' }],
  })
  const deployment = (name: string, replicas: number): Promise<Reply> => server.call('POST', '/apis/apps/v1/namespaces/a/deployments', { body: {
    metadata: { name }, spec: { replicas, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } },
  } })
  const text = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: wants replicas > 1, got 1"
  expect((await deployment('one', 1)).json).toMatchObject({ code: 422, reason: 'Invalid', message: `deployments.apps "one" is forbidden: ${text}`, details: { name: 'one', group: 'apps', kind: 'deployments', causes: [{ message: text }] } })
  expect((await deployment('two', 2)).json).toMatchObject({ code: 403, reason: 'Forbidden', message: `deployments.apps "two" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: must be odd` })
  expect((await deployment('three', 3)).code).toBe(201)
  const scale = { body: { spec: { replicas: 1 } }, headers: { 'content-type': 'application/merge-patch+json' } }
  expect((await server.call('PATCH', '/apis/apps/v1/namespaces/a/deployments/three/scale', scale)).json).toMatchObject({ code: 422 })
})

it('tells when there are no such parameters, and judges namespaces by those in them', async () => {
  await policy('p', { paramKind: { apiVersion: 'v1', kind: 'Nonsense' }, validations: [{ expression: 'true' }] })
  await bind('b', 'p', { paramRef: { name: 'x', parameterNotFoundAction: 'Deny' } })
  expect((await create({})).json.message).toContain("ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: '/v1, Kind=Nonsense'")
  const onNamespaces = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['namespaces'] }] }
  await server.call('DELETE', `${base}/validatingadmissionpolicies/p`)
  await server.call('DELETE', `${base}/validatingadmissionpolicybindings/b`)
  await stand({ matchConstraints: onNamespaces, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'namespaceObject == null && params.data.ok == "yes"' }] }, { paramRef: { name: 'of-a', parameterNotFoundAction: 'Deny' } })
  await server.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { name: 'of-a' }, data: { ok: 'yes' } } })
  const label = (name: string): Promise<Reply> => server.call('PATCH', `/api/v1/namespaces/${name}`, { body: { metadata: { labels: { x: 'y' } } }, headers: { 'content-type': 'application/merge-patch+json' } })
  expect((await label('a')).code).toBe(200)
  expect((await label('default')).json.message).toContain('no params found for policy binding with `Deny` parameterNotFoundAction')
})

it('names the failed expression where there is no message', async () => {
  await stand({ validations: [{ expression: " has(object.data) && 'ok' in object.data " }] })
  expect((await create({})).json.message).toContain("denied request: failed expression: has(object.data) && 'ok' in object.data")
  expect((await create({ ok: '' })).code).toBe(201)
})

it('warns, or says nothing', async () => {
  await stand({ validations: [{ expression: 'false', message: 'no' }] }, { validationActions: ['Warn', 'Audit'] })
  const { code, headers } = await create({})
  expect([code, headers['warning']]).toEqual([201, `299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"`])
  await server.call('PATCH', `${base}/validatingadmissionpolicybindings/b`, { body: { spec: { validationActions: ['Audit'] } }, headers: { 'content-type': 'application/merge-patch+json' } })
  expect((await create({})).headers['warning']).toBeUndefined()
})

it('matches by conditions, selectors, exclusions and the binding', async () => {
  await stand({
    matchConstraints: { ...onConfigMaps, objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] }, excludeResourceRules: [{ ...onConfigMaps.resourceRules[0], resourceNames: ['spared'] }] },
    matchConditions: [{ name: 'named', expression: "request.namespace == 'a' && 'x' in object.data && namespaceObject.metadata.name == 'a'" }],
    validations: [{ expression: 'false' }],
  }, { matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'a' } } } })
  expect((await create({ x: '' })).code).toBe(422)
  expect((await create({ y: '' })).code).toBe(201)
  expect((await create({ x: '' }, {}, 'default')).code).toBe(201)
  expect((await create({ x: '' }, { labels: { skip: '' } })).code).toBe(201)
  expect((await create({ x: '' }, { name: 'spared' })).code).toBe(201)
})

describe('parameters', () => {
  const spec = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConstraints: { resourceRules: [{ ...onConfigMaps.resourceRules[0], resources: ['secrets'] }] }, validations: [{ expression: 'object.metadata.name.startsWith(params.data.prefix)', messageExpression: "'wants ' + params.data.prefix" }] }
  const secret = (name: string): Promise<Reply> => server.call('POST', '/api/v1/namespaces/a/secrets', { body: { metadata: { name } } })

  it('are found by name and by selector', async () => {
    await create({ prefix: 'good' }, { name: 'good-param', labels: { params: 'yes' } })
    await stand(spec, { paramRef: { name: 'good-param', parameterNotFoundAction: 'Deny' } })
    expect((await secret('bad')).json.message).toContain('denied request: wants good')
    expect((await secret('good-1')).code).toBe(201)
    await bind('b2', 'p', { paramRef: { selector: { matchLabels: { params: 'yes' } }, namespace: 'a', parameterNotFoundAction: 'Deny' } })
    await server.call('DELETE', `${base}/validatingadmissionpolicybindings/b`)
    expect((await secret('bad')).json.message).toContain("with binding 'b2' denied request: wants good")
  })

  it('may be missing', async () => {
    await stand(spec, { paramRef: { name: 'nowhere', parameterNotFoundAction: 'Deny' } })
    expect((await secret('any')).json).toMatchObject({ code: 422, message: 'secrets "any" is forbidden: ValidatingAdmissionPolicy \'p\' with binding \'b\' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction' })
    await server.call('DELETE', `${base}/validatingadmissionpolicybindings/b`)
    await bind('b3', 'p', { paramRef: { name: 'nowhere', parameterNotFoundAction: 'Allow' } })
    expect((await secret('any')).code).toBe(201)
  })
})

it('asks what the user may do', async () => {
  await stand({ validations: [
    { expression: "authorizer.group('').resource('nodes').check('delete').allowed() && authorizer.path('/healthz').check('get').allowed()" },
    { expression: "authorizer.requestResource.check('custom').allowed()" },
    { expression: "!authorizer.serviceAccount('a', 'default').group('').resource('secrets').namespace('a').check('get').allowed()" },
    { expression: "authorizer.serviceAccount('a', 'default').group('').resource('secrets').namespace('a').check('create').allowed()", message: 'the account may not' },
  ] })
  expect((await create({ a: '' })).json.message).toContain('denied request: the account may not')
})

it('denies or ignores what it can not evaluate', async () => {
  await stand({ validations: [{ expression: 'object.data.missing == "x"' }] })
  expect((await create({ a: '' })).json.message).toContain(`denied request: expression 'object.data.missing == "x"' resulted in error: no such key: missing`)
  await server.call('PATCH', `${base}/validatingadmissionpolicies/p`, { body: { spec: { failurePolicy: 'Ignore' } }, headers: { 'content-type': 'application/merge-patch+json' } })
  expect((await create({ a: '' })).code).toBe(201)
})

it('refuses expressions that do not compile, and is never subject to itself', async () => {
  expect((await policy('bad', { validations: [{ expression: 'object.' }] })).json).toMatchObject({ code: 422, reason: 'Invalid' })
  expect((await policy('bad', { validations: [{ expression: 'unknown.x' }] })).json.message).toContain('spec.validations[0].expression: Invalid value: "unknown.x": compilation failed: ')
  for (const expression of ['"text"', 'object.spec.dyn']) expect((await policy('bad', { validations: [{ expression }] })).json.message).toContain('must evaluate to bool but got ')
  const webhook = { metadata: { name: 'w' }, webhooks: [{ name: 'w.example.com', clientConfig: { url: 'https://x/' }, sideEffects: 'None', admissionReviewVersions: ['v1'], matchConditions: [{ name: 'x', expression: '... [] bad expression' }] }] }
  expect((await server.call('POST', `${base}/validatingwebhookconfigurations`, { body: webhook })).json.message).toContain('compilation failed')
  await stand({ matchConstraints: { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }] }, validations: [{ expression: 'false' }] })
  expect((await server.call('DELETE', `${base}/validatingadmissionpolicies/p`)).code).toBe(200)
})

it('is about connections, too', async () => {
  await server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name: 'connected' }, spec: { containers: [{ name: 'c', image: 'i' }] } } })
  await stand({
    matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/proxy'] }] },
    validations: [{ expression: "object.kind == 'PodProxyOptions' && object.path != '/secret' && request.name == 'connected'", message: 'not there' }],
  })
  const get = (path: string): Promise<Reply> => server.call('GET', `/api/v1/namespaces/a/pods/connected/proxy/${path}`)
  expect((await get('secret')).json).toMatchObject({ code: 422, message: `pods "connected" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: not there` })
  expect((await get('open')).code).toBe(400)
})

describe('type checking', () => {
  const about = (apiGroups: string[], resources: string[], apiVersions = ['v1']): object => ({ matchConstraints: { resourceRules: [{ apiGroups, apiVersions, operations: ['*'], resources }] } })
  const warnings = ({ json }: Reply): unknown => (json['status'] as { typeChecking: { expressionWarnings?: object[] } }).typeChecking.expressionWarnings

  it.each([
    ['what fits', { validations: [{ expression: 'object.spec.replicas > 1 && oldObject.metadata.labels.all(k, k != "") && object.spec.template.spec.containers.all(c, c.image.startsWith("x") && c.?resources.?limits.hasValue())' }] }, undefined],
    ['a field that is not there', { validations: [{ expression: 'true' }, { expression: 'object.replicas > 1', messageExpression: 'string(object.spec.nothing)' }] }, [
      { fieldRef: 'spec.validations[1].expression', warning: "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n" },
      { fieldRef: 'spec.validations[1].messageExpression', warning: expect.stringContaining("undefined field 'nothing'") as string },
    ]],
    ['a type that does not fit', { validations: [{ expression: 'object.spec.replicas > "1"' }] }, [{ fieldRef: 'spec.validations[0].expression', warning: expect.stringMatching(/^apps\/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '\(int, string\)'/) as string }]],
    ['variables', { variables: [{ name: 'count', expression: 'object.spec.replicas' }, { name: 'more', expression: 'variables.count + 1' }], validations: [{ expression: 'variables.more > 1' }, { expression: 'variables.count == "x"' }] }, [{ fieldRef: 'spec.validations[1].expression', warning: expect.stringContaining("'_==_' applied to '(int, string)'") as string }]],
    ['parameters', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'params.data.x == "y"' }, { expression: 'params.spec.x == 1' }] }, [{ fieldRef: 'spec.validations[1].expression', warning: expect.stringContaining("undefined field 'spec'") as string }]],
  ])('%s', async (_title, spec, expected) => {
    const reply = await policy('p', { ...about(['apps'], ['deployments']), ...spec })
    expect(reply.code).toBe(201)
    expect(warnings(reply)).toEqual(expected)
  })

  it('of several kinds, custom ones among them, without delay; wildcards are not looked at', async () => {
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } } }
    await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: {
      metadata: { name: 'sizes.typed.example.com' }, spec: { group: 'typed.example.com', scope: 'Namespaced', names: { plural: 'sizes', kind: 'Size' }, versions: [{ name: 'v1', served: true, storage: true, schema }] },
    } })
    const start = performance.now()
    const reply = await policy('p', { ...about(['', 'typed.example.com'], ['pods', 'sizes', 'services']), validations: [{ expression: 'object.spec.size > 1 && object.metadata.name != ""' }] })
    expect(performance.now() - start).toBeLessThan(5000)
    const [{ warning = '' } = {}] = warnings(reply) as { warning?: string }[]
    expect(warning.match(/^\S+, Kind=\w+/gm)).toEqual(['/v1, Kind=Pod', '/v1, Kind=Service'])
    await server.call('DELETE', `${base}/validatingadmissionpolicies/p`)
    expect(warnings(await policy('p', { ...about(['*'], ['*']), validations: [{ expression: 'object.nothing == 1' }] }))).toBeUndefined()
  })

  it('follows changes of the policy', async () => {
    await policy('p', { ...about(['apps'], ['deployments']), validations: [{ expression: 'object.nothing == 1' }] })
    const patched = await server.call('PATCH', `${base}/validatingadmissionpolicies/p`, { body: { spec: { validations: [{ expression: 'object.spec.replicas == 1' }] } }, headers: { 'content-type': 'application/merge-patch+json' } })
    expect([warnings(patched), patched.json['status']]).toMatchObject([undefined, { observedGeneration: 2 }])
  })
})

it('refuses audit annotations that can not be', async () => {
  const refused = async (...auditAnnotations: object[]): Promise<string | undefined> => (await policy('bad', { auditAnnotations })).json.message
  expect(await refused({ key: 'a', valueExpression: '1' })).toContain('spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int')
  expect(await refused({ key: 'a', valueExpression: '"x"' }, { key: 'a', valueExpression: 'null' })).toContain('spec.auditAnnotations[1].key: Duplicate value: "a"')
  expect(await refused({ valueExpression: '"x"' })).toContain('spec.auditAnnotations[0].key: Invalid value: "bad/": name part must be non-empty')
})
