// What flow schemas, priority levels and API services may not say, and those that stay as they are.
import { changed, created, faults, partFaults, type Json } from './kind.suite.ts'

type Case = [title: string, change: Json, expected: string[]]

const schemas = 'flowschemas.flowcontrol.apiserver.k8s.io/v1'
const levels = 'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io/v1'
const dns1035 = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const dns1123 = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const verbs = '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"'

describe('flow schemas', () => {
  const resource = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }
  const user = { kind: 'User', user: { name: '*' } }
  const rule = { subjects: [user], resourceRules: [resource] }
  const schema = (change: Json, name = 'x'): Json => ({ metadata: { name }, spec: changed({ priorityLevelConfiguration: { name: 'l' }, rules: [rule] }, change) })
  const at = 'spec.rules[0]'

  it.each<Case>([
    ['the least', {}, []],
    ['no level', { priorityLevelConfiguration: null }, ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level']],
    ['a level in capitals', { priorityLevelConfiguration: { name: 'L' } }, [`spec.priorityLevelConfiguration.name: Invalid value: "L": ${dns1123}`]],
    ['the first place', { matchingPrecedence: 1 }, ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"]],
    ['places', { matchingPrecedence: -1 }, ['spec.matchingPrecedence: Invalid value: -1: must be a positive value']],
    ['the last place', { matchingPrecedence: 10_001 }, ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000']],
    ['a method', { distinguisherMethod: { type: 'ByMood' } }, ['spec.distinguisherMethod.type: Unsupported value: {"Type":"ByMood"}: supported values: "ByNamespace", "ByUser"']],
    ['an empty rule', { rules: [{}] }, [`${at}.subjects: Required value: subjects must contain at least one value`, `${at}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`]],
    ['subjects', { rules: [{ ...rule, subjects: [{ kind: 'Pod' }, { kind: 'User' }, { kind: 'Group', group: {}, user: {} }, { kind: 'ServiceAccount', serviceAccount: { name: 'A', namespace: 'B' } }, { kind: 'ServiceAccount', serviceAccount: { name: '*' }, group: {} }] }] }, [
      `${at}.subjects[0].kind: Unsupported value: "Pod": supported values: "Group", "ServiceAccount", "User"`, `${at}.subjects[1].user: Required value: user is required when subject kind is 'User'`,
      `${at}.subjects[2].group.name: Required value`, `${at}.subjects[2].user: Forbidden: user is forbidden when subject kind is not 'User'`,
      `${at}.subjects[3].serviceAccount.name: Invalid value: "A": ${dns1123}`, `${at}.subjects[3].serviceAccount.namespace: Invalid value: "B": ${label}`,
      `${at}.subjects[4].serviceAccount.namespace: Required value: must specify namespace for service account`, `${at}.subjects[4].group: Forbidden: group is forbidden when subject kind is not 'Group'`,
    ]],
    ['resources', { rules: [{ ...rule, resourceRules: [{}, { verbs: ['walk'], apiGroups: ['*', ''], resources: ['*', 'pods'], namespaces: ['*', 'a'] }, { ...resource, verbs: ['*', 'get'], namespaces: ['A'] }, { ...resource, namespaces: [], clusterScope: true }] }] }, [
      `${at}.resourceRules[0].verbs: Required value: verbs must contain at least one value`, `${at}.resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group`,
      `${at}.resourceRules[0].resources: Required value: resource rules must supply at least one resource`, `${at}.resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
      `${at}.resourceRules[1].verbs: Unsupported value: ["walk"]: supported values: ${verbs}`, `${at}.resourceRules[1].apiGroups: Invalid value: ["*",""]: if '*' is present, must not specify other api groups`,
      `${at}.resourceRules[1].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources`, `${at}.resourceRules[1].namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces`,
      `${at}.resourceRules[2].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`, `${at}.resourceRules[2].namespaces[0]: Invalid value: "A": each member of this list must be '*' or a DNS-1123 label; ${label}`,
    ]],
    ['paths', { rules: [{ subjects: [user], nonResourceRules: [{ verbs: ['get'] }, { verbs: ['get'], nonResourceURLs: ['/', '/a/*', '', 'a', '/a b', '/a//b', '/a*', '/*/b', '/*/*'] }, { verbs: ['get'], nonResourceURLs: ['*', '/'] }] }] }, [
      `${at}.nonResourceRules[0].nonResourceURLs: Required value: nonResourceURLs must contain at least one value`,
      ...['must not be empty', 'must start with slash', 'must not contain white-space', 'must not contain double slash', ...Array.from({ length: 3 }, () => 'wildcard can only do suffix matching')]
        .map((text, index) => `${at}.nonResourceRules[1].nonResourceURLs[${index + 2}]: Invalid value: ${JSON.stringify(['', 'a', '/a b', '/a//b', '/a*', '/*/b', '/*/*'][index])}: ${text}`),
      `${at}.nonResourceRules[2].nonResourceURLs: Invalid value: ["*","/"]: if '*' is present, must not specify other non-resource URLs`,
    ]],
  ])('%s', (_, change, expected) => {
    expect(faults(schemas, schema(change))).toEqual(expected)
  })

  it('that every cluster has stay as they are', () => {
    const all = { resourceRules: [{ ...resource, clusterScope: true }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }
    const exempt = { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 1, rules: [{ subjects: [{ kind: 'Group', group: { name: 'system:masters' } }], ...all }] }
    expect(faults(schemas, schema(exempt, 'exempt'))).toEqual([])
    expect(faults(schemas, schema({ ...exempt, matchingPrecedence: 2 }, 'exempt'))).toEqual([expect.stringMatching(/^spec: Invalid value: \{"PriorityLevelConfiguration":\{"Name":"exempt"\},.*"APIGroups":.*: spec of 'exempt' must equal the fixed value$/)])
    expect(faults(schemas, schema({ ...exempt, matchingPrecedence: 10_000 }, 'catch-all'))).toEqual([expect.stringMatching(/: spec of 'catch-all' must equal the fixed value$/)])
  })

  it('have each condition once', () => {
    expect(partFaults(schemas, 'status', { ...schema({}), status: { conditions: [{ type: 'Dangling' }, { type: 'Dangling' }, {}] } }, schema({}))).toEqual(['status.conditions[1].type: Duplicate value: "Dangling"', 'status.conditions[2].type: Required value: must not be empty'])
  })
})

describe('priority levels', () => {
  const level = (change: Json, name = 'x'): Json => ({ metadata: { name }, spec: changed({ type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 } } } }, change) })
  const at = 'spec.limited'

  it.each<Case>([
    ['the least', {}, []],
    ['nothing', { type: 'Limited', limited: null }, [`${at}: Required value: must not be empty when type is Limited`]],
    ['a type', { type: 'Free' }, ['spec.type: Unsupported value: "Free": supported values: "Exempt", "Limited"']],
    ['another that is exempt', { type: 'Exempt' }, ["spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'", `${at}: Forbidden: must be nil if the type is not Limited`]],
    ['shares', { exempt: {}, limited: { nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 } }, [
      'spec.exempt: Forbidden: must be nil if the type is Limited', `${at}.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer`,
      `${at}.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive`, `${at}.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer`,
    ]],
    ['queues that are not there', { limited: { limitResponse: { queuing: null } } }, [`${at}.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited`]],
    ['queues that are not used', { limited: { limitResponse: { type: 'Reject' } } }, [`${at}.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited`]],
    ['a response', { limited: { limitResponse: { type: 'Shout' } } }, [`${at}.limitResponse.type: Unsupported value: "Shout": supported values: "Queue", "Reject"`]],
    ['queues', { limited: { limitResponse: { queuing: { queues: -1, handSize: -1, queueLengthLimit: -1 } } } }, [`${at}.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive`, `${at}.limitResponse.queuing.queues: Invalid value: -1: must be positive`, `${at}.limitResponse.queuing.handSize: Invalid value: -1: must be positive`]],
    ['many queues', { limited: { limitResponse: { queuing: { queues: 10_000_001, handSize: 2 } } } }, [`${at}.limitResponse.queuing.queues: Invalid value: 10000001: must not be greater than 10000000`]],
    ['more hands than queues', { limited: { limitResponse: { queuing: { queues: 2, handSize: 3 } } } }, [`${at}.limitResponse.queuing.handSize: Invalid value: 3: should not be greater than queues (2)`]],
    ['hands too large to deal', { limited: { limitResponse: { queuing: { queues: 64, handSize: 11 } } } }, [`${at}.limitResponse.queuing.handSize: Invalid value: 11: required entropy bits of deckSize 64 and handSize 11 should not be greater than 60`]],
  ])('%s', (_, change, expected) => {
    expect(faults(levels, level(change))).toEqual(expected)
  })

  it('that every cluster has stay as they are, but for what exempt requests lend', () => {
    const exempt = (more: Json): Json => ({ metadata: { name: 'exempt' }, spec: { type: 'Exempt', ...more } })
    expect(faults(levels, exempt({ exempt: { nominalConcurrencyShares: 7, lendablePercent: 50 } }))).toEqual([])
    expect(faults(levels, exempt({ exempt: { nominalConcurrencyShares: -1, lendablePercent: -1 } }))).toEqual(['spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer', 'spec.exempt.lendablePercent: Invalid value: -1: must be between 0 and 100, inclusive'])
    expect(faults(levels, level({}, 'exempt'))).toEqual([
      "spec.type: Invalid value: \"Limited\": must be 'Exempt' if and only if `name` is 'exempt'", expect.stringMatching(/^spec: Invalid value: \{"Type":"Limited".*: spec of 'exempt' except the 'spec\.exempt' field must equal the fixed value$/),
    ])
    const catchAll = { metadata: { name: 'catch-all' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } } }
    expect(faults(levels, catchAll)).toEqual([])
    expect(faults(levels, changed(catchAll, { spec: { limited: { nominalConcurrencyShares: 6 } } }))).toEqual([expect.stringMatching(/: spec of 'catch-all' must equal the fixed value$/)])
  })
})

describe('API services', () => {
  const kind = 'apiservices.apiregistration.k8s.io/v1'
  const service = (change: Json, name = 'v1.a.b'): Json => ({ metadata: { name }, spec: changed({ group: 'a.b', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, service: { name: 's', namespace: 'n' } }, change) })

  it.each<[string, Json, string[]]>([
    ['the least', service({}), []],
    ['the core\'s', service({ group: '', service: null }, 'v1.'), []],
    ['a name', service({}, 'x'), ['metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.a.b"']],
    ['no group', service({ group: null, version: 'v2' }, 'v2.'), ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube']],
    ['names', service({ group: 'A', version: '1' }, '1.A'), [`spec.group: Invalid value: "A": ${dns1123}`, `spec.version: Invalid value: "1": ${dns1035}`]],
    ['priorities', service({ groupPriorityMinimum: 20_001, versionPriority: 0 }), ['spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000', 'spec.versionPriority: Invalid value: 0: must be positive and less than 1000']],
    ['nowhere', service({ service: { name: null, namespace: null, port: 0 } }), ['spec.service.namespace: Required value', 'spec.service.name: Required value', 'spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive']],
    ['here, with what is for elsewhere', service({ service: null, caBundle: 'YWJj', insecureSkipTLSVerify: true }), ['spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle', 'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify']],
    ['trust in two ways', service({ caBundle: 'YWJj', insecureSkipTLSVerify: true }), ['spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present']],
  ])('%s', (_, object, expected) => {
    expect(faults(kind, object)).toEqual(expected)
    expect(faults(kind, object, created(kind, object))).toEqual(expected)
  })

  it('are available, or not, or perhaps', () => {
    expect(partFaults(kind, 'status', { ...service({}), status: { conditions: [{ type: 'Available', status: 'Yes' }] } }, service({}))).toEqual(['status.conditions[0].status: Unsupported value: "Yes": supported values: "True", "False", "Unknown"'])
  })
})
