// Which flow schema a request belongs to.
import type { UserInfo } from '../api/request.ts'
import type { FlowRule, FlowSchema, FlowSubject } from '../api/types-flow-control.ts'
import { candidatesFor, chooseSchema, flowOf, inOrder, subjectMatches, type FlowRequest } from './flow-rules.ts'

const user = (username: string, ...groups: string[]): UserInfo => ({ username, groups })
const everyone: FlowSubject = { kind: 'Group', group: { name: '*' } }
const schema = (name: string, matchingPrecedence: number, ...rules: FlowRule[]): FlowSchema =>
  ({ apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name }, spec: { matchingPrecedence, rules } })

describe('subjects', () => {
  it.each<[FlowSubject, UserInfo, boolean]>([
    [{ kind: 'User', user: { name: 'a' } }, user('a'), true],
    [{ kind: 'User', user: { name: 'a' } }, user('b', 'a'), false],
    [{ kind: 'User', user: { name: '*' } }, user('b'), true],
    [{ kind: 'Group', group: { name: 'a' } }, user('b', 'a'), true],
    [{ kind: 'Group', group: { name: 'b' } }, user('b', 'a'), false],
    [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: 's' } }, user('system:serviceaccount:n:s'), true],
    [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: '*' } }, user('system:serviceaccount:n:t'), true],
    [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: '*' } }, user('system:serviceaccount:nn:t'), false],
    [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: 's' } }, user('system:serviceaccount:n:ss'), false],
  ])('%j is %j: %s', (subject, who, expected) => expect(subjectMatches(subject, who)).toBe(expected))
})

describe('requests', () => {
  const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }
  const schemas = inOrder([
    schema('late', 9000, { subjects: [everyone], resourceRules: [all], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }),
    schema('b-pods', 10, { subjects: [everyone], resourceRules: [{ ...all, verbs: ['get'], apiGroups: [''], resources: ['pods', 'pods/log'], namespaces: ['n'], clusterScope: false }] }),
    schema('a-nodes', 10, { subjects: [everyone], resourceRules: [{ ...all, resources: ['nodes'], namespaces: [] }] }),
    schema('metrics', 20, { subjects: [everyone], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/debug/*'] }] }),
    // Its subject and its rule are of different rules: together they mean nothing.
    schema('split', 1, { subjects: [{ kind: 'User', user: { name: 'other' } }], resourceRules: [all] }, { subjects: [everyone], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/only'] }] }),
  ])
  const of = (verb: string, group: string, plural: string, namespace?: string, subresource?: string): Omit<FlowRequest, 'user'> =>
    ({ verb, path: '/x', resource: { group, plural, ...(namespace ? { namespace } : {}), ...(subresource ? { subresource } : {}) } })
  const at = (verb: string, path: string): Omit<FlowRequest, 'user'> => ({ verb, path })

  it.each<[Omit<FlowRequest, 'user'>, string]>([
    [of('get', '', 'pods', 'n'), 'b-pods'], [of('get', '', 'pods', 'n', 'log'), 'b-pods'],
    [of('get', '', 'pods', 'n', 'status'), 'late'], [of('list', '', 'pods', 'n'), 'late'], [of('get', 'metrics.k8s.io', 'pods', 'n'), 'late'],
    [of('get', '', 'pods', 'm'), 'late'], [of('get', '', 'pods'), 'late'],
    [of('watch', '', 'nodes'), 'a-nodes'], [of('watch', '', 'nodes', 'n'), 'late'],
    [at('get', '/metrics'), 'metrics'], [at('post', '/metrics'), 'late'], [at('get', '/metrics/x'), 'late'], [at('get', '/debug/x'), 'metrics'],
    [at('get', '/only'), 'split'],
  ])('%j goes to %s', (request, expected) => {
    const who = user('u', 'system:authenticated')
    expect(chooseSchema(candidatesFor(who, schemas), { ...request, user: who })?.metadata.name).toBe(expected)
  })

  it('are told apart as the schema says', () => {
    const request: FlowRequest = { user: user('u'), ...of('get', '', 'pods', 'n') }
    const by = (type?: string): string => flowOf({ ...schemas[0]!, spec: type ? { distinguisherMethod: { type } } : {} }, request)
    expect([by('ByUser'), by('ByNamespace'), by()]).toEqual(['u', 'n', ''])
  })
})
