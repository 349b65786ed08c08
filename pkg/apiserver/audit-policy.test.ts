// Which rule of an audit policy a request meets, and which policies are refused.
import { parseAuditPolicy, type AuditSubject } from './audit-policy.ts'

const policy = (...rules: object[]): ReturnType<typeof parseAuditPolicy> => parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules })
const pods = { group: '', plural: 'pods', namespace: 'a', name: 'p' }
const subject = (more: Partial<AuditSubject> = {}): AuditSubject =>
  ({ user: { username: 'alice', groups: ['devs', 'system:authenticated'] }, verb: 'get', path: '/api/v1/namespaces/a/pods/p', resource: pods, ...more })
const other = (path: string): AuditSubject => ({ user: { username: 'alice', groups: [] }, verb: 'get', path })

describe('a rule', () => {
  const cases: [string, object, AuditSubject, boolean][] = [
    ['without conditions matches all', {}, subject(), true],
    ['of a user', { users: ['alice'] }, subject(), true],
    ['of another user', { users: ['bob'] }, subject(), false],
    ['of a user, nobody asks', { users: ['bob'] }, { verb: 'get', path: '/version' }, false],
    ['of a group', { userGroups: ['ops', 'devs'] }, subject(), true],
    ['of another group', { userGroups: ['ops'] }, subject(), false],
    ['of a verb', { verbs: ['get', 'list'] }, subject(), true],
    ['of another verb', { verbs: ['list'] }, subject(), false],
    ['of a verb that is no pattern', { verbs: ['*'] }, subject(), false],
    ['of a namespace', { namespaces: ['a'] }, subject(), true],
    ['of another namespace', { namespaces: ['b'] }, subject(), false],
    ['of no namespace: cluster-scoped ones', { namespaces: [''] }, subject({ resource: { group: '', plural: 'nodes' } }), true],
    ['of no namespace: not namespaced ones', { namespaces: [''] }, subject(), false],
    ['of a namespace: no paths', { namespaces: [''] }, other('/healthz'), false],
    ['of a group of resources', { resources: [{ group: '' }] }, subject(), true],
    ['of another group of resources', { resources: [{ group: 'apps' }] }, subject(), false],
    ['of a resource', { resources: [{ group: '', resources: ['pods'] }] }, subject(), true],
    ['of a resource, not its subresource', { resources: [{ group: '', resources: ['pods'] }] }, subject({ resource: { ...pods, subresource: 'log' } }), false],
    ['of a subresource', { resources: [{ group: '', resources: ['pods/log'] }] }, subject({ resource: { ...pods, subresource: 'log' } }), true],
    ['of all subresources', { resources: [{ group: '', resources: ['pods/*'] }] }, subject({ resource: { ...pods, subresource: 'log' } }), true],
    ['of all subresources, the resource too', { resources: [{ group: '', resources: ['pods/*'] }] }, subject(), true],
    ['of a subresource of all', { resources: [{ group: '', resources: ['*/log'] }] }, subject({ resource: { ...pods, subresource: 'log' } }), true],
    ['of a subresource of all, not the resource', { resources: [{ group: '', resources: ['*/log'] }] }, subject(), false],
    ['of everything in a group', { resources: [{ group: '', resources: ['*'] }] }, subject({ resource: { ...pods, subresource: 'log' } }), true],
    ['of a name', { resources: [{ group: '', resources: ['pods'], resourceNames: ['p'] }] }, subject(), true],
    ['of another name', { resources: [{ group: '', resources: ['pods'], resourceNames: ['q'] }] }, subject(), false],
    ['of a name, a collection', { resources: [{ group: '', resources: ['pods'], resourceNames: ['p'] }] }, subject({ resource: { group: '', plural: 'pods' } }), false],
    ['of resources: no paths', { resources: [{ group: '' }] }, other('/healthz'), false],
    ['of a path', { nonResourceURLs: ['/healthz'] }, other('/healthz'), true],
    ['of a longer path', { nonResourceURLs: ['/healthz'] }, other('/healthz/ping'), false],
    ['of paths below', { nonResourceURLs: ['/healthz*'] }, other('/healthz/ping'), true],
    ['of all paths', { nonResourceURLs: ['*'] }, other('/version'), true],
    ['of paths: no resources', { nonResourceURLs: ['*'] }, subject(), false],
    ['needs all of its conditions', { users: ['alice'], verbs: ['delete'] }, subject(), false],
  ]
  test.each(cases)('%s', (_name, rule, asked, expected) => {
    expect(policy({ level: 'Metadata', ...rule }).decide(asked).level).toBe(expected ? 'Metadata' : 'None')
  })
})

test('the first rule that matches counts', () => {
  const made = policy({ level: 'None', users: ['alice'] }, { level: 'Request' })
  expect(made.decide(subject()).level).toBe('None')
  expect(made.decide(subject({ user: { username: 'bob', groups: [] } })).level).toBe('Request')
})

test('stages of policy and rule add up; a rule overrules the policy on managed fields', () => {
  const made = parseAuditPolicy({
    apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], omitManagedFields: true,
    rules: [{ level: 'Metadata', verbs: ['get'], omitStages: ['ResponseStarted'], omitManagedFields: false }, { level: 'Metadata' }],
  })
  expect(made.decide(subject())).toMatchObject({ omitStages: new Set(['RequestReceived', 'ResponseStarted']), omitManagedFields: false })
  expect(made.decide(subject({ verb: 'list' }))).toMatchObject({ omitStages: new Set(['RequestReceived']), omitManagedFields: true })
})

describe('a policy that cannot be used is refused', () => {
  const file = (rules: unknown, more: object = {}): object => ({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...more })
  const cases: [unknown, string][] = [
    [null, 'expected a Policy of audit.k8s.io/v1'],
    [{ apiVersion: 'audit.k8s.io/v1beta1', kind: 'Policy', rules: [] }, 'expected a Policy of audit.k8s.io/v1'],
    [file([]), 'rules: expected at least one rule'],
    [file({}), 'rules: expected a list'],
    [file([{}]), 'rules[0].level: expected one of None, Metadata, Request, RequestResponse, found nothing'],
    [file([{ level: 'metadata' }]), 'rules[0].level: expected one of None, Metadata, Request, RequestResponse, found "metadata"'],
    [file([{ level: 'None', users: 'x' }]), 'rules[0].users: expected a list'],
    [file([{ level: 'None', users: [1] }]), 'rules[0].users: expected text, found 1'],
    [file([{ level: 'None', omitStages: ['Started'] }]), 'rules[0].omitStages: expected one of RequestReceived, ResponseStarted, ResponseComplete, Panic, found "Started"'],
    [file([{ level: 'None', nonResourceURLs: ['healthz'] }]), "rules[0].nonResourceURLs[0]: non-resource URL rules must begin with a '/' character"],
    [file([{ level: 'None', nonResourceURLs: ['/a*b'] }]), "rules[0].nonResourceURLs[0]: non-resource URL wildcards '*' must be the final character of the rule"],
    [file([{ level: 'None', nonResourceURLs: ['/a'], namespaces: ['b'] }]), 'rules[0]: rules cannot apply to both regular resources and non-resource URLs'],
    [file([{ level: 'None', resources: [{ group: 'apps/v1' }] }]), 'rules[0].resources[0].group: expected the name of an API group without a version'],
    [file([{ level: 'None', resources: [{ resourceNames: ['x'] }] }]), 'rules[0].resources[0].resourceNames: using resourceNames requires at least one resource'],
    [file([{ level: 'None', omitManagedFields: 'yes' }]), 'rules[0].omitManagedFields: expected true or false, found "yes"'],
  ]
  test.each(cases)('%j', (content, message) => expect(() => parseAuditPolicy(content)).toThrow(message))
})

it('tells of fields that nobody knows, and does without them', () => {
  const told: string[] = []
  const made = parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rule: 1, rules: [{ level: 'Metadata', user: ['x'], resources: [{ group: '', resource: 'pods' }] }] }, (text) => void told.push(text))
  expect(told).toEqual(['unknown field "rule"', 'unknown field "rules[0].user"', 'unknown field "rules[0].resources[0].resource"'])
  expect(made.decide(subject({ resource: { group: '', plural: 'pods' } }))).toMatchObject({ level: 'Metadata' })
})
