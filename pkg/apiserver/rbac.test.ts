// RBAC: what rules match, who holds them, and what may be granted on.
import type { PolicyRule } from '../api/types-auth.ts'
import { RbacAuthorizer, type RbacObjects } from './rbac.ts'
import { ruleAllows, ruleText, uncovered as uncoveredParts } from './rbac-rules.ts'
import { atOnce } from '../util/slices.ts'

const uncovered = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] => atOnce(uncoveredParts(held, wanted))
const user = (username: string, ...groups: string[]) => ({ username, groups })
const ask = (fields: object) => ({ user: user('u'), verb: 'get', group: '', resource: 'pods', ...fields })

describe('ruleAllows', () => {
  const rule = (fields: Partial<PolicyRule>): PolicyRule => ({ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...fields })
  it.each<[string, PolicyRule, object, boolean]>([
    ['the same', rule({}), {}, true],
    ['another verb', rule({}), { verb: 'list' }, false],
    ['any verb', rule({ verbs: ['*'] }), { verb: 'list' }, true],
    ['another group', rule({}), { group: 'apps' }, false],
    ['a subresource is not the resource', rule({}), { subresource: 'log' }, false],
    ['a subresource by name', rule({ resources: ['pods/log'] }), { subresource: 'log' }, true],
    ['a subresource of all', rule({ resources: ['*/log'] }), { subresource: 'log' }, true],
    ['pods/* is nothing special', rule({ resources: ['pods/*'] }), { subresource: 'log' }, false],
    ['* has subresources', rule({ resources: ['*'] }), { subresource: 'log' }, true],
    ['the right name', rule({ resourceNames: ['a'] }), { name: 'a' }, true],
    ['a wrong name', rule({ resourceNames: ['a'] }), { name: 'b' }, false],
    ['no name', rule({ resourceNames: ['a'] }), {}, false],
  ])('%s', (_, given, wanted, expected) => {
    expect(ruleAllows(given, ask(wanted))).toBe(expected)
  })

  it.each([
    [['/healthz'], '/healthz', true], [['/healthz'], '/healthz/ping', false], [['/healthz/*'], '/healthz/ping', true],
    [['*'], '/x', true], [['/api*'], '/apis', true],
  ])('paths %j, asked %s', (nonResourceURLs, path, expected) => {
    expect(ruleAllows({ nonResourceURLs, verbs: ['get'] }, { user: user('u'), verb: 'get', path })).toBe(expected)
  })
})

describe('uncovered', () => {
  const held: PolicyRule[] = [{ apiGroups: ['apps'], resources: ['deployments', '*/scale'], verbs: ['get', 'list'] }]
  it('joins the verbs that are missing', () => {
    const missing = uncovered(held, [{ apiGroups: ['apps'], resources: ['deployments', 'replicasets/scale'], verbs: ['get', 'create', 'delete'] }])
    expect(missing.map(ruleText)).toEqual([
      '{APIGroups:["apps"], Resources:["deployments"], Verbs:["create" "delete"]}',
      '{APIGroups:["apps"], Resources:["replicasets/scale"], Verbs:["create" "delete"]}',
    ])
  })
  it('does not let a name cover all names', () => {
    expect(uncovered([{ apiGroups: [''], resources: ['secrets'], resourceNames: ['a'], verbs: ['get'] }], [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }])).toHaveLength(1)
  })
  it('finds nothing missing under everything', () => {
    expect(uncovered([{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }], held)).toEqual([])
  })
})

describe('RbacAuthorizer', () => {
  const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name })
  const objects: RbacObjects = {
    clusterRoles: [{ metadata: { name: 'view' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }],
    roles: [{ metadata: { name: 'edit', namespace: 'a' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }] }],
    clusterRoleBindings: [
      { metadata: { name: 'viewers' }, roleRef: roleRef('ClusterRole', 'view'), subjects: [{ kind: 'Group', name: 'viewers' }] },
      { metadata: { name: 'lost' }, roleRef: roleRef('ClusterRole', 'gone'), subjects: [{ kind: 'User', name: 'lost' }] },
    ],
    roleBindings: [
      { metadata: { name: 'editor', namespace: 'a' }, roleRef: roleRef('Role', 'edit'), subjects: [{ kind: 'ServiceAccount', name: 'bot' }] },
      { metadata: { name: 'viewer', namespace: 'b' }, roleRef: roleRef('ClusterRole', 'view'), subjects: [{ kind: 'User', name: 'bob' }] },
    ],
  }
  const authorizer = new RbacAuthorizer({ current: () => objects })

  it.each([
    ['viewers everywhere', user('x', 'viewers'), { namespace: 'z' }, true],
    ['viewers can not create', user('x', 'viewers'), { verb: 'create' }, false],
    ['bob in b', user('bob'), { namespace: 'b' }, true],
    ['bob not in a', user('bob'), { namespace: 'a' }, false],
    ['bob not in the cluster', user('bob'), {}, false],
    ['an account of the binding\'s namespace', user('system:serviceaccount:a:bot'), { verb: 'create', namespace: 'a' }, true],
    ['an account of another namespace', user('system:serviceaccount:b:bot'), { verb: 'create', namespace: 'a' }, false],
    ['masters anything', user('root', 'system:masters'), { verb: 'nuke', group: 'x' }, true],
  ])('%s', (_, who, wanted, allowed) => {
    expect(authorizer.authorize({ ...ask(wanted), user: who }).allowed).toBe(allowed)
  })

  it('says which role is not there', () => {
    expect(authorizer.authorize({ ...ask({}), user: user('lost') })).toEqual({ allowed: false, reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found' })
  })
  it('tells of such roles when somebody grants more than they have', () => {
    expect(authorizer.rulesFor(user('lost'), '').faults).toEqual(['clusterrole.rbac.authorization.k8s.io "gone" not found'])
    expect(authorizer.rulesFor(user('bob'), 'b').faults).toEqual([])
  })
})

it.each([
  [{ apiGroups: ['', 'apps'], resources: ['pods'], resourceNames: ['a', 'b'], verbs: ['get', 'list'] }, '{APIGroups:["" "apps"], Resources:["pods"], ResourceNames:["a" "b"], Verbs:["get" "list"]}'],
  [{ nonResourceURLs: ['/a', '/b*'], verbs: ['get'] }, '{NonResourceURLs:["/a" "/b*"], Verbs:["get"]}'],
])('a rule as Go prints it: %j', (rule, text) => expect(ruleText(rule)).toBe(text))

it('joins the verbs of rules about one resource, not those about paths', () => {
  expect(uncovered([], [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }, { nonResourceURLs: ['/a'], verbs: ['get', 'put'] }]).map(ruleText)).toEqual([
    '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}', '{NonResourceURLs:["/a"], Verbs:["get"]}', '{NonResourceURLs:["/a"], Verbs:["put"]}',
  ])
})
