// Requests for custom resources that Kubernetes refuses, in its words.
import { startServer, type Reply, type TestServer } from './fixture.suite.ts'

let server: TestServer

const crd = (plural: string, kind: string, scope: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.x.io` },
  spec: { group: 'x.io', names: { plural, kind }, scope, versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }] },
})

const widgets = '/apis/x.io/v1/namespaces/a/widgets'
const widget = (name: string): object => ({ apiVersion: 'x.io/v1', kind: 'Widget', metadata: { name } })
const merge = { 'content-type': 'application/merge-patch+json' }

beforeAll(async () => {
  server = await startServer()
  for (const body of [crd('widgets', 'Widget', 'Namespaced'), crd('globals', 'Global', 'Cluster')]) await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body })
  expect((await server.call('POST', widgets, { body: widget('w') })).code).toBe(201)
})
afterAll(() => server.stop())

const of = ({ code, json: { reason, message } }: Reply): unknown => [code, reason, message]

it.each([
  [{ metadata: { name: 'n' } }, '', 'the object provided is unrecognized (must be of type Widget): Object \'Kind\' is missing in \'{"metadata":{"name":"n"}}\' ({"metadata":{"name":"n"}})'],
  [{ apiVersion: 'x.io/v1' }, '?fieldValidation=Ignore', 'Widget in version "v1" cannot be handled as a Widget: Object \'Kind\' is missing in \'{"apiVersion":"x.io/v1"}\''],
  [{ kind: 'Widget', metadata: { name: 'n' } }, '', 'the API version in the data () does not match the expected API version (x.io/v1)'],
  [{ kind: 'Widget', apiVersion: 'x.io/v2' }, '', 'the API version in the data (x.io/v2) does not match the expected API version (x.io/v1)'],
])('a body says what it is: %j', async (body, query, message) => {
  expect(of(await server.call('POST', `${widgets}${query}`, { body }))).toEqual([400, 'BadRequest', message])
  expect(of(await server.call('PUT', `${widgets}/w${query}`, { body }))).toEqual([400, 'BadRequest', message])
})

it.each([
  [{ kind: 'Other' }, 'Other.x.io "w" is invalid: kind: Invalid value: "Other": must be Widget'],
  [{ apiVersion: 'y.io/v1' }, 'Widget.y.io "w" is invalid: apiVersion: Invalid value: "y.io/v1": must be x.io/v1'],
  [{ kind: null }, /^ "" is invalid: patch: Invalid value: .*: Object 'Kind' is missing in '\{/],
])('a patch leaves it what it is: %j', async (body, message) => {
  const { code, json } = await server.call('PATCH', `${widgets}/w`, { body, headers: merge })
  expect([code, json.message]).toEqual([422, typeof message === 'string' ? message : expect.stringMatching(message)])
})

it.each([
  ['GET', `${widgets}/w/scale`, 404, 'widgets.x.io "w" not found'],
  ['PUT', `${widgets}/w/nope`, 404, 'widgets.x.io "w" not found'],
  ['POST', `${widgets}/w/status`, 405, 'create is not supported on resources of kind "widgets.x.io"'],
  ['DELETE', `${widgets}/w/status`, 405, 'delete is not supported on resources of kind "widgets.x.io"'],
  ['OPTIONS', widgets, 405, ' is not supported on resources of kind "widgets.x.io"'],
  ['PUT', widgets, 400, 'name must be provided'],
  ['PATCH', widgets, 400, 'name must be provided'],
])('%s %s: %d', async (method, path, code, message) => {
  expect((await server.call(method, path, { headers: merge })).json).toMatchObject({ code, message })
})

it.each([
  ['GET', '/apis/x.io/v1/widgets/w'], ['POST', '/apis/x.io/v1/widgets'], ['DELETE', '/apis/x.io/v1/widgets'], ['GET', '/apis/x.io/v1/namespaces/a/globals'], ['POST', '/apis/x.io/v1/namespaces/a/globals'],
])('nothing is at another scope: %s %s', async (method, path) => {
  const { code, text } = await server.call(method, path)
  expect([code, text]).toEqual([404, '404 page not found\n'])
})

it('nothing is created while the definition goes', async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.x.io'
  await server.call('PATCH', path, { body: { metadata: { finalizers: ['x.io/hold'] } }, headers: merge })
  await server.call('DELETE', path)
  expect(of(await server.call('POST', widgets, { body: widget('late') }))).toEqual([403, 'Forbidden', 'widgets.x.io "late" is forbidden: create not allowed while custom resource definition is terminating'])
})
