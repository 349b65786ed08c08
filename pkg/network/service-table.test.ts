// Table tests of the service table: what joins Services with their slices.
import type { EndpointSlice, Service } from '../api/types-service.ts'
import { buildServiceTable } from './service-table.ts'

const service = (spec: Partial<Service['spec']>): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.43.0.5', type: 'ClusterIP', ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }], ...spec },
})

const slice = (endpoints: EndpointSlice['endpoints'], changes: Partial<EndpointSlice> = {}): EndpointSlice => ({
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4', ports: [{ name: 'http', port: 8080, protocol: 'TCP' }], endpoints, ...changes,
})

const ready = (ip: string, nodeName = 'one'): EndpointSlice['endpoints'][number] => ({ addresses: [ip], conditions: { ready: true }, nodeName })

const targets = (services: Service[], slices: EndpointSlice[]): string[][] =>
  buildServiceTable(services, slices, 'one').ports.map((port) => port.endpoints.map((endpoint) => `${endpoint.ip}:${endpoint.port}${endpoint.local ? '' : ' away'}`))

describe('buildServiceTable', () => {
  it('joins slices of a service, sorted and without repeats', () => {
    expect(targets([service({})], [slice([ready('10.42.0.9', 'two'), ready('10.42.0.3')]), slice([ready('10.42.0.3')])])).toEqual([['10.42.0.3:8080', '10.42.0.9:8080 away']])
  })

  it.each<[string, EndpointSlice['endpoints'][number]['conditions'], boolean]>([
    ['no conditions count as ready', {}, true],
    ['not ready', { ready: false }, false],
    ['terminating but serving is the last resort', { ready: false, serving: true, terminating: true }, true],
    ['terminating and not serving', { ready: false, serving: false, terminating: true }, false],
  ])('%s', (_name, conditions, included) => {
    expect(targets([service({})], [slice([{ addresses: ['10.42.0.3'], conditions, nodeName: 'one' }])])).toEqual([included ? ['10.42.0.3:8080'] : []])
  })

  it('prefers ready endpoints to those that terminate', () => {
    const terminating = { addresses: ['10.42.0.4'], conditions: { ready: false, serving: true, terminating: true }, nodeName: 'one' }
    expect(targets([service({})], [slice([terminating, ready('10.42.0.3')])])).toEqual([['10.42.0.3:8080']])
  })

  it.each<[string, Partial<Service['spec']>]>([
    ['headless', { clusterIP: 'None' }],
    ['without an address', { clusterIP: undefined }],
    ['ExternalName', { type: 'ExternalName', externalName: 'example.org' }],
    ['IPv6', { clusterIP: 'fd00::1' }],
    ['SCTP only', { ports: [{ port: 80, protocol: 'SCTP' }] }],
  ])('leaves out a service that is %s', (_name, spec) => {
    expect(buildServiceTable([service(spec)], [], 'one').ports).toEqual([])
  })

  it('does not take endpoints of another port name or protocol', () => {
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }, { name: 'dns', port: 53, protocol: 'UDP' }]
    expect(targets([service({ ports })], [slice([ready('10.42.0.3')])])).toEqual([['10.42.0.3:8080'], []])
  })

  it('carries node port, affinity, policies and external addresses', () => {
    const [port] = buildServiceTable([{
      ...service({
        type: 'LoadBalancer', sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } }, externalTrafficPolicy: 'Local', externalIPs: ['192.0.2.1'],
        ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }],
      }),
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.2' }] } },
    }], [], 'one').ports
    expect(port).toMatchObject({ nodePort: 30080, affinitySeconds: 60, externalLocal: true, internalLocal: false, externalIPs: ['192.0.2.1', '192.0.2.2'] })
  })
})
