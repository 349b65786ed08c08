// What a kubelet of another machine may do, on a server with the role of nodes and a few pods.
import type { KubeObject } from '../api/object.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import { startServer, type TestServer } from './fixture.suite.ts'

const n1 = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }
const object = (apiVersion: string, kind: string, name: string, rest: object, namespace?: string): KubeObject =>
  ({ apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) }, ...rest })
const pod = (name: string, nodeName: string, secret: string): KubeObject => object('v1', 'Pod', name, {
  spec: {
    nodeName, containers: [{ name: 'c', image: 'x', envFrom: [{ configMapRef: { name: `${name}-env` } }], env: [{ name: 'E', valueFrom: { secretKeyRef: { name: `${name}-key`, key: 'k' } } }] }],
    volumes: [{ name: 's', secret: { secretName: secret } }, { name: 'p', persistentVolumeClaim: { claimName: `${name}-claim` } }],
  },
}, 'a')

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  const rule = (resources: string[], verbs: string[], group = '') => ({ apiGroups: [group], resources, verbs })
  await ensureObjects(server.registry, [
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:node', { rules: [
      rule(['secrets', 'configmaps'], ['get', 'list', 'watch']), rule(['persistentvolumes'], ['get']), rule(['pods'], ['get', 'list', 'watch', 'create', 'delete', 'deletecollection']),
      rule(['pods/status', 'nodes', 'nodes/status'], ['patch']), rule(['serviceaccounts/token'], ['create']), rule(['leases'], ['get', 'update'], 'coordination.k8s.io'), rule(['volumeattachments'], ['get', 'list', 'watch'], 'storage.k8s.io'),
    ] }),
    object('v1', 'PersistentVolumeClaim', 'mine-claim', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'disk' } }, 'a'),
    object('v1', 'PersistentVolume', 'disk', { spec: {
      capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { namespace: 'a', name: 'stage' }, controllerPublishSecretRef: { namespace: 'a', name: 'attach' } },
    } }),
    ...['n1', 'n2'].map((nodeName) => object('storage.k8s.io/v1', 'VolumeAttachment', `of-${nodeName}`, { spec: { attacher: 'd', nodeName, source: { persistentVolumeName: 'disk' } } })),
    pod('mine', 'n1', 'mine-secret'), pod('other', 'n2', 'other-secret'),
  ])
  // Roles reach the authorizer with the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
})
afterAll(() => server.stop())

it.each([
  ['get secrets mine-secret', true], ['get secrets mine-key', true], ['get secrets other-secret', false], ['list secrets', false],
  ['get secrets stage', true], ['get secrets attach', false],
  ['get volumeattachments of-n1', true], ['get volumeattachments of-n2', false], ['watch volumeattachments to-come', true], ['list volumeattachments', false],
  ['get configmaps mine-env', true], ['get configmaps other-env', false],
  ['get persistentvolumes disk', true], ['get persistentvolumes other', false],
  ['list pods', true], ['create pods', true], ['deletecollection pods', false], ['delete pods mine', true], ['delete pods other', false], ['patch pods/status mine', true], ['patch pods/status other', false],
  ['patch nodes/status n1', true], ['patch nodes/status n2', false], ['delete nodes n1', false],
  ['create serviceaccounts/token default', true], ['create serviceaccounts/token admin', false],
  ['update leases n1', true], ['update leases n2', false], ['get deployments x', false],
])('%s: %s', (question, allowed) => {
  const [verb = '', what = '', name] = question.split(' ')
  const [resource = '', subresource] = what.split('/')
  const group = resource === 'leases' ? 'coordination.k8s.io' : resource === 'volumeattachments' ? 'storage.k8s.io' : resource === 'deployments' ? 'apps' : ''
  const namespace = resource === 'leases' ? 'kube-node-lease' : ['nodes', 'persistentvolumes', 'volumeattachments'].includes(resource) ? undefined : 'a'
  expect(server.api.authorizer.authorize({ user: n1, verb, group, resource, subresource, namespace, name }).allowed).toBe(allowed)
})

it('gives nothing to a node that is not in the group', () => {
  expect(server.api.authorizer.authorize({ user: { ...n1, groups: ['system:authenticated'] }, verb: 'list', group: '', resource: 'pods', namespace: 'a' }).allowed).toBe(false)
})
