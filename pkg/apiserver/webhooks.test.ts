// Admission webhooks, end to end: real HTTPS webhooks, reached by URL and through a Service, and what clients see of them.
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ownAddress } from '../../test/own-address.ts'
import type { KubeObject } from '../api/object.ts'
import { createAuthority, issueCertificate } from '../pki/certificates.ts'
import { systemClock as clock } from '../util/clock.ts'
import { parseAuditPolicy } from './audit-policy.ts'
import { startServer, type Reply, type TestServer } from './fixture.suite.ts'

interface Review {
  readonly uid: string
  readonly operation: string
  readonly kind: Record<string, string>
  readonly resource: Record<string, string>
  readonly requestKind: Record<string, string>
  readonly subResource?: string
  readonly name: string
  readonly namespace?: string
  readonly object: KubeObject & { data?: Record<string, string>; spec?: Record<string, unknown> } | null
  readonly oldObject: KubeObject | null
  readonly dryRun: boolean
  readonly userInfo: { username: string }
  readonly options: Record<string, unknown> | null
}

type Answer = { allowed: boolean; auditAnnotations?: Record<string, string>; status?: object; warnings?: string[]; patch?: object[]; raw?: object } | 'silence' | 'broken'

const authority = await createAuthority({ commonName: 'webhook-ca', clock })
const serving = await issueCertificate(authority, { commonName: 'hook', usages: ['server'], names: ['localhost', '127.0.0.1', 'hook.a.svc'], clock })
const caBundle = Buffer.from(authority.certificate).toString('base64')

let server: TestServer
let hooks: Server
let port: number
let asked: { path: string; request: Review }[] = []
let events: { auditID: string; stage: string; level: string; annotations?: Record<string, string> }[] = []
let answers: Record<string, (review: Review) => Answer | Promise<Answer>> = {}

beforeAll(async () => {
  const policy = parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata', namespaces: ['default'] }, { level: 'Request' }] })
  server = await startServer({ audit: { policy, sink: { write: (line) => void events.push(JSON.parse(line) as typeof events[number]) } } })
  hooks = createServer({ key: serving.key, cert: serving.certificate }, (incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => void (async () => {
      const path = (incoming.url ?? '').split('?')[0] ?? ''
      const { request } = JSON.parse(Buffer.concat(chunks).toString()) as { request: Review }
      asked.push({ path, request })
      const answer: Answer = await (answers[path] ?? (() => ({ allowed: true })))(request)
      if (answer === 'silence') return
      if (answer === 'broken') return void outgoing.writeHead(500).end('went wrong')
      const { patch, raw, ...rest } = answer
      const response = { uid: request.uid, ...rest, ...(patch ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') } : {}) }
      outgoing.end(JSON.stringify(raw ?? { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response }))
    })())
  })
  await new Promise<void>((resolve) => hooks.listen(0, '0.0.0.0', resolve))
  port = (hooks.address() as AddressInfo).port
})

afterAll(async () => {
  hooks.closeAllConnections()
  await new Promise((resolve) => hooks.close(resolve))
  await server.stop()
})

beforeEach(() => {
  asked = []
  events = []
  answers = {}
})

const base = '/apis/admissionregistration.k8s.io/v1'
afterEach(async () => {
  for (const plural of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) expect((await server.call('DELETE', `${base}/${plural}`)).code).toBe(200)
})

interface Stated {
  readonly path: string
  readonly rules?: object[]
  readonly name?: string
  readonly [field: string]: unknown
}

const bare = (review: Review, more: object): Answer => ({ allowed: true, raw: { response: { uid: review.uid, allowed: true }, ...more } })
const rule = (resources: string[], operations = ['CREATE', 'UPDATE'], apiGroups = [''], apiVersions = ['v1']): object => ({ operations, apiGroups, apiVersions, resources })

async function configure(kind: 'Mutating' | 'Validating', name: string, stated: Stated[]): Promise<void> {
  const reply = await server.call('POST', `${base}/${kind.toLowerCase()}webhookconfigurations`, { body: {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration`, metadata: { name },
    webhooks: stated.map(({ path, rules = [rule(['configmaps'])], ...more }) => ({
      name: `${name}.example.com`, clientConfig: { url: `https://127.0.0.1:${port}${path}`, caBundle }, rules, sideEffects: 'None', admissionReviewVersions: ['v1'], ...more,
    })),
  } })
  expect(reply.text).toContain('"metadata"')
  expect(reply.code).toBe(201)
}

const create = (name: string, data: Record<string, string> = {}, more: object = {}, query = ''): Promise<Reply> =>
  server.call('POST', `/api/v1/namespaces/a/configmaps${query}`, { body: { metadata: { name, ...more }, data } })
const dataOf = ({ json }: Reply): unknown => json['data']

describe('validating', () => {
  it('refuses with code, reason and words of the webhook', async () => {
    await configure('Validating', 'v1', [{ path: '/deny' }])
    answers['/deny'] = () => ({ allowed: false, status: { code: 418, reason: 'Teapot', message: 'no coffee' } })
    expect((await create('denied')).json).toMatchObject({ code: 418, reason: 'Teapot', message: 'admission webhook "v1.example.com" denied the request: no coffee' })
    answers['/deny'] = () => ({ allowed: false })
    expect((await create('denied')).json).toMatchObject({ code: 400, message: 'admission webhook "v1.example.com" denied the request without explanation' })
    expect((await server.call('GET', '/api/v1/namespaces/a/configmaps/denied')).code).toBe(404)
  })

  it('sends a whole review, and what it saw is what is stored', async () => {
    await configure('Validating', 'v2', [{ path: '/see' }])
    answers['/see'] = () => ({ allowed: true, warnings: ['mind the gap'] })
    const reply = await server.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { generateName: 'gen-' }, data: { a: '1' } } })
    expect(reply.code).toBe(201)
    expect(reply.headers['warning']).toBe('299 - "mind the gap"')
    expect(asked).toHaveLength(1)
    expect(asked[0]?.request).toMatchObject({
      operation: 'CREATE', kind: { group: '', version: 'v1', kind: 'ConfigMap' }, resource: { group: '', version: 'v1', resource: 'configmaps' },
      namespace: 'a', name: reply.json.metadata?.name, oldObject: null, dryRun: false, userInfo: { username: 'admin' },
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' }, object: { data: { a: '1' }, metadata: { uid: reply.json.metadata?.uid } },
    })
  })

  it('comes before quotas: what it refuses is no matter of theirs, and what they refuse it has seen', async () => {
    const quota = { metadata: { name: 'q' }, spec: { hard: { 'count/secrets': '0' } } }
    expect((await server.call('POST', '/api/v1/namespaces/a/resourcequotas', { body: quota })).code).toBe(201)
    await configure('Validating', 'v-quota', [{ path: '/quota', rules: [rule(['secrets'])] }])
    const secret = (name: string): Promise<Reply> => server.call('POST', '/api/v1/namespaces/a/secrets', { body: { metadata: { name } } })
    answers['/quota'] = ({ name }) => ({ allowed: name !== 'refused' })
    expect((await secret('refused')).json).toMatchObject({ code: 400, message: 'admission webhook "v-quota.example.com" denied the request without explanation' })
    expect((await secret('too-many')).json).toMatchObject({ code: 403, message: expect.stringContaining('exceeded quota: q') })
    expect(asked.map(({ request: { name } }) => name)).toEqual(['refused', 'too-many'])
    await server.call('DELETE', '/api/v1/namespaces/a/resourcequotas/q')
  })

  it('sees old and new on update, the old one on delete, and is told of dry runs', async () => {
    await create('ud', { a: '1' })
    await configure('Validating', 'v3', [{ path: '/ud', rules: [rule(['configmaps'], ['*'])] }])
    await server.call('PUT', '/api/v1/namespaces/a/configmaps/ud?dryRun=All', { body: { metadata: { name: 'ud' }, data: { a: '2' } } })
    answers['/ud'] = ({ operation }) => ({ allowed: operation !== 'DELETE' })
    expect((await server.call('DELETE', '/api/v1/namespaces/a/configmaps/ud')).json).toMatchObject({ code: 400 })
    expect(asked.map(({ request: { operation, dryRun, object, oldObject } }) => [operation, dryRun, object?.data, (oldObject as { data?: unknown } | null)?.data]))
      .toEqual([['UPDATE', true, { a: '2' }, { a: '1' }], ['DELETE', false, undefined, { a: '1' }]])
  })

  it('starts again when the object has changed in the meantime', async () => {
    await create('raced', { n: '0' })
    await configure('Validating', 'v4', [{ path: '/race', matchConditions: [{ name: 'not-the-other', expression: '!("other" in object.data)' }] }])
    let first = true
    answers['/race'] = async () => {
      if (first) {
        first = false
        expect((await server.call('PATCH', '/api/v1/namespaces/a/configmaps/raced', { body: { data: { other: 'x', n: '1' } }, headers: { 'content-type': 'application/merge-patch+json' } })).code).toBe(200)
      }
      return { allowed: true }
    }
    const reply = await server.call('PATCH', '/api/v1/namespaces/a/configmaps/raced', { body: { data: { mine: 'y' } }, headers: { 'content-type': 'application/merge-patch+json' } })
    expect(reply.code).toBe(200)
    expect(dataOf(reply)).toEqual({ other: 'x', n: '1', mine: 'y' })
  })
})

describe('mutating', () => {
  it('patches in the order of names, and defaults run behind', async () => {
    await configure('Mutating', 'm2', [{ path: '/second' }])
    await configure('Mutating', 'm1', [{ path: '/first' }])
    answers['/first'] = () => ({ allowed: true, patch: [{ op: 'add', path: '/data/first', value: 'yes' }] })
    answers['/second'] = ({ object }) => ({ allowed: true, patch: [{ op: 'add', path: '/data/second', value: object?.data?.['first'] ?? 'no' }] })
    expect(dataOf(await create('ordered', { a: '1' }))).toEqual({ a: '1', first: 'yes', second: 'yes' })
  })

  it('asks again those that want to see later changes, once', async () => {
    await configure('Mutating', 'r1', [{ path: '/again', reinvocationPolicy: 'IfNeeded' }])
    await configure('Mutating', 'r2', [{ path: '/later' }])
    await configure('Validating', 'r3', [{ path: '/last' }])
    answers['/again'] = ({ object }) => ({ allowed: true, patch: [{ op: 'add', path: '/data/seen', value: Object.keys(object?.data ?? {}).sort().join() }] })
    answers['/later'] = () => ({ allowed: true, patch: [{ op: 'add', path: '/data/later', value: 'x' }] })
    expect(dataOf(await create('reinvoked', { a: '1' }))).toEqual({ a: '1', later: 'x', seen: 'a,later,seen' })
    expect(asked.map(({ path }) => path)).toEqual(['/again', '/later', '/again', '/last'])
    expect(asked[3]?.request.object?.data).toEqual({ a: '1', later: 'x', seen: 'a,later,seen' })
  })

  it('gives pods defaults where a webhook adds a container, and can not rename', async () => {
    await configure('Mutating', 'p', [{ path: '/pod', rules: [rule(['pods'])] }])
    answers['/pod'] = () => ({ allowed: true, patch: [{ op: 'add', path: '/spec/initContainers', value: [{ name: 'init', image: 'x' }] }, { op: 'replace', path: '/metadata/name', value: 'other' }] })
    const reply = await server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } } })
    expect(reply.code).toBe(201)
    expect(reply.json.metadata?.name).toBe('p')
    expect((reply.json['spec'] as { initContainers: object[] }).initContainers[0]).toMatchObject({ name: 'init', terminationMessagePolicy: 'File', volumeMounts: [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] })
  })

  it('works on what is applied by the server, which stays the same when it is applied again', async () => {
    await configure('Mutating', 'ssa', [{ path: '/ssa' }])
    await configure('Validating', 'ssb', [{ path: '/ssb' }])
    answers['/ssa'] = () => ({ allowed: true, patch: [{ op: 'add', path: '/metadata/annotations', value: { seen: 'yes' } }] })
    const apply = (): Promise<Reply> => server.call('PATCH', '/api/v1/namespaces/a/configmaps/applied?fieldManager=me', {
      body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { a: '1' } }), headers: { 'content-type': 'application/apply-patch+yaml' },
    })
    const [first, second] = [await apply(), await apply()]
    expect([first.code, second.code]).toEqual([201, 200])
    expect(first.json.metadata).toMatchObject({ annotations: { seen: 'yes' } })
    expect(first.json.metadata?.managedFields?.map(({ manager, operation }) => [manager, operation])).toContainEqual(['me', 'Apply'])
    expect(second.json.metadata?.resourceVersion).toBe(first.json.metadata?.resourceVersion)
    expect(asked.map(({ path, request: { operation } }) => [path, operation])).toEqual([['/ssa', 'CREATE'], ['/ssb', 'CREATE'], ['/ssa', 'UPDATE'], ['/ssb', 'UPDATE']])
  })

  it('sees an object before it has an identity, and may give it a name', async () => {
    await configure('Mutating', 'born', [{ path: '/born' }])
    await configure('Validating', 'named', [{ path: '/named' }])
    const generated = (): Promise<Reply> => server.call('POST', '/api/v1/namespaces/a/configmaps?fieldManager=me&fieldValidation=Strict', { body: { metadata: { generateName: 'gen-' } } })
    const { metadata } = (await generated()).json
    expect(metadata?.name).toMatch(/^gen-.{5}$/)
    expect(asked[0]?.request.name).toBeUndefined()
    expect(asked[0]?.request.object?.metadata).toEqual({ generateName: 'gen-', namespace: 'a', managedFields: expect.anything() as object })
    expect(asked[1]?.request).toMatchObject({ name: metadata?.name, object: { metadata: { name: metadata?.name, uid: metadata?.uid, creationTimestamp: metadata?.creationTimestamp } } })
    expect(asked.map(({ request: { options } }) => options)).toEqual(Array(2).fill({ kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me', fieldValidation: 'Strict' }))
    answers['/born'] = () => ({ allowed: true, patch: [{ op: 'add', path: '/metadata/name', value: 'chosen' }] })
    expect((await generated()).json.metadata?.name).toBe('chosen')
  })

  it('changes bindings, and is shown evictions and tokens as what they are', async () => {
    await server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name: 'bound' }, spec: { containers: [{ name: 'c', image: 'i' }] } } })
    await server.call('POST', '/api/v1/nodes', { body: { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z' } } } })
    await configure('Mutating', 'bind', [{ path: '/bind', rules: [rule(['pods/binding', 'pods/eviction', 'serviceaccounts/token'])] }])
    answers['/bind'] = ({ subResource }) => (subResource === 'binding' ? { allowed: true, patch: [{ op: 'add', path: '/metadata/annotations', value: { a: 'b' } }] }
      : subResource === 'token' ? { allowed: true, patch: [{ op: 'replace', path: '/spec/expirationSeconds', value: 700 }] } : { allowed: false })
    const under = (name: string, body: object): Promise<Reply> => server.call('POST', `/api/v1/namespaces/a/${name}`, { body })
    expect((await under('pods/bound/binding', { metadata: { name: 'bound' }, target: { kind: 'Node', name: 'n1' } })).code).toBe(201)
    expect((await server.call('GET', '/api/v1/namespaces/a/pods/bound')).json).toMatchObject({ metadata: { annotations: { a: 'b' }, labels: { 'topology.kubernetes.io/zone': 'z' } }, spec: { nodeName: 'n1' } })
    expect((await under('pods/bound/eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'bound' } })).code).toBe(400)
    expect((await under('serviceaccounts/default/token', { spec: { expirationSeconds: 3000 } })).json).toMatchObject({ spec: { expirationSeconds: 700 }, status: { token: expect.any(String) as string } })
    expect(asked.map(({ request: { kind, name } }) => [kind, name])).toEqual([
      [{ group: '', version: 'v1', kind: 'Binding' }, 'bound'], [{ group: 'policy', version: 'v1', kind: 'Eviction' }, 'bound'], [{ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, 'default'],
    ])
  })

  it('says what a bad patch does', async () => {
    await configure('Mutating', 'bad', [{ path: '/bad' }])
    answers['/bad'] = () => ({ allowed: true, patch: [{ op: 'remove', path: '/data/nothing/here' }] })
    expect((await create('bad')).code).toBe(500)
  })
})

describe('which requests', () => {
  it('selects by namespace, object, scope and conditions, and never the configurations', async () => {
    await server.call('PATCH', '/api/v1/namespaces/a', { body: { metadata: { labels: { team: 'a' } } }, headers: { 'content-type': 'application/merge-patch+json' } })
    const everything = [rule(['*'], ['*'], ['*'], ['*'])]
    await configure('Validating', 's1', [
      { path: '/ns', name: 'ns.example.com', namespaceSelector: { matchLabels: { team: 'a' } } },
      { path: '/otherns', name: 'otherns.example.com', namespaceSelector: { matchLabels: { team: 'b' } } },
      { path: '/object', name: 'object.example.com', objectSelector: { matchLabels: { x: 'y' } } },
      { path: '/cluster', name: 'cluster.example.com', rules: [{ ...everything[0], scope: 'Cluster' }] },
      { path: '/condition', name: 'condition.example.com', matchConditions: [{ name: 'big', expression: 'object.data.size() > 1 && request.userInfo.username == "admin"' }] },
    ])
    await create('s-plain', { a: '1' })
    expect(asked.map(({ path }) => path)).toEqual(['/ns'])
    asked = []
    await create('s-all', { a: '1', b: '2' }, { labels: { x: 'y' } })
    expect(asked.map(({ path }) => path).sort()).toEqual(['/condition', '/ns', '/object'])
    asked = []
    await configure('Mutating', 's2', [{ path: '/self', rules: everything }])
    await server.call('DELETE', `${base}/mutatingwebhookconfigurations/s2`)
    expect(asked).toEqual([])
  })

  it('asks in the version that the webhook knows', async () => {
    await configure('Mutating', 'eq', [{ path: '/hpa', rules: [rule(['horizontalpodautoscalers'], ['CREATE'], ['autoscaling'], ['v2'])] }])
    answers['/hpa'] = () => ({ allowed: true, patch: [{ op: 'replace', path: '/spec/maxReplicas', value: 7 }] })
    const hpa = { metadata: { name: 'h' }, spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 50, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } } }
    const reply = await server.call('POST', '/apis/autoscaling/v1/namespaces/a/horizontalpodautoscalers', { body: hpa })
    expect(reply.json).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { maxReplicas: 7, targetCPUUtilizationPercentage: 50 } })
    expect(asked[0]?.request).toMatchObject({ kind: { version: 'v2' }, requestKind: { version: 'v1' }, object: { apiVersion: 'autoscaling/v2' } })
  })
})

describe('failures', () => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64')
  const words = 'received invalid webhook response: '
  it.each<[string, object, string]>([
    ['a patch without type', { patch: encoded('[]') }, `${words}webhook returned response.patch but not response.patchType`],
    ['a type without patch', { patchType: 'JSONPatch' }, `${words}webhook returned response.patchType but not response.patch`],
    ['no type', { patch: encoded('[]'), patchType: '' }, `${words}webhook returned invalid response.patchType of ""`],
    ['another type', { patch: encoded('[{"op":"remove","path":"/data"}]'), patchType: 'Merge' }, 'unsupported patch type "Merge"'],
    ['no JSON', { patch: encoded('{'), patchType: 'JSONPatch' }, 'received undecodable patch in webhook response: '],
  ])('of a patch: %s fails the request, or is ignored', async (_name, response, text) => {
    answers['/patch'] = ({ uid }) => ({ allowed: true, raw: { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid, allowed: true, ...response } } })
    await configure('Mutating', 'patch', [{ path: '/patch' }])
    expect((await create('patched')).json).toMatchObject({ code: 500, message: expect.stringContaining(`Internal error occurred: failed calling webhook "patch.example.com": ${text}`) })
    await server.call('DELETE', `${base}/mutatingwebhookconfigurations/patch`)
    await configure('Mutating', 'patch', [{ path: '/patch', failurePolicy: 'Ignore' }])
    expect((await create('patched')).code).toBe(201)
    expect((await server.call('DELETE', '/api/v1/namespaces/a/configmaps/patched')).code).toBe(200)
  })

  it('tells an answer of another kind after its uid', async () => {
    answers['/bare'] = (review) => bare(review, {})
    await configure('Validating', 'bare', [{ path: '/bare' }])
    expect((await create('bare')).json.message).toContain('received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=')
  })

  it('asks nobody when it can not be told who is to be asked', async () => {
    await configure('Validating', 'u1', [{ path: '/u1' }])
    await configure('Validating', 'u2', [{ path: '/u2', matchConditions: [{ name: 'a', expression: 'object.data.none == "x"' }, { name: 'b', expression: 'object.data.nil == "x"' }] }])
    const fault = (field: string): string => `expression 'object.data.${field} == "x"' resulted in error: no such key: ${field}`
    expect((await create('unclear', { a: 'b' })).json.message).toBe(`configmaps "unclear" is forbidden: [${fault('none')}, ${fault('nil')}]`)
    expect(asked).toEqual([])
  })

  it.each<[string, Answer, string]>([
    ['an error', 'broken', 'failed calling webhook "f.example.com": failed to call webhook: an error on the server ("went wrong") has prevented the request from succeeding'],
    ['another uid', { allowed: true, raw: { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid: 'x', allowed: true } } }, 'failed calling webhook "f.example.com": received invalid webhook response: expected response.uid='],
    ['another version', { allowed: true, raw: { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1beta1', response: { allowed: true } } }, 'failed calling webhook "f.example.com": received invalid webhook response: webhook response was absent'],
    ['a patch', { allowed: true, patch: [{ op: 'add', path: '/data/x', value: 'y' }] }, 'failed calling webhook "f.example.com": received invalid webhook response: validating webhook may not return response.patch'],
  ])('%s fails the request, or is ignored', async (_name, answer, text) => {
    answers['/f'] = () => answer
    await configure('Validating', 'f', [{ path: '/f' }])
    const reply = await create('f')
    expect(reply.json).toMatchObject({ code: 500, reason: 'InternalError' })
    expect(reply.json.message).toContain(`Internal error occurred: ${text}`)
    await server.call('DELETE', `${base}/validatingwebhookconfigurations/f`)
    await configure('Validating', 'f', [{ path: '/f', failurePolicy: 'Ignore' }])
    expect((await create('f')).code).toBe(201)
    await server.call('DELETE', '/api/v1/namespaces/a/configmaps/f')
  })

  it('ends a call that takes too long', async () => {
    answers['/slow'] = () => 'silence'
    await configure('Validating', 't', [{ path: '/slow', timeoutSeconds: 1 }])
    expect((await create('t')).json.message).toBe(`Internal error occurred: failed calling webhook "t.example.com": failed to call webhook: Post "https://127.0.0.1:${port}/slow?timeout=1s": context deadline exceeded`)
  })

  it('trusts only the bundle', async () => {
    const stranger = await createAuthority({ commonName: 'stranger', clock })
    await configure('Validating', 'c', [{ path: '/c', clientConfig: { url: `https://127.0.0.1:${port}/c`, caBundle: Buffer.from(stranger.certificate).toString('base64') } }])
    expect((await create('c')).json.message).toContain('x509: certificate signed by unknown authority')
  })
})

describe('by service', () => {
  const service = { clientConfig: { service: { namespace: 'a', name: 'hook', path: '/svc', port: 443 }, caBundle } }

  it('dials a ready endpoint under the name of the service', async () => {
    await configure('Validating', 'svc', [{ path: '', ...service }])
    expect((await create('svc')).json.message).toBe('Internal error occurred: failed calling webhook "svc.example.com": failed to call webhook: Post "https://hook.a.svc:443/svc?timeout=10s": service "hook" not found')
    await server.call('POST', '/api/v1/namespaces/a/services', { body: { metadata: { name: 'hook' }, spec: { ports: [{ port: 443, targetPort: 8443 }] } } })
    expect((await create('svc')).json.message).toContain('no endpoints available for service "hook"')
    await server.call('POST', '/apis/discovery.k8s.io/v1/namespaces/a/endpointslices', { body: {
      metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } }, addressType: 'IPv4', ports: [{ name: '', port, protocol: 'TCP' }],
      endpoints: [{ addresses: [ownAddress], conditions: { ready: true } }, { addresses: ['192.0.2.1'], conditions: { ready: false } }],
    } })
    expect((await create('svc')).code).toBe(201)
    expect(asked.map(({ path }) => path)).toEqual(['/svc'])
  })
})

it('is counted, with its time, what it refuses and when it fails', async () => {
  await configure('Validating', 'count', [{ path: '/count' }])
  answers['/count'] = () => ({ allowed: false, status: { code: 418 } })
  await create('c1')
  answers['/count'] = () => ({ allowed: true })
  await create('c2')
  await configure('Validating', 'shut', [{ path: '/nowhere', clientConfig: { url: 'https://127.0.0.1:1/x' } }])
  await create('c3')
  await configure('Mutating', 'open', [{ path: '/nowhere', failurePolicy: 'Ignore', clientConfig: { url: 'https://127.0.0.1:1/x' } }])
  await create('c4')
  const lines = server.webhooks.figures.text().split('\n')
  const own = 'name="count.example.com",operation="CREATE"'
  const value = (series: string): number => Number(lines.find((line) => line.startsWith(`${series} `))?.split(' ')[1] ?? 0)
  expect(value(`apiserver_admission_webhook_request_total{code="418",${own},rejected="true",type="validating"}`)).toBe(1)
  expect(value(`apiserver_admission_webhook_request_total{code="200",${own},rejected="false",type="validating"}`)).toBeGreaterThan(0)
  expect(value(`apiserver_admission_webhook_rejection_count{error_type="no_error",${own},rejection_code="418",type="validating"}`)).toBe(1)
  expect(value(`apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",name="shut.example.com",operation="CREATE",rejection_code="0",type="validating"}`)).toBe(2)
  expect(value('apiserver_admission_webhook_fail_open_count{name="open.example.com",type="admit"}')).toBe(1)
  expect(value(`apiserver_admission_webhook_admission_duration_seconds_count{${own},rejected="true",type="validating"}`)).toBe(value(`apiserver_admission_webhook_admission_duration_seconds_bucket{${own},rejected="true",type="validating",le="+Inf"}`))
})

it('is asked about evictions and bindings, and may mutate scales', async () => {
  await server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name: 'moved' }, spec: { containers: [{ name: 'c', image: 'i' }] } } })
  await configure('Validating', 'sub', [{ path: '/sub', rules: [rule(['pods/eviction', 'pods/binding'], ['CREATE'])] }])
  answers['/sub'] = ({ subResource, dryRun }) => ({ allowed: subResource === 'binding', status: { message: `no eviction, dry run ${dryRun}` } })
  expect((await server.call('POST', '/api/v1/namespaces/a/pods/moved/binding', { body: { metadata: { name: 'moved' }, target: { kind: 'Node', name: 'n' } } })).code).toBe(201)
  const evicted = await server.call('POST', '/api/v1/namespaces/a/pods/moved/eviction', { body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'moved' }, deleteOptions: { dryRun: ['All'] } } })
  expect(evicted.json.message).toBe('admission webhook "sub.example.com" denied the request: no eviction, dry run true')
  expect(asked.map(({ request: { kind, operation } }) => [kind['kind'], operation])).toEqual([['Binding', 'CREATE'], ['Eviction', 'CREATE']])

  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await server.call('POST', '/apis/apps/v1/namespaces/a/deployments', { body: { metadata: { name: 'scaled' }, spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template } } })
  await configure('Mutating', 'scale', [{ path: '/scale', rules: [rule(['deployments/scale'], ['UPDATE'], ['apps'])] }])
  answers['/scale'] = () => ({ allowed: true, patch: [{ op: 'replace', path: '/spec/replicas', value: 5 }] })
  const scaled = await server.call('PATCH', '/apis/apps/v1/namespaces/a/deployments/scaled/scale', { body: { spec: { replicas: 9 } }, headers: { 'content-type': 'application/merge-patch+json' } })
  expect(scaled.json).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } })
  expect(asked.at(-1)?.request).toMatchObject({ kind: { kind: 'Scale' }, object: { kind: 'Scale', spec: { replicas: 9 } }, oldObject: { spec: { replicas: 1 } } })
})

it('changes custom resources, prunes what it adds beyond the schema, and refuses their deletion', async () => {
  const version = (name: string, storage: boolean): object => ({
    name, served: true, storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { data: { type: 'object', properties: { known: { type: 'string' }, first: { type: 'string' } } } } } },
  })
  await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: {
    metadata: { name: 'toys.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'toys', singular: 'toy', kind: 'Toy', listKind: 'ToyList' }, versions: [version('v1', true), version('v2', false)] },
  } })
  await configure('Mutating', 'toys', [{ path: '/toy', rules: [rule(['toys'], ['CREATE'], ['example.com'], ['v1'])] }])
  await configure('Validating', 'toys', [{ path: '/keep', rules: [rule(['toys'], ['DELETE'], ['example.com'], ['*'])] }])
  answers['/toy'] = () => ({ allowed: true, patch: [{ op: 'add', path: '/data/known', value: 'x' }, { op: 'add', path: '/data/unknown', value: 'x' }] })
  answers['/keep'] = ({ oldObject }) => ({ allowed: (oldObject?.metadata.labels ?? {})['free'] === 'yes', status: { message: 'it stays' } })
  const url = '/apis/example.com/v2/namespaces/a/toys'
  const toy = (): Promise<Reply> => server.call('POST', url, { body: { apiVersion: 'example.com/v2', kind: 'Toy', metadata: { name: 't' }, data: { first: 'y' } } })
  const until = clock.now() + 4000
  let reply = await toy()
  while (reply.code === 404 && clock.now() < until) reply = await toy()
  expect(reply.json).toMatchObject({ apiVersion: 'example.com/v2', data: { first: 'y', known: 'x' } })
  expect(reply.json['data']).not.toHaveProperty('unknown')
  expect(asked[0]?.request).toMatchObject({ kind: { version: 'v1', kind: 'Toy' }, requestKind: { version: 'v2' } })
  expect((await server.call('DELETE', `${url}/t`)).json.message).toBe('admission webhook "toys.example.com" denied the request: it stays')
  await server.call('PATCH', `${url}/t`, { body: { metadata: { labels: { free: 'yes' } } }, headers: { 'content-type': 'application/merge-patch+json' } })
  expect((await server.call('DELETE', `${url}/t`)).code).toBe(200)
})

it('is asked about attaching to a pod', async () => {
  await server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name: 'connected' }, spec: { containers: [{ name: 'c', image: 'i' }] } } })
  await configure('Validating', 'con', [{ path: '/con', rules: [rule(['pods/proxy'], ['CONNECT'])] }])
  answers['/con'] = () => ({ allowed: false, status: { message: 'attaching to pod is not allowed' } })
  expect((await server.call('GET', '/api/v1/namespaces/a/pods/connected/proxy/x')).json.message).toBe('admission webhook "con.example.com" denied the request: attaching to pod is not allowed')
  expect(asked[0]?.request).toMatchObject({ operation: 'CONNECT', subResource: 'proxy', name: 'connected', kind: { kind: 'PodProxyOptions' }, object: { kind: 'PodProxyOptions', apiVersion: 'v1', path: '/x' } })
  expect(asked[0]?.request.object).not.toHaveProperty('metadata')
})

it('tells the audit log what webhooks did, and their own words', async () => {
  answers['/m'] = () => ({ allowed: true, auditAnnotations: { seen: 'yes' }, patch: [{ op: 'add', path: '/data', value: { k: 'v' } }] })
  answers['/ok'] = () => ({ allowed: true, auditAnnotations: { seen: 'too' } })
  answers['/bad'] = () => 'broken'
  await configure('Mutating', 'ma', [{ path: '/bad', failurePolicy: 'Ignore', name: 'open.example.com' }, { path: '/m', name: 'changer.example.com' }])
  await configure('Validating', 'va', [{ path: '/ok', name: 'looker.example.com' }, { path: '/bad', failurePolicy: 'Ignore', name: 'lenient.example.com' }])
  const annotationsOf = async (namespace: string): Promise<Record<string, string>> => {
    const reply = await server.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, { body: { metadata: { name: 'annotated' } } })
    expect(reply.code).toBe(201)
    for (const deadline = performance.now() + 50_000; performance.now() < deadline;) {
      const found = events.find(({ auditID, stage }) => auditID === reply.headers['audit-id'] && stage === 'ResponseComplete')
      if (found) return Object.fromEntries(Object.entries(found.annotations ?? {}).filter(([key]) => !/^(authorization|apiserver\.latency)\b/.test(key)))
      await new Promise(setImmediate)
    }
    throw new Error('no event')
  }
  const patchKey = 'patch.webhook.admission.k8s.io/round_0_index_1'
  const { [patchKey]: patch, ...rest } = await annotationsOf('a')
  expect(rest).toEqual({
    'changer.example.com/seen': 'yes', 'looker.example.com/seen': 'too',
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_0': 'open.example.com', 'failed-open.validating.webhook.admission.k8s.io/round_0_index_1': 'lenient.example.com',
    'mutation.webhook.admission.k8s.io/round_0_index_0': '{"configuration":"ma","webhook":"open.example.com","mutated":false}',
    'mutation.webhook.admission.k8s.io/round_0_index_1': '{"configuration":"ma","webhook":"changer.example.com","mutated":true}',
  })
  expect(JSON.parse(patch ?? '')).toEqual({ configuration: 'ma', webhook: 'changer.example.com', patch: [{ op: 'add', path: '/data', value: { k: 'v' } }], patchType: 'JSONPatch' })
  // The patch is part of what was asked for, which Metadata leaves out.
  expect(await annotationsOf('default')).toEqual(rest)
  answers['/m'] = () => ({ allowed: false, auditAnnotations: { why: 'because' } })
  const refused = await server.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { name: 'refused' } } })
  expect(refused.code).toBe(400)
  while (!events.some(({ auditID, stage }) => auditID === refused.headers['audit-id'] && stage === 'ResponseComplete')) await new Promise(setImmediate)
  expect(events.find(({ auditID, stage }) => auditID === refused.headers['audit-id'] && stage === 'ResponseComplete')?.annotations).toMatchObject({ 'changer.example.com/why': 'because', 'mutation.webhook.admission.k8s.io/round_0_index_1': '{"configuration":"ma","webhook":"changer.example.com","mutated":false}' })
})
