// What the kinds of resource.k8s.io refuse and leave out.
import type { AnyObject } from '../../api/object.ts'
import { admissionPlugins } from '../admission-plugins.ts'
import { asking, failure, fixture } from '../fixture.suite.ts'
import type { Json } from './kind.suite.ts'
import { changed, created, creates, definitionOf, definitions, statuses, updated, updates } from './kind.suite.ts'

const classes = 'deviceclasses.resource.k8s.io/v1'
const claims = 'resourceclaims.resource.k8s.io/v1'
const templates = 'resourceclaimtemplates.resource.k8s.io/v1'
const slices = 'resourceslices.resource.k8s.io/v1'
const meta = { name: 'x', namespace: 'default' }
const label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const identifier = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')"
const selects = (expression: string): Json => ({ cel: { expression } })

creates(classes, { metadata: { name: 'x' }, spec: { selectors: [selects('device.driver == "a.b" && device.attributes["a.b"].model == "m" && device.capacity["a.b"].memory.compareTo(quantity("1Gi")) > 0')] } }, [
  ['selectors', { spec: { selectors: [{}, selects('1'), selects('device.nothing'), selects('a'.repeat(10 * 1024 + 1))] } }, [
    'spec.selectors[0].cel: Required value', 'spec.selectors[1].cel.expression: Invalid value: "1": must evaluate to bool or the unknown type, not int',
    expect.stringMatching(/^spec\.selectors\[2\]\.cel\.expression: Invalid value: "device\.nothing": compilation failed: ERROR: <input>:1:7: /) as unknown as string,
    'spec.selectors[3].cel.expression: Too long: may not be more than 10240 bytes',
  ]],
  ['settings', { spec: { config: [{}, { opaque: { driver: '', parameters: null } }, { opaque: { driver: 'A_b', parameters: [] } }, { opaque: { driver: 'A.b', parameters: { a: 'b'.repeat(10 * 1024) } } }] } }, [
    'spec.config[0].opaque: Required value', 'spec.config[1].opaque.driver: Required value', 'spec.config[1].opaque.parameters: Required value', `spec.config[2].opaque.driver: Invalid value: "A_b": ${subdomain}`,
    'spec.config[2].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object', 'spec.config[3].opaque.parameters: Too long: may not be more than 10240 bytes',
  ]],
  ['many', { spec: { selectors: Array<Json>(33).fill({}) } }, ['spec.selectors: Too many: 33: must have at most 32 items']],
])

const exactly = { deviceClassName: 'c' }
const claim = { metadata: meta, spec: { devices: { requests: [{ name: 'r', exactly }, { name: 's', firstAvailable: [{ name: 'a', ...exactly }, { name: 'b', ...exactly, allocationMode: 'All' }] }] } } }
const requests = (...list: Json[]): Json => ({ spec: { devices: { requests: list } } })
const at = 'spec.devices.requests[0]'
const reference = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

creates(claims, claim, [
  ['nothing', requests({}), [`${at}.name: Invalid value: "": ${label}`, `${at}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`]],
  ['both', requests({ name: 'r', exactly, firstAvailable: [{ name: 'a', ...exactly }] }), [`${at}: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`]],
  ['exactly', requests({ name: 'r', exactly: { deviceClassName: '', allocationMode: 'All', count: 1 } }), [`${at}.exactly.deviceClassName: Required value`, `${at}.exactly.count: Invalid value: 1: must not be specified when allocationMode is 'All'`]],
  ['counts', requests({ name: 'r', exactly: { deviceClassName: 'A', allocationMode: 'Some' } }, { name: 's', exactly: { deviceClassName: 'c', count: -1 } }), [
    `${at}.exactly.deviceClassName: Invalid value: "A": ${subdomain}`, `${at}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`,
    'spec.devices.requests[1].exactly.count: Invalid value: -1: must be greater than zero',
  ]],
  ['twice', requests({ name: 'r', exactly }, { name: 'r', firstAvailable: [{ name: 'a', ...exactly }, { name: 'a' }] }), [
    'spec.devices.requests[1].firstAvailable[1].deviceClassName: Required value', 'spec.devices.requests[1].firstAvailable[1]: Duplicate value: "a"', 'spec.devices.requests[1]: Duplicate value: "r"',
  ]],
  ['many', requests({ name: 'r', firstAvailable: Array<Json>(9).fill({}) }), [`${at}.firstAvailable: Too many: 9: must have at most 8 items`]],
  ['constraints', { spec: { devices: { constraints: [{ requests: ['r', 's/a', 't', 's/c', 's/a/b', 'r'], matchAttribute: 'm' }, {}, { matchAttribute: '/' }, { matchAttribute: 'a.b/1' }] } } }, [
    `spec.devices.constraints[0].requests[2]: Invalid value: "t": ${reference}`, `spec.devices.constraints[0].requests[3]: Invalid value: "s/c": ${reference}`, `spec.devices.constraints[0].requests[4]: Invalid value: "s/a/b": ${reference}`,
    'spec.devices.constraints[0].requests[5]: Duplicate value: "r"', 'spec.devices.constraints[0].matchAttribute: Invalid value: "m": a fully qualified name must be a domain and a name separated by a slash',
    'spec.devices.constraints[1].matchAttribute: Required value', 'spec.devices.constraints[2].matchAttribute: Invalid value: "": the domain must not be empty', 'spec.devices.constraints[2].matchAttribute: Invalid value: "": the name must not be empty',
    `spec.devices.constraints[3].matchAttribute: Invalid value: "1": ${identifier}`,
  ]],
  ['settings', { spec: { devices: { config: [{ requests: ['t'] }] } } }, [`spec.devices.config[0].requests[0]: Invalid value: "t": ${reference}`, 'spec.devices.config[0].opaque: Required value']],
])

updates(claims, { metadata: meta, spec: { devices: { requests: [{ name: 'r', exactly: { ...exactly, selectors: [selects('true')] } }] } } }, [
  ['labels', { metadata: { labels: { a: 'b' } } }, []],
  ['the spec', requests({ name: '', exactly: { ...exactly, adminAccess: true } }), [
    'spec: Invalid value: {"Devices":{"Requests":[{"Name":"","Exactly":{"DeviceClassName":"c","Selectors":null,"AllocationMode":"ExactCount","Count":1,"AdminAccess":true,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}: field is immutable',
  ]],
])

const result = { request: 's/a', driver: 'd.e', pool: 'p', device: 'g' }
const allocation = { devices: { results: [result] } }
const user = { resource: 'pods', name: 'p', uid: 'u' }

statuses(claims, claim, [
  ['good', { status: { allocation, reservedFor: [user], devices: [{ driver: 'd.e', pool: 'p', device: 'g', data: { a: 1 }, networkData: { ips: ['10.0.0.1/8', '2001:db8::1/64'] } }] } }, []],
  ['users', { status: { reservedFor: [user, {}, user] } }, [
    'status.reservedFor[1].resource: Required value', 'status.reservedFor[1].name: Required value', 'status.reservedFor[1].uid: Required value', 'status.reservedFor[2]: Duplicate value: "u"',
    'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ]],
  ['results', { status: { allocation: { devices: { results: [{ request: 't', driver: '', pool: 'a/B', device: 'G' }], config: [{ source: 'Here' }, {}] }, nodeSelector: { nodeSelectorTerms: [] } } } }, [
    `status.allocation.devices.results[0].request: Invalid value: "t": ${reference}`, 'status.allocation.devices.results[0].driver: Required value', `status.allocation.devices.results[0].pool: Invalid value: "B": ${subdomain}`,
    `status.allocation.devices.results[0].device: Invalid value: "G": ${label}`, 'status.allocation.devices.config[0].source: Unsupported value: "Here": supported values: "FromClaim", "FromClass"', 'status.allocation.devices.config[0].opaque: Required value',
    'status.allocation.devices.config[1].source: Required value', 'status.allocation.devices.config[1].opaque: Required value', 'status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
  ]],
  ['devices', { status: { allocation, devices: [{ driver: 'd.e', pool: 'p', device: 'h', networkData: { interfaceName: 'i'.repeat(257), hardwareAddress: 'h'.repeat(129), ips: ['10.0.0.1', '010.0.0.1/8'] }, conditions: [{ type: 'A', status: 'True', reason: 'R' }] }] } }, [
    'status.devices[0]: Invalid value: {"Driver":"d.e","Pool":"p","Device":"h","ShareID":""}: must be an allocated device in the claim', 'status.devices[0].conditions[0].lastTransitionTime: Required value',
    'status.devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes', 'status.devices[0].networkData.hardwareAddress: Too long: may not be more than 128 bytes',
    'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
    'status.devices[0].networkData.ips[1]: Invalid value: "010.0.0.1/8": must be in canonical form ("10.0.0.1/8")',
  ]],
])

creates(templates, { metadata: meta, spec: { metadata: { labels: { a: 'b' } }, spec: claim.spec } }, [
  ['metadata', { spec: { metadata: { labels: { 'a b': 'c' }, name: 'n' } } }, [
    "spec.metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'spec.metadata.name: Forbidden: cannot be set',
  ]],
  ['claim', { spec: { spec: { devices: { requests: [{ name: 'r' }] } } } }, ['spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required']],
])

const slice = { metadata: { name: 'x' }, spec: { driver: 'd.e', pool: { name: 'p', resourceSliceCount: 1 }, nodeName: 'n', devices: [{ name: 'g', attributes: { 'd.e/model': { string: 'm' }, v: { version: '1.2.3-a.1+b' } }, capacity: { memory: { value: '1Gi' } } }] } }
const device = (value: Json): Json => ({ spec: { devices: [{ name: 'g', ...value }] } })
const place = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'

creates(slices, slice, [
  ['nothing', { spec: { driver: null, pool: null, nodeName: null } }, ['spec.driver: Required value', 'spec.pool.name: Required value', 'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero', `spec: Required value: ${place}`]],
  ['places', { spec: { nodeName: 'N', allNodes: true, nodeSelector: { nodeSelectorTerms: [] }, pool: { generation: -1 } } }, [
    'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero', `spec.nodeName: Invalid value: "N": ${subdomain}`, 'spec.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
    'spec.nodeSelector.nodeSelectorTerms: Invalid value: []: must have exactly one node selector term', `spec: Invalid value: "{\`nodeName\`, \`nodeSelector\`, \`allNodes\`}": ${place}, but multiple fields are set`,
  ]],
  ['empty places', { spec: { nodeName: '', allNodes: false } }, ['spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string', 'spec.allNodes: Invalid value: false: must be either unset or set to true', `spec: Required value: ${place}`]],
  ['attributes', device({ attributes: { a: {}, b: { int: 1, bool: true }, c: { string: 's'.repeat(65) }, d: { version: '1.2' } } }), [
    'spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified',
    'spec.devices[0].attributes[b]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,"VersionValue":null}: exactly one value must be specified',
    'spec.devices[0].attributes[c].string: Too long: may not be more than 64 bytes', 'spec.devices[0].attributes[d].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0',
  ]],
  ['names', device({ capacity: { 'x/y-z': { value: '1' }, [`${'k'.repeat(100)}`]: { value: '1' } } }), [
    `spec.devices[0].capacity[x/y-z]: Invalid value: "y-z": ${identifier}`, `spec.devices[0].capacity[${'k'.repeat(47)}...${'k'.repeat(46)}]: Too long: may not be more than 32 bytes`,
  ]],
  ['many properties', device({ attributes: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`a${index}`, { int: 1 }])) }), ['spec.devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32']],
  ['devices', { spec: { devices: [{ name: 'g' }, { name: 'g' }, { name: '' }] } }, [`spec.devices[2].name: Invalid value: "": ${label}`, 'spec.devices[1]: Duplicate value: "g"']],
])

updates(slices, slice, [['what it is of', { spec: { driver: 'x', pool: { name: 'q' }, nodeName: 'm' } }, [
  'spec.pool.name: Invalid value: "q": field is immutable', 'spec.driver: Invalid value: "x": field is immutable', 'spec.nodeName: Invalid value: "m": field is immutable',
]]])

describe('devices in the registry', () => {
  it('leave out what v1.35 has switched off', () => {
    expect(created(slices, changed(slice, { spec: { sharedCounters: [], devices: [{ name: 'g', taints: [{ key: 'a', effect: 'NoSchedule' }], allNodes: true, capacity: { m: { value: '1', requestPolicy: {} } } }] } }))['spec']).toEqual({ ...slice.spec, devices: [{ name: 'g', capacity: { m: { value: '1' } } }] })
    expect(created(claims, changed(claim, requests({ name: 'r', exactly: { ...exactly, tolerations: [], capacity: {} } })))['spec']).toEqual({ devices: { requests: [{ name: 'r', exactly: { ...exactly, allocationMode: 'ExactCount', count: 1 } }] } })
    expect(updated(classes, { metadata: {}, spec: { extendedResourceName: 'a/b' } }, { metadata: {}, spec: {} })).toEqual({ metadata: {}, spec: {} })
  })

  it('take away what was said of devices that are given back, and nothing of the metadata', async () => {
    const { registry, create } = fixture({ definitions })
    const kind = definitionOf(claims)
    await create(kind, claim)
    const status = async (value: Json): Promise<AnyObject> => (await registry.patch(kind, { ...asking(), namespace: 'default', name: 'x', subresource: 'status', patch: { type: 'merge', body: { metadata: { labels: { a: 'b' } }, status: value } } })).object as AnyObject
    const given = await status({ allocation, reservedFor: [user], devices: [{ driver: 'd.e', pool: 'p', device: 'g' }] })
    expect(given).toMatchObject({ status: { devices: [{ device: 'g' }] } })
    expect(given.metadata).not.toHaveProperty('labels')
    expect(await failure(() => status({ allocation: { devices: { results: [{ ...result, device: 'h' }] } } }))).toMatchObject({ message: expect.stringContaining('status.allocation: Invalid value: {"Devices":{"Results":[{"Request":"s/a","Driver":"d.e","Pool":"p","Device":"h"') as string })
    expect(await status({ allocation: null, reservedFor: null })).toMatchObject({ status: {} })
    expect((await registry.get(kind, { namespace: 'default', name: 'x' }) as AnyObject)['status']).toEqual({})
  })

  it('are for administrators in marked namespaces only', async () => {
    const { registry, create } = fixture({ definitions, admission: admissionPlugins() })
    await create(definitionOf('namespaces.v1'), { metadata: { name: 'default' } })
    const admin = requests({ name: 'q', exactly }, { name: 'r', exactly: { ...exactly, adminAccess: true } })
    const text = 'spec.devices.requests[1].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace'
    expect(await failure(() => create(definitionOf(claims), changed(claim, admin)))).toMatchObject({ code: 422, message: `ResourceClaim.resource.k8s.io "x" is invalid: ${text}` })
    expect(await failure(() => create(definitionOf(templates), { metadata: meta, spec: { spec: changed(claim, admin).spec } }))).toMatchObject({ code: 422, message: `ResourceClaimTemplate.resource.k8s.io "x" is invalid: ${text}` })
    await registry.patch(definitionOf('namespaces.v1'), { ...asking(), name: 'default', patch: { type: 'merge', body: { metadata: { labels: { 'resource.kubernetes.io/admin-access': 'true' } } } } })
    expect(await create(definitionOf(claims), changed(claim, admin))).toMatchObject({ metadata: { name: 'x' } })
  })
})
