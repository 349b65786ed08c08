// Requests that no client library makes: the answer is an answer, and the connection stays in step.
import { connect } from 'node:tls'
import { admin, startServer, type TestServer } from './fixture.suite.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** Everything the server says until it closes the connection. */
const said = (head: string, ...headers: string[]): Promise<string> => saidTo('admin', head, ...headers)

function saidTo(who: 'admin' | 'nobody', head: string, ...headers: string[]): Promise<string> {
  const credentials = who === 'admin' ? { cert: admin.certificate, key: admin.key } : {}
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...credentials }, () => {
      socket.write([head, 'Host: x', ...headers, '', ''].join('\r\n'))
    })
    socket.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk)).on('error', reject).on('close', () => resolve(text))
  })
}

const webSocket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']

it('an upgrade that nobody knows is passed over', async () => {
  const text = await said('GET /api/v1/namespaces/a HTTP/1.1', 'Connection: Upgrade, close', 'Upgrade: h2c')
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(text).toContain('"name":"a"')
})

it('an upgrade is not served where there is none', async () => {
  expect(await said('GET /api/v1/namespaces/a HTTP/1.1', ...webSocket, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')).toContain('upgrade is not supported here')
  expect(await said('HEAD /api/v1/namespaces/a HTTP/1.1', ...webSocket)).toMatch(/^HTTP\/1\.1 400 [^{]*\r\n\r\n$/)
})

it('a WebSocket without a key is a failure like any other', async () => {
  const text = await said('GET /api/v1/namespaces/a/configmaps?watch=1 HTTP/1.1', ...webSocket, 'Sec-WebSocket-Key: x')
  expect(text).toMatch(/^HTTP\/1\.1 400 [^]*"message":"Missing or invalid Sec-WebSocket-Key header"/)
  expect(server.logged).toEqual([])
})

it.each(['TRACE', 'TRACK'])('%s is not allowed', async (method) => {
  expect(await said(`${method} /version HTTP/1.1`, 'Connection: close')).toMatch(/^HTTP\/1\.1 (405|400) /)
  expect(server.logged).toEqual([])
})

it.each(['__proto__', 'constructor', 'nope'])('there is no health check %s', async (name) => {
  expect((await server.call('GET', `/livez/${name}`)).code).toBe(404)
})

it('warns of no more than clients take in a header', async () => {
  const fields = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`${'x'.repeat(300)}${index}`, 1]))
  const { code, headers } = await server.call('POST', '/api/v1/namespaces/a/configmaps', { body: { metadata: { name: 'warned' }, ...fields } })
  expect(code).toBe(201)
  expect(String(headers['warning']).match(/299 - "unknown field/g)).toHaveLength(16)
})

it.each(['__proto__', 'constructor', 'toString'])('%s is no name of ours', async (name) => {
  const codes = [
    await server.call('GET', `/api/v1/pods?fieldSelector=${name}%3Dx`), await server.call('GET', `/apis/${name}/v1/pods`), await server.call('GET', `/openapi/v3/${name}`),
    await server.call('POST', '/api/v1/namespaces/a/secrets?dryRun=All', { body: { metadata: { name: 'odd' }, type: name } }),
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { body: { spec: { boundObjectRef: { kind: name, apiVersion: 'v1', name: 'x' } } } }),
  ].map(({ code }) => code)
  expect(codes).toEqual([400, 404, 404, 201, 400])
  expect(server.logged).toEqual([])
})

describe('what is authorized is what is answered', () => {
  it.each(['/healthz/../metrics', '/livez/%2e%2e/metrics', '/healthz/..%2fmetrics', '/healthz/./../debug/flags/v', '/version/../metrics', '/readyz/ping/../../metrics'])('nobody gets more by %s', async (path) => {
    const text = await said(`GET ${path} HTTP/1.1`, 'Connection: close')
    expect(text).toMatch(/^HTTP\/1\.1 404 /)
    expect((await server.call('GET', '/healthz/ping', { as: 'nobody' })).code).toBe(403)
    expect((await server.call('GET', '/healthz', { as: 'nobody' })).text).toBe('ok')
    expect(await saidTo('nobody', `GET ${path} HTTP/1.1`, 'Connection: close')).toMatch(/^HTTP\/1\.1 40[34] /)
  })

  it.each([
    ['//version', 404], ['/metrics/', 404], ['/healthz/', 404], ['/livez/ping/', 404], ['/openapi/v2/', 404], ['//api/v1/pods', 404], ['/api/v1//pods', 404],
    ['/api/v1/namespaces//a', 404], ['/api/v1/namespaces/a/pods/p/log/more', 404], ['/api/v1/namespaces/a/configmaps/x/y/z/w', 404],
    ['/version/', 200], ['/api/', 200], ['/apis/apps/', 200], ['/api/v1/pods/', 200], ['/api/v1/namespaces/a/', 200], ['/index.html', 200], ['/api/v1/namespaces/%61', 200],
    ['http://example.com/version', 200], ['https://x:1/api/v1/namespaces/a?pretty=1', 200], ['http://example.com', 200],
  ])('%s: %d', async (path, code) => {
    expect(await said(`GET ${path} HTTP/1.1`, 'Connection: close')).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `))
  })
})

describe('the metadata of one is not that of a list', () => {
  const as = (kind: string): { headers: Record<string, string> } => ({ headers: { accept: `application/json;as=${kind};g=meta.k8s.io;v=v1` } })

  it.each([
    ['/api/v1/namespaces', 'PartialObjectMetadata', 'you requested PartialObjectMetadata, but the requested object is a list (*core.NamespaceList)'],
    ['/api/v1/namespaces/a', 'PartialObjectMetadataList', 'you requested PartialObjectMetadataList, but the requested object is not a list (*core.Namespace)'],
    ['/apis/apps/v1/deployments', 'PartialObjectMetadata', 'you requested PartialObjectMetadata, but the requested object is a list (*apps.DeploymentList)'],
  ])('%s as %s', async (path, kind, message) => {
    expect((await server.call('GET', path, as(kind))).json).toMatchObject({ code: 406, reason: 'NotAcceptable', message })
  })

  it('is given where it fits', async () => {
    expect((await server.call('GET', '/api/v1/namespaces', as('PartialObjectMetadataList'))).json).toMatchObject({ kind: 'PartialObjectMetadataList' })
    expect((await server.call('GET', '/api/v1/namespaces/a', as('PartialObjectMetadata'))).json).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } })
  })
})
