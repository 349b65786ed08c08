// What a kubelet of another machine may write, on a real server: its role's verbs are not enough.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import type { KubeObject } from '../api/object.ts'
import { DirectClient } from '../client/direct-client.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { leases, serviceAccounts } from '../api/types-config.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import { forbiddenLabels } from '../api/node-labels.ts'
import { startServer, type TestServer } from './fixture.suite.ts'

let server: TestServer
let n1: DirectClient
let uid = ''
beforeAll(async () => {
  server = await startServer()
  await ensureObjects(server.registry, [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'system:node' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] } as KubeObject,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-node-lease' } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'any-audience' }, rules: [{ apiGroups: [''], resources: ['granted'], resourceNames: ['default'], verbs: ['request-serviceaccounts-token-audience'] }] } as KubeObject,
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'any-audience' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'any-audience' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }] } as KubeObject,
    { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'd.example.com' }, spec: { tokenRequests: [{ audience: 'driver' }], volumeLifecycleModes: ['Persistent', 'Ephemeral'] } } as KubeObject,
    ...['n1', 'n2'].map((nodeName) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `on-${nodeName}`, namespace: 'a' }, spec: {
      nodeName, serviceAccountName: 'default', containers: [{ name: 'c', image: 'i' }], volumes: [
        { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }, { serviceAccountToken: { path: 'u', audience: 'x' } }] } }, { name: 'v', csi: { driver: 'd.example.com' } },
      ],
    } }) as KubeObject),
  ])
  await new Promise((resolve) => setImmediate(resolve))
  n1 = new DirectClient(server.api.handle, { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }, 'kubelet')
})
afterAll(() => server.stop())

const node = (name: string, labels: Record<string, string> = {}): Node => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} })
const mirror = (more: { metadata?: object; spec?: object } = {}): Pod => ({
  apiVersion: 'v1', kind: 'Pod',
  metadata: { name: 'static-n1', namespace: 'a', annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true }], ...more.metadata },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }], ...more.spec },
})

it('registers itself, with labels that are its own', async () => {
  await expect(n1.create(nodes, node('n2'))).rejects.toThrow('nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"')
  await expect(n1.create(nodes, node('n1', { 'node-role.kubernetes.io/control-plane': '', 'node-restriction.kubernetes.io/x': 'y' }))).rejects.toThrow('node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/x, node-role.kubernetes.io/control-plane')
  uid = (await n1.create(nodes, node('n1', { 'kubernetes.io/hostname': 'n1', tier: 'x' }))).metadata.uid ?? ''
  const change = (body: object) => n1.patch(nodes, { name: 'n1' }, { type: 'merge', body })
  await change({ metadata: { labels: { tier: 'y', 'node.kubernetes.io/x': 'z' } } })
  await expect(change({ metadata: { labels: { 'node-role.kubernetes.io/x': '' } } })).rejects.toThrow('is not allowed to modify labels: node-role.kubernetes.io/x')
  await expect(change({ spec: { taints: null } })).rejects.toThrow('node "n1" is not allowed to modify taints')
  await n1.patch(nodes, { name: 'n1' }, { type: 'merge', body: { status: { conditions: [{ type: 'Ready', status: 'True' }] } } }, { subresource: 'status' })
})

describe('makes pods that mirror its own only', () => {
  const cases: [string, () => Pod, string][] = [
    ['no mirror', () => mirror({ metadata: { annotations: {} } }), 'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods'],
    ['another node', () => mirror({ spec: { nodeName: 'n2' } }), 'node "n1" can only create pods with spec.nodeName set to itself'],
    ['no owner', () => mirror({ metadata: { ownerReferences: [] } }), 'node "n1" can only create pods with an owner reference set to itself'],
    ['another node of that name', () => mirror({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'old', controller: true }] } }), 'node n1 UID mismatch: expected old got '],
    ['a service account', () => mirror({ spec: { serviceAccountName: 'default' } }), 'a mirror pod may not reference service accounts'],
    ['a secret', () => mirror({ spec: { volumes: [{ name: 'v', secret: { secretName: 's' } }] } }), 'a mirror pod may not reference secrets'],
    ['a config map', () => mirror({ spec: { containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'm' } }] }] } }), 'node "n1" can not create pods that reference configmaps'],
    ['a claim', () => mirror({ spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] } }), 'node "n1" can not create pods that reference persistentvolumeclaims'],
    ['a driver', () => mirror({ spec: { volumes: [{ name: 'v', csi: { driver: 'd' } }] } }), 'node "n1" can not create pods that reference csidrivers (via CSI volumes)'],
    ['a projected secret', () => mirror({ spec: { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] } }), 'a mirror pod may not reference secrets'],
    ['a token', () => mirror({ spec: { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'p' } }] } }] } }), 'a mirror pod may not use ServiceAccountToken volume projections'],
    ['an image pull secret', () => mirror({ spec: { imagePullSecrets: [{ name: 's' }] } }), 'a mirror pod may not reference secrets'],
  ]
  test.each(cases)('%s', (_name, pod, message) => expect(n1.create(pods, pod())).rejects.toThrow(message))
  test('a mirror', async () => {
    expect((await n1.create(pods, mirror())).metadata.name).toBe('static-n1')
  })
})

it('writes the status of its pods, not their labels, and no lease but its own', async () => {
  const status = (name: string, body: object) => n1.patch(pods, { namespace: 'a', name }, { type: 'merge', body }, { subresource: 'status' })
  await status('on-n1', { status: { phase: 'Running' } })
  await expect(status('on-n1', { metadata: { labels: { a: 'b' } } })).rejects.toThrow('node "n1" cannot update labels through pod status')
  const lease = (name: string) => n1.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-node-lease' }, spec: {} })
  await lease('n1')
  await expect(lease('n2')).rejects.toThrow('can only access node lease with the same name as the requesting node')
})

it('gets tokens for pods that it runs, and what they are for', async () => {
  const ask = async (name: string, boundObjectRef?: object, audiences: string[] = []) => (await n1.createSubresource(serviceAccounts, { namespace: 'a', name: 'default' }, 'token', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { audiences, ...(boundObjectRef ? { boundObjectRef } : {}) } } as unknown as KubeObject)).metadata.name
  const pod = (name: string) => server.registry.get(server.registry.definition('', 'v1', 'pods')!, { namespace: 'a', name }).metadata.uid
  const ref = (name: string, podUid = pod(name)): object => ({ apiVersion: 'v1', kind: 'Pod', name, uid: podUid })
  for (const audiences of [[], ['x'], ['driver'], ['granted']]) expect(await ask('default', ref('on-n1'), audiences)).toBe('default')
  await expect(ask('default', ref('on-n1'), ['other'])).rejects.toThrow('serviceaccounts "default" is forbidden: audience "other" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience')
  await expect(ask('default', ref('on-n1'), ['x', 'driver'])).rejects.toThrow('node may only request 0 or 1 audiences')
  await expect(ask('default')).rejects.toThrow('serviceaccounts "default" is forbidden: node requested token not bound to a pod')
  await expect(ask('default', ref('on-n1', ''))).rejects.toThrow('node requested token with a pod binding without a uid')
  await expect(ask('default', ref('on-n1', 'other'))).rejects.toThrow('the UID in the bound object reference (other) does not match the UID in record')
  await expect(ask('default', ref('on-n2'))).rejects.toThrow('node requested token bound to a pod scheduled on a different node')
})

it('evicts and ends pods of its own only', async () => {
  const evict = (name: string) => n1.createSubresource(pods, { namespace: 'a', name }, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'a' } })
  await expect(evict('on-n2')).rejects.toThrow('pods "on-n2" is forbidden: node n1 can only evict pods with spec.nodeName set to itself')
  await expect(n1.delete(pods, { namespace: 'a', name: 'on-n2' })).rejects.toThrow('node "n1" can only delete pods with spec.nodeName set to itself')
  await expect(n1.patch(pods, { namespace: 'a', name: 'on-n2' }, { type: 'merge', body: { status: { phase: 'Failed' } } }, { subresource: 'status' })).rejects.toThrow('node "n1" can only update pod status for pods with spec.nodeName set to itself')
  await evict('on-n1')
})

async function requestFor(commonName: string): Promise<string> {
  const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
  return Buffer.from((await Pkcs10CertificateRequestGenerator.create({ name: `CN=${commonName}`, keys, signingAlgorithm: signing })).toString('pem')).toString('base64')
}

it('asks for a certificate in its own name only', async () => {
  const requests = { group: 'certificates.k8s.io', version: 'v1', plural: 'certificatesigningrequests', kind: 'CertificateSigningRequest', namespaced: false }
  const ask = async (name: string, commonName: string, signerName: string): Promise<unknown> => n1.create(requests, { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec: { signerName, request: await requestFor(commonName), usages: ['client auth'] } } as KubeObject)
  await ask('own', 'system:node:n1', 'kubernetes.io/kube-apiserver-client-kubelet')
  await ask('any', 'whoever', 'kubernetes.io/kube-apiserver-client')
  await expect(ask('other', 'system:node:n2', 'kubernetes.io/kube-apiserver-client-kubelet')).rejects.toThrow('can only create a node CSR with CN=system:node:n1')
  await expect(ask('serving', 'n1', 'kubernetes.io/kubelet-serving')).rejects.toThrow('can only create a node CSR with CN=system:node:n1')
})

test.each<[Record<string, string>, Record<string, string>, string[]]>([
  [{ a: 'b', 'x.io/y': 'z' }, {}, []],
  [{ 'kubernetes.io/os': 'linux', 'x.node.kubernetes.io/y': '', 'kubelet.kubernetes.io/y': '' }, {}, []],
  [{ 'k8s.io/x': '', 'sub.k8s.io/x': '', 'notk8s.io/x': '' }, {}, ['k8s.io/x', 'sub.k8s.io/x']],
  [{}, { 'node-role.kubernetes.io/x': '' }, ['node-role.kubernetes.io/x']],
  [{ 'node-role.kubernetes.io/x': '' }, { 'node-role.kubernetes.io/x': '' }, []],
])('%j after %j', (labels, before, forbidden) => expect(forbiddenLabels(labels, before)).toEqual(forbidden))
