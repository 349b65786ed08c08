// The audit log of a real server: stages, levels, users, objects and annotations as kube-apiserver tells them.
import type { KubeObject } from '../api/object.ts'
import { DirectClient } from '../client/direct-client.ts'
import { configMaps } from '../api/types-config.ts'
import { parseAuditPolicy } from './audit-policy.ts'
import { admin, alice, startServer, stranger, type TestServer } from './fixture.suite.ts'

type Event = Record<string, unknown> & {
  stage: string; auditID: string; verb: string; requestURI: string; level: string
  user: { username?: string; groups?: string[] }; impersonatedUser?: object; objectRef?: object; responseStatus?: Record<string, unknown>
  requestObject?: Record<string, unknown>; responseObject?: KubeObject; annotations?: Record<string, string>
}

let server: TestServer
let events: Event[] = []

const policy = parseAuditPolicy({
  apiVersion: 'audit.k8s.io/v1', kind: 'Policy',
  rules: [
    { level: 'None', nonResourceURLs: ['/healthz*'] },
    { level: 'RequestResponse', resources: [{ group: '', resources: ['secrets'] }], omitStages: ['RequestReceived'], omitManagedFields: true },
    { level: 'Request', resources: [{ group: '', resources: ['configmaps', 'pods'] }, { group: 'apps' }] },
    { level: 'Metadata' },
  ],
})

beforeAll(async () => {
  server = await startServer({ audit: { policy, sink: { write: (line) => void events.push(JSON.parse(line) as Event) } } })
})
beforeEach(() => void (events = []))
afterAll(() => server.stop())

/** The events of one request, when all have been told. */
async function of(id: string | string[] | undefined, count: number): Promise<Event[]> {
  for (const deadline = performance.now() + 50_000; performance.now() < deadline;) {
    const found = events.filter(({ auditID }) => auditID === id)
    if (found.length >= count) return found
    await new Promise(setImmediate)
  }
  throw new Error(`expected ${count} events of ${String(id)}: ${JSON.stringify(events)}`)
}

test('a read: two stages, who, whence, what, and why it was allowed', async () => {
  const { headers } = await server.call('GET', '/api/v1/namespaces/default?pretty=1', { headers: { 'user-agent': 'tester/1', 'x-forwarded-for': '1.2.3.4' } })
  const [first, last] = await of(headers['audit-id'], 2)
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as unknown
  const both = {
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: headers['audit-id'], requestURI: '/api/v1/namespaces/default?pretty=1', verb: 'get',
    user: { username: 'admin', groups: ['system:masters', 'system:authenticated'], extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)] } }, sourceIPs: ['1.2.3.4', '127.0.0.1'], userAgent: 'tester/1',
    objectRef: { resource: 'namespaces', namespace: 'default', name: 'default', apiVersion: 'v1' }, requestReceivedTimestamp: time, stageTimestamp: time,
  }
  expect(first).toEqual({ ...both, stage: 'RequestReceived' })
  expect(last).toEqual({ ...both, stage: 'ResponseComplete', responseStatus: { metadata: {}, code: 200 }, annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' } })
})

test("a request's own Audit-ID is kept as it is", async () => {
  expect((await server.call('GET', '/version', { headers: { 'audit-id': 'mine' } })).headers['audit-id']).toBe('mine')
  expect((await server.call('GET', '/version', { headers: { 'audit-id': 'x'.repeat(100) } })).headers['audit-id']).toBe('x'.repeat(100))
  expect((await of('mine', 2)).map(({ verb, objectRef, annotations }) => [verb, objectRef, annotations?.['authorization.k8s.io/decision']])).toEqual([['get', undefined, undefined], ['get', undefined, 'allow']])
})

test('what a None rule matches is not told', async () => {
  const { headers } = await server.call('GET', '/healthz/ping')
  await server.call('GET', '/version')
  expect(events.map(({ requestURI }) => requestURI)).not.toContain('/healthz/ping')
  expect(headers['audit-id']).toBeTruthy()
})

test('a refusal says so', async () => {
  const { headers } = await server.call('DELETE', '/api/v1/namespaces/a', { as: alice })
  const [, last] = await of(headers['audit-id'], 2)
  expect(last).toMatchObject({
    verb: 'delete', user: { username: 'alice' },
    responseStatus: { metadata: {}, status: 'Failure', reason: 'Forbidden', code: 403, message: expect.stringContaining('User "alice" cannot delete resource "namespaces"') as string },
    annotations: { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' },
  })
})

test('credentials that are no good: one event, without a user', async () => {
  const { headers, code } = await server.call('GET', '/api/v1/pods', { as: 'nobody', headers: { authorization: 'Bearer nonsense' } })
  expect(code).toBe(401)
  const found = await of(headers['audit-id'], 1)
  expect(found).toMatchObject([{ stage: 'ResponseStarted', user: {}, verb: 'list', responseStatus: { metadata: {}, code: 401, message: 'Authentication failed, attempted: bearer' } }])
  const strange = await server.call('GET', '/api/v1/pods', { as: stranger })
  expect(await of(strange.headers['audit-id'], 1)).toMatchObject([{ responseStatus: { code: 401, message: 'Authentication failed, attempted: x509' } }])
})

test('impersonation: who asks, and as whom', async () => {
  const { headers } = await server.call('GET', '/api/v1/pods', { headers: { 'impersonate-user': 'bob', 'impersonate-group': 'devs' } })
  const [first, last] = await of(headers['audit-id'], 2)
  expect(first).not.toHaveProperty('impersonatedUser')
  expect(last).toMatchObject({ user: { username: 'admin' }, impersonatedUser: { username: 'bob', groups: ['devs', 'system:authenticated'] }, responseStatus: { code: 403 } })
  const refused = await server.call('GET', '/api/v1/pods', { as: alice, headers: { 'impersonate-user': 'bob' } })
  const [, end] = await of(refused.headers['audit-id'], 2)
  expect(end).toMatchObject({ user: { username: 'alice' }, responseStatus: { code: 403 } })
  expect(end).not.toHaveProperty('impersonatedUser')
})

test('Request has what was asked for; a name that only the body tells is told', async () => {
  const made = await server.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { name: 'asked' }, data: { k: 'v' } } })
  const [first, last] = await of(made.headers['audit-id'], 2)
  expect(first).not.toHaveProperty('requestObject')
  expect(last).toMatchObject({
    level: 'Request', objectRef: { resource: 'configmaps', namespace: 'a', name: 'asked', apiVersion: 'v1' },
    requestObject: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'asked' }, data: { k: 'v' } }, responseStatus: { metadata: {}, code: 201 },
  })
  expect(last).not.toHaveProperty('responseObject')
  const patched = await server.call('PATCH', '/api/v1/namespaces/a/configmaps/asked', { body: { data: { k: 'w' } }, headers: { 'content-type': 'application/merge-patch+json' } })
  expect((await of(patched.headers['audit-id'], 2))[1]).toMatchObject({ verb: 'patch', requestObject: { data: { k: 'w' } } })
  const options = JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' })
  const deleted = await server.call('DELETE', '/api/v1/namespaces/a/configmaps/asked', { body: options, headers: { 'content-type': 'application/json', 'content-length': String(options.length) } })
  expect((await of(deleted.headers['audit-id'], 2))[1]).toMatchObject({
    verb: 'delete', requestObject: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' }, responseStatus: { metadata: {}, status: 'Success', details: { name: 'asked' }, code: 200 },
  })
})

test('RequestResponse has the answer, without managed fields where the policy says so; stages are left out', async () => {
  const made = await server.call('POST', '/api/v1/namespaces/a/secrets', { body: { metadata: { name: 's' } } })
  const [only, more] = await of(made.headers['audit-id'], 1)
  expect(more).toBeUndefined()
  expect(only).toMatchObject({ stage: 'ResponseComplete', level: 'RequestResponse', responseObject: { kind: 'Secret', metadata: { name: 's', uid: made.json.metadata?.uid } } })
  expect(made.json.metadata).toHaveProperty('managedFields')
  expect(only?.responseObject?.metadata).not.toHaveProperty('managedFields')
  const list = await server.call('GET', '/api/v1/namespaces/a/secrets')
  expect((await of(list.headers['audit-id'], 1))[0]?.responseObject).toMatchObject({ kind: 'SecretList', items: [{ metadata: { name: 's' } }] })
  const table = await server.call('GET', '/api/v1/namespaces/a/secrets/s', { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
  expect((await of(table.headers['audit-id'], 1))[0]?.responseObject).toMatchObject({ kind: 'Table', rows: [{ object: { metadata: { name: 's' } } }] })
  const missing = await server.call('GET', '/api/v1/namespaces/a/secrets/none')
  expect((await of(missing.headers['audit-id'], 1))[0]).toMatchObject({ responseStatus: { reason: 'NotFound', code: 404 }, responseObject: { kind: 'Status', reason: 'NotFound' } })
})

test('a watch has begun before it is over', async () => {
  const { headers } = await server.call('GET', '/api/v1/namespaces/a/configmaps?watch=1&timeoutSeconds=1')
  expect((await of(headers['audit-id'], 3)).map(({ stage, verb, responseStatus }) => [stage, verb, responseStatus])).toEqual([
    ['RequestReceived', 'watch', undefined], ['ResponseStarted', 'watch', { metadata: {}, code: 200 }], ['ResponseComplete', 'watch', { metadata: {}, code: 200 }],
  ])
})

test('a component of this process is told of like everybody else', async () => {
  const client = new DirectClient(server.api.handle, { username: 'system:kube-thing', groups: ['system:masters'] }, 'thing')
  await client.list(configMaps, { namespace: 'a', labelSelector: 'x=y' })
  await expect(client.get(configMaps, { namespace: 'a', name: 'none' })).rejects.toThrow('not found')
  const own = events.filter(({ stage, user }) => stage === 'ResponseComplete' && user.username === 'system:kube-thing')
  expect(own).toMatchObject([
    { verb: 'list', requestURI: '/api/v1/namespaces/a/configmaps?labelSelector=x%3Dy', sourceIPs: ['127.0.0.1'], userAgent: 'thing', responseStatus: { code: 200 }, annotations: { 'authorization.k8s.io/decision': 'allow' } },
    { verb: 'get', requestURI: '/api/v1/namespaces/a/configmaps/none', objectRef: { name: 'none' }, responseStatus: { code: 404, reason: 'NotFound' } },
  ])
  const ending = new AbortController()
  for await (const _batch of client.watch(configMaps, { namespace: 'a', sendInitialEvents: true, signal: ending.signal })) break
  ending.abort()
  expect(events.filter(({ verb, user }) => verb === 'watch' && user.username === 'system:kube-thing').map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted', 'ResponseComplete'])
})

describe('a log for which requests wait', () => {
  let waiting: TestServer
  let keep: (line: string) => Promise<boolean>
  let seen: Event[] = []
  beforeAll(async () => {
    waiting = await startServer({ audit: { policy, sink: { write: (line) => {
      seen.push(JSON.parse(line) as Event)
      return keep(line)
    } } } })
  })
  beforeEach(() => void (seen = []))
  afterAll(() => waiting.stop())

  test('no request goes on before its arrival is kept, and no answer ends before it is told', async () => {
    const open: ((kept: boolean) => void)[] = []
    keep = () => new Promise((resolve) => void open.push(resolve))
    let answered = false
    const answer = waiting.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { name: 'held' } } }).then((reply) => {
      answered = true
      return reply
    })
    while (open.length < 1) await new Promise(setImmediate)
    expect(seen.map(({ stage }) => stage)).toEqual(['RequestReceived'])
    expect(() => waiting.registry.get(waiting.registry.definition('', 'v1', 'configmaps')!, { namespace: 'a', name: 'held' })).toThrow('not found')
    open.shift()!(true)
    while (open.length < 1) await new Promise(setImmediate)
    expect(seen.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete'])
    expect(answered).toBe(false)
    open.shift()!(true)
    expect((await answer).code).toBe(201)
    expect(seen).toHaveLength(2)
  })

  test('a request whose arrival is not kept is refused', async () => {
    keep = () => Promise.resolve(false)
    const reply = await waiting.call('GET', '/api/v1/namespaces/a/configmaps?limit=1&x=<')
    expect([reply.code, reply.text]).toEqual([500, 'Internal Server Error: "/api/v1/namespaces/a/configmaps?limit=1&amp;x=&lt;": failed to store audit event\n'])
    expect(reply.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    expect(seen.map(({ stage }) => stage)).toEqual(['RequestReceived'])
    const client = new DirectClient(waiting.api.handle, { username: 'system:kube-thing', groups: ['system:masters'] }, 'thing')
    await expect(client.list(configMaps, {})).rejects.toThrow('failed to store audit event')
  })

  test('what lasts begins when that is kept', async () => {
    keep = () => Promise.resolve(true)
    const { text, code } = await waiting.call('GET', '/api/v1/namespaces/a/configmaps?watch=1&timeoutSeconds=1')
    expect([code, text]).toEqual([200, expect.stringContaining('"ADDED"')])
    expect(seen.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted', 'ResponseComplete'])
  })
})

test('what is deprecated is marked', async () => {
  const { headers } = await server.call('GET', '/api/v1/namespaces/a/endpoints')
  expect((await of(headers['audit-id'], 2))[1]?.annotations).toMatchObject({ 'k8s.io/deprecated': 'true' })
})

const pod = (name: string, more: object = {}): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }], ...more } })

test('pod security: what is enforced, and what would violate', async () => {
  const open = await server.call('POST', '/api/v1/namespaces/a/pods', { body: pod('open') })
  expect((await of(open.headers['audit-id'], 2))[1]?.annotations).toMatchObject({ 'pod-security.kubernetes.io/enforce-policy': 'privileged:latest' })
  await server.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'watched', labels: { 'pod-security.kubernetes.io/enforce': 'baseline', 'pod-security.kubernetes.io/audit': 'restricted' } } } })
  await server.call('POST', '/api/v1/namespaces/watched/serviceaccounts', { body: { metadata: { name: 'default' } } })
  const made = await server.call('POST', '/api/v1/namespaces/watched/pods', { body: pod('p') })
  expect(made.code).toBe(201)
  expect((await of(made.headers['audit-id'], 2))[1]?.annotations).toMatchObject({
    'pod-security.kubernetes.io/enforce-policy': 'baseline:latest', 'pod-security.kubernetes.io/audit-violations': expect.stringMatching(/^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false/) as string,
  })
  const refused = await server.call('POST', '/api/v1/namespaces/watched/pods', { body: pod('q', { hostNetwork: true }) })
  expect(refused.code).toBe(403)
  expect((await of(refused.headers['audit-id'], 2))[1]?.annotations).toMatchObject({ 'pod-security.kubernetes.io/enforce-policy': 'baseline:latest' })
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const controller = await server.call('POST', '/apis/apps/v1/namespaces/watched/deployments', { body: { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } } })
  const annotations = (await of(controller.headers['audit-id'], 2))[1]?.annotations
  expect(annotations).toHaveProperty(['pod-security.kubernetes.io/audit-violations'])
  expect(annotations).not.toHaveProperty(['pod-security.kubernetes.io/enforce-policy'])
})

test('policies: what they annotate, and what they only audit', async () => {
  const group = '/apis/admissionregistration.k8s.io/v1'
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }]
  expect((await server.call('POST', `${group}/validatingadmissionpolicies`, {
    body: {
      metadata: { name: 'watcher' },
      spec: {
        matchConstraints: { resourceRules: rules }, validations: [{ expression: "object.metadata.name != 'x'" }, { expression: "!object.metadata.name.startsWith('bad')", message: 'a bad name' }],
        auditAnnotations: [{ key: 'name', valueExpression: "'named ' + object.metadata.name" }, { key: 'none', valueExpression: 'null' }],
      },
    },
  })).code).toBe(201)
  for (const [name, actions] of [['audits', ['Audit']], ['denies', ['Deny']], ['warns', ['Warn']]] as const) {
    const selects = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name === 'audits' ? 'a' : 'default' } } }
    expect((await server.call('POST', `${group}/validatingadmissionpolicybindings`, { body: { metadata: { name }, spec: { policyName: 'watcher', validationActions: actions, matchResources: selects } } })).code).toBe(201)
  }
  const made = await server.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { name: 'bad-one' } } })
  expect(made.code).toBe(201)
  const annotations = (await of(made.headers['audit-id'], 2))[1]?.annotations ?? {}
  expect(annotations['watcher/name']).toBe('named bad-one')
  expect(annotations).not.toHaveProperty(['watcher/none'])
  expect(JSON.parse(annotations['validation.policy.admission.k8s.io/validation_failure'] ?? '')).toEqual([{ message: 'a bad name', policy: 'watcher', binding: 'audits', expressionIndex: 1, validationActions: ['Audit'] }])
  const refused = await server.call('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'bad-two' } } })
  expect(refused.code).toBe(422)
  expect(refused.headers['warning']).toContain("Validation failed for ValidatingAdmissionPolicy 'watcher' with binding 'warns': a bad name")
  const ends = (await of(refused.headers['audit-id'], 2))[1]?.annotations ?? {}
  expect(ends['watcher/name']).toBe('named bad-two')
  expect(ends).not.toHaveProperty(['validation.policy.admission.k8s.io/validation_failure'])
})

test('an upgrade: it begins when the protocol is switched', async () => {
  const { connect } = await import('node:tls')
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, cert: admin.certificate, key: admin.key, ALPNProtocols: ['http/1.1'] })
  socket.write('GET /api/v1/namespaces/a/configmaps?watch=1 HTTP/1.1\r\nHost: localhost\r\nAudit-ID: switched\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  const started = await of('switched', 2)
  socket.destroy()
  expect([...started, ...await of('switched', 3)].slice(2).map(({ stage, responseStatus }) => [stage, responseStatus?.['code']])).toEqual([['RequestReceived', undefined], ['ResponseStarted', 101], ['ResponseComplete', 101]])
})
