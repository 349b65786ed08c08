// What nodes, namespaces, configuration, limits, quotas, events, classes, leases and roles may not say: the change of a valid object, and each error as upstream words it.
import { created, faults, partFaults, warnings } from './kind.suite.ts'

type Json = Record<string, unknown>
type Case = [title: string, object: Json, expected: string[]]

const home = { name: 'x', namespace: 'n' }
const label = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

describe('nodes', () => {
  const node = (spec: Json, status: Json = {}): Json => ({ metadata: { name: 'n' }, spec, status })

  it.each<Case>([
    ['the least', node({}), []],
    ['ranges of both families', node({ podCIDRs: ['10.0.0.0/24', 'fd00::/64'] }), []],
    ['a taint', node({ taints: [{ key: 'a b', value: 'c d', effect: '' }, { key: 'k', effect: 'Never' }] }), [
      `metadata.taints[0].key: Invalid value: "a b": name part ${label}`,
      `metadata.taints[0].value: Invalid value: "c d": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      'metadata.taints[0].effect: Required value',
      'metadata.taints[1].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ]],
    ['a taint twice', node({ taints: [{ key: 'a', effect: 'NoSchedule' }, { key: 'a', value: 'v', effect: 'NoSchedule' }, { key: 'a', effect: 'NoExecute' }] }), [
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"v","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
    ]],
    ['amounts', node({}, { capacity: { cpu: '-1', pods: '1500m' }, allocatable: { 'a.b/gpu': '500m' } }), [
      'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
      'status.capacity.pods: Invalid value: "1500m": must be an integer',
      'status.allocatable.a.b/gpu: Invalid value: "500m": must be an integer',
    ]],
    ['ranges', node({ podCIDRs: ['10.0.0.0/33', '10.0.1.0/24', '10.0.1.0/24'] }), [
      'spec.podCIDRs[0]: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.podCIDRs: Invalid value: ["10.0.0.0/33","10.0.1.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
    ]],
  ])('%s', (_, object, expected) => {
    expect(faults('nodes.v1', object)).toEqual(expected)
  })

  it('keeps its ranges and its provider', () => {
    const old = created('nodes.v1', node({ podCIDR: '10.0.0.0/24', providerID: 'a://b' }))
    expect(faults('nodes.v1', node({ podCIDR: '10.0.0.0/24', providerID: 'a://b', unschedulable: true }), old)).toEqual([])
    expect(faults('nodes.v1', node({ podCIDR: '10.0.1.0/24', providerID: 'a://c', externalID: 'e', taints: [{ key: 'a', effect: 'x' }] }), old)).toEqual([
      'metadata.taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
      'metadata.taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'spec.externalID: Forbidden: may not be updated',
    ])
  })

  it('has each address once', () => {
    const old = created('nodes.v1', node({}))
    const address = { type: 'InternalIP', address: '10.0.0.1' }
    expect(partFaults('nodes.v1', 'status', node({}, { addresses: [address, { type: 'Hostname', address: '10.0.0.1' }, address], capacity: { memory: '-1' } }), old)).toEqual([
      'status.capacity.memory: Invalid value: "-1": must be greater than or equal to 0',
      'status.addresses[2]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
    ])
  })

  it('forgets configurations from the API, and warns of old identities', () => {
    expect(created('nodes.v1', node({ configSource: { configMap: {} } }))).toMatchObject({ spec: expect.not.objectContaining({ configSource: expect.anything() as unknown }) as unknown })
    expect(warnings('nodes.v1', node({ externalID: 'e' }))).toEqual(['spec.externalID: this field is deprecated, and is unused by Kubernetes'])
  })
})

describe('namespaces', () => {
  const namespace = (spec: Json, more: Json = {}): Json => ({ metadata: { name: 'n', ...more }, spec, status: { phase: 'Active' } })
  const standard = 'name is neither a standard finalizer name nor is it fully qualified'

  it.each<Case>([
    ['standard finalizers', namespace({ finalizers: ['orphan', 'foregroundDeletion', 'a.b/c'] }), []],
    ['another', namespace({ finalizers: ['mine', 'a b'] }), [
      `spec.finalizers: Invalid value: "mine": ${standard}`, `spec.finalizers: Invalid value: "a b": name part ${label}`, `spec.finalizers: Invalid value: "a b": ${standard}`,
    ]],
  ])('%s', (_, object, expected) => {
    expect(faults('namespaces.v1', object)).toEqual(expected)
  })

  it('tells positions when it is finalized', () => {
    expect(partFaults('namespaces.v1', 'finalize', namespace({ finalizers: ['a.b/c', 'mine'] }), namespace({}))).toEqual([`spec.finalizers[1]: Invalid value: "mine": ${standard}`])
  })

  it('is in the phase that its deletion says', () => {
    const phase = (object: Json): string[] => partFaults('namespaces.v1', 'status', object, namespace({}))
    const going = { deletionTimestamp: '2026-01-01T00:00:00Z' }
    expect(phase(namespace({}))).toEqual([])
    expect(phase({ ...namespace({}), status: { phase: 'Terminating' } })).toEqual(['status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty'])
    expect(phase(namespace({}, going))).toEqual(['status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty'])
    expect(phase({ ...namespace({}, going), status: { phase: 'Terminating' } })).toEqual([])
  })
})

const encoded = (text: string): string => Buffer.from(text).toString('base64')
const frozen = 'field is immutable when `immutable` is set'

describe('config maps', () => {
  const key = (name: string): string => `Invalid value: "${name}": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`

  it.each<Case>([
    ['text and bytes', { metadata: home, data: { a: '1' }, binaryData: { b: encoded('2') } }, []],
    ['keys', { metadata: home, data: { 'a b': '', '..': '' }, binaryData: { 'c/d': '' } }, [
      `data[a b]: ${key('a b')}`, 'data[..]: Invalid value: "..": must not be \'..\'', `binaryData[c/d]: ${key('c/d')}`,
    ]],
    ['a key in both', { metadata: home, data: { a: '' }, binaryData: { a: '' } }, ['data[a]: Invalid value: "a": duplicate of key present in binaryData']],
    ['as much as there may be', { metadata: home, data: { a: 'x'.repeat(1024 * 1024) } }, []],
    ['too much', { metadata: home, data: { a: 'x'.repeat(1024 * 1024 - 2) }, binaryData: { b: encoded('123') } }, ['[]: Too long: may not be more than 1048576 bytes']],
  ])('%s', (_, object, expected) => {
    expect(faults('configmaps.v1', object)).toEqual(expected)
  })

  it('stays what it was declared to be', () => {
    const old = { metadata: home, data: { a: '1' }, immutable: true }
    expect(faults('configmaps.v1', { ...old, data: { 'a b': '1' }, binaryData: { c: '' }, immutable: false }, old)).toEqual([
      `immutable: Forbidden: ${frozen}`, `data: Forbidden: ${frozen}`, `binaryData: Forbidden: ${frozen}`, `data[a b]: ${key('a b')}`,
    ])
  })
})

describe('secrets', () => {
  const secret = (type: string, data: Json = {}, more: Json = {}): Json => ({ metadata: { ...home, ...more }, type: `kubernetes.io/${type}`, data })

  it.each<Case>([
    ['one without a type', { metadata: home, stringData: { a: 'b' } }, []],
    ['a type of one\'s own', { metadata: home, type: 'a/b' }, []],
    ['an account\'s', secret('service-account-token'), ['metadata.annotations[kubernetes.io/service-account.name]: Required value']],
    ['an account\'s, named', secret('service-account-token', {}, { annotations: { 'kubernetes.io/service-account.name': 'a' } }), []],
    ['a registry\'s, old', secret('dockercfg'), ['data[.dockercfg]: Required value']],
    ['a registry\'s, no JSON', secret('dockercfg', { '.dockercfg': encoded('{a') }), ['data[.dockercfg]: Invalid value: "<secret contents redacted>": invalid character \'a\' looking for beginning of object key string']],
    ['a registry\'s, a list', secret('dockerconfigjson', { '.dockerconfigjson': encoded('[]') }), ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}']],
    ['a registry\'s, empty', secret('dockerconfigjson', { '.dockerconfigjson': '' }), ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input']],
    ['a registry\'s, null', secret('dockerconfigjson', { '.dockerconfigjson': encoded('null') }), []],
    ['names and passwords', secret('basic-auth'), ['data[username]: Required value', 'data[password]: Required value']],
    ['an empty name is one', secret('basic-auth', { username: '' }), []],
    ['an SSH key', secret('ssh-auth', { 'ssh-privatekey': '' }), ['data[ssh-privatekey]: Required value']],
    ['a certificate', secret('tls'), ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
    ['a certificate without content', secret('tls', { 'tls.crt': '', 'tls.key': '' }), []],
    ['too much', { metadata: home, data: { a: Buffer.alloc(1024 * 1024 + 1).toString('base64') } }, ['data: Too long: may not be more than 1048576 bytes']],
  ])('%s', (_, object, expected) => {
    expect(faults('secrets.v1', object)).toEqual(expected)
  })

  it('keeps its type, and what it was declared to be', () => {
    const old = created('secrets.v1', { metadata: home, data: { a: encoded('1') }, immutable: true })
    expect(faults('secrets.v1', { metadata: home, type: 'kubernetes.io/tls', data: {} }, old)).toEqual([
      'type: Invalid value: "kubernetes.io/tls": field is immutable', `immutable: Forbidden: ${frozen}`, `data: Forbidden: ${frozen}`,
      'data[tls.crt]: Required value', 'data[tls.key]: Required value',
    ])
  })
})

it('a service account names its secrets, and warns of what it no longer enforces', () => {
  const annotations = { 'kubernetes.io/enforce-mountable-secrets': 'true' }
  expect(created('serviceaccounts.v1', { metadata: home, secrets: [{ name: 'a', namespace: 'b', kind: 'Secret' }] })).toMatchObject({ secrets: [{ name: 'a' }] })
  expect(warnings('serviceaccounts.v1', { metadata: { ...home, annotations } })).toEqual(['metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets'])
  expect(warnings('serviceaccounts.v1', { metadata: { ...home, annotations } }, { metadata: { ...home, annotations } })).toEqual([])
})

describe('limit ranges', () => {
  const range = (...limits: Json[]): Json => ({ metadata: home, spec: { limits } })
  const at = 'spec.limits[0]'

  it.each<Case>([
    ['bounds', range({ type: 'Container', min: { cpu: '100m' }, max: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '500m' }, maxLimitRequestRatio: { cpu: '10' } }, { type: 'Pod', max: { cpu: '1' } }, { type: 'a.b/c', max: { 'd.e/f': '1' } }), []],
    ['types', range({ type: 'Node' }, { type: 'a b' }, { type: 'Pod' }, { type: 'Pod' }), [
      `${at}.type: Invalid value: "Node": must be a standard limit type or fully qualified`, `spec.limits[1].type: Invalid value: "a b": name part ${label}`, 'spec.limits[3].type: Duplicate value: "Pod"',
    ]],
    ['resources', range({ type: 'Pod', max: { gpu: '1', storage: '1', 'requests.a.b/c': '1' }, min: { 'x y': '1' } }, { type: 'PersistentVolumeClaim', max: { storage: '1', gpu: '1' } }), [
      `${at}.max[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified`, `${at}.max[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
      `${at}.max[storage]: Invalid value: "storage": must be a standard resource for containers`,
      `${at}.max[requests.a.b/c]: Invalid value: "requests.a.b/c": doesn't follow extended resource name standard`,
      `${at}.min[x y]: Invalid value: "x y": name part ${label}`, `${at}.min[x y]: Invalid value: "x y": must be a standard resource for containers`,
      'spec.limits[1].max[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
    ]],
    ['defaults of pods', range({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }), [`${at}.default: Forbidden: may not be specified when \`type\` is 'Pod'`, `${at}.defaultRequest: Forbidden: may not be specified when \`type\` is 'Pod'`]],
    ['claims without a size', range({ type: 'PersistentVolumeClaim', max: { 'requests.storage': '1' } }), [`${at}.limits: Required value: either minimum or maximum storage value is required, but neither was provided`]],
    ['all out of order', range({ type: 'Container', min: { cpu: '3' }, max: { cpu: '1' }, default: { cpu: '2' }, defaultRequest: { cpu: '2500m' }, maxLimitRequestRatio: { cpu: '500m' } }), [
      `${at}.min[cpu]: Invalid value: "3": min value 3 is greater than max value 1`,
      `${at}.defaultRequest[cpu]: Invalid value: "2500m": min value 3 is greater than default request value 2500m`,
      `${at}.defaultRequest[cpu]: Invalid value: "2500m": default request value 2500m is greater than max value 1`,
      `${at}.defaultRequest[cpu]: Invalid value: "2500m": default request value 2500m is greater than default limit value 2`,
      `${at}.default[cpu]: Invalid value: "3": min value 3 is greater than default value 2`,
      `${at}.default[cpu]: Invalid value: "1": default value 2 is greater than max value 1`,
      `${at}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1`,
      `${at}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is greater than max/min = 0.333333`,
    ]],
    ['devices', range({ type: 'Container', default: { 'a.b/gpu': '2' }, defaultRequest: { 'a.b/gpu': '1' } }), [`${at}.defaultRequest[a.b/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in a.b/gpu`]],
  ])('%s', (_, object, expected) => {
    expect(faults('limitranges.v1', object)).toEqual(expected)
  })
})

describe('resource quotas', () => {
  const quota = (spec: Json): Json => ({ metadata: home, spec })
  const selector = (...matchExpressions: Json[]): Json => ({ scopeSelector: { matchExpressions } })
  const at = 'spec.scopeSelector.matchExpressions'
  const exists = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

  it.each<Case>([
    ['counts and amounts', quota({ hard: { pods: '1', 'requests.cpu': '500m', 'count/widgets.example.com': '1', 'requests.a.b/gpu': '1', 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' } }), []],
    ['names and quantities', quota({ hard: { gpu: '1', storage: '1', pods: '1500m', cpu: '-1' } }), [
      'spec.hard[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified', 'spec.hard[gpu]: Invalid value: "gpu": must be a standard resource for quota',
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota', 'spec.hard[pods]: Invalid value: "1500m": must be an integer',
      'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ]],
    ['scopes', quota({ scopes: ['Some'] }), ['spec.scopes: Invalid value: ["Some"]: unsupported scope']],
    ['scopes that count nothing', quota({ hard: { secrets: '1', cpu: '1' }, scopes: ['BestEffort'] }), [
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource', 'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ]],
    ['scopes against each other', quota({ scopes: ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating'] }), [
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Terminating","NotTerminating"]: conflicting scopes', 'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Terminating","NotTerminating"]: conflicting scopes',
    ]],
    ['a selector', quota(selector({ scopeName: 'PriorityClass', operator: 'In', values: ['a'] }, { scopeName: 'VolumeAttributesClass', operator: 'Exists' })), []],
    ['a selector of nothing', quota(selector({ scopeName: 'Some', operator: 'Is' })), [`${at}.scopeName: Invalid value: "Some": unsupported scope`, `${at}.operator: Invalid value: "Is": not a valid selector operator`]],
    ['operators', quota(selector({ scopeName: 'BestEffort', operator: 'In' }, { scopeName: 'PriorityClass', operator: 'DoesNotExist', values: ['a'] })), [
      `${at}.operator: Invalid value: "In": ${exists}`, `${at}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
      `${at}.values: Invalid value: ["a"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
    ]],
    ['a selector that counts nothing', quota({ hard: { secrets: '1' }, ...selector({ scopeName: 'PriorityClass', operator: 'Exists' }) }), [
      `${at}: Invalid value: {"MatchExpressions":[{"ScopeName":"PriorityClass","Operator":"Exists","Values":null}]}: unsupported scope applied to resource`,
    ]],
    ['selectors against each other', quota(selector({ scopeName: 'Terminating', operator: 'Exists' }, { scopeName: 'NotTerminating', operator: 'Exists' })), [`${at}: Invalid value: null: conflicting scopes`]],
  ])('%s', (_, object, expected) => {
    expect(faults('resourcequotas.v1', object)).toEqual(expected)
  })

  it('keeps its scopes, in any order', () => {
    const old = quota({ scopes: ['BestEffort', 'Terminating'] })
    expect(faults('resourcequotas.v1', quota({ scopes: ['Terminating', 'BestEffort'] }), old)).toEqual([])
    expect(faults('resourcequotas.v1', quota({ scopes: ['Terminating'] }), old)).toEqual(['spec.scopes: Invalid value: ["Terminating"]: field is immutable'])
  })

  it('counts in its status what can be counted', () => {
    expect(partFaults('resourcequotas.v1', 'status', { ...quota({}), status: { hard: { x: '1' }, used: { pods: '-1' } } }, quota({}))).toEqual([
      'status.hard[x]: Invalid value: "x": must be a standard resource type or fully qualified', 'status.hard[x]: Invalid value: "x": must be a standard resource for quota',
      'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
    ])
  })
})

describe('events', () => {
  const core = (more: Json, namespace = 'n'): Json => ({ metadata: { name: 'e', namespace }, involvedObject: { namespace }, ...more })
  const time = '2026-01-01T00:00:00.000000Z'
  const regarding = { metadata: { name: 'e', namespace: 'n' }, regarding: { namespace: 'n' }, eventTime: time, reportingController: 'a.b/c', reportingInstance: 'i', action: 'Do', reason: 'So', type: 'Normal' }

  it.each<Case>([
    ['the least', core({}), []],
    ['of an object elsewhere', core({ involvedObject: { namespace: 'm' } }), ['involvedObject.namespace: Invalid value: "m": does not match event.namespace']],
    ['of an object nowhere', core({ involvedObject: {} }), ['involvedObject.namespace: Invalid value: "": does not match event.namespace']],
    ['of an object nowhere, where it belongs', core({ involvedObject: {} }, 'default'), []],
    ['of an object nowhere, where only newer events may be', core({ involvedObject: {} }, 'kube-system'), ['involvedObject.namespace: Invalid value: "": does not match event.namespace']],
    ['with a time of its own', core({ eventTime: time }), [
      'reportingController: Required value', 'reportingController: Invalid value: "": name part must be non-empty', `reportingController: Invalid value: "": name part ${label}`,
      'reportingInstance: Required value', 'action: Required value', 'reason: Required value',
    ]],
    ['too long', core({ eventTime: time, reportingComponent: 'c', reportingInstance: 'i'.repeat(129), action: 'a'.repeat(129), reason: 'r'.repeat(129), message: 'm'.repeat(1025) }), [
      'reportingInstance: Invalid value: "": can have at most 128 characters', 'action: Invalid value: "": can have at most 128 characters',
      'reason: Invalid value: "": can have at most 128 characters', 'message: Invalid value: "": can have at most 1024 characters',
    ]],
  ])('core: %s', (_, object, expected) => {
    expect(faults('events.v1', object)).toEqual(expected)
  })

  it.each<Case>([
    ['the least', regarding, []],
    ['without a time', { ...regarding, eventTime: null, type: 'Odd' }, ['eventTime: Required value', 'type: Invalid value: "": has invalid value: Odd']],
    ['a series of one', { ...regarding, series: { count: 1 } }, ['series.count: Invalid value: "": should be at least 2', 'series.lastObservedTime: Required value']],
    ['old fields', { ...regarding, deprecatedCount: 1, deprecatedFirstTimestamp: time, deprecatedLastTimestamp: time, deprecatedSource: { host: 'h' } }, [
      'firstTimestamp: Invalid value: "": needs to be unset', 'lastTimestamp: Invalid value: "": needs to be unset', 'count: Invalid value: "": needs to be unset', 'source: Invalid value: "": needs to be unset',
    ]],
  ])('events.k8s.io: %s', (_, object, expected) => {
    expect(faults('events.events.k8s.io/v1', object)).toEqual(expected)
  })

  it('says the same for ever, but goes on', () => {
    const change = (more: Json): string[] => faults('events.events.k8s.io/v1', { ...regarding, ...more }, regarding)
    expect(change({ series: { count: 2, lastObservedTime: time } })).toEqual([])
    expect(change({ note: 'x', regarding: { namespace: 'n', name: 'p' }, reportingInstance: 'j' })).toEqual([
      'involvedObject: Invalid value: {"Kind":"","Namespace":"n","Name":"p","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: field is immutable',
      'message: Invalid value: "x": field is immutable', 'reportingInstance: Invalid value: "j": field is immutable',
    ])
  })
})

describe('classes', () => {
  const priority = (name: string, more: Json): Json => ({ metadata: { name }, value: 1, ...more })
  const reserved = "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "

  it.each<Case>([
    ['a class', priority('a', { value: 1_000_000_000 }), []],
    ['the system\'s', priority('system-node-critical', { value: 2_000_001_000 }), []],
    ['too high', priority('a', { value: 1_000_000_001 }), ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000']],
    ['a name of the system', priority('system-mine', {}), [`${reserved}system-mine is not a known system priority class`]],
    ['a value that is not the system\'s', priority('system-cluster-critical', {}), [`${reserved}value of system-cluster-critical PriorityClass must be 2000000000`]],
    ['the system\'s for all', priority('system-cluster-critical', { value: 2_000_000_000, globalDefault: true }), [`${reserved}globalDefault of system-cluster-critical PriorityClass must be false`]],
    ['a policy', priority('a', { preemptionPolicy: 'Always' }), ['preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"']],
  ])('of priority: %s', (_, object, expected) => {
    expect(faults('priorityclasses.scheduling.k8s.io/v1', object)).toEqual(expected)
  })

  it('of priority: keep value and policy', () => {
    expect(faults('priorityclasses.scheduling.k8s.io/v1', priority('a', { value: 2, preemptionPolicy: 'Never' }), created('priorityclasses.scheduling.k8s.io/v1', priority('a', {})))).toEqual([
      'value: Forbidden: may not be changed in an update.', 'preemptionPolicy: Invalid value: "Never": field is immutable',
    ])
  })

  const runtime = (more: Json): Json => ({ metadata: { name: 'r' }, handler: 'runc', ...more })
  const dns = (value: string): string => `handler: Invalid value: "${value}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`

  it.each<Case>([
    ['a handler', runtime({ overhead: { podFixed: { cpu: '1', memory: '1Gi' } }, scheduling: { nodeSelector: { a: 'b' } } }), []],
    ['none', runtime({ handler: '' }), [dns('')]],
    ['no name', runtime({ handler: 'A' }), [dns('A')]],
    ['overhead', runtime({ overhead: { podFixed: { gpu: '-1' } } }), [
      'overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified', 'overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      'overhead.limits[gpu]: Invalid value: "-1": must be greater than or equal to 0',
    ]],
    ['nodes', runtime({ scheduling: { nodeSelector: { 'a b': 'c' } } }), [`scheduling.nodeSelector: Invalid value: "a b": name part ${label}`]],
  ])('of runtimes: %s', (_, object, expected) => {
    expect(faults('runtimeclasses.node.k8s.io/v1', object)).toEqual(expected)
  })

  it('of runtimes: keep the handler, and warn of old labels', () => {
    expect(faults('runtimeclasses.node.k8s.io/v1', runtime({ handler: 'b' }), runtime({}))).toEqual(['handler: Invalid value: "b": field is immutable'])
    const twice = { key: 'a', operator: 'Exists' }
    expect(faults('runtimeclasses.node.k8s.io/v1', runtime({ scheduling: { tolerations: [twice, { ...twice, tolerationSeconds: 1, effect: 'NoExecute' }, twice] } }), runtime({}))).toEqual([
      'scheduling.tolerations[2]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}',
    ])
    expect(warnings('runtimeclasses.node.k8s.io/v1', runtime({ scheduling: { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } } }))).toEqual(['scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead'])
  })
})

it('leases last, and change hands forwards', () => {
  const lease = (spec: Json): Json => ({ metadata: home, spec })
  expect(faults('leases.coordination.k8s.io/v1', lease({ leaseDurationSeconds: 0, leaseTransitions: -1 }))).toEqual(['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0', 'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0'])
  expect(created('leases.coordination.k8s.io/v1', lease({ strategy: 'Odd', preferredHolder: 'me' }))).toEqual(lease({}))
})

describe('roles', () => {
  const at = 'rules[0]'
  const rule = (more: Json): Json => ({ metadata: home, rules: [more] })

  it.each<[kind: string, title: string, object: Json, expected: string[]]>([
    ['roles', 'a rule', rule({ verbs: ['get'], apiGroups: [''], resources: ['pods', 'secrets'], resourceNames: ['a'] }), []],
    ['roles', 'nothing', rule({}), [`${at}.verbs: Required value: verbs must contain at least one value`, `${at}.apiGroups: Required value: resource rules must supply at least one api group`, `${at}.resources: Required value: resource rules must supply at least one resource`]],
    ['roles', 'paths', rule({ verbs: ['get'], nonResourceURLs: ['/x'] }), [`${at}.nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs`]],
    ['clusterroles', 'paths', rule({ verbs: ['get'], nonResourceURLs: ['/x'] }), []],
    ['clusterroles', 'paths and resources', rule({ verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'] }), [`${at}.nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs`]],
    ['clusterroles', 'aggregation of nothing', { metadata: home, aggregationRule: {} }, ['aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil']],
    ['clusterroles', 'aggregation', { metadata: home, aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] } }, ["aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]],
    ['rolebindings', 'a binding', { metadata: home, roleRef: { kind: 'Role', name: 'system:x' }, subjects: [{ kind: 'User', name: 'u' }, { kind: 'ServiceAccount', name: 's' }] }, []],
    ['rolebindings', 'a role', { metadata: home, roleRef: { apiGroup: 'x', kind: 'Pod', name: 'a/b' } }, [
      'roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"', 'roleRef.kind: Unsupported value: "Pod": supported values: "Role", "ClusterRole"', 'roleRef.name: Invalid value: "a/b": may not contain \'/\'',
    ]],
    ['clusterrolebindings', 'a role', { metadata: home, roleRef: { kind: 'Role' } }, ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"', 'roleRef.name: Required value']],
    ['clusterrolebindings', 'subjects', {
      metadata: home, roleRef: { kind: 'ClusterRole', name: 'r' },
      subjects: [{ kind: 'User', name: '' }, { kind: 'Group', name: 'g', apiGroup: 'x' }, { kind: 'ServiceAccount', name: 'A', apiGroup: 'x' }, { kind: 'Pod', name: 'p' }],
    }, [
      'subjects[0].name: Required value', 'subjects[0].name: Invalid value: "": user name cannot be empty', 'subjects[1].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
      `subjects[2].name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      'subjects[2].apiGroup: Unsupported value: "x": supported values: ""', 'subjects[2].namespace: Required value', 'subjects[3].kind: Unsupported value: "Pod": supported values: "ServiceAccount", "User", "Group"',
    ]],
  ])('%s: %s', (kind, _, object, expected) => {
    expect(faults(`${kind}.rbac.authorization.k8s.io/v1`, object)).toEqual(expected)
  })

  it('a binding keeps its role', () => {
    const binding = (name: string): Json => created('rolebindings.rbac.authorization.k8s.io/v1', { metadata: home, roleRef: { kind: 'Role', name } })
    expect(faults('rolebindings.rbac.authorization.k8s.io/v1', binding('b'), binding('a'))).toEqual(['roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef'])
  })
})
