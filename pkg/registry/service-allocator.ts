// Gives Services their cluster IPs and node ports, from an index that follows the store. IPAddress objects follow: a controller makes them.
// Addresses come from the range that the cluster was started with, then from those of ServiceCIDRs that are ready.
import type { FieldError } from '../api/field-error.ts'
import { invalid, invalidObject } from '../api/field-error.ts'
import type { AnyObject } from '../api/object.ts'
import { internalError } from '../api/status-error.ts'
import type { IPAddress, Service, ServiceCIDR, ServiceSpec } from '../api/types-service.ts'
import { ipAddresses, serviceCIDRs, services } from '../api/types-service.ts'
import type { Store, Watch } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Allocator } from './allocator.ts'
import type { Definition } from './definition.ts'
import type { AddressRange } from './service-network.ts'
import { chooseOffset, formatIpv4, offsetIn, parseIpv4, parseRange, reservedOffsets, statedRange } from './service-network.ts'
import { TakenNumbers } from './taken-numbers.ts'

export interface ServiceNetwork {
  /** Such as `10.43.0.0/16`. */
  readonly cidr: string
  /** Inclusive; 30000 to 32767 when left out. */
  readonly nodePorts?: { readonly first: number; readonly last: number }
}

interface Draw {
  readonly definition: Definition
  readonly clock: Clock
  readonly name: string
  readonly addresses: number[]
  readonly ports: number[]
}

interface StatedRange {
  readonly cidr: string
  readonly range: AddressRange
}

const ownRange = ''

/** Made by the controller of IPAddresses for a service. */
const isManaged = ({ metadata }: IPAddress): boolean => metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io'

const needsAddress = ({ type, clusterIP, clusterIPs }: ServiceSpec): boolean =>
  type !== 'ExternalName' && clusterIP !== 'None' && clusterIPs?.[0] !== 'None'

const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer'

/** A load balancer may do without node ports; those that are asked for it gets all the same. */
const wantsNodePorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean => type === 'NodePort' || allocateLoadBalancerNodePorts !== false

const needsHealthPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean => type === 'LoadBalancer' && externalTrafficPolicy === 'Local'

function portsOf({ ports, healthCheckNodePort }: ServiceSpec): number[] {
  return [...(ports ?? []).map(({ nodePort }) => nodePort ?? 0), healthCheckNodePort ?? 0].filter((port) => port > 0)
}

export class ServiceAllocator implements Allocator {
  readonly resource = services
  readonly #cidr: string
  /** By the key of the ServiceCIDR; the cluster's own is there from the start and goes with its object alone. */
  readonly #ranges = new Map<string, readonly StatedRange[]>()
  readonly #firstPort: number
  readonly #portCount: number
  readonly #addresses = new TakenNumbers()
  readonly #ports = new TakenNumbers()
  readonly #watches: Watch[] = []

  constructor(network: ServiceNetwork) {
    this.#cidr = network.cidr
    this.#ranges.set(ownRange, [{ cidr: network.cidr, range: parseRange(network.cidr) }])
    const { first, last } = network.nodePorts ?? { first: 30_000, last: 32_767 }
    this.#firstPort = first
    this.#portCount = last - first + 1
  }

  start(store: Store, prefix: string, prefixOf: Parameters<Allocator['start']>[2] = () => undefined): void {
    this.#follow<Service>(store, prefix, (key, service) => this.#index(key, service))
    const [ranges, addresses] = [prefixOf(serviceCIDRs), prefixOf(ipAddresses)]
    if (ranges !== undefined) this.#follow<ServiceCIDR>(store, ranges, (key, range) => this.#setRange(key, range))
    if (addresses !== undefined) this.#follow<IPAddress>(store, addresses, (key, address) => this.#indexAddress(key, address))
  }

  stop(): void {
    for (const watch of this.#watches.splice(0)) watch.close()
  }

  allocate(draft: AnyObject, old: AnyObject | undefined, context: { definition: Definition; clock: Clock }): () => void {
    const { spec } = draft as unknown as Service
    const before = (old as unknown as Service | undefined)?.spec
    const draw: Draw = { ...context, name: draft.metadata.name ?? '', addresses: [], ports: [] }
    const release = (): void => {
      this.#addresses.release(draw.addresses)
      this.#ports.release(draw.ports)
    }
    try {
      if (needsAddress(spec)) this.#drawAddresses(spec, before, draw)
      else if (spec.clusterIP === 'None') spec.clusterIPs = ['None']
      if (hasNodePorts(spec)) this.#drawPorts(spec, before, draw)
      if (needsHealthPort(spec)) this.#drawHealthPort(spec, before, draw)
      return release
    } catch (error) {
      release()
      throw error
    }
  }

  #follow<T>(store: Store, prefix: string, note: (key: string, object: T | undefined) => void): void {
    const { entries, revision } = store.list<T>(prefix)
    for (const { key, value } of entries) note(key, value)
    this.#watches.push(store.watch<T>(prefix, revision, (changes) => {
      for (const { key, entry } of changes) note(key, entry?.value)
    }))
  }

  #index(key: string, service: Service | undefined): void {
    const spec = service?.spec
    const addresses = (spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : [])).map(parseIpv4).filter((address) => address !== undefined)
    this.#addresses.set(key, addresses)
    this.#ports.set(key, spec ? portsOf(spec) : [])
  }

  /** Somebody else's claim to an address; those of services are counted by the services themselves. */
  #indexAddress(key: string, object: IPAddress | undefined): void {
    const address = object && !isManaged(object) ? parseIpv4(object.metadata.name ?? '') : undefined
    this.#addresses.set(key, address === undefined ? [] : [address])
  }

  #setRange(key: string, object: ServiceCIDR | undefined): void {
    const ending = object?.metadata.deletionTimestamp !== undefined
    const ready = object?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    const stated = (object?.spec.cidrs ?? []).flatMap((cidr) => {
      const range = statedRange(cidr)
      return range ? [{ cidr, range }] : []
    })
    if (stated.some(({ cidr }) => cidr === this.#cidr)) {
      // The cluster's own range needs nobody to be ready.
      if (ending) this.#ranges.delete(ownRange)
      else this.#ranges.set(ownRange, stated)
    } else if (object && ready && !ending) this.#ranges.set(key, stated)
    else this.#ranges.delete(key)
  }

  get #inUse(): StatedRange[] {
    return [...this.#ranges.values()].flat()
  }

  /** The address as a number, when some range has it. */
  #within(ip: string): number | undefined {
    const address = parseIpv4(ip)
    return address !== undefined && this.#inUse.some(({ range }) => offsetIn(range, address) !== undefined) ? address : undefined
  }

  #drawAddresses(spec: ServiceSpec, before: ServiceSpec | undefined, draw: Draw): void {
    const refuse = (error: FieldError): never => {
      throw invalidObject(draw.definition.resource, draw.name, [error])
    }
    const asked = spec.clusterIPs?.length ? spec.clusterIPs : spec.clusterIP ? [spec.clusterIP] : []
    spec.ipFamilies?.forEach((family, index) => {
      if (family !== 'IPv4' && spec.ipFamilyPolicy === 'SingleStack') refuse(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
    })
    if (spec.ipFamilyPolicy === 'RequireDualStack') refuse(invalid('spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services'))
    spec.ipFamilies = ['IPv4']
    const kept = before ? before.clusterIPs ?? (before.clusterIP ? [before.clusterIP] : []) : []
    for (const ip of asked) {
      if (kept.includes(ip)) continue
      const address = this.#within(ip)
      const fault = address === undefined ? 'the provided network does not match the current range' : this.#addresses.has(address) ? 'provided IP is already allocated' : undefined
      if (fault !== undefined) refuse(invalid('spec.clusterIPs', asked, `failed to allocate IP ${ip}: ${fault}`))
      this.#reserve(this.#addresses, draw.addresses, address as number)
    }
    const addresses = asked.length > 0 ? asked : [this.#drawAddress(draw)]
    spec.clusterIP = addresses[0] ?? ''
    spec.clusterIPs = [...addresses]
  }

  #drawAddress(draw: Draw): string {
    for (const { range: { size, base } } of this.#inUse) {
      const offset = chooseOffset(size, reservedOffsets(size), (candidate) => this.#addresses.has(base + candidate), () => draw.clock.random())
      if (offset === undefined) continue
      this.#reserve(this.#addresses, draw.addresses, base + offset)
      return formatIpv4(base + offset)
    }
    throw internalError('failed to allocate a serviceIP: range is full')
  }

  #drawPorts(spec: ServiceSpec, before: ServiceSpec | undefined, draw: Draw): void {
    const kept = new Set(before ? portsOf(before) : [])
    const own = new Set<number>()
    const ports = spec.ports ?? []
    ports.forEach(({ nodePort }, index) => {
      if (!nodePort || kept.has(nodePort) || own.has(nodePort)) return
      const fault = this.#portFault(nodePort)
      if (fault !== undefined) throw invalidObject(draw.definition.resource, draw.name, [invalid(`spec.ports[${index}].nodePort`, nodePort, fault)])
      this.#reserve(this.#ports, draw.ports, nodePort)
      own.add(nodePort)
    })
    if (!wantsNodePorts(spec)) return
    for (const port of ports) {
      if (port.nodePort) continue
      // The same port number over TCP and UDP is reached at one node port.
      const twin = ports.find((other) => other !== port && other.port === port.port && other.protocol !== port.protocol && other.nodePort)
      const taken = twin && ports.some((other) => other !== twin && other.nodePort === twin.nodePort && other.protocol === port.protocol)
      port.nodePort = twin?.nodePort && !taken ? twin.nodePort : this.#drawPort(draw)
    }
  }

  #drawHealthPort(spec: ServiceSpec, before: ServiceSpec | undefined, draw: Draw): void {
    const asked = spec.healthCheckNodePort
    if (!asked) spec.healthCheckNodePort = this.#drawPort(draw)
    else if (asked !== before?.healthCheckNodePort) {
      const fault = this.#portFault(asked)
      if (fault !== undefined) throw internalError(`failed to allocate requested HealthCheck NodePort ${asked}: ${fault}`)
      this.#reserve(this.#ports, draw.ports, asked)
    }
  }

  #portFault(port: number): string | undefined {
    const last = this.#firstPort + this.#portCount - 1
    if (port < this.#firstPort || port > last) return `provided port is not in the valid range. The range of valid ports is ${this.#firstPort}-${last}`
    return this.#ports.has(port) ? 'provided port is already allocated' : undefined
  }

  #drawPort(draw: Draw): number {
    const count = this.#portCount
    const reserved = count < 16 ? 0 : Math.min(Math.max(Math.floor(count / 32), 16), 128)
    const offset = chooseOffset(count, reserved, (candidate) => this.#ports.has(this.#firstPort + candidate - 1), () => draw.clock.random())
    if (offset === undefined) throw internalError('failed to allocate a nodePort: range is full')
    const port = this.#firstPort + offset - 1
    this.#reserve(this.#ports, draw.ports, port)
    return port
  }

  #reserve(taken: TakenNumbers, mine: number[], value: number): void {
    taken.reserve(value)
    mine.push(value)
  }
}
