// The default Backend: a socket on each ClusterIP behind port-number rules; connections are joined in this process.
import type { Clock } from '../util/clock.ts'
import type { Backend } from './backend.ts'
import { loadRules } from './host-network.ts'
import { type Entrance, type PortMapping, ruleText } from './nft-rules.ts'
import type { PortMap } from './port-map.ts'
import type { Endpoint, HostPort, ServicePort, ServiceTable } from './table.ts'
import { type PortProxy, TcpProxy } from './tcp-proxy.ts'
import { UdpProxy } from './udp-proxy.ts'

export interface UserspaceOptions {
  readonly serviceCidr: string
  readonly clusterCidr: string
  readonly podCidr: string
  readonly bridge: string
  readonly ports: PortMap
  /** Ports on ClusterIPs that someone else in this process listens on (DNS): mapped, but not proxied. */
  readonly reserved: readonly { clusterIP: string; protocol: 'TCP' | 'UDP'; port: number }[]
  readonly clock: Clock
  readonly log: (text: string) => void
}

/** Where a service port can be reached: by its ClusterIP, or by its node port or external address, which has endpoints of its own under a Local policy. */
interface Door {
  readonly protocol: 'TCP' | 'UDP'
  readonly clusterIP: string
  /** The number that the port map maps: the service's port or its node port. */
  readonly number: number
  readonly endpoints: readonly Endpoint[]
  readonly affinitySeconds: number
}

const maxBindAttempts = 16
const doorKey = (door: { protocol: string; clusterIP: string; number: number }): string => `${door.protocol} ${door.clusterIP} ${door.number}`

export class UserspaceBackend implements Backend {
  #options: UserspaceOptions
  #proxies = new Map<string, { proxy: PortProxy; mapped: number }>()
  #rules = ''

  constructor(options: UserspaceOptions) {
    this.#options = options
  }

  async apply(table: ServiceTable, hostPorts: readonly HostPort[]): Promise<void> {
    const reserved = new Set(this.#options.reserved.map((port) => doorKey({ ...port, number: port.port })))
    const doors = table.ports.flatMap(doorsOf).filter((door) => !reserved.has(doorKey(door)))
    const wanted = new Set(doors.map(doorKey))
    for (const [key, { proxy }] of this.#proxies) {
      if (wanted.has(key)) continue
      proxy.close()
      this.#proxies.delete(key)
    }
    await Promise.all(doors.map((door) => this.#open(door)))
    const rules = ruleText(this.#ruleInput(table, hostPorts, doors))
    if (rules === this.#rules) return
    await loadRules(rules)
    this.#rules = rules
  }

  async close(): Promise<void> {
    for (const { proxy } of this.#proxies.values()) proxy.close()
    this.#proxies.clear()
  }

  /** A port without endpoints has no socket, so that its clients are refused at once. */
  async #open(door: Door): Promise<void> {
    const key = doorKey(door)
    const existing = this.#proxies.get(key)
    if (door.endpoints.length === 0) {
      existing?.proxy.close()
      this.#proxies.delete(key)
      return
    }
    if (existing?.mapped === this.#options.ports.mapped(door.number)) return existing.proxy.update(door.endpoints, door.affinitySeconds)
    existing?.proxy.close()
    for (let attempt = 1; ; attempt++) {
      const mapped = this.#options.ports.mapped(door.number)
      const proxy = door.protocol === 'TCP' ? new TcpProxy(this.#options.clock) : new UdpProxy(this.#options.clock)
      proxy.update(door.endpoints, door.affinitySeconds)
      try {
        await proxy.listen(door.clusterIP, mapped)
        this.#proxies.set(key, { proxy, mapped })
        return
      } catch (error) {
        proxy.close()
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === maxBindAttempts) {
          this.#options.log(`service proxy can't listen on ${door.clusterIP}:${mapped} (${door.protocol}): ${(error as Error).message}`)
          return
        }
        // Another port of the same number may have moved on meanwhile; only who still sees the refused port moves it.
        if (this.#options.ports.mapped(door.number) === mapped) this.#options.ports.refuse(door.number)
      }
    }
  }

  #ruleInput(table: ServiceTable, hostPorts: readonly HostPort[], doors: readonly Door[]): Parameters<typeof ruleText>[0] {
    const { serviceCidr, clusterCidr, podCidr, bridge, ports } = this.#options
    const mappings = new Map<string, PortMapping>()
    const numbers = [...doors, ...this.#options.reserved.map((port) => ({ protocol: port.protocol, number: port.port }))]
    for (const { protocol, number } of numbers) mappings.set(`${protocol} ${number}`, { protocol, port: number, mapped: ports.mapped(number) })
    const byPort = (a: PortMapping, b: PortMapping): number => a.port - b.port || a.protocol.localeCompare(b.protocol)
    const { ranges = [] } = table
    return {
      serviceAddresses: ranges.length === 0 ? serviceCidr : `{ ${[serviceCidr, ...ranges].join(', ')} }`, clusterCidr, podCidr, bridge, hostPorts,
      mappings: [...mappings.values()].sort(byPort),
      entrances: table.ports.flatMap((port) => entrancesOf(port, ports)),
    }
  }
}

function doorsOf(port: ServicePort): Door[] {
  const door = (number: number, localOnly: boolean): Door => ({
    protocol: port.protocol, clusterIP: port.clusterIP, number, affinitySeconds: port.affinitySeconds,
    endpoints: localOnly ? port.endpoints.filter((endpoint) => endpoint.local) : port.endpoints,
  })
  return [door(port.port, port.internalLocal), ...(port.nodePort > 0 ? [door(port.nodePort, port.externalLocal)] : [])]
}

/** Node ports and external addresses lead to the node port's own door where there is one, since it follows the external policy. */
function entrancesOf(port: ServicePort, ports: PortMap): Entrance[] {
  const { protocol, clusterIP } = port
  const mapped = ports.mapped(port.nodePort > 0 ? port.nodePort : port.port)
  return [
    ...(port.nodePort > 0 ? [{ protocol, address: '', port: port.nodePort, clusterIP, mapped }] : []),
    ...port.externalIPs.map((address) => ({ protocol, address, port: port.port, clusterIP, mapped })),
  ]
}
