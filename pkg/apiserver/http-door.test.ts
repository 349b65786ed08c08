// The HTTP door end to end: a real server on the memory store.
import { createHash, X509Certificate } from 'node:crypto'
import { connect, type ClientHttp2Session } from 'node:http2'
import { gunzipSync } from 'node:zlib'
import { admin, alice, startServer, stranger, type TestServer } from './fixture.suite.ts'

const configMaps = '/api/v1/namespaces/a/configmaps'
const configMap = (name: string, data: Record<string, string> = { k: 'v' }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

describe('objects', () => {
  it('are created, read, changed and deleted', async () => {
    const created = await server.call('POST', configMaps, { body: configMap('crud') })
    expect(created.code).toBe(201)
    expect(created.json.metadata?.namespace).toBe('a')
    const read = await server.call('GET', `${configMaps}/crud`)
    expect(read.json).toEqual(created.json)
    const put = await server.call('PUT', `${configMaps}/crud`, { body: { ...read.json, data: { k: 'w' } } })
    expect([put.code, put.json['data']]).toEqual([200, { k: 'w' }])
    const stale = await server.call('PUT', `${configMaps}/crud`, { body: read.json })
    expect([stale.code, stale.json.reason]).toEqual([409, 'Conflict'])
    const patched = await server.call('PATCH', `${configMaps}/crud`, { body: '{"data":{"z":"1"}}', headers: { 'content-type': 'application/merge-patch+json' } })
    expect(patched.json['data']).toEqual({ k: 'w', z: '1' })
    const deleted = await server.call('DELETE', `${configMaps}/crud`)
    expect(deleted.json).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'crud', kind: 'configmaps' } })
    const gone = await server.call('GET', `${configMaps}/crud`)
    expect(gone.json).toMatchObject({ code: 404, message: 'configmaps "crud" not found' })
  })

  it('come as YAML, as a Table, or as their metadata', async () => {
    await server.call('POST', configMaps, { body: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: forms}\ndata: {a: b}\n', headers: { 'content-type': 'application/yaml' } })
    const yaml = await server.call('GET', `${configMaps}/forms`, { headers: { accept: 'application/yaml' } })
    expect([yaml.headers['content-type'], yaml.text]).toEqual(['application/yaml', expect.stringContaining('kind: ConfigMap\n')])
    const { json } = await server.call('GET', `${configMaps}/forms`, { headers: { accept: table } })
    expect(json).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [{ cells: ['forms', 1, expect.any(String)], object: { kind: 'PartialObjectMetadata', metadata: { name: 'forms' } } }] })
    const whole = await server.call('GET', `${configMaps}?includeObject=Object&fieldSelector=metadata.name=forms`, { headers: { accept: table } })
    expect(whole.json).toMatchObject({ rows: [{ object: { kind: 'ConfigMap', data: { a: 'b' } } }] })
    const metadata = await server.call('GET', configMaps, { headers: { accept: 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json' } })
    expect(metadata.json).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ kind: 'PartialObjectMetadata' }] })
    expect(metadata.text).not.toContain('"data"')
  })

  it('warn of unknown fields, or refuse them', async () => {
    const body = { ...configMap('strict'), extra: 1 }
    const warned = await server.call('POST', `${configMaps}?dryRun=All`, { body })
    expect([warned.code, warned.headers['warning']]).toEqual([201, '299 - "unknown field \\"extra\\""'])
    const refused = await server.call('POST', `${configMaps}?fieldValidation=Strict`, { body })
    expect([refused.code, refused.json.message]).toEqual([400, expect.stringContaining('strict decoding error: unknown field "extra"')])
  })

  it('warn whoever reads or writes them in a version that is deprecated', async () => {
    const endpoints = '/api/v1/namespaces/a/endpoints'
    const warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    const warned = [
      await server.call('POST', endpoints, { body: { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'old' } } }),
      await server.call('GET', `${endpoints}/old`), await server.call('GET', endpoints),
      await server.call('GET', `${endpoints}?watch=true&timeoutSeconds=1`), await server.call('DELETE', `${endpoints}/old`),
    ]
    expect(warned.map(({ headers }) => headers['warning'])).toEqual(warned.map(() => warning))
  })
})

describe('failures are Status objects', () => {
  it.each([
    ['GET', '/api/v2', {}, 404, 'the server could not find the requested resource'],
    ['GET', '/apis/apps/v9', {}, 404, 'the server could not find the requested resource'],
    ['GET', '/apis/apps/v1/things', {}, 404, 'the server could not find the requested resource'],
    ['POST', '/version', {}, 405, 'the server does not allow this method on the requested resource'],
    ['GET', '/api/v1/things', {}, 404, 'the server could not find the requested resource'],
    ['GET', `${configMaps}/x/nope`, {}, 404, 'the server could not find the requested resource'],
    ['POST', '/api/v1/configmaps', { body: configMap('x') }, 405, 'the server does not allow this method on the requested resource'],
    ['PATCH', `${configMaps}/x`, { body: '{}', headers: { 'content-type': 'text/plain' } }, 415, '415: Unsupported Media Type'],
    ['GET', configMaps, { headers: { accept: 'text/html' } }, 406, '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'],
    ['GET', `${configMaps}/x`, { headers: { accept: 'application/json;as=Foo;v=v1;g=meta.k8s.io' } }, 406, 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'],
    ['PATCH', `${configMaps}/x`, { body: {} }, 415, '415: Unsupported Media Type'],
    ['PUT', `${configMaps}/nope`, { body: configMap('x') }, 400, 'the name of the object (x) does not match the name on the URL (nope)'],
    ['GET', `${configMaps}?timeout=soon`, {}, 400, 'invalid timeout specified in the request URL - time: invalid duration "soon"'],
    ['GET', '/version?timeout=1', {}, 400, 'invalid timeout specified in the request URL - time: missing unit in duration "1"'],
    ['GET', `${configMaps}?watch=true`, { headers: { accept: 'application/yaml' } }, 406, 'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { headers: { accept: table }, body: {} }, 406, expect.stringContaining('SelfSubjectAccessReview')],
    ['GET', `${configMaps}?limit=ten`, {}, 400, 'strconv.ParseInt: parsing "ten": invalid syntax'],
    ['POST', `${configMaps}?dryRun=Some`, { body: configMap('x') }, 422, expect.stringContaining('dryRun: Unsupported value')],
    ['POST', configMaps, { body: '{"a":' }, 400, expect.stringContaining('json parse error')],
    ['POST', configMaps, { body: configMap('x', { k: 'x'.repeat(3 << 20) }) }, 413, 'Request entity too large: limit is 3145728'],
    ['POST', configMaps, { body: configMap('x', { k: 'x'.repeat(2 << 20) }) }, 422, 'ConfigMap "x" is invalid: []: Too long: may not be more than 1048576 bytes'],
  ])('%s %s %#', async (method, path, options, code, message) => {
    const reply = await server.call(method, path, options)
    expect(reply.json).toMatchObject({ kind: 'Status', status: 'Failure', code, message })
    expect(reply.code).toBe(code)
  })
})

describe('the form of answers', () => {
  it.each([['GET', '/nope'], ['POST', '/nope'], ['GET', '/apis/nope.example.com'], ['GET', '/apis/nope.example.com/v1'], ['GET', '/apis/nope.example.com/v1/namespaces/a/nopes'], ['GET', '/livez/nope']])('%s %s is no page at all', async (method, path) => {
    const { code, text, headers } = await server.call(method, path)
    expect([code, text, headers['content-type'], headers['x-content-type-options']]).toEqual([404, '404 page not found\n', 'text/plain; charset=utf-8', 'nosniff'])
  })

  const compact = /^\{"[^\n]*\}\n$/
  const indented = /^\{\n  "[^]*\n\}$/
  it.each([
    ['an object', '/api/v1/namespaces/default', '', compact], ['a list', '/api/v1/namespaces', '', compact], ['a Status', `${configMaps}/nope`, '', compact], ['discovery', '/apis/apps', '', compact],
    ['an object', '/api/v1/namespaces/default', 'curl/8.1', indented], ['a list', '/api/v1/namespaces', 'Wget/1.2', indented], ['a Status', `${configMaps}/nope`, 'curl/8.1', indented], ['discovery', '/apis', 'Mozilla/5.0 (X11)', indented],
    ['an object', '/api/v1/namespaces/default?pretty=true', '', indented], ['a Status', `${configMaps}/nope?pretty=1`, '', indented], ['an object', '/api/v1/namespaces/default?pretty=false', 'curl/8.1', compact],
    ['the index', '/', '', indented], ['the version', '/version', '', indented],
  ])('%s at %s for %j', async (_title, path, agent, form) => {
    expect((await server.call('GET', path, { headers: agent ? { 'user-agent': agent } : {} })).text).toMatch(form)
  })

  it('documents of the issuer may be kept', async () => {
    for (const path of ['/.well-known/openid-configuration', '/openid/v1/jwks']) expect((await server.call('GET', path)).headers['cache-control']).toBe('public, max-age=3600')
  })
})

describe('who asks', () => {
  it.each([
    ['nobody', { as: 'nobody' as const }, 403, 'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "a"'],
    ['a user without rights', { as: alice }, 403, 'configmaps is forbidden: User "alice" cannot list resource "configmaps" in API group "" in the namespace "a"'],
    ['a certificate of another CA', { as: stranger }, 401, 'Unauthorized'],
    ['an unknown token', { as: 'nobody' as const, headers: { authorization: 'Bearer abc' } }, 401, 'Unauthorized'],
    ['a token from the file', { as: 'nobody' as const, headers: { authorization: 'Bearer secret-token' } }, 403, expect.stringContaining('"token-user"')],
    ['an impersonated user', { as: admin, headers: { 'impersonate-user': 'bob' } }, 403, expect.stringContaining('"bob"')],
    ['an impersonator without rights', { as: alice, headers: { 'impersonate-user': 'bob' } }, 403, 'users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope'],
  ])('%s', async (_, options, code, message) => {
    const reply = await server.call('GET', configMaps, options)
    expect([reply.code, reply.json.message]).toEqual([code, message])
  })

  it('is told by a review', async () => {
    const body = { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' }
    const bind = { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'basic' }, subjects: [{ kind: 'Group', name: 'system:authenticated' }] }
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    await server.call('POST', `${rbac}/clusterroles`, { body: { metadata: { name: 'basic' }, rules: [{ apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] }] } })
    await server.call('POST', `${rbac}/clusterrolebindings`, { body: { metadata: { name: 'basic' }, ...bind } })
    const reply = await server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { as: alice, body, headers: {} })
    expect(reply.json['status']).toEqual({ userInfo: { username: 'alice', groups: ['devs', 'system:authenticated'], extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${createHash('sha256').update(new X509Certificate(alice.certificate).raw).digest('hex')}`] } } })
    const other = await server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body, headers: { 'impersonate-user': 'system:serviceaccount:a:b', 'impersonate-extra-scopes': ['x', 'y'] } })
    expect(other.json['status']).toEqual({ userInfo: { username: 'system:serviceaccount:a:b', groups: ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'], extra: { scopes: ['x', 'y'] } } })
  })
})

describe('roles', () => {
  it('grant no more than their writer holds', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    await server.call('POST', `${rbac}/clusterroles`, { body: { metadata: { name: 'role-writer' }, rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles', 'clusterrolebindings'], verbs: ['create'] }] } })
    await server.call('POST', `${rbac}/clusterrolebindings`, { body: { metadata: { name: 'role-writer' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'role-writer' }, subjects: [{ kind: 'User', name: 'alice' }] } })
    const more = await server.call('POST', `${rbac}/clusterroles`, { as: alice, body: { metadata: { name: 'more' }, rules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['create'] }] } })
    expect(more.json).toMatchObject({ code: 403, message: 'clusterroles.rbac.authorization.k8s.io "more" is forbidden: user "alice" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["apps"], Resources:["deployments"], Verbs:["create"]}' })
    const same = await server.call('POST', `${rbac}/clusterroles`, { as: alice, body: { metadata: { name: 'same' }, rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['create'] }] } })
    expect(same.code).toBe(201)
    await server.call('POST', `${rbac}/clusterroles`, { body: { metadata: { name: 'powerful' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] } })
    const bound = await server.call('POST', `${rbac}/clusterrolebindings`, { as: alice, body: { metadata: { name: 'x' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'powerful' }, subjects: [{ kind: 'User', name: 'alice' }] } })
    expect(bound.code).toBe(403)
    await server.call('POST', `${rbac}/clusterroles`, { body: { metadata: { name: 'role-patcher' }, rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['patch'] }] } })
    await server.call('POST', `${rbac}/clusterrolebindings`, { body: { metadata: { name: 'role-patcher' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'role-patcher' }, subjects: [{ kind: 'User', name: 'alice' }] } })
    const patch = (operations: unknown, name = 'same') => server.call('PATCH', `${rbac}/clusterroles/${name}`, { as: alice, body: JSON.stringify(operations), headers: { 'content-type': 'application/json-patch+json' } })
    const verbs = await patch([{ op: 'add', path: '/rules/0/verbs/-', value: 'delete' }])
    expect([verbs.code, verbs.json.message]).toEqual([403, expect.stringContaining('Resources:["clusterroles"], Verbs:["delete"]}')])
    expect((await patch([{ op: 'add', path: '/metadata/labels', value: { a: 'b' } }], 'powerful')).code).toBe(200)
  })
})

describe('service account tokens', () => {
  const path = '/api/v1/namespaces/default/serviceaccounts/default/token'
  const review = (token: string, audiences?: string[]) => server.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token, audiences } } })

  it('are given out, reviewed, and fall with the account', async () => {
    const account = '/api/v1/namespaces/a/serviceaccounts'
    await server.call('POST', account, { body: { metadata: { name: 'bot' } } })
    const { json } = await server.call('POST', `${account}/bot/token`, { body: { spec: { expirationSeconds: 600, audiences: ['vault'] } } })
    const { token } = json['status'] as { token: string }
    expect((await review(token, ['vault', 'x'])).json['status']).toMatchObject({ authenticated: true, audiences: ['vault'], user: { username: 'system:serviceaccount:a:bot' } })
    const refusal = async (text: string, audiences?: string[]) => (await review(text, audiences)).json['status']
    expect(await refusal(token)).toEqual({ user: {}, error: expect.stringMatching(/^token audiences \["vault"\] is invalid for the target audiences \[".+"\]$/) })
    expect(await refusal(`${token.slice(0, -8)}AAAAAAAA`, ['vault'])).toEqual({ user: {}, error: 'go-jose/go-jose: error in cryptographic primitive' })
    expect(await refusal('unknown')).toEqual({ user: {}, error: 'invalid bearer token' })
    await server.call('DELETE', `${account}/bot`)
    expect(await refusal(token, ['vault'])).toEqual({ user: {}, error: 'serviceaccounts "bot" not found' })
  })

  it('are taken as credentials', async () => {
    const { json } = await server.call('POST', path, { body: {} })
    const { token } = json['status'] as { token: string }
    const reply = await server.call('GET', '/api/v1/namespaces/default/pods', { as: 'nobody', headers: { authorization: `Bearer ${token}` } })
    expect(reply.json.message).toContain('User "system:serviceaccount:default:default" cannot list resource "pods"')
  })

  it('in secrets are good while the secret has them, and their use is noted', async () => {
    const secret = '/api/v1/namespaces/a/secrets/own-token'
    const account = (await server.call('POST', '/api/v1/namespaces/a/serviceaccounts', { body: { metadata: { name: 'own' } } })).json
    const token = server.tokens.signForSecret({ namespace: 'a', serviceAccount: { name: 'own', uid: account.metadata?.uid ?? '' }, secretName: 'own-token' })
    const metadata = { name: 'own-token', annotations: { 'kubernetes.io/service-account.name': 'own' } }
    expect((await server.call('POST', '/api/v1/namespaces/a/secrets', { body: { metadata, type: 'kubernetes.io/service-account-token', stringData: { token } } })).code).toBe(201)
    const use = () => server.call('GET', configMaps, { as: 'nobody', headers: { authorization: `Bearer ${token}` } })
    const labels = async (): Promise<Record<string, string>> => (await server.call('GET', secret)).json.metadata?.labels ?? {}
    const patch = (path: string, body: object) => server.call('PATCH', path, { body, headers: { 'content-type': 'application/merge-patch+json' } })
    const first = await use()
    expect([first.code, first.headers['warning']]).toEqual([403, undefined])
    const today = new Date().toISOString().slice(0, 10)
    while (!(await labels())['kubernetes.io/legacy-token-last-used']) await new Promise(setImmediate)
    expect([today, new Date().toISOString().slice(0, 10)]).toContain((await labels())['kubernetes.io/legacy-token-last-used'])
    await patch('/api/v1/namespaces/a/serviceaccounts/own', { secrets: [{ name: 'own-token' }] })
    expect((await use()).headers['warning']).toContain('Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated')
    await patch(secret, { metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } } })
    expect((await use()).code).toBe(401)
    await patch(secret, { metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': null } } })
    expect((await use()).code).toBe(403)
    await patch(secret, { stringData: { token: 'another' } })
    expect((await use()).code).toBe(401)
    await server.call('DELETE', secret)
  })

  it('are not given out for less than ten minutes', async () => {
    const reply = await server.call('POST', path, { body: { spec: { expirationSeconds: 599 } } })
    expect(reply.json).toMatchObject({ code: 422, message: expect.stringContaining('spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes') })
  })
})

describe('system paths', () => {
  it.each([
    ['/version', expect.stringContaining('"gitVersion": "v1.35.0+kinglet1"')],
    ['/healthz', 'ok'], ['/readyz/ping', 'ok'], ['/livez?verbose', '[+]ping ok\nlivez check passed\n'],
    ['/metrics', expect.stringContaining('apiserver_request_total{')],
    ['/', expect.stringContaining('"/apis/apps/v1"')],
    ['/.well-known/openid-configuration', expect.stringContaining('"issuer"')],
    ['/openid/v1/jwks', expect.stringContaining('"kid"')],
    ['/api', expect.stringContaining('APIVersions')],
  ])('%s', async (path, body) => {
    const reply = await server.call('GET', path)
    expect([reply.code, reply.text]).toEqual([200, body])
  })

  it('are closed to strangers, except health', async () => {
    const metrics = await server.call('GET', '/metrics', { as: 'nobody' })
    expect(metrics.json.message).toBe('forbidden: User "system:anonymous" cannot get path "/metrics"')
    expect((await server.call('GET', '/readyz', { as: 'nobody' })).text).toBe('ok')
  })
})

describe('HTTP/2', () => {
  let session: ClientHttp2Session
  beforeAll(() => {
    session = connect(server.url, { ca: server.ca, cert: admin.certificate, key: admin.key })
  })
  afterAll(() => session.close())

  it('compresses long answers', async () => {
    await server.call('POST', configMaps, { body: configMap('long', { k: 'x'.repeat(200_000) }) })
    const stream = session.request({ ':path': `${configMaps}/long`, 'accept-encoding': 'gzip' })
    let encoding: unknown
    stream.on('response', (headers) => void (encoding = headers['content-encoding']))
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    expect(encoding).toBe('gzip')
    expect(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString())).toMatchObject({ metadata: { name: 'long' } })
  })

  it('takes requests while long answers are on their way on the same connection', async () => {
    const wide = connect(server.url, { ca: server.ca, cert: admin.certificate, key: admin.key, settings: { initialWindowSize: 64 << 20 } })
    wide.on('error', () => undefined)
    await new Promise((resolve) => wide.once('connect', resolve))
    wide.setLocalWindowSize(512 << 20)
    const get = (path: string): Promise<number> => new Promise((resolve, reject) => {
      const stream = wide.request({ ':path': path })
      let code = 0
      stream.on('response', (headers) => void (code = headers[':status'] ?? 0))
      stream.on('error', reject)
      stream.on('end', () => resolve(code)).resume()
    })
    for (let index = 0; index < 16; index++) await server.call('POST', '/api/v1/namespaces/default/configmaps', { body: configMap(`wide${index}`, { k: 'x'.repeat(1_000_000) }) })
    const lists = Array.from({ length: 8 }, () => get('/api/v1/namespaces/default/configmaps'))
    let listed = false
    void Promise.all(lists).then(() => { listed = true })
    const codes: number[] = []
    while (!listed) codes.push(await get('/version'))
    codes.push(...await Promise.all(lists))
    expect(new Set(codes)).toEqual(new Set([200]))
    wide.close()
  })

  it('streams a watch, and ends it when the client leaves', async () => {
    const stream = session.request({ ':path': '/api/v1/watch/namespaces/a/secrets?allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan' })
    const lines = readLines(stream)
    const bookmark = await lines.next()
    expect(bookmark.value).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Secret', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } })
    await server.call('POST', '/api/v1/namespaces/a/secrets', { body: { metadata: { name: 'seen' } } })
    expect((await lines.next()).value).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'seen' } } })
    const before = openWatches(await server.call('GET', '/metrics').then(({ text }) => text))
    stream.destroy()
    await until(async () => openWatches((await server.call('GET', '/metrics')).text) === before - 1)
  })

  it('sends a watch as tables with the columns once', async () => {
    await server.call('POST', configMaps, { body: configMap('t1') })
    await server.call('POST', configMaps, { body: configMap('t2') })
    const stream = session.request({ ':path': `${configMaps}?watch=true&fieldSelector=metadata.name!=long`, accept: table })
    const lines = readLines(stream)
    const [first, second] = [(await lines.next()).value, (await lines.next()).value] as { object: { kind: string; columnDefinitions: unknown[]; rows: unknown[] } }[]
    expect([first!.object.kind, first!.object.columnDefinitions.length > 0, first!.object.rows.length]).toEqual(['Table', true, 1])
    expect([second!.object.columnDefinitions, second!.object.rows.length]).toEqual([null, 1])
    stream.destroy()
  })

  it('marks the end of the initial events of tables too, whatever they show of objects', async () => {
    const stream = session.request({ ':path': `${configMaps}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&includeObject=None`, accept: table })
    for await (const event of readLines(stream) as AsyncGenerator<{ type: string; object: { rows: unknown[] } }>) {
      if (event.type === 'ADDED') expect(event.object.rows).toEqual([{ cells: expect.any(Array), object: null }])
      else {
        expect(event).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Table', rows: [{ cells: [null, null, null], object: { kind: 'PartialObjectMetadata', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } }] } })
        break
      }
    }
    stream.destroy()
  })

  it('tells a version that is too old in the stream', async () => {
    const stream = session.request({ ':path': `${configMaps}?watch=true&resourceVersion=99999999` })
    expect((await readLines(stream).next()).value).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410 } })
    stream.destroy()
  })
})

const openWatches = (metrics: string): number => [...metrics.matchAll(/^apiserver_longrunning_requests\{[^}]*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !await condition(); turn++) if (turn > 500) throw new Error('never came true')
}

async function* readLines(stream: AsyncIterable<unknown>): AsyncGenerator<unknown, undefined> {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop()!
    for (const line of lines) yield JSON.parse(line)
  }
  return undefined
}
