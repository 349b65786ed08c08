// Whole numbers that a double does not hold, through all of the server.
import { startServer, type Reply, type TestServer } from './fixture.suite.ts'

const long = '9007199254740993'
const other = '-9223372036854775807'
let server: TestServer
const things = '/apis/long.example.com/v1/namespaces/a/things'
const send = (method: string, path: string, body: string, type = 'application/json'): Promise<Reply> => server.call(method, path, { body, headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) } })

beforeAll(async () => {
  server = await startServer()
  const spec = {
    type: 'object',
    properties: {
      n: { type: 'integer', format: 'int64', minimum: -9007199254740993 }, any: { 'x-kubernetes-preserve-unknown-fields': true }, list: { type: 'array', items: { type: 'integer' } },
      even: { type: 'integer', multipleOf: 2 }, small: { type: 'integer', format: 'int32' }, number: { type: 'number' },
    },
    'x-kubernetes-validations': [{ rule: '!has(self.n) || self.n != 9007199254740995' }],
  }
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.long.example.com' },
    spec: {
      group: 'long.example.com', scope: 'Namespaced', names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [{
        name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        additionalPrinterColumns: [{ name: 'N', type: 'integer', jsonPath: '.spec.n' }], selectableFields: [{ jsonPath: '.spec.n' }],
      }],
    },
  }
  expect((await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: crd })).code).toBe(201)
  const created = await send('POST', things, `{"apiVersion":"long.example.com/v1","kind":"Thing","metadata":{"name":"one"},"spec":{"n":${long},"any":{"deep":[${other}]},"list":[1,${long}],"number":${long}}}`)
  expect([created.code, created.text]).toEqual([201, expect.stringContaining(`"spec":{"n":${long},"any":{"deep":[${other}]},"list":[1,${long}],"number":${long}}`)])
})
afterAll(() => server.stop())

describe('in custom resources', () => {
  test('all forms of reading show them', async () => {
    for (const path of [`${things}/one`, things, `${things}?watch=true&timeoutSeconds=1`, `${things}/one?pretty=true`]) {
      expect((await server.call('GET', path)).text.replaceAll(/\s/g, '')).toContain(`"any":{"deep":[${other}]},"list":[1,${long}]`)
    }
    expect((await server.call('GET', things, { headers: { accept: 'application/yaml' } })).text).toMatch(new RegExp(`n: ${long}\\n`))
    expect((await server.call('GET', things, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })).text).toContain(`"cells":["one",${long}]`)
    expect((await server.call('GET', `${things}?fieldSelector=spec.n%3D${long}`)).text).toContain('"name":"one"')
    expect((await server.call('GET', `${things}?fieldSelector=spec.n%3D9007199254740992`)).text).not.toContain('"name":"one"')
  })

  test('all forms of writing take them', async () => {
    const patch = async (type: string, body: string): Promise<string> => (await send('PATCH', `${things}/one?fieldManager=${type.length}&force=${type.startsWith('apply')}`.replace('&force=false', ''), body, `application/${type}`)).text
    expect(await patch('merge-patch+json', `{"spec":{"n":922337203685477580}}`)).toContain(`"n":922337203685477580`)
    expect(await patch('json-patch+json', `[{"op":"test","path":"/spec/any/deep/0","value":${other}},{"op":"replace","path":"/spec/n","value":${long}}]`)).toContain(`"n":${long}`)
    expect(await patch('apply-patch+yaml', `{apiVersion: long.example.com/v1, kind: Thing, metadata: {name: one}, spec: {"n": 9007199254740997, list: [${long}]}}`)).toContain(`"n":9007199254740997,"any":{"deep":[${other}]},"list":[${long}]`)
    expect(await patch('merge-patch+json', '{"metadata":{"labels":{"a":"b"}}}')).toContain('"n":9007199254740997')
    expect((await send('PUT', `${things}/one`, `apiVersion: long.example.com/v1\nkind: Thing\nmetadata: {name: one, resourceVersion: "${(await server.call('GET', `${things}/one`)).json.metadata?.resourceVersion ?? ''}"}\nspec: {"n": ${long}}`, 'application/yaml')).text).toContain(`"spec":{"n":${long}}`)
  })

  test('formats of numbers mean nothing', async () => {
    const { code } = await send('POST', `${things}?dryRun=All`, `{"apiVersion":"long.example.com/v1","kind":"Thing","metadata":{"name":"small"},"spec":{"small":${long}}}`)
    expect(code).toBe(201)
  })

  test.each([
    [`{"n":${other}}`, 'should be greater than or equal to -9007199254740992'],
    ['{"even":9007199254740995}', 'should be a multiple of 2'],
    ['{"n":9007199254740995}', 'failed rule'],
    [`{"list":["${long}"]}`, 'must be of type integer: "string"'],
  ])('%s is refused', async (spec, reason) => {
    const { code, json } = await send('POST', things, `{"apiVersion":"long.example.com/v1","kind":"Thing","metadata":{"name":"bad"},"spec":${spec}}`)
    expect([code, json.message]).toEqual([422, expect.stringContaining(reason)])
  })
})

test('in fields with a type of Kubernetes they are as near as a double comes, and an int64 still', async () => {
  const claim = (seconds: string): string => `{"metadata":{"name":"p${seconds.length}"},"spec":{"terminationGracePeriodSeconds":${seconds},"containers":[{"name":"c","image":"i"}]}}`
  expect((await send('POST', '/api/v1/namespaces/a/pods?dryRun=All', claim('9223372036854775807'))).text).toContain('"terminationGracePeriodSeconds":9223372036854775000,')
  expect((await send('POST', '/api/v1/namespaces/a/pods?dryRun=All', claim(long))).text).toContain('"terminationGracePeriodSeconds":9007199254740992,')
  expect((await send('POST', '/api/v1/namespaces/a/pods?dryRun=All', '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":9007199254740993}]}]}}')).json.message)
    .toContain('cannot unmarshal number 9007199254740993 into Go struct field')
})

describe('seconds without end', () => {
  const last = '9223372036854775807'
  const pods = '/api/v1/namespaces/a/pods'
  const make = async (name: string, grace = '30'): Promise<void> => {
    const { code, text } = await send('POST', pods, `{"metadata":{"name":"${name}"},"spec":{"nodeName":"n","terminationGracePeriodSeconds":${grace},"activeDeadlineSeconds":5,"containers":[{"name":"c","image":"i"}]}}`)
    expect([code, text]).toEqual([201, expect.any(String)])
  }
  /** Go's durations end after 292 years, and so does the wait. */
  const waiting = { deletionGracePeriodSeconds: 9_223_372_036, deletionTimestamp: expect.stringMatching(/^2[23]\d\d-/) }

  test.each([
    ['of the pod', last, '', ''],
    ['of the options', '30', `{"gracePeriodSeconds":${last}}`, ''],
    ['of the options, not exact', '30', `{"gracePeriodSeconds":${long}}`, ''],
    ['of the query', '30', '', `?gracePeriodSeconds=${last}`],
  ])('a grace %s', async (_which, own, options, query) => {
    await make('long', own)
    const deleted = await send('DELETE', `${pods}/long${query}`, options)
    expect([deleted.code, deleted.json.metadata]).toEqual([200, expect.objectContaining(waiting)])
    const shortened = await send('DELETE', `${pods}/long`, '{"gracePeriodSeconds":60}')
    expect(Date.parse(shortened.json.metadata?.deletionTimestamp ?? '') - Date.now()).toBeLessThan(120_000)
    expect((await send('DELETE', `${pods}/long`, '{"gracePeriodSeconds":0}')).code).toBe(200)
    expect((await server.call('GET', `${pods}/long`)).code).toBe(404)
  })

  test('a time whose zone leads out of the years that can be written', async () => {
    const lease = await send('POST', '/apis/coordination.k8s.io/v1/namespaces/a/leases', '{"metadata":{"name":"l"},"spec":{"renewTime":"9999-12-31T23:59:59.000000-12:00","acquireTime":"0000-01-01T00:00:00.000000+12:00"}}')
    expect([lease.code, lease.json.spec]).toEqual([201, { renewTime: '9999-12-31T23:59:59.999000Z', acquireTime: '0000-01-01T00:00:00.000000Z' }])
    expect((await send('PUT', '/apis/coordination.k8s.io/v1/namespaces/a/leases/l', lease.text)).code).toBe(200)
  })
})
