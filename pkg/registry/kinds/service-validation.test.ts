import type { Json } from './kind.suite.ts'
import { changed, created, creates, definitionOf, statuses, updated, updates, warnings } from './kind.suite.ts'

const base = { metadata: { name: 's', namespace: 'n' }, spec: { selector: { a: 'b' }, ports: [{ port: 80 }] } }
const spec = (value: Json): Json => ({ spec: value })
const balanced = changed(base, spec({ type: 'LoadBalancer', clusterIP: '10.0.0.1' }))

creates('services.v1', base, [
  ['headless', spec({ clusterIP: 'None', ports: [] }), []],
  ['headless node port', spec({ clusterIP: 'None', type: 'NodePort' }), ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"]],
  ['several', spec({ type: 'x', sessionAffinity: 'y', ports: [{ port: 0, protocol: 'z' }], trafficDistribution: 'near' }), [
    'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive', 'spec.ports[0].protocol: Unsupported value: "z": supported values: "SCTP", "TCP", "UDP"',
    'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.sessionAffinity: Unsupported value: "y": supported values: "ClientIP", "None"', 'spec.type: Unsupported value: "x": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    'spec.trafficDistribution: Unsupported value: "near": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
  ]],
  ['two families of one cluster', spec({ ipFamilyPolicy: 'RequireDualStack' }), ['spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services']],
  ['as many as there are', spec({ ipFamilyPolicy: 'PreferDualStack' }), []],
  ['another family', spec({ ipFamilies: ['IPv6'] }), ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster']],
  ['another address', spec({ clusterIP: '2001:db8::1' }), ['spec.clusterIPs[0]: Invalid value: ["2001:db8::1"]: IPv6 is not configured on this cluster']],
  ['two of one', spec({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '2001:db8::1'] }), [
    "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified", 'spec.clusterIPs[1]: Invalid value: ["10.0.0.1","2001:db8::1"]: IPv6 is not configured on this cluster',
  ]],
  ['two families of one policy', spec({ ipFamilies: ['IPv4', 'IPv6'] }), ["spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"]],
  ['lists', spec({ clusterIPs: ['10.0.0.1'], ipFamilyPolicy: 'x', ipFamilies: ['y'] }), [
    'spec.clusterIPs: Invalid value: ["10.0.0.1"]: must be empty when `clusterIP` is not specified', 'spec.ipFamilies[0]: Unsupported value: "y": supported values: "IPv4", "IPv6"',
    'spec.ipFamilyPolicy: Unsupported value: "x": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
  ]],
  ['first of two', spec({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] }), ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`']],
  ['None is not alone', spec({ clusterIP: 'None', clusterIPs: ['None', '10.0.0.1'] }), ["spec.clusterIPs: Invalid value: [\"None\",\"10.0.0.1\"]: 'None' must be the first and only value"]],
  ['both families without pods', spec({ clusterIP: 'None', selector: null, ports: [] }), []],
  ['what only balancers have', spec({ allocateLoadBalancerNodePorts: true, loadBalancerClass: 'a.b/c', loadBalancerSourceRanges: ['x'], healthCheckNodePort: 1 }), [
    "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'", 'spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'", "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    "spec.healthCheckNodePort: Invalid value: 1: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
  ]],
  ['ranges as an annotation', { metadata: { annotations: { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8, x' } }, ...spec({ type: 'LoadBalancer' }) }, [
    'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ]],
  ['hints of two sorts', { metadata: { annotations: { 'service.kubernetes.io/topology-aware-hints': 'a', 'service.kubernetes.io/topology-mode': 'b' } } }, [
    'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "b": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
  ]],
])

updates('services.v1', changed(base, spec({ clusterIP: '10.0.0.1' })), [
  ['nothing', {}, []],
  ['another address', spec({ clusterIP: '10.0.0.2' }), ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set']],
  ['another address in a whole write', spec({ clusterIP: '10.0.0.2', clusterIPs: null }), ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set']],
  ['headless', spec({ clusterIP: 'None', clusterIPs: ['None'] }), ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set']],
])

updates('services.v1', changed(balanced, spec({ loadBalancerClass: 'a.b/c', externalTrafficPolicy: 'Local', healthCheckNodePort: 30000 })), [
  ['class and port', spec({ loadBalancerClass: 'a b', healthCheckNodePort: 30001 }), [
    'spec.loadBalancerClass: Invalid value: "a b": may not change once set',
    ...[1, 2, 3].flatMap((turn) => (turn === 2 ? ['spec.healthCheckNodePort: Forbidden: field is immutable'] : [
      "spec.loadBalancerClass: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ])),
  ]],
  ['no balancer any more', spec({ type: 'ClusterIP' }), []],
])

statuses('services.v1', balanced, [
  ['good', { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: 'a.b' }] } } }, []],
  ['bad', { status: { loadBalancer: { ingress: [{ ip: 'x', ipMode: 'Direct' }, { ipMode: 'VIP', hostname: '10.0.0.1' }] } } }, [
    'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', 'status.loadBalancer.ingress[0].ipMode: Unsupported value: "Direct": supported values: "Proxy", "VIP"',
    'status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set', 'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ]],
])

statuses('services.v1', base, [['no balancer', { status: { loadBalancer: { ingress: [{ ip: 'x' }] } } }, ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"]]])

describe('services', () => {
  it('warns', () => {
    expect(warnings('services.v1', changed(base, {
      metadata: { annotations: { 'service.kubernetes.io/topology-aware-hints': 'auto' } },
      ...spec({ clusterIP: 'None', sessionAffinity: 'ClientIP', externalIPs: ['192.000.2.1'], loadBalancerIP: '192.0.2.1', externalName: 'a.b', trafficDistribution: 'PreferClose' }),
    }))).toEqual([
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
      'spec.loadBalancerIP is ignored for headless services', 'spec.externalIPs is ignored for headless services', 'spec.SessionAffinity is ignored for headless services',
      'spec.externalIPs[0]: non-standard IP address "192.000.2.1" will be considered invalid in a future Kubernetes release: use "192.0.2.1"',
      'spec.externalName is ignored when spec.type is not "ExternalName"', 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ])
    const status = definitionOf('services.v1').subresources.find(({ name }) => name === 'status')
    const service = changed(created('services.v1', balanced), { status: { loadBalancer: { ingress: [{ ip: '2001:DB8::1', ipMode: 'VIP' }] } } })
    expect(status?.warnings?.(service, service)).toEqual(['status.loadBalancer.ingress[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'])
  })

  it('keep node ports by the names of ports', () => {
    const ports = [{ name: 'a', port: 1, nodePort: 30001 }, { name: 'b', port: 2, nodePort: 30002 }]
    const old = created('services.v1', changed(base, spec({ type: 'NodePort', ports })))
    const kept = (more: Json): unknown => (updated('services.v1', changed(old, spec(more)), old) as { spec: { ports: Json[] } }).spec.ports.map(({ nodePort }) => nodePort)
    expect(kept({ ports: [{ name: 'b', port: 3 }, { name: 'c', port: 1 }] })).toEqual([30002, undefined])
    expect(kept({ ports: [{ name: 'a', port: 1 }, { name: 'b', port: 2, nodePort: 30001 }] })).toEqual([undefined, 30001])
    expect(kept({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ name: 'a', port: 1 }] })).toEqual([undefined])
  })

  it('give up what a balancer gave them with the type, and keep the policy that they had', () => {
    const old = changed(created('services.v1', changed(balanced, spec({ ipFamilyPolicy: 'PreferDualStack' }))), { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } })
    expect(updated('services.v1', changed(old, spec({ type: 'ClusterIP', ipFamilyPolicy: null })), old)).toMatchObject({ spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4'] }, status: { loadBalancer: {} } })
  })
})
