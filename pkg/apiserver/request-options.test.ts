// Parameters of requests: each verb looks at its own, and what can't be read is refused.
import { startServer, type TestServer } from './fixture.suite.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const configMaps = '/api/v1/namespaces/a/configmaps'
const merge = { 'content-type': 'application/merge-patch+json' }

async function made(name: string, metadata: object = {}): Promise<void> {
  expect((await server.call('POST', configMaps, { body: { metadata: { name, ...metadata } } })).code).toBe(201)
}

const notNumber = 'strconv.ParseInt: parsing "": invalid syntax'

it.each([
  ['GET', `${configMaps}?limit=`, 400, notNumber],
  ['GET', `${configMaps}?timeoutSeconds=`, 400, notNumber],
  ['DELETE', `${configMaps}/x?gracePeriodSeconds=`, 400, notNumber],
  ['DELETE', `${configMaps}/x?propagationPolicy=`, 422, 'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "": supported values: "Foreground", "Background", "Orphan", "nil"'],
  ['DELETE', `${configMaps}/x?dryRun=`, 422, 'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"'],
  ['POST', `${configMaps}?dryRun=`, 422, 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"'],
  ['PATCH', `${configMaps}/x?force=`, 422, 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch'],
  ['GET', '/api/v1/watch/namespaces/a/configmaps/x?fieldSelector=metadata.name%3Dy', 400, 'fieldSelector metadata.name doesn\'t match requested name'],
])('%s %s: %d', async (method, path, code, message) => {
  const body = method === 'POST' || method === 'PATCH' ? { metadata: { name: 'x' } } : undefined
  expect((await server.call(method, path, { headers: method === 'PATCH' ? merge : {}, ...(body ? { body } : {}) })).json).toMatchObject({ code, message })
})

it.each([
  ['GET', '/api/v1/namespaces/a?limit=x&labelSelector=!&watch=1&dryRun=x', 200], ['GET', `${configMaps}?dryRun=x&gracePeriodSeconds=x&nobody=knows`, 200], ['POST', `${configMaps}?limit=x&force=1&continue=x`, 201],
])('what is none of the verb\'s is passed over: %s %s', async (method, path, code) => {
  expect((await server.call(method, path, method === 'POST' ? { body: { metadata: { generateName: 'x-' } } } : {})).code).toBe(code)
})

it.each(['POST', 'PUT', 'DELETE'])('a path to watch is not for %s', async (method) => {
  expect((await server.call(method, '/api/v1/watch/namespaces/a/configmaps', method === 'DELETE' ? {} : { body: { metadata: { name: 'watched' } } })).code).toBe(405)
  expect((await server.call('GET', `${configMaps}/watched`)).code).toBe(404)
})

it('a DELETE without a body is told its preconditions in the query', async () => {
  await made('kept')
  for (const [query, what] of [['uid=x', 'UID'], ['resourceVersion=1', 'ResourceVersion']]) {
    expect((await server.call('DELETE', `${configMaps}/kept?${query}`)).json).toMatchObject({
      code: 409, reason: 'Conflict', details: { name: 'kept', kind: 'ConfigMap' }, message: expect.stringContaining(`Operation cannot be fulfilled on ConfigMap "kept": the ${what} in the precondition`),
    })
  }
  expect((await server.call('DELETE', '/api/v1/namespaces/a?uid=x')).json.message).toMatch(/^Operation cannot be fulfilled on namespaces "a": Precondition failed: UID in precondition: x, UID in object meta: /)
})

it('202 says that what was not to be orphaned is still there', async () => {
  await made('held', { finalizers: ['example.com/hold'] })
  const remove = async (query: string): Promise<number> => (await server.call('DELETE', `${configMaps}/held${query}`)).code
  expect([await remove('?orphanDependents=false'), await remove('?propagationPolicy=Foreground'), await remove('')]).toEqual([202, 200, 200])
  await made('free')
  expect((await server.call('DELETE', `${configMaps}/free?orphanDependents=false`)).code).toBe(200)
})

it('a path with a broken escape is no request', async () => {
  const { code, text, headers } = await server.call('GET', '/api/v1/%zz')
  expect([code, text, headers['content-type']]).toEqual([400, '400 Bad Request', 'text/plain; charset=utf-8'])
})
