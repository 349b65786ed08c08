// Conversion of custom resources by a real HTTPS webhook: every way to read and write, in both versions, and answers that are wrong.
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { AnyObject, WatchEvent } from '../api/object.ts'
import type { RequestOptions } from '../api/request.ts'
import { createAuthority, issueCertificate } from '../pki/certificates.ts'
import { systemClock as clock } from '../util/clock.ts'
import { startServer, type Reply, type TestServer } from './fixture.suite.ts'

interface Review {
  readonly apiVersion: string
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly AnyObject[] }
}

interface Answer {
  readonly convertedObjects?: readonly unknown[]
  readonly result?: object
  readonly uid?: string
}

const authority = await createAuthority({ commonName: 'converter-ca', clock })
const serving = await issueCertificate(authority, { commonName: 'converter', usages: ['server'], names: ['127.0.0.1'], clock })
const caBundle = Buffer.from(authority.certificate).toString('base64')

let server: TestServer
let webhook: Server
let port: number
let asked: Review['request'][] = []
/** Instead of a right answer, or after it. */
let answer: (request: Review['request'], right: readonly AnyObject[]) => Answer | 'broken' | Promise<Answer | 'broken'>
const rightly: typeof answer = (_request, convertedObjects) => ({ convertedObjects })

/** v1 has spec.hostPort, v2 has spec.host and spec.port. */
function converted(object: AnyObject, apiVersion: string): AnyObject {
  const { hostPort, host, port, ...rest } = object.spec as { hostPort?: string; host?: string; port?: string }
  const [name = '', number = ''] = (hostPort ?? '').split(':')
  const spec = apiVersion.endsWith('/v2') ? { ...rest, host: name, port: number } : { ...rest, hostPort: `${host ?? ''}:${port ?? ''}` }
  return { ...object, apiVersion, spec }
}

interface Admission {
  readonly request: { readonly uid: string; readonly object: AnyObject; readonly resource: object; readonly requestResource: object }
}

const admissions: Admission['request'][] = []

function admitted({ request }: Admission): object {
  admissions.push(request)
  const patch = Buffer.from(JSON.stringify([{ op: 'replace', path: '/spec/hostPort', value: 'patched:99' }])).toString('base64')
  return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch } }
}

beforeAll(async () => {
  server = await startServer()
  webhook = createServer({ key: serving.key, cert: serving.certificate }, (incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => void (async () => {
      const sent = Buffer.concat(chunks).toString()
      if (incoming.url?.startsWith('/admit')) return void outgoing.end(JSON.stringify(admitted(JSON.parse(sent) as Admission)))
      const { apiVersion, request } = JSON.parse(sent) as Review
      asked.push(request)
      if (incoming.url === '/reviews?timeout=30s') return void outgoing.end(JSON.stringify({ kind: 'ConversionReview', apiVersion: 'admission.k8s.io/v1', response: {} }))
      const given = await answer(request, request.objects.map((object) => converted(object, request.desiredAPIVersion)))
      if (given === 'broken') return void outgoing.writeHead(500).end('went wrong')
      outgoing.end(JSON.stringify({ kind: 'ConversionReview', apiVersion, response: { uid: request.uid, result: { status: 'Success' }, ...given } }))
    })())
  })
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
  port = (webhook.address() as AddressInfo).port
})

afterAll(async () => {
  webhook.closeAllConnections()
  await new Promise((resolve) => webhook.close(resolve))
  await server.stop()
})

const text = { type: 'string' }
const group = 'conv.example.com'
const properties = { v1: { hostPort: text, size: { type: 'integer', default: 3 } }, v2: { host: text, port: text, size: { type: 'integer' } } }
let plural: string
let made = 0

const versions = (stored: string) => (['v1', 'v2'] as const).map((name) => ({
  name, served: true, storage: name === stored, subresources: { status: {} },
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: properties[name] }, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } },
}))

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

async function define(more: { reviewVersions?: string[]; path?: string } = {}): Promise<void> {
  const reply = await server.call('POST', crdPath, { body: {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group, scope: 'Namespaced', names: { plural, kind: 'Conv' }, versions: versions('v1'),
      conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: more.reviewVersions ?? ['v1', 'v1beta1'], clientConfig: { url: `https://127.0.0.1:${port}${more.path ?? '/convert'}`, caBundle } } },
    },
  } })
  expect([reply.code, reply.json.message]).toEqual([201, undefined])
}

beforeEach(async () => {
  plural = `convs${++made}`
  asked = []
  answer = rightly
})

afterEach(async () => {
  answer = rightly
  await server.call('DELETE', `${crdPath}/${plural}.${group}`)
  while ((await server.call('GET', `${crdPath}/${plural}.${group}`)).code !== 404) await new Promise((resolve) => setTimeout(resolve, 5))
})

const at = (version: string, name = '', query = ''): string => `/apis/${group}/${version}/namespaces/a/${plural}${name && `/${name}`}${query}`
const v2 = (name: string, spec: object = { host: 'h', port: '80' }, metadata: object = {}) => ({ apiVersion: `${group}/v2`, kind: 'Conv', metadata: { name, ...metadata }, spec })
const create = (name: string, spec?: object): Promise<Reply> => server.call('POST', at('v2'), { body: v2(name, spec) })
const specOf = ({ json }: Reply): unknown => json['spec']
const merge = { 'content-type': 'application/merge-patch+json' }
const apply = { 'content-type': 'application/apply-patch+yaml' }

const read = async (version: string, name: string): Promise<Reply> => server.call('GET', at(version, name))

describe('writes and reads', () => {
  it('stores in the storage version and answers in the asked one', async () => {
    await define()
    const reply = await create('one')
    expect([reply.code, reply.json['apiVersion'], specOf(reply)]).toEqual([201, `${group}/v2`, { host: 'h', port: '80', size: 3 }])
    expect(reply.json.metadata).toMatchObject({ name: 'one', generation: 1 })
    const calls = asked.length
    expect(specOf(await read('v1', 'one'))).toEqual({ hostPort: 'h:80', size: 3 })
    expect((await read('v2', 'one')).json).toEqual(reply.json)
    expect(asked.length).toBe(calls)
    expect(asked.map(({ desiredAPIVersion }) => desiredAPIVersion)).toEqual([`${group}/v1`, `${group}/v2`])
    expect(new Set(asked.flatMap(({ objects }) => objects.map(({ metadata }) => metadata.uid)))).toEqual(new Set([reply.json.metadata?.uid]))
  })

  it('gives a generated name once', async () => {
    await define()
    const reply = await server.call('POST', at('v2'), { body: { ...v2(''), metadata: { generateName: 'gen-' } } })
    expect(reply.code).toBe(201)
    expect(new Set(asked.flatMap(({ objects }) => objects.map(({ metadata }) => metadata.name)))).toEqual(new Set([reply.json.metadata?.name]))
  })

  it('updates and patches in any version, and leaves what is the same', async () => {
    await define()
    const first = (await create('one')).json
    const updated = await server.call('PUT', at('v2', 'one'), { body: { ...first, spec: { host: 'h', port: '81' } } })
    expect([specOf(updated), updated.json.metadata?.generation]).toEqual([{ host: 'h', port: '81', size: 3 }, 2])
    const patched = await server.call('PATCH', at('v2', 'one'), { headers: merge, body: JSON.stringify({ spec: { host: 'g' } }) })
    expect(specOf(patched)).toEqual({ host: 'g', port: '81', size: 3 })
    expect(specOf(await server.call('PATCH', at('v1', 'one'), { headers: merge, body: JSON.stringify({ spec: { size: 4 } }) }))).toEqual({ hostPort: 'g:81', size: 4 })
    const { json } = await read('v2', 'one')
    expect(specOf(await read('v2', 'one'))).toEqual({ host: 'g', port: '81', size: 4 })
    const same = await server.call('PUT', at('v2', 'one'), { body: json })
    expect(same.json.metadata?.resourceVersion).toBe(json.metadata?.resourceVersion)
    const stale = await server.call('PUT', at('v2', 'one'), { body: { ...json, metadata: { ...json.metadata, resourceVersion: '1' } } })
    expect(stale.code).toBe(409)
    const status = await server.call('PATCH', at('v2', 'one', '/status').replace('/status', '') + '/status', { headers: merge, body: JSON.stringify({ status: { ok: true } }) })
    expect(status.json['status']).toEqual({ ok: true })
  })

  it('a dry run asks, and stores nothing', async () => {
    await define()
    expect(specOf(await server.call('POST', at('v2', '', '?dryRun=All'), { body: v2('one') }))).toEqual({ host: 'h', port: '80', size: 3 })
    expect((await read('v2', 'one')).code).toBe(404)
  })

  it('owners of fields keep their own version', async () => {
    await define()
    expect((await server.call('PATCH', at('v2', 'one', '?fieldManager=m&force=false'), { headers: apply, body: JSON.stringify(v2('one')) })).code).toBe(201)
    expect((await server.call('PATCH', at('v2', 'one', '?fieldManager=m'), { headers: apply, body: JSON.stringify(v2('one', { host: 'h', port: '82' })) })).code).toBe(200)
    const refused = await server.call('PATCH', at('v2', 'one', '?fieldManager=n'), { headers: apply, body: JSON.stringify(v2('one', { host: 'g' })) })
    expect(refused.code).toBe(409)
    expect(refused.json.message).toContain(`conflict with "m": .spec.host`)
    const owners = (await read('v2', 'one')).json.metadata?.managedFields
    expect(owners).toMatchObject([{ manager: 'm', apiVersion: `${group}/v2`, fieldsV1: { 'f:spec': { 'f:host': {}, 'f:port': {} } } }])
  })

  it('owners in another version are asked what the change means there', async () => {
    await define()
    const v1 = { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name: 'one' }, spec: { hostPort: 'h:80' } }
    expect((await server.call('PATCH', at('v1', 'one', '?fieldManager=a'), { headers: apply, body: JSON.stringify(v1) })).code).toBe(201)
    const refused = await server.call('PATCH', at('v2', 'one', '?fieldManager=b'), { headers: apply, body: JSON.stringify(v2('one', { port: '81' })) })
    expect([refused.code, refused.json.message]).toEqual([409, 'Apply failed with 1 conflict: conflict with "a": .spec.hostPort'])
    const forced = await server.call('PATCH', at('v2', 'one', '?fieldManager=b&force=true'), { headers: apply, body: JSON.stringify(v2('one', { port: '81' })) })
    expect([forced.code, specOf(forced)]).toEqual([200, { host: 'h', port: '81', size: 3 }])
    expect(forced.json.metadata?.managedFields).toMatchObject([{ manager: 'b', apiVersion: `${group}/v2`, fieldsV1: { 'f:spec': { 'f:port': {} } } }])
  })

  it('a version that objects may be stored in stays until a migration is told', async () => {
    await define()
    await create('one')
    const path = `${crdPath}/${plural}.${group}`
    const merged = (body: object, under = ''): Promise<Reply> => server.call('PATCH', `${path}${under}`, { headers: merge, body: JSON.stringify(body) })
    expect((await merged({ spec: { versions: versions('v2') } })).json['status']).toMatchObject({ storedVersions: ['v1', 'v2'] })
    const [, second] = versions('v2')
    expect((await merged({ spec: { versions: [second] } })).json.message).toBe(`CustomResourceDefinition.apiextensions.k8s.io "${plural}.${group}" is invalid: status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions`)
    // Whoever migrates writes each object as it is.
    const { json } = await read('v2', 'one')
    const written = await server.call('PUT', at('v2', 'one'), { body: json })
    expect(written.json.metadata?.resourceVersion).not.toBe(json.metadata?.resourceVersion)
    expect((await server.call('PUT', at('v2', 'one'), { body: written.json })).json.metadata?.resourceVersion).toBe(written.json.metadata?.resourceVersion)
    expect((await merged({ status: { storedVersions: ['v2'] } }, '/status')).code).toBe(200)
    expect((await merged({ spec: { versions: [second] } })).code).toBe(200)
    asked = []
    expect(specOf(await read('v2', 'one'))).toEqual({ host: 'h', port: '80', size: 3 })
    expect(asked).toEqual([])
  })

  it('deletes one and many', async () => {
    await define()
    for (const name of ['one', 'two', 'three']) await create(name, { host: name, port: '1' })
    expect((await server.call('DELETE', at('v2', 'one'))).code).toBe(200)
    const gone = await server.call('DELETE', at('v2', '', '?fieldSelector=metadata.name=two'))
    expect((gone.json['items'] as AnyObject[]).map(({ spec }) => spec)).toEqual([{ host: 'two', port: '1', size: 3 }])
    expect(((await server.call('GET', at('v2'))).json['items'] as AnyObject[]).map(({ metadata }) => metadata.name)).toEqual(['three'])
  })

  it('follows the storage version, with objects of both', async () => {
    await define()
    await create('one')
    const { json: crd } = await server.call('GET', `${crdPath}/${plural}.${group}`)
    expect((await server.call('PUT', `${crdPath}/${plural}.${group}`, { body: { ...crd, spec: { ...crd['spec'] as object, versions: versions('v2') } } })).code).toBe(200)
    await create('two', { host: 'g', port: '90' })
    const specs = async (version: string) => ((await server.call('GET', at(version))).json['items'] as AnyObject[]).map(({ spec }) => spec)
    // Defaults are those of the version in which an object is stored.
    expect(await specs('v1')).toEqual([{ hostPort: 'h:80', size: 3 }, { hostPort: 'g:90' }])
    expect(await specs('v2')).toEqual([{ host: 'h', port: '80', size: 3 }, { host: 'g', port: '90' }])
  })

  it('lists with few questions, and asks about nothing twice', async () => {
    await define()
    await Promise.all(Array.from({ length: 600 }, (_, index) => server.registry.create(definition('v1'), {
      user, options: {}, namespace: 'a', object: { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name: `n${String(index).padStart(4, '0')}` }, spec: { hostPort: `h${index}:1` } } as AnyObject,
    })))
    expect(asked).toHaveLength(0)
    const list = await server.call('GET', at('v2'))
    expect((list.json['items'] as AnyObject[])[599]?.spec).toEqual({ host: 'h599', port: '1', size: 3 })
    expect(asked.map(({ objects }) => objects.length)).toEqual([500, 100])
    await server.call('GET', at('v2'))
    expect(asked).toHaveLength(2)
    expect(JSON.parse((await server.call('GET', at('v2', '', '?limit=2'))).text)).toMatchObject({ items: [{ spec: { host: 'h0' } }, { spec: { host: 'h1' } }], metadata: { remainingItemCount: 598 } })
  })
})

const user = { username: 'admin', groups: ['system:masters'] }

function definition(version: string) {
  const found = server.registry.definition(group, version, plural)
  if (!found) throw new Error(`${plural} is not served in ${version}`)
  return found
}

class Watching {
  readonly events: WatchEvent<AnyObject>[] = []
  readonly #stop = new AbortController()

  static async start(version: string, options: RequestOptions = {}): Promise<Watching> {
    const watching = new Watching()
    const response = await server.api.handle({ verb: 'watch', user, group, version, plural, namespace: 'a', options, signal: watching.#stop.signal })
    if (response.type !== 'watch') throw new Error('expected a watch')
    void (async () => {
      for await (const batch of response.events) watching.events.push(...batch)
    })()
    return watching
  }

  stop(): void {
    this.#stop.abort()
  }

  async until(count: number): Promise<string[]> {
    while (this.events.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
    return this.events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''} ${(object.spec as { port?: string } | undefined)?.port ?? ''}`.trim())
  }
}

it('admission that knows another version sees that one, and changes it', async () => {
  await define()
  const hooks = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
  expect((await server.call('POST', hooks, { body: { metadata: { name: 'equivalent' }, webhooks: [{
    name: 'equivalent.example.com', clientConfig: { url: `https://127.0.0.1:${port}/admit`, caBundle }, sideEffects: 'None', admissionReviewVersions: ['v1'], matchPolicy: 'Equivalent',
    rules: [{ operations: ['CREATE'], apiGroups: [group], apiVersions: ['v1'], resources: [plural] }],
  }] } })).code).toBe(201)
  try {
    const reply = await create('one')
    expect([reply.code, specOf(reply)]).toEqual([201, { host: 'patched', port: '99', size: 3 }])
    expect(admissions).toMatchObject([{ object: { apiVersion: `${group}/v1`, spec: { hostPort: 'h:80' } }, resource: { version: 'v1' }, requestResource: { version: 'v2' } }])
    expect(specOf(await read('v1', 'one'))).toEqual({ hostPort: 'patched:99', size: 3 })
  } finally {
    await server.call('DELETE', `${hooks}/equivalent`)
  }
})

describe('watches', () => {
  it('tell everything in order, though answers come late and out of order', async () => {
    await define()
    await server.call('POST', at('v1'), { body: { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name: 'one' }, spec: { hostPort: 'h:80' } } })
    const held: (() => void)[] = []
    const watching = await Watching.start('v2', { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true })
    expect(await watching.until(2)).toEqual(['ADDED one 80', 'BOOKMARK'])
    answer = async (request, right) => {
      await new Promise<void>((resolve) => { held.push(resolve) })
      return rightly(request, right)
    }
    const write = (port: string) => server.call('PATCH', at('v1', 'one'), { headers: merge, body: JSON.stringify({ spec: { hostPort: `h:${port}` } }) })
    for (const port of ['81', '82', '83']) await write(port)
    await server.call('DELETE', at('v1', 'one'))
    // Others are not kept waiting.
    expect((await server.call('GET', '/api/v1/namespaces/a')).code).toBe(200)
    expect(watching.events).toHaveLength(2)
    answer = rightly
    for (const release of held.reverse()) release()
    expect(await watching.until(6)).toEqual(['ADDED one 80', 'BOOKMARK', 'MODIFIED one 81', 'MODIFIED one 82', 'MODIFIED one 83', 'DELETED one 83'])
    watching.stop()
  })

  it('are asked about once, however many there are', async () => {
    await define()
    const watchings = await Promise.all([1, 2, 3].map(() => Watching.start('v2')))
    await server.call('POST', at('v1'), { body: { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name: 'one' }, spec: { hostPort: 'h:80' } } })
    for (const watching of watchings) expect(await watching.until(1)).toEqual(['ADDED one 80'])
    expect(asked).toHaveLength(1)
    for (const watching of watchings) watching.stop()
  })

  it('end with an error when an object cannot be converted', async () => {
    await define()
    const watching = await Watching.start('v2')
    answer = () => 'broken'
    await server.call('POST', at('v1'), { body: { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name: 'one' }, spec: { hostPort: 'h:80' } } })
    await watching.until(1)
    expect(watching.events).toMatchObject([{ type: 'ERROR', object: { code: 500, message: expect.stringContaining('conversion webhook for conv.example.com/v1, Kind=Conv failed: ') as string } }])
    watching.stop()
  })
})

describe('answers that are wrong', () => {
  const about = 'conversion webhook for conv.example.com/v1, Kind=Conv'
  const wrong = (change: (object: AnyObject) => unknown): typeof answer => (_request, right) => ({ convertedObjects: right.map(change) })
  const meta = (metadata: object) => wrong((object) => ({ ...object, metadata: { ...object.metadata, ...metadata } }))

  it.each<[string, typeof answer, string]>([
    ['a failure with words', () => ({ result: { status: 'Failure', message: 'no such port' } }), `${about} failed: no such port`],
    ['a failure without', () => ({ result: { status: 'Bad' } }), `${about} failed: response.result.status was 'Bad', not 'Success'`],
    ['another uid', (_request, convertedObjects) => ({ uid: 'x', convertedObjects }), `${about} failed: expected response.uid="UID", got "x"`],
    ['too few', () => ({ convertedObjects: [] }), `${about} returned 0 objects, expected 1`],
    ['an error', () => 'broken', `${about} failed: an error on the server ("went wrong") has prevented the request from succeeding`],
    ['another version', wrong((object) => ({ ...object, apiVersion: `${group}/v3` })), `${about} returned invalid object at index 0: invalid groupVersion (expected ${group}/v2, received ${group}/v3)`],
    ['another kind', wrong((object) => ({ ...object, kind: 'Other' })), `${about} returned invalid object at index 0: invalid kind (expected Conv, received Other)`],
    ['no kind', wrong(({ spec }) => ({ spec })), `Object 'Kind' is missing in '{"spec":{"size":3,"host":"h","port":"80"}}'`],
    ['no object', wrong(() => 'x'), 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
    ['another name', meta({ name: 'two' }), `${about} returned invalid object: must have the same name: one != two`],
    ['another uid of the object', meta({ uid: 'u' }), `${about} returned invalid object: must have the same UID: OBJECT != u`],
    ['no metadata', wrong(({ metadata: _metadata, ...rest }) => rest), `${about} returned invalid object: must have the same name: one != `],
    ['labels that are none', meta({ labels: 'x' }), `${about} returned invalid metadata: invalid metadata.labels of type string in converted object`],
    ['a label that is no text', meta({ labels: { a: 1 } }), `${about} returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object`],
    ['a label that is not valid', meta({ labels: { a: '-' } }), `${about} returned invalid metadata: metadata.labels: Invalid value: "-": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`],
  ])('%s', async (_title, wrongly, message) => {
    await define()
    await server.call('POST', at('v1'), { body: { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name: 'one' }, spec: { hostPort: 'h:80' } } })
    answer = wrongly
    const reply = await read('v2', 'one')
    const { metadata } = asked[0]?.objects[0] ?? {}
    expect([reply.code, reply.json.message, reply.json.reason]).toEqual([500, message.replace('UID"', `${asked[0]?.uid}"`).replace('OBJECT', metadata?.uid ?? ''), undefined])
    answer = rightly
    expect((await read('v2', 'one')).code).toBe(200)
  })

  it('labels and annotations may change, nothing else of the metadata does', async () => {
    await define()
    await server.call('POST', at('v1'), { body: { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name: 'one', labels: { a: 'b' }, finalizers: ['x.com/y'] }, spec: { hostPort: 'h:80' } } })
    answer = meta({ labels: { c: 'd' }, annotations: { 'x.com/e': 'f' }, finalizers: [], generation: 9 })
    expect((await read('v2', 'one')).json.metadata).toMatchObject({ labels: { c: 'd' }, annotations: { 'x.com/e': 'f' }, finalizers: ['x.com/y'], generation: 1 })
    await server.call('PATCH', at('v1', 'one'), { headers: merge, body: JSON.stringify({ metadata: { finalizers: null } }) })
  })

  it('refuses to store what it cannot convert', async () => {
    await define()
    answer = () => ({ result: { status: 'Failure', message: 'no' } })
    expect((await create('one')).json).toMatchObject({ code: 500, message: 'conversion webhook for conv.example.com/v2, Kind=Conv failed: no' })
    answer = rightly
    expect((await read('v1', 'one')).code).toBe(404)
  })

  it('a list says that it is one, and one bad object harms no other reader', async () => {
    await define()
    for (const name of ['one', 'two']) await server.call('POST', at('v1'), { body: { apiVersion: `${group}/v1`, kind: 'Conv', metadata: { name }, spec: { hostPort: 'h:80' } } })
    answer = (_request, right) => (right.some(({ metadata }) => metadata.name === 'two') ? { result: { status: 'Failure', message: 'not two' } } : { convertedObjects: right })
    expect((await server.call('GET', at('v2'))).json.message).toBe('conversion webhook for conv.example.com/v1, Kind=Conv failed: not two')
    const get = (name: string) => server.registry.getConverted(definition('v2'), { namespace: 'a', name })
    const [one, two] = await Promise.allSettled([get('one'), get('two')])
    expect([one.status, two.status]).toEqual(['fulfilled', 'rejected'])
  })

  it('speaks v1beta1 where that is asked for', async () => {
    await define({ reviewVersions: ['v1beta1'] })
    answer = (_request, convertedObjects) => ({ uid: 'not looked at', convertedObjects })
    expect((await create('one')).code).toBe(201)
  })

  it('names the review that it wants', async () => {
    await define({ path: '/reviews' })
    expect((await create('one')).json.message).toBe('conversion webhook for conv.example.com/v2, Kind=Conv failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got admission.k8s.io/v1, Kind=ConversionReview')
  })
})
