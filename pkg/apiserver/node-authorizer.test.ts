// What a kubelet may ask for, on a server with a few pods: what leads to its node, and why not the rest.
import type { KubeObject } from '../api/object.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { DirectClient } from '../client/direct-client.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import type { ResourceAttributes } from './authorizer.ts'
import { startServer, type TestServer } from './fixture.suite.ts'

const n1 = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }
const object = (apiVersion: string, kind: string, name: string, rest: object, namespace?: string): KubeObject =>
  ({ apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) }, ...rest })
const pod = (name: string, nodeName: string | undefined, secret: string): KubeObject => object('v1', 'Pod', name, {
  spec: {
    ...(nodeName ? { nodeName } : {}), serviceAccountName: 'default', imagePullSecrets: [{ name: `${name}-pull` }],
    containers: [{ name: 'c', image: 'x', envFrom: [{ configMapRef: { name: `${name}-env` } }], env: [{ name: 'E', valueFrom: { secretKeyRef: { name: `${name}-key`, key: 'k' } } }] }],
    volumes: [{ name: 's', secret: { secretName: secret } }, { name: 'p', persistentVolumeClaim: { claimName: `${name}-claim` } }],
  },
}, 'a')
const claim = (name: string): KubeObject => object('v1', 'PersistentVolumeClaim', name, { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'disk' } }, 'a')
const volume = (name: string, claimRef: object | undefined): KubeObject => object('v1', 'PersistentVolume', name, { spec: {
  capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...(claimRef ? { claimRef } : {}),
  csi: { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { namespace: 'a', name: `${name}-stage` }, controllerPublishSecretRef: { namespace: 'a', name: `${name}-attach` } },
} })
const slice = (name: string, nodeName: string): KubeObject => object('resource.k8s.io/v1', 'ResourceSlice', name, { spec: { driver: 'd.example.com', nodeName, pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, devices: [] } })

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await ensureObjects(server.registry, [
    claim('mine-claim'), claim('other-claim'), volume('disk', { namespace: 'a', name: 'mine-claim' }), volume('other', { namespace: 'a', name: 'other-claim' }), volume('free', undefined),
    ...['n1', 'n2'].map((nodeName) => object('storage.k8s.io/v1', 'VolumeAttachment', `of-${nodeName}`, { spec: { attacher: 'd', nodeName, source: { persistentVolumeName: 'disk' } } })),
    slice('slice-1', 'n1'), slice('slice-2', 'n2'),
    pod('mine', 'n1', 'mine-secret'), pod('other', 'n2', 'other-secret'), pod('nowhere', undefined, 'free-secret'),
  ])
})
afterAll(() => server.stop())

const groups: Readonly<Record<string, string>> = {
  leases: 'coordination.k8s.io', volumeattachments: 'storage.k8s.io', csinodes: 'storage.k8s.io', csidrivers: 'storage.k8s.io', resourceslices: 'resource.k8s.io', resourceclaims: 'resource.k8s.io', deployments: 'apps',
  tokenreviews: 'authentication.k8s.io', runtimeclasses: 'node.k8s.io', podcertificaterequests: 'certificates.k8s.io',
}
const wide = new Set(['nodes', 'persistentvolumes', 'volumeattachments', 'csinodes', 'csidrivers', 'resourceslices', 'tokenreviews', 'runtimeclasses'])

/** `verb resource[/sub] [name] [field=value]` */
function attributes(question: string, user = n1): ResourceAttributes {
  const words = question.split(' ')
  const fieldSelector = words.find((word) => word.includes('='))
  const [verb = '', what = '', name] = words.filter((word) => word !== fieldSelector)
  const [resource = '', subresource] = what.split('/')
  return { user, verb, group: groups[resource] ?? '', resource, subresource, namespace: resource === 'leases' ? 'kube-node-lease' : wide.has(resource) ? undefined : 'a', name, fieldSelector }
}

const unrelated = `no relationship found between node 'n1' and this object`
it.each<[string, true | string | undefined]>([
  ['get secrets mine-secret', true], ['watch secrets mine-key', true], ['get secrets mine-pull', true], ['get secrets other-secret', unrelated], ['get secrets free-secret', unrelated], ['list secrets', 'No Object name found'], ['delete secrets mine-secret', 'can only read resources of this type'],
  ['get secrets disk-stage', true], ['get secrets disk-attach', unrelated], ['get secrets other-stage', unrelated],
  ['get configmaps mine-env', true], ['get configmaps other-env', unrelated], ['get configmaps/status mine-env', 'cannot read subresource'],
  ['get persistentvolumeclaims mine-claim', true], ['watch persistentvolumeclaims mine-claim', true], ['get persistentvolumeclaims other-claim', unrelated], ['list persistentvolumeclaims', 'can only get individual resources of this type'],
  ['patch persistentvolumeclaims/status mine-claim', true], ['patch persistentvolumeclaims/status other-claim', unrelated], ['get persistentvolumeclaims/status mine-claim', 'can only get/update/patch this type'],
  ['get persistentvolumes disk', true], ['get persistentvolumes other', unrelated], ['get persistentvolumes free', unrelated],
  ['get volumeattachments of-n1', true], ['get volumeattachments of-n2', unrelated], ['watch volumeattachments to-come', true], ['list volumeattachments', 'can only get individual resources of this type'],
  ['get pods mine', true], ['get pods other', unrelated], ['list pods', 'can only list/watch pods with spec.nodeName field selector'], ['watch pods spec.nodeName=n1', true], ['list pods spec.nodeName=n2', 'can only list/watch pods with spec.nodeName field selector'],
  ['watch pods mine', true], ['create pods', true], ['delete pods mine', true], ['patch pods mine', undefined], ['deletecollection pods', undefined], ['patch pods/status mine', true], ['create pods/eviction mine', true], ['create pods/exec mine', undefined],
  ['get nodes n1', true], ['get nodes n2', `node 'n1' cannot read 'n2', only its own Node object`], ['list nodes', `node 'n1' cannot read all nodes, only its own Node object`], ['patch nodes/status n1', true], ['create nodes', true], ['delete nodes n1', undefined],
  ['create serviceaccounts/token default', true], ['create serviceaccounts/token admin', unrelated], ['create serviceaccounts/token', 'can only create tokens for individual service accounts'], ['get serviceaccounts default', true], ['get serviceaccounts admin', unrelated],
  ['update leases n1', true], ['update leases n2', 'can only access node lease with the same name as the requesting node'], ['create leases', true], ['list leases', 'can only get, create, update, patch, or delete a node lease'],
  ['update csinodes n1', true], ['get csinodes n2', 'can only access CSINode with the same name as the requesting node'], ['list csinodes', 'can only get, create, update, patch, or delete a CSINode'],
  ['create resourceslices', true], ['update resourceslices slice-1', true], ['update resourceslices slice-2', unrelated], ['list resourceslices', 'can only list/watch/deletecollection resourceslices with nodeName field selector'], ['deletecollection resourceslices spec.nodeName=n1', true],
  ['get resourceclaims any', unrelated], ['list services', true], ['create services', undefined], ['create events', true], ['list events', undefined], ['get endpoints e', true], ['list csidrivers', true], ['get runtimeclasses r', true], ['create tokenreviews', true], ['get deployments x', undefined], ['create podcertificaterequests', undefined],
])('%s: %s', (question, expected) => {
  const { allowed, reason } = server.api.authorizer.authorize(attributes(question))
  expect(allowed || reason).toBe(expected)
})

it('gives nothing to a node that is not in the group, and to one without a name', () => {
  expect(server.api.authorizer.authorize(attributes('watch pods spec.nodeName=n1', { ...n1, groups: ['system:authenticated'] }))).toEqual({ allowed: false })
  expect(server.api.authorizer.authorize(attributes('list services', { ...n1, username: 'system:node:' }))).toEqual({ allowed: false, reason: 'unknown node for user "system:node:"' })
})

it('follows pods as they are bound and go, claims as they are bound, and containers that are added', async () => {
  const admin = new DirectClient(server.api.handle, { username: 'admin', groups: ['system:masters'] })
  const may = (question: string): boolean => server.api.authorizer.authorize(attributes(question)).allowed
  await admin.create(pods, pod('late', undefined, 'late-secret') as Pod)
  expect(may('get secrets late-secret')).toBe(false)
  await admin.createSubresource(pods, { namespace: 'a', name: 'late' }, 'binding', { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'late', namespace: 'a' }, target: { kind: 'Node', name: 'n1' } } as unknown as KubeObject)
  expect([may('get secrets late-secret'), may('get secrets late-debug')]).toEqual([true, false])
  await admin.patch(pods, { namespace: 'a', name: 'late' }, { type: 'strategic', body: { spec: { ephemeralContainers: [{ name: 'd', image: 'x', env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 'late-debug', key: 'k' } } }] }] } } }, { subresource: 'ephemeralcontainers' })
  expect(may('get secrets late-debug')).toBe(true)
  // Two pods lead to it: one may go.
  await admin.create(pods, pod('later', 'n1', 'late-secret') as Pod)
  await admin.delete(pods, { namespace: 'a', name: 'late' }, { gracePeriodSeconds: 0 })
  expect([may('get secrets late-secret'), may('get secrets late-debug'), may('get pods late')]).toEqual([true, false, false])
  await admin.delete(pods, { namespace: 'a', name: 'later' }, { gracePeriodSeconds: 0 })
  expect([may('get secrets late-secret'), may('get secrets mine-secret')]).toEqual([false, true])
})

it('lets a mirror pod lead to itself only', async () => {
  await ensureObjects(server.registry, [object('v1', 'Pod', 'static-n1', { metadata: { name: 'static-n1', namespace: 'a', annotations: { 'kubernetes.io/config.mirror': 'x' } }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }], volumes: [{ name: 's', configMap: { name: 'static-config' } }] } }, 'a')])
  expect(server.api.authorizer.authorize(attributes('get pods static-n1')).allowed).toBe(true)
  expect(server.api.authorizer.authorize(attributes('get configmaps static-config')).allowed).toBe(false)
})

it('says that its rules are not all', async () => {
  await ensureObjects(server.registry, [
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'asking', { rules: [{ apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectrulesreviews'], verbs: ['create'] }] }),
    object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'asking', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'asking' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }] }),
    object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'broken', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'gone' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }] }),
  ])
  // Roles reach the authorizer with the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  const reviews = { group: 'authorization.k8s.io', version: 'v1', plural: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview', namespaced: false }
  const { status } = await new DirectClient(server.api.handle, n1).create(reviews, { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', metadata: {}, spec: { namespace: 'a' } } as KubeObject) as unknown as { status: object }
  expect(status).toMatchObject({ resourceRules: [{ resources: ['selfsubjectrulesreviews'] }], incomplete: true, evaluationError: '[node authorizer does not support user rule resolution, clusterrole.rbac.authorization.k8s.io "gone" not found]' })
})
