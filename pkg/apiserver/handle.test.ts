// The core pipeline, called as the in-process door calls it.
import type { KubeObject } from '../api/object.ts'
import type { ApiRequest, ApiResponse } from '../api/request.ts'
import { StatusError } from '../api/status-error.ts'
import { startServer, type TestServer } from './fixture.suite.ts'

const root = { username: 'root', groups: ['system:masters'] }
const nobody = { username: 'jane<b>', groups: ['system:authenticated'] }

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

type Asked = Partial<ApiRequest> & Pick<ApiRequest, 'verb' | 'plural'>
const ask = (asked: Asked): Promise<ApiResponse> => server.api.handle({ user: root, group: '', version: 'v1', options: {}, ...asked })
const failure = async (asked: Asked): Promise<[number, string]> => {
  try {
    await ask(asked)
  } catch (error) {
    if (error instanceof StatusError) return [error.code, error.message]
    throw error
  }
  throw new Error('it did not fail')
}
const objectOf = (response: ApiResponse): KubeObject => {
  if (response.type !== 'object') throw new Error(`expected an object, found ${response.type}`)
  return response.object
}

it('gives the same frozen object to all who ask', async () => {
  await ask({ verb: 'create', plural: 'configmaps', namespace: 'a', object: { metadata: { name: 'same' } } })
  const [one, two] = await Promise.all([1, 2].map(() => ask({ verb: 'get', plural: 'configmaps', namespace: 'a', name: 'same' })))
  expect(objectOf(one!)).toBe(objectOf(two!))
  expect(Object.isFrozen(objectOf(one!).metadata)).toBe(true)
})

it.each<[string, Asked, number, string]>([
  ['in a namespace', { verb: 'list', plural: 'pods', namespace: 'a' }, 403, 'pods is forbidden: User "jane&lt;b&gt;" cannot list resource "pods" in API group "" in the namespace "a"'],
  ['of the cluster', { verb: 'get', plural: 'nodes', name: 'n' }, 403, 'nodes "n" is forbidden: User "jane&lt;b&gt;" cannot get resource "nodes" in API group "" at the cluster scope'],
  ['a subresource', { verb: 'update', group: 'apps', plural: 'deployments', namespace: 'a', name: 'd', subresource: 'scale' }, 403, 'deployments.apps "d" is forbidden: User "jane&lt;b&gt;" cannot update resource "deployments/scale" in API group "apps" in the namespace "a"'],
  ['a namespace', { verb: 'get', plural: 'namespaces', name: 'a' }, 403, 'namespaces "a" is forbidden: User "jane&lt;b&gt;" cannot get resource "namespaces" in API group "" in the namespace "a"'],
])('refuses %s in Kubernetes\' words', async (_, asked, code, message) => {
  expect(await failure({ user: nobody, ...asked })).toEqual([code, message])
})

const noMethod = 'the server does not allow this method on the requested resource'
const noPath = 'the server could not find the requested resource'
it.each<[string, Asked, number, string]>([
  ['a kind that is not served', { verb: 'list', plural: 'things' }, 404, noPath],
  ['a subresource that is not there', { verb: 'get', plural: 'configmaps', namespace: 'a', name: 'x', subresource: 'scale' }, 404, noPath],
  ['an object without its namespace', { verb: 'get', plural: 'pods', name: 'x' }, 404, noPath],
  ['a cluster kind in a namespace', { verb: 'get', plural: 'nodes', namespace: 'a', name: 'x' }, 404, noPath],
  ['a create at a name', { verb: 'create', plural: 'configmaps', namespace: 'a', name: 'x', object: { metadata: {} } }, 405, noMethod],
  ['an update of a collection', { verb: 'update', plural: 'configmaps', namespace: 'a', object: { metadata: {} } }, 405, noMethod],
  ['deletion over all namespaces', { verb: 'deletecollection', plural: 'configmaps' }, 405, noMethod],
  ['a verb that the kind lacks', { verb: 'list', plural: 'bindings', namespace: 'a' }, 405, noMethod],
  ['apply without a manager', { verb: 'patch', plural: 'configmaps', namespace: 'a', name: 'x', patch: { type: 'apply', body: {} } }, 422, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'],
  ['force without apply', { verb: 'patch', plural: 'configmaps', namespace: 'a', name: 'x', patch: { type: 'merge', body: {} }, options: { force: true } }, 422, 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch'],
  ['managers and validations of no kind', { verb: 'create', plural: 'configmaps', namespace: 'a', object: { metadata: { name: 'x' } }, options: { fieldManager: 'a\nb', fieldValidation: 'No' as never, dryRun: ['Some'] } }, 422,
    'CreateOptions.meta.k8s.io "" is invalid: [fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1), dryRun: Unsupported value: ["Some"]: supported values: "All", fieldValidation: Unsupported value: "No": supported values: "", "Ignore", "Strict", "Warn"]'],
  ['two ways of deletion', { verb: 'delete', plural: 'configmaps', namespace: 'a', name: 'x', options: { delete: { propagationPolicy: 'Sideways' as never, orphanDependents: true } } }, 422,
    'DeleteOptions.meta.k8s.io "" is invalid: [propagationPolicy: Invalid value: "Sideways": orphanDependents and deletionPropagation cannot be both set, propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"]'],
  ['a review without a question', { verb: 'create', group: 'authorization.k8s.io', plural: 'selfsubjectaccessreviews', object: { metadata: {} } }, 422, expect.stringContaining('exactly one of') as unknown as string],
])('refuses %s', async (_, asked, code, message) => {
  expect(await failure(asked)).toEqual([code, message])
})

it.each<[string, object, string | undefined]>([
  ['fields that are understood', { fieldSelector: { requirements: [{ key: 'a', operator: 'In', values: ['b'] }] } }, undefined],
  ['some fields', { fieldSelector: { requirements: [{ key: 'a', operator: 'In', values: ['b'] }, { key: 'a', operator: 'Exists' }] } }, 'spec.resourceAttributes.fieldSelector partially ignored due to parse error'],
  ['no fields, and labels of newer clients', { fieldSelector: { rawSelector: 'a~b' }, labelSelector: { requirements: [{ key: 'a', operator: 'Like', values: ['b'] }] } },
    'spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector ignored due to parse error'],
  ['a text about labels', { labelSelector: { rawSelector: 'a in (' } }, 'spec.resourceAttributes.labelSelector ignored due to parse error'],
])('a review tells which selectors it has ignored: %s', async (_name, selectors, evaluationError) => {
  const spec = { resourceAttributes: { verb: 'list', resource: 'pods', ...selectors } }
  const reviewed = objectOf(await ask({ verb: 'create', group: 'authorization.k8s.io', plural: 'selfsubjectaccessreviews', object: { metadata: {}, spec } as KubeObject }))
  expect((reviewed as KubeObject & { status: { evaluationError?: string } }).status.evaluationError).toBe(evaluationError)
})

it('an apply that would create needs the right to create', async () => {
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }]
  const rbac = { group: 'rbac.authorization.k8s.io', namespace: 'a' } as const
  await ask({ ...rbac, verb: 'create', plural: 'roles', object: { metadata: { name: 'patcher' }, rules } as KubeObject })
  await ask({ ...rbac, verb: 'create', plural: 'rolebindings', object: { metadata: { name: 'patcher' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'patcher' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'pat' }] } as KubeObject })
  const apply = { user: { username: 'pat', groups: [] }, verb: 'patch', plural: 'configmaps', namespace: 'a', name: 'applied', options: { fieldManager: 'm' }, patch: { type: 'apply', body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { x: 'y' } } } } as const
  expect(await failure(apply)).toEqual([403, 'configmaps "applied" is forbidden: User "pat" cannot create resource "configmaps" in API group "" in the namespace "a"'])
  expect(await ask({ ...apply, user: root })).toMatchObject({ code: 201 })
  expect(await ask(apply)).toMatchObject({ code: 200 })
})

it('binds a pod once and evicts it', async () => {
  await ask({ verb: 'create', plural: 'pods', namespace: 'a', object: { metadata: { name: 'bound' }, spec: { containers: [{ name: 'c', image: 'x' }] } } as KubeObject })
  const binding = { verb: 'create', plural: 'pods', namespace: 'a', name: 'bound', subresource: 'binding', object: { metadata: { name: 'bound' }, target: { kind: 'Node', name: 'n1' } } as KubeObject } as const
  expect(await ask(binding)).toMatchObject({ type: 'status', code: 201, status: { status: 'Success' } })
  expect(objectOf(await ask({ verb: 'get', plural: 'pods', namespace: 'a', name: 'bound' }))).toMatchObject({ spec: { nodeName: 'n1' }, status: { conditions: [{ type: 'PodScheduled', status: 'True' }] } })
  expect(await failure(binding)).toEqual([409, expect.stringContaining('pod bound is already assigned to node "n1"')])
  const evict = (deleteOptions: object) => ask({ verb: 'create', plural: 'pods', namespace: 'a', name: 'bound', subresource: 'eviction', object: { metadata: { name: 'bound' }, deleteOptions } as KubeObject })
  expect(await evict({ gracePeriodSeconds: 0, dryRun: ['All'] })).toMatchObject({ code: 201 })
  expect(objectOf(await ask({ verb: 'get', plural: 'pods', namespace: 'a', name: 'bound' })).metadata.deletionTimestamp).toBeUndefined()
  expect(await evict({ gracePeriodSeconds: 0 })).toMatchObject({ code: 201 })
  expect(await failure({ verb: 'get', plural: 'pods', namespace: 'a', name: 'bound' })).toEqual([404, 'pods "bound" not found'])
})

it('hands a watch on, until its signal', async () => {
  const controller = new AbortController()
  const response = await ask({ verb: 'watch', plural: 'configmaps', namespace: 'a', signal: controller.signal, options: { resourceVersion: '0' } })
  if (response.type !== 'watch') throw new Error('no watch')
  const types: string[] = []
  for await (const batch of response.events) {
    types.push(...batch.map(({ type }) => type))
    controller.abort()
  }
  expect(types).toContain('ADDED')
})
