// Bodies that don't fit what stands, or are not what they are sent as: refused in kube-apiserver's words.
import { startServer, type TestServer } from './fixture.suite.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  expect((await server.call('POST', configMaps, { body: { metadata: { name: 'x' } } })).code).toBe(201)
})
afterAll(() => server.stop())

const configMaps = '/api/v1/namespaces/a/configmaps'
const leases = '/apis/coordination.k8s.io/v1/namespaces/a/leases'
const merge = { 'content-type': 'application/merge-patch+json' }
const yaml = { 'content-type': 'application/yaml' }
const apply = { 'content-type': 'application/apply-patch+yaml' }
const manager = '?fieldManager=f'
const applied = (rest: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...rest })

it.each<[string, string, Record<string, string>, unknown, number, unknown]>([
  ['PUT', `${configMaps}/x`, {}, { metadata: { name: 'x', uid: 'u' } }, 409, expect.stringMatching(/^Operation cannot be fulfilled on configmaps "x": StorageError: invalid object, Code: 4, Key: \/registry\/configmaps\/a\/x, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: [-0-9a-f]{36}$/)],
  ['PUT', `${leases}/none`, {}, { metadata: { name: 'none', uid: 'u', resourceVersion: '1' } }, 409, expect.stringMatching(/UID in precondition: u, UID in object meta: $/)],
  ['PUT', `${configMaps}/x`, {}, { metadata: { name: 'x', resourceVersion: '5x' } }, 500, 'strconv.ParseUint: parsing "5x": invalid syntax'],
  ['PATCH', `${configMaps}/x`, merge, { metadata: null }, 400, 'the name of the object (x based on URL) was undeterminable: name must be provided'],
  ['PATCH', `${configMaps}/x`, merge, { kind: 'Secret' }, 422, expect.stringMatching(/^ "" is invalid: patch: Invalid value: .*: converting \(v1\.Secret\) to \(core\.ConfigMap\): unknown conversion$/)],
  ['PATCH', `${configMaps}/none${manager}`, apply, applied({ metadata: { uid: 'u' } }), 409, 'Operation cannot be fulfilled on configmaps "none": uid mismatch: the provided object specified uid u, and no existing object was found'],
  ['PATCH', `${configMaps}/x${manager}`, apply, 'a: [', 400, expect.stringMatching(/^error decoding YAML: error converting YAML to JSON: yaml: line 1: /)],
  ['PATCH', `${configMaps}/x${manager}`, apply, '[]', 400, 'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['PATCH', `${configMaps}/x${manager}&fieldValidation=Strict`, apply, 'a: 1\na: 2', 400, 'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key "a" already set in map'],
])('%s %s %j %j: %d', async (method, path, headers, body, code, message) => {
  expect((await server.call(method, path, { headers, body })).json).toMatchObject({ code, message })
  expect(server.logged).toEqual([])
})

it('a strategic patch leaves the kind as it is', async () => {
  const { code, json } = await server.call('PATCH', `${configMaps}/x`, { headers: { 'content-type': 'application/strategic-merge-patch+json' }, body: { kind: 'Other' } })
  expect([code, json.kind]).toEqual([200, 'ConfigMap'])
})

it('of several documents the first counts; what stands twice is told line by line', async () => {
  const { code, json, headers } = await server.call('POST', configMaps, { headers: yaml, body: 'data: {}\nmetadata: {name: first}\ndata: {}\ndata: {}\n---\nmetadata: {name: second}\n' })
  expect([code, json.metadata?.name]).toEqual([201, 'first'])
  expect(headers['warning']).toBe('299 - "line 3: key \\"data\\" already set in map", 299 - "line 4: key \\"data\\" already set in map"')
})

it('a version does not keep an apply from making the object', async () => {
  expect((await server.call('PATCH', `${configMaps}/versioned${manager}`, { headers: apply, body: applied({ metadata: { resourceVersion: '1' } }) })).code).toBe(201)
})

it.each([['policy/v1beta1', 201], ['policy/v1', 201], ['apps/v1', 400]])('evictions of %s: %d', async (apiVersion, code) => {
  const pods = '/api/v1/namespaces/a/pods'
  const name = apiVersion.replace('/', '-')
  expect((await server.call('POST', pods, { body: { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } } })).code).toBe(201)
  expect((await server.call('POST', `${pods}/${name}/eviction`, { body: { apiVersion, kind: 'Eviction', metadata: { name } } })).code).toBe(code)
  expect((await server.call('GET', `${pods}/${name}`)).code).toBe(code === 201 ? 404 : 200)
})

it.each([['application/json; charset=utf-8', 201], ['application/json;charset="utf-8"; x=y;', 201], ['application/json; charset', 415], [';;;', 415], ['application/json, text/plain', 415]])('a body of %s: %d', async (type, code) => {
  expect((await server.call('POST', `${configMaps}?dryRun=All`, { headers: { 'content-type': type }, body: JSON.stringify({ metadata: { name: 'typed' } }) })).code).toBe(code)
})

it('a name that is taken, by what goes, and where one was to be made', async () => {
  const metadata = { name: 'going', finalizers: ['example.com/hold'] }
  const create = async (more = {}): Promise<unknown> => (await server.call('POST', configMaps, { body: { metadata: { ...metadata, ...more } } })).json
  await create()
  expect(await create()).toMatchObject({ code: 409, reason: 'AlreadyExists', message: 'configmaps "going" already exists', details: { name: 'going', kind: 'configmaps' } })
  expect(await create({ generateName: 'go' })).toMatchObject({ message: 'configmaps "going" already exists, the server was not able to generate a unique name for the object', details: { retryAfterSeconds: 1 } })
  await server.call('DELETE', `${configMaps}/going`)
  expect(await create()).toMatchObject({ code: 409, reason: 'AlreadyExists', message: 'object is being deleted: configmaps "going" already exists' })
})
