// Cluster IPs and node ports: distinct under load, explicit ones checked, kept and released.
import type { AnyObject } from '../api/object.ts'
import type { Service, ServiceSpec } from '../api/types-service.ts'
import type { Fixture } from './fixture.suite.ts'
import { asking, failure, fixture } from './fixture.suite.ts'
import addressKinds from './kinds/address-allocation.ts'
import services from './kinds/service.ts'
import { ServiceAllocator } from './service-allocator.ts'
import { chooseOffset, formatIpv4, parseIpv4, parseRange } from './service-network.ts'

const open = (cidr = '10.43.0.0/16', nodePorts = { first: 30_000, last: 32_767 }): Fixture =>
  fixture({ definitions: [services], allocators: [new ServiceAllocator({ cidr, nodePorts })] })

const port = { port: 80, protocol: 'TCP', targetPort: 80 }
const make = async (made: Fixture, name: string, spec: Partial<ServiceSpec> = {}): Promise<Service> =>
  await made.create(services, { metadata: { name }, spec: { ports: [{ ...port }], ...spec } }) as unknown as Service
const update = async (made: Fixture, name: string, spec: Partial<Record<keyof ServiceSpec, unknown>>): Promise<Service> =>
  (await made.registry.patch(services, { ...asking(), namespace: 'default', name, patch: { type: 'merge', body: { spec } } })).object as unknown as Service

describe('addresses', () => {
  it('are distinct for 200 services created at once', async () => {
    const made = open()
    const all = await Promise.all(Array.from({ length: 200 }, (_, index) => make(made, `s${index}`)))
    expect(new Set(all.map(({ spec }) => spec.clusterIP)).size).toBe(200)
    expect(all[0]?.spec).toMatchObject({ clusterIPs: [all[0]?.spec.clusterIP], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
  })

  it('run out, and come back when a service is deleted', async () => {
    const made = open('10.0.0.0/29')
    const six = await Promise.all(Array.from({ length: 6 }, (_, index) => make(made, `s${index}`)))
    expect(six.map(({ spec }) => spec.clusterIP).sort()).toEqual([1, 2, 3, 4, 5, 6].map((last) => `10.0.0.${last}`))
    expect(await failure(() => make(made, 'more'))).toMatchObject({ code: 500, message: 'Internal error occurred: failed to allocate a serviceIP: range is full' })
    await made.registry.delete(services, { ...asking(), namespace: 'default', name: 's3' })
    expect((await make(made, 'more')).spec.clusterIP).toBe(six[3]?.spec.clusterIP)
  })

  it.each([
    ['10.43.0.9', 'failed to allocate IP 10.43.0.9: provided IP is already allocated'],
    ['10.44.0.1', 'failed to allocate IP 10.44.0.1: the provided network does not match the current range'],
  ])('explicit %s is refused', async (clusterIP, reason) => {
    const made = open()
    await make(made, 'first', { clusterIP: '10.43.0.9' })
    expect(await failure(() => make(made, 'second', { clusterIP }))).toMatchObject({
      code: 422, message: `Service "second" is invalid: spec.clusterIPs: Invalid value: ["${clusterIP}"]: ${reason}`,
    })
  })

  it('are not taken by a write that is refused or dry', async () => {
    const made = open()
    await make(made, 'first', { type: 'NodePort', ports: [{ ...port, nodePort: 30_001 }] })
    expect(await failure(() => make(made, 'second', { clusterIP: '10.43.0.9', type: 'NodePort', ports: [{ ...port, nodePort: 30_001 }] }))).toMatchObject({ code: 422 })
    await made.create(services, { metadata: { name: 'dry' }, spec: { clusterIP: '10.43.0.9', ports: [port] } }, { dryRun: ['All'] })
    expect((await make(made, 'third', { clusterIP: '10.43.0.9' })).spec.clusterIP).toBe('10.43.0.9')
  })

  it('are known to an allocator that starts on a filled store', async () => {
    const made = open()
    await make(made, 'first', { clusterIP: '10.43.0.9' })
    const again = new ServiceAllocator({ cidr: '10.43.0.0/16' })
    again.start(made.store, '/registry/services/')
    const draft = { metadata: { name: 'second' }, spec: { clusterIP: '10.43.0.9', type: 'ClusterIP' } } as AnyObject
    expect(await failure(() => again.allocate(draft, undefined, { definition: services, clock: made.clock }))).toMatchObject({ code: 422 })
  })

  it('come from further ranges that are ready, and from none that ends', async () => {
    const made = fixture({ definitions: [services, ...addressKinds], allocators: [new ServiceAllocator({ cidr: '10.0.0.0/29' })] })
    const [addresses, ranges] = ['ipaddresses', 'servicecidrs'].map((plural) => addressKinds.find(({ resource }) => resource.plural === plural))
    if (!addresses || !ranges) throw new Error('no such kinds')
    const range = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'more', finalizers: ['example.com/stays'] }, spec: { cidrs: ['10.9.0.0/30'] } }
    await made.registry.create(ranges, { ...asking(), object: range })
    const refused = 'failed to allocate IP 10.9.0.1: the provided network does not match the current range'
    expect(await failure(() => make(made, 'early', { clusterIP: '10.9.0.1' }))).toMatchObject({ message: expect.stringContaining(refused) })
    const conditions = [{ type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }]
    await made.registry.patch(ranges, { ...asking(), name: 'more', subresource: 'status', patch: { type: 'merge', body: { status: { conditions } } } })

    await made.registry.create(addresses, { ...asking(), object: {
      apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name: '10.9.0.2' }, spec: { parentRef: { group: 'example.com', resource: 'things', name: 'mine' } },
    } as AnyObject })
    expect(await failure(() => make(made, 'taken', { clusterIP: '10.9.0.2' }))).toMatchObject({ message: expect.stringContaining('provided IP is already allocated') })
    const seven = await Promise.all(Array.from({ length: 7 }, (_, index) => make(made, `s${index}`)))
    expect(new Set(seven.map(({ spec }) => spec.clusterIP))).toEqual(new Set(['10.9.0.1', ...[1, 2, 3, 4, 5, 6].map((last) => `10.0.0.${last}`)]))
    expect(await failure(() => make(made, 'full'))).toMatchObject({ code: 500 })

    await made.registry.delete(services, { ...asking(), namespace: 'default', name: seven.find(({ spec }) => spec.clusterIP === '10.9.0.1')?.metadata.name ?? '' })
    await made.registry.delete(ranges, { ...asking(), name: 'more' })
    expect(await failure(() => make(made, 'late', { clusterIP: '10.9.0.1' }))).toMatchObject({ code: 422 })
  })

  it('are none for headless and external services, and kept by an update', async () => {
    const made = open()
    expect((await make(made, 'headless', { clusterIP: 'None', selector: { a: 'b' } })).spec).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'] })
    expect((await make(made, 'external', { type: 'ExternalName', externalName: 'example.com', ports: [] })).spec.clusterIP).toBeUndefined()
    const { spec } = await make(made, 'plain')
    expect((await update(made, 'plain', { selector: { a: 'b' } })).spec.clusterIP).toBe(spec.clusterIP)
    expect((await update(made, 'external', { type: 'ClusterIP', externalName: null, ports: [port] })).spec.clusterIP).toMatch(/^10\.43\./)
    const left = await update(made, 'plain', { type: 'ExternalName', externalName: 'example.com' })
    expect([left.spec.clusterIP, left.spec.clusterIPs]).toEqual([undefined, undefined])
    expect((await make(made, 'heir', { clusterIP: spec.clusterIP ?? '' })).spec.clusterIP).toBe(spec.clusterIP)
  })
})

describe('node ports', () => {
  it('are distinct, kept, checked and released with the type', async () => {
    const made = open()
    const all = await Promise.all(Array.from({ length: 50 }, (_, index) => make(made, `s${index}`, { type: 'NodePort' })))
    const ports = all.map(({ spec }) => spec.ports?.[0]?.nodePort ?? 0)
    expect(new Set(ports).size).toBe(50)
    expect(ports.every((value) => value >= 30_000 && value <= 32_767)).toBe(true)
    expect((await update(made, 's0', { selector: { a: 'b' } })).spec.ports?.[0]?.nodePort).toBe(ports[0])
    const taken = { type: 'NodePort', ports: [{ ...port, nodePort: ports[0] ?? 0 }] }
    expect(await failure(() => make(made, 'again', taken))).toMatchObject({
      code: 422, message: `Service "again" is invalid: spec.ports[0].nodePort: Invalid value: ${ports[0]}: provided port is already allocated`,
    })
    expect((await update(made, 's0', { type: 'ClusterIP' })).spec.ports?.[0]?.nodePort).toBeUndefined()
    expect((await make(made, 'again', taken)).spec.ports?.[0]?.nodePort).toBe(ports[0])
  })

  it('are one for the same port over TCP and UDP', async () => {
    const { spec } = await make(open(), 'dns', { type: 'NodePort', ports: [{ ...port, name: 'tcp', port: 53 }, { ...port, name: 'udp', port: 53, protocol: 'UDP' }] })
    expect(spec.ports?.[0]?.nodePort).toBe(spec.ports?.[1]?.nodePort)
  })

  it('that are asked for are given to a balancer that does without', async () => {
    const made = open()
    const bare = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ ...port, name: 'a', nodePort: 30_001 }, { ...port, name: 'b', port: 81 }] }
    expect((await make(made, 'bare', bare)).spec.ports?.map(({ nodePort }) => nodePort)).toEqual([30_001, undefined])
    expect(await failure(() => make(made, 'again', bare))).toMatchObject({ code: 422 })
  })

  it('for health checks fail as Kubernetes has them fail', async () => {
    const made = open()
    const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_001 }
    await make(made, 'first', local)
    const text = 'Internal error occurred: failed to allocate requested HealthCheck NodePort'
    expect(await failure(() => make(made, 'second', local))).toMatchObject({ code: 500, message: `${text} 30001: provided port is already allocated` })
    expect(await failure(() => make(made, 'third', { ...local, healthCheckNodePort: 80 }))).toMatchObject({ code: 500, message: `${text} 80: provided port is not in the valid range. The range of valid ports is 30000-32767` })
  })

  it('outside the range are refused', async () => {
    expect(await failure(() => make(open(), 'low', { type: 'NodePort', ports: [{ ...port, nodePort: 80 }] }))).toMatchObject({
      code: 422, message: 'Service "low" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    })
  })
})

describe('arithmetic', () => {
  it.each([['10.43.0.1', 0x0a2b0001], ['255.255.255.255', 0xffffffff], ['1.2.3', undefined], ['256.1.1.1', undefined], ['01.2.3.4', undefined]])('%s', (text, expected) => {
    expect(parseIpv4(text)).toBe(expected)
    if (expected !== undefined) expect(formatIpv4(expected)).toBe(text)
  })

  it('a range leaves out its first and last address', () => {
    expect(parseRange('10.43.7.9/16')).toEqual({ base: 0x0a2b0000, size: 65_534 })
    expect(() => parseRange('10.43.0.0/33')).toThrow('IPv4 CIDR')
  })

  it('the reserved part is used last', () => {
    const taken = new Set<number>()
    const order = Array.from({ length: 10 }, () => {
      const offset = chooseOffset(10, 4, (candidate) => taken.has(candidate), () => 0.5) ?? 0
      taken.add(offset)
      return offset
    })
    expect(order.slice(0, 6).every((offset) => offset > 4)).toBe(true)
    expect(order.slice(6).every((offset) => offset >= 1 && offset <= 4)).toBe(true)
    expect(chooseOffset(10, 4, (candidate) => taken.has(candidate), () => 0.5)).toBeUndefined()
  })
})
