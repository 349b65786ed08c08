// What networking kinds refuse and warn of: a valid object, changes to it, and what is said of each.
import type { Json } from './kind.suite.ts'
import { changed, created, creates, faults, statuses, updated, updates, warnings } from './kind.suite.ts'

const ip = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const cidr = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const label1035 = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

const meta = { name: 'x', namespace: 'n' }

const ingress = { metadata: meta, spec: { rules: [{ host: 'a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }] } }] } }
const route = (path: Json, host = 'a.b'): Json => ({ spec: { rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } }, ...path }] } }] } })
const at = 'spec.rules[0].http.paths[0]'

creates('ingresses.networking.k8s.io/v1', ingress, [
  ['nothing', { spec: { rules: null } }, ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified']],
  ['an address as host', route({}, '10.0.0.1'), ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address']],
  ['a bad host', route({}, 'A'), [`spec.rules[0].host: Invalid value: "A": ${subdomain}`]],
  ['no paths', { spec: { rules: [{ http: { paths: [] } }] } }, ['spec.rules[0].http.paths: Required value']],
  ['no type of path', route({ pathType: undefined, backend: {} }), [`${at}.pathType: Required value: pathType must be specified`]],
  ['unknown type of path', route({ pathType: 'Regex', path: 'x' }), [`${at}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`]],
  ['bad path', route({ path: 'a//b/..' }), [
    `${at}.path: Invalid value: "a//b/..": must be an absolute path`, `${at}.path: Invalid value: "a//b/..": must not contain '//'`, `${at}.path: Invalid value: "a//b/..": cannot end with '/..'`,
  ]],
  ['no backend', route({ backend: {} }), [`${at}.backend: Invalid value: "": resource or service backend is required`]],
  ['two backends', route({ backend: { service: { name: 's' }, resource: { kind: 'a', name: 'b' } } }), [`${at}.backend: Invalid value: "": cannot set both resource and service backends`]],
  ['resource', route({ backend: { resource: { apiGroup: 'A', kind: 'a/b', name: '' } } }), [
    `${at}.backend.resource.apiGroup: Invalid value: "A": ${subdomain}`, `${at}.backend.resource.kind: Invalid value: "a/b": may not contain '/'`, `${at}.backend.resource.name: Required value`,
  ]],
  ['service', route({ backend: { service: { name: '1s' } } }), [`${at}.backend.service.name: Invalid value: "1s": ${label1035}`, `${at}.backend: Required value: port name or number is required`]],
  ['two ports', route({ backend: { service: { name: 's', port: { name: 'a', number: 1 } } } }), [`${at}.backend: Invalid value: "": cannot set both port name & port number`]],
  ['port', route({ backend: { service: { name: 's', port: { number: 65536 } } } }), [`${at}.backend.service.port.number: Invalid value: 65536: must be between 1 and 65535, inclusive`]],
  ['tls', { spec: { tls: [{ hosts: ['*'], secretName: 'S' }] } }, [
    `spec.tls[0].hosts[0]: Invalid value: "*": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    `spec.tls[0].secretName: Invalid value: "S": ${subdomain}`,
  ]],
  ['two classes', { metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } }, spec: { ingressClassName: 'b' } }, ['annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified']],
])

updates('ingresses.networking.k8s.io/v1', changed(ingress, { spec: { tls: [{ secretName: 'S' }] } }), [
  ['what was there stays', { spec: { tls: [{ secretName: 'T' }] } }, []],
  ['two classes', { metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } }, spec: { ingressClassName: 'b' } }, []],
])

statuses('ingresses.networking.k8s.io/v1', ingress, [
  ['good', { status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }, { hostname: 'a.b' }] } } }, []],
  ['bad', { status: { loadBalancer: { ingress: [{ ip: 'x', hostname: '10.0.0.1' }] } } }, [
    `status.loadBalancer.ingress[0].ip: Invalid value: "x": ${ip}`, 'status.loadBalancer.ingress[0].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ]],
])

const ingressClass = { metadata: { name: 'x' }, spec: { controller: 'a.b/c' } }

creates('ingressclasses.networking.k8s.io/v1', ingressClass, [
  ['no controller', { spec: { controller: null } }, ['spec.controller: Required value']],
  ['no path', { spec: { controller: 'a.b' } }, ['spec.controller: Invalid value: "a.b": must be a domain-prefixed path (such as "acme.io/foo")']],
  ['no domain', { spec: { controller: 'A/b c' } }, [`spec.controller: Invalid value: "A": ${subdomain}`, "spec.controller: Invalid value: \"b c\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"]],
  ['too long', { spec: { controller: `a/${'b'.repeat(249)}` } }, ['spec.controller: Too long: may not be more than 250 bytes']],
  ['parameters', { spec: { parameters: { kind: '', name: '..' } } }, ['spec.parameters.kind: Required value', "spec.parameters.name: Invalid value: \"..\": may not be '..'"]],
  ['scope', { spec: { parameters: { kind: 'a', name: 'b', scope: 'Node' } } }, ['spec.parameters.scope: Unsupported value: "Node": supported values: "Cluster", "Namespace"']],
  ['no namespace', { spec: { parameters: { kind: 'a', name: 'b', scope: 'Namespace' } } }, ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]],
  ['namespace', { spec: { parameters: { kind: 'a', name: 'b', namespace: 'c' } } }, ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"]],
])

updates('ingressclasses.networking.k8s.io/v1', ingressClass, [['another controller', { spec: { controller: 'a' } }, [
  'spec.controller: Invalid value: "a": field is immutable', 'spec.controller: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")',
]]])

const policy = { metadata: meta, spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }], from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] } }
const port = (value: Json): Json => ({ spec: { ingress: [{ ports: [value] }] } })
const peer = (value: Json): Json => ({ spec: { egress: [{ to: [value] }] } })

creates('networkpolicies.networking.k8s.io/v1', policy, [
  ['protocol', port({ port: 1, protocol: 'ICMP' }), ['spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"']],
  ['port', port({ port: 0 }), ['spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive']],
  ['last port before the first', port({ port: 10, endPort: 9 }), ['spec.ingress[0].ports[0].endPort: Invalid value: 10: must be greater than or equal to `port`']],
  ['last port too far', port({ port: 10, endPort: 65536 }), ['spec.ingress[0].ports[0].endPort: Invalid value: 65536: must be between 1 and 65535, inclusive']],
  ['last port of none', port({ endPort: 9 }), ['spec.ingress[0].ports[0].endPort: Invalid value: 9: may not be specified when `port` is not specified']],
  ['last port of a name', port({ port: 'a', endPort: 9 }), ['spec.ingress[0].ports[0].endPort: Invalid value: 9: may not be specified when `port` is non-numeric']],
  ['no peer', peer({}), ['spec.egress[0].to[0]: Required value: must specify a peer']],
  ['two peers', peer({ ipBlock: { cidr: '' }, podSelector: {} }), ['spec.egress[0].to[0].ipBlock.cidr: Required value', 'spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer']],
  ['ranges', peer({ ipBlock: { cidr: '10.0.0.0/33', except: ['x'] } }), [`spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.0.0.0/33": ${cidr}`]],
  ['exceptions', peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['x', '11.0.0.0/16', '10.0.0.0/8'] } }), [
    `spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "x": ${cidr}`,
    'spec.egress[0].to[0].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`', 'spec.egress[0].to[0].ipBlock.except[2]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
  ]],
  ['types', { spec: { policyTypes: ['Ingress', 'x'] } }, ['spec.policyTypes[1]: Unsupported value: "x": supported values: "Ingress", "Egress"']],
  ['many types', { spec: { policyTypes: ['a', 'b', 'c'] } }, ['spec.policyTypes: Invalid value: ["a","b","c"]: may not specify more than two policyTypes']],
])

updates('networkpolicies.networking.k8s.io/v1', policy, [['everything is told twice', peer({}), Array<string>(2).fill('spec.egress[0].to[0]: Required value: must specify a peer')]])

const address = { metadata: { name: '10.0.0.1' }, spec: { parentRef: { resource: 'services', name: 's', namespace: 'n' } } }

creates('ipaddresses.networking.k8s.io/v1', address, [
  ['zeros', { metadata: { name: '10.0.0.01' } }, ['metadata.name: Invalid value: "10.0.0.01": must not have leading 0s']],
  ['mapped', { metadata: { name: '::ffff:10.0.0.1' } }, ['metadata.name: Invalid value: "::ffff:10.0.0.1": must not be an IPv4-mapped IPv6 address']],
  ['long', { metadata: { name: '2001:db8::0:1' } }, ['metadata.name: Invalid value: "2001:db8::0:1": must be in canonical form ("2001:db8::1")']],
  ['none', { metadata: { name: 'x' }, spec: { parentRef: null } }, [`metadata.name: Invalid value: "x": ${ip}`, 'spec.parentRef: Required value']],
  ['parent', { spec: { parentRef: { group: 'A', resource: null, name: 'a%', namespace: '.' } } }, [
    `spec.parentRef.group: Invalid value: "A": ${subdomain}`, 'spec.parentRef.resource: Required value', "spec.parentRef.name: Invalid value: \"a%\": may not contain '%'", "spec.parentRef.namespace: Invalid value: \".\": may not be '.'",
  ]],
])

updates('ipaddresses.networking.k8s.io/v1', address, [
  ['another parent', { spec: { parentRef: { name: 't' } } }, ['spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"n","Name":"t"}: field is immutable']],
])

const range = { metadata: { name: 'x' }, spec: { cidrs: ['10.0.0.0/16'] } }

creates('servicecidrs.networking.k8s.io/v1', range, [
  ['none', { spec: { cidrs: [] } }, ['spec.cidrs: Required value: at least one CIDR required']],
  ['three', { spec: { cidrs: ['10.0.0.0/16', '10.1.0.0/16', '::/64'] } }, ['spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/16","10.1.0.0/16","::/64"]}: may only hold up to 2 values']],
  ['bits', { spec: { cidrs: ['10.0.0.1/16', '2001:DB8::/64'] } }, ['spec.cidrs[0]: Invalid value: "10.0.0.1/16": must not have bits set beyond the prefix length', 'spec.cidrs[1]: Invalid value: "2001:DB8::/64": must be in canonical form ("2001:db8::/64")']],
  ['one family', { spec: { cidrs: ['10.0.0.0/16', '10.1.0.0/16'] } }, ['spec.cidrs: Invalid value: ["10.0.0.0/16","10.1.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64']],
])

updates('servicecidrs.networking.k8s.io/v1', range, [
  ['another', { spec: { cidrs: ['10.1.0.0/16'] } }, ['spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable']],
  ['none', { spec: { cidrs: [] } }, ['spec.cidrs: Invalid value: []: field is immutable']],
  ['the other family', { spec: { cidrs: ['10.0.0.0/16', '2001:db8::/64'] } }, []],
  ['the same family', { spec: { cidrs: ['10.0.0.0/16', 'x'] } }, [`spec.cidrs[1]: Invalid value: "x": ${cidr}`]],
])

const slice = { metadata: meta, addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['10.0.0.1'] }] }
const hints = (value: Json): Json => ({ endpoints: [{ addresses: ['10.0.0.1'], hints: value }] })

creates('endpointslices.discovery.k8s.io/v1', slice, [
  ['no type', { addressType: null, endpoints: [{ addresses: ['x'] }] }, ['addressType: Required value']],
  ['unknown type', { addressType: 'DNS' }, ['addressType: Unsupported value: "DNS": supported values: "FQDN", "IPv4", "IPv6"']],
  ['ports', { ports: [{ name: 'A', protocol: 'x' }, {}, { appProtocol: 'a b' }] }, [
    `ports[0].name: Invalid value: "A": ${label}`, 'ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"', 'ports[2].name: Duplicate value: ""',
    "ports[2].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ]],
  ['addresses', { endpoints: [{ addresses: [] }, { addresses: ['127.0.0.1', '169.254.0.1', '224.0.0.1', '0.0.0.0', 'x', '::1'] }] }, [
    'endpoints[0].addresses: Required value: must contain at least 1 address',
    'endpoints[1].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'endpoints[1].addresses[1]: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    'endpoints[1].addresses[2]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    'endpoints[1].addresses[3]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
    `endpoints[1].addresses[4]: Invalid value: "x": ${ip}`,
    'endpoints[1].addresses: Invalid value: "::1": must be an IPv4 address', 'endpoints[1].addresses[5]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ]],
  ['IPv6', { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::0', 'fe80::1'] }] }, [
    'endpoints[0].addresses[0]: Invalid value: "2001:db8::0": must be in canonical form ("2001:db8::")', 'endpoints[0].addresses[1]: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ]],
  ['names', { addressType: 'FQDN', endpoints: [{ addresses: ['a.b.', 'a', 'A.b', ''] }] }, [
    'endpoints[0].addresses[1]: Invalid value: "a": should be a domain with at least two segments separated by dots', `endpoints[0].addresses[2]: Invalid value: "A.b": ${subdomain}`, 'endpoints[0].addresses[3]: Required value',
  ]],
  ['many', { endpoints: Array<Json>(1001).fill({ addresses: [] }) }, ['endpoints: Too many: 1001: must have at most 1000 items']],
  ['places', { endpoints: [{ addresses: ['10.0.0.1'], hostname: 'a.b', nodeName: 'A' }] }, [`endpoints[0].nodeName: Invalid value: "A": ${subdomain}`, 'endpoints[0].hostname: Invalid value: "a.b": must not contain dots']],
  ['zones', hints({ forZones: [{ name: 'a' }, { name: 'a' }], forNodes: [{ name: 'A' }] }), ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"', `endpoints[0].hints.forNodes[0].name: Invalid value: "A": ${subdomain}`]],
  ['many zones', hints({ forZones: Array<Json>(9).fill({ name: 'a' }), forNodes: [{ name: 'A' }] }), ['endpoints[0].hints.forZones: Too many: 9: must have at most 8 items']],
])

updates('endpointslices.discovery.k8s.io/v1', slice, [['another type', { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] }, ['addressType: Invalid value: "IPv6": field is immutable']]])

describe('slices and endpoints as they stand', () => {
  it('are taken again, and the server\'s own may be on the loopback', () => {
    const old = changed(slice, { endpoints: [{ addresses: ['127.0.0.1'] }] })
    expect(faults('endpointslices.discovery.k8s.io/v1', changed(old, { metadata: { labels: { a: 'b' } } }), old)).toEqual([])
    expect(faults('endpointslices.discovery.k8s.io/v1', changed(old, { metadata: { name: 'kubernetes', namespace: 'default' } }))).toEqual([])
    const subsets = [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 1, protocol: 'TCP' }] }]
    expect(faults('endpoints.v1', { metadata: meta, subsets }, { metadata: meta, subsets })).toEqual([])
    expect(faults('endpoints.v1', { metadata: meta, subsets })).toEqual(['subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'])
  })

  it('count a change of labels', () => {
    const old = changed(created('endpointslices.discovery.k8s.io/v1', slice), { metadata: { generation: 3 } })
    expect(updated('endpointslices.discovery.k8s.io/v1', changed(old, { metadata: { labels: { a: 'b' } } }), old)).toMatchObject({ metadata: { generation: 4 } })
  })
})

creates('endpoints.v1', { metadata: meta, subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] }, [
  ['nothing', { subsets: [{}] }, ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`']],
  ['address', { subsets: [{ notReadyAddresses: [{ ip: 'x', hostname: 'A', nodeName: 'A' }] }] }, [
    `subsets[0].notReadyAddresses[0].ip: Invalid value: "x": ${ip}`, `subsets[0].notReadyAddresses[0].hostname: Invalid value: "A": ${label}`, `subsets[0].notReadyAddresses[0].nodeName: Invalid value: "A": ${subdomain}`,
    'subsets[0].notReadyAddresses[0].ip: Invalid value: "x": must be a valid IP address',
  ]],
  ['ports', { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 0 }, { name: 'a', port: 1, protocol: 'x' }] }] }, [
    'subsets[0].ports[0].name: Required value', 'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive', 'subsets[0].ports[1].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
  ]],
])

describe('warnings', () => {
  it.each<[string, Json, string[]]>([
    ['ingresses.networking.k8s.io/v1', changed(ingress, { metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } } }), ['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead']],
    ['networkpolicies.networking.k8s.io/v1', changed(policy, { spec: { ingress: [{ from: [{ ipBlock: { cidr: '010.0.0.1/8', except: ['10.1.0.0/16'] } }] }], egress: [{ to: [{ ipBlock: { cidr: '2001:DB8::/64' } }] }] } }), [
      'spec.ingress[0].from[0].ipBlock.cidr: CIDR value "010.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/8"?)',
      'spec.ingress[0].from[0].ipBlock.cidr: non-standard CIDR value "010.0.0.1/8" will be considered invalid in a future Kubernetes release: use "10.0.0.0/8"',
      'spec.egress[0].to[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format ("2001:db8::/64")',
    ]],
    ['endpointslices.discovery.k8s.io/v1', changed(slice, { endpoints: [{ addresses: ['010.0.0.1'] }] }), ['endpoints[0].addresses[0]: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"']],
    ['endpointslices.discovery.k8s.io/v1', changed(slice, { metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } }, endpoints: [{ addresses: ['010.0.0.1'] }] }), []],
    ['endpoints.v1', { metadata: meta, subsets: [{ notReadyAddresses: [{ ip: '2001:DB8::1' }] }] }, ['subsets[0].notReadyAddresses[0].ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")']],
  ])('%s', (name, object, expected) => expect(warnings(name, object)).toEqual(expected))
})
