// Networking, storage and autoscaling kinds through the registry's door: the whole Status of a refusal, and the warnings of what is taken.
import { Door } from './door.suite.ts'
import { changed, type Json } from './kind.suite.ts'

const service: Json = { spec: { selector: { a: 'b' }, ports: [{ port: 80 }] } }

describe('a refusal', () => {
  it('has all errors in Kubernetes\' order, a cause each', async () => {
    const { status } = await new Door('services.v1').create(changed(service, { spec: { type: 'LoadBalancer', ports: [{ port: 0, protocol: 'x' }], loadBalancerSourceRanges: ['y'], sessionAffinity: 'z' } }))
    expect(status).toMatchObject({
      code: 422, reason: 'Invalid',
      message: 'Service "x" is invalid: [spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, spec.ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP", '
        + 'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive, spec.sessionAffinity: Unsupported value: "z": supported values: "ClientIP", "None", '
        + 'spec.LoadBalancerSourceRanges[0]: Invalid value: "y": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)]',
      details: {
        name: 'x', kind: 'Service', causes: [
          { reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be between 1 and 65535, inclusive', field: 'spec.ports[0].port' },
          { reason: 'FieldValueNotSupported', message: 'Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"', field: 'spec.ports[0].protocol' },
          { reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be between 1 and 65535, inclusive', field: 'spec.ports[0].targetPort' },
          { reason: 'FieldValueNotSupported', message: 'Unsupported value: "z": supported values: "ClientIP", "None"', field: 'spec.sessionAffinity' },
          { reason: 'FieldValueInvalid', message: 'Invalid value: "y": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)', field: 'spec.LoadBalancerSourceRanges[0]' },
        ],
      },
    })
  })

  it('says the same thing once, and has its causes all the same', async () => {
    const door = new Door('networkpolicies.networking.k8s.io/v1')
    await door.create({ spec: { podSelector: {} } })
    const { status } = await door.patch({ spec: { ingress: [{ from: [{}] }] } })
    expect(status?.message).toBe('NetworkPolicy.networking.k8s.io "x" is invalid: spec.ingress[0].from[0]: Required value: must specify a peer')
    expect(status?.details).toMatchObject({ group: 'networking.k8s.io', kind: 'NetworkPolicy', causes: [{ field: 'spec.ingress[0].from[0]' }, { field: 'spec.ingress[0].from[0]' }] })
  })

  it.each<[string, Json, Json, string | undefined, string[]]>([
    ['ingresses.networking.k8s.io/v1', { spec: { defaultBackend: { service: { name: 's', port: { number: 1 } } } } }, { status: { loadBalancer: { ingress: [{ hostname: '10.0.0.1' }] } } }, 'status',
      ['status.loadBalancer.ingress[0].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address']],
    ['poddisruptionbudgets.policy/v1', { spec: {} }, { status: { disruptionsAllowed: -1 } }, 'status', ['status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0']],
    ['horizontalpodautoscalers.autoscaling/v1', { spec: { maxReplicas: 1, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } } }, { spec: { maxReplicas: 0 } }, undefined,
      ['spec.maxReplicas: Invalid value: 0: must be greater than 0', 'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`']],
    ['persistentvolumeclaims.v1', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }, { status: { capacity: { storage: '-1' } } }, 'status',
      ['status.capacity[storage]: Invalid value: -1: must be a valid resource quantity']],
  ])('%s: of a change', async (kind, object, change, subresource, expected) => {
    const door = new Door(kind)
    expect((await door.create(object)).lines).toEqual([])
    expect((await door.patch(change, subresource)).lines).toEqual(expected)
  })
})

describe('warnings', () => {
  it('come with creates, changes and statuses', async () => {
    const door = new Door('services.v1')
    expect((await door.create(changed(service, { spec: { type: 'LoadBalancer', externalIPs: ['192.000.2.1'] } }))).warnings).toEqual([
      'spec.externalIPs[0]: non-standard IP address "192.000.2.1" will be considered invalid in a future Kubernetes release: use "192.0.2.1"',
    ])
    expect((await door.patch({ spec: { externalIPs: null, trafficDistribution: 'PreferClose' } })).warnings).toEqual(['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'])
    const { warnings, object } = await door.patch({ status: { loadBalancer: { ingress: [{ ip: '2001:DB8::1' }] } } }, 'status')
    expect(warnings).toEqual(['status.loadBalancer.ingress[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'])
    expect(object?.['status']).toEqual({ loadBalancer: { ingress: [{ ip: '2001:DB8::1', ipMode: 'VIP' }] } })
  })
})
