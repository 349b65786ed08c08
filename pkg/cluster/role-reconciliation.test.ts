// What becomes of a role or binding that is not as a new cluster would have it.
import type { KubeObject } from '../api/object.ts'
import { reconciled } from './role-reconciliation.ts'

const annotation = 'rbac.authorization.kubernetes.io/autoupdate'
const metadata = { name: 'x', annotations: { [annotation]: 'true' }, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }
const role = (rules: object[], more: object = {}): KubeObject => ({ kind: 'ClusterRole', metadata: { ...metadata, ...more }, rules } as KubeObject)
const pods = (...verbs: string[]): object => ({ apiGroups: [''], resources: ['pods'], verbs })
const binding = (name: string, ...subjects: string[]): KubeObject =>
  ({ kind: 'ClusterRoleBinding', metadata, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: subjects.map((subject) => ({ kind: 'User', name: subject })) }) as KubeObject

test('as wanted: nothing', () => {
  expect(reconciled(role([pods('get')]), role([pods('get')]))).toBeUndefined()
  expect(reconciled(role([pods('get')]), role([pods('get', 'list')]))).toBeUndefined()
  expect(reconciled(binding('x', 'a'), binding('x', 'a', 'b'))).toBeUndefined()
})

test('missing rules are added; what was added stays', () => {
  const kept = reconciled(role([pods('get', 'list')]), role([pods('get'), pods('delete')])) as unknown as { rules: object[] }
  expect(kept.rules).toEqual([pods('get'), pods('delete'), pods('list')])
})

test('one that says so is left alone', () => {
  expect(reconciled(role([pods('get')]), role([], { annotations: { [annotation]: 'false' } }))).toBeUndefined()
})

test('missing labels and annotations come back', () => {
  expect((reconciled(role([]), role([], { labels: { own: 'x' }, annotations: {} })) as KubeObject).metadata).toEqual({ ...metadata, labels: { own: 'x', 'kubernetes.io/bootstrapping': 'rbac-defaults' } })
})

test('rules of a role that gathers others are its own', () => {
  const gathering = (...labels: string[]): KubeObject => ({ ...role([]), aggregationRule: { clusterRoleSelectors: labels.map((label) => ({ matchLabels: { [label]: 'true' } })) } }) as KubeObject
  expect(reconciled(gathering('a'), { ...gathering('a'), rules: [pods('get')] } as KubeObject)).toBeUndefined()
  expect(reconciled(gathering('a'), gathering('b'))).toMatchObject({ aggregationRule: { clusterRoleSelectors: [{ matchLabels: { b: 'true' } }, { matchLabels: { a: 'true' } }] } })
})

test('missing subjects are added; another role needs another binding', () => {
  expect(reconciled(binding('x', 'a'), binding('x', 'b'))).toMatchObject({ subjects: [{ name: 'b' }, { name: 'a' }] })
  expect(reconciled(binding('x', 'a'), binding('y', 'a'))).toBe('again')
})
