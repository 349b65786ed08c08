// The cluster's DNS zone: answers a question from the table. Pure; names are lower case and without the last dot.
import type { DnsService, DnsTable } from './table.ts'

export type ZoneRecord =
  | { readonly type: 'A'; readonly name: string; readonly ip: string }
  | { readonly type: 'CNAME'; readonly name: string; readonly target: string }
  | { readonly type: 'SRV'; readonly name: string; readonly target: string; readonly port: number }
  | { readonly type: 'PTR'; readonly name: string; readonly target: string }
  | { readonly type: 'TXT'; readonly name: string; readonly text: string }

/** `outside`: not ours, ask upstream. `missing`: NXDOMAIN. Otherwise the records, which may be none (NODATA). */
export type ZoneAnswer =
  | { readonly kind: 'outside' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'found'; readonly records: readonly ZoneRecord[]; readonly additional: readonly ZoneRecord[] }

const found = (records: readonly ZoneRecord[] = [], additional: readonly ZoneRecord[] = []): ZoneAnswer => ({ kind: 'found', records, additional })
const missing: ZoneAnswer = { kind: 'missing' }
const dashed = (ip: string): string => ip.replaceAll('.', '-')
const reverseName = (ip: string): string => `${ip.split('.').reverse().join('.')}.in-addr.arpa`

export class DnsZone {
  readonly domain: string
  /** namespace → name → service; a namespace without services has an empty map. */
  #services = new Map<string, Map<string, DnsService>>()
  #reverse = new Map<string, string[]>()

  constructor(domain: string) {
    this.domain = domain.toLowerCase()
  }

  /** Takes the whole new table. */
  load(table: DnsTable): void {
    this.#services = new Map(table.namespaces.map((namespace) => [namespace, new Map()]))
    this.#reverse = new Map()
    for (const service of table.services) {
      let names = this.#services.get(service.namespace)
      if (!names) this.#services.set(service.namespace, (names = new Map()))
      names.set(service.name, service)
      for (const ip of service.clusterIPs) this.#addReverse(ip, this.#serviceName(service))
      for (const endpoint of service.endpoints) this.#addReverse(endpoint.ip, this.#endpointName(service, endpoint))
    }
  }

  answer(question: string, type: string): ZoneAnswer {
    const name = question.toLowerCase()
    if (name.endsWith('.in-addr.arpa')) {
      const targets = this.#reverse.get(name)
      if (!targets) return { kind: 'outside' }
      return found(type === 'PTR' || type === 'ANY' ? targets.map((target) => ({ type: 'PTR', name, target })) : [])
    }
    if (name !== this.domain && !name.endsWith(`.${this.domain}`)) return { kind: 'outside' }
    const labels = name === this.domain ? [] : name.slice(0, -this.domain.length - 1).split('.').reverse()
    const [kind, namespace, ...rest] = labels
    if (kind === undefined) return found()
    if (kind === 'dns-version' && namespace === undefined) return found(type === 'TXT' ? [{ type: 'TXT', name, text: '1.1.0' }] : [])
    if (kind === 'pod') return this.#podAnswer(name, type, namespace, rest)
    if (kind !== 'svc') return missing
    if (namespace === undefined) return found()
    const services = this.#services.get(namespace)
    if (!services) return missing
    const [serviceName, ...below] = rest
    if (serviceName === undefined) return found()
    const service = services.get(serviceName)
    return service ? this.#serviceAnswer(name, type, service, below) : missing
  }

  #podAnswer(name: string, type: string, namespace: string | undefined, rest: readonly string[]): ZoneAnswer {
    if (namespace === undefined) return found()
    if (!this.#services.has(namespace)) return missing
    if (rest.length === 0) return found()
    const ip = (rest[0] ?? '').replaceAll('-', '.')
    if (rest.length > 1 || !/^(\d{1,3}\.){3}\d{1,3}$/.test(ip)) return missing
    return found(type === 'A' || type === 'ANY' ? [{ type: 'A', name, ip }] : [])
  }

  #serviceAnswer(name: string, type: string, service: DnsService, below: readonly string[]): ZoneAnswer {
    if (service.externalName !== '') return below.length === 0 ? found([{ type: 'CNAME', name, target: service.externalName.toLowerCase() }]) : missing
    const wants = (record: string): boolean => type === record || type === 'ANY'
    if (below.length === 0) {
      const ips = service.clusterIPs.length > 0 ? service.clusterIPs : service.endpoints.map((endpoint) => endpoint.ip)
      if (ips.length === 0) return missing
      const addresses = wants('A') ? [...new Set(ips)].filter((ip) => !ip.includes(':')).map((ip): ZoneRecord => ({ type: 'A', name, ip })) : []
      if (!wants('SRV')) return found(addresses)
      const srv = service.ports.flatMap((port) => this.#srv(name, service, port.name, port.protocol))
      return found([...addresses, ...srv.map((pair) => pair.srv)], srv.map((pair) => pair.address))
    }
    const [first = '', second = ''] = below
    if (below.length === 2 && first.startsWith('_') && second.startsWith('_')) {
      const pairs = this.#srv(name, service, second.slice(1), first.slice(1).toUpperCase())
      if (pairs.length === 0) return missing
      return wants('SRV') ? found(pairs.map((pair) => pair.srv), pairs.map((pair) => pair.address)) : found()
    }
    if (below.length === 1 && first.startsWith('_')) return found()
    if (below.length === 1) {
      const matching = service.endpoints.filter((endpoint) => (endpoint.hostname || dashed(endpoint.ip)).toLowerCase() === first)
      if (matching.length === 0) return missing
      return found(wants('A') ? [...new Set(matching.map((endpoint) => endpoint.ip))].map((ip) => ({ type: 'A', name, ip })) : [])
    }
    return missing
  }

  #srv(name: string, service: DnsService, portName: string, protocol: string): { srv: ZoneRecord; address: ZoneRecord }[] {
    const matches = (port: { name: string; protocol: string }): boolean => port.name.toLowerCase() === portName && port.protocol === protocol
    const pair = (target: string, ip: string, port: number): { srv: ZoneRecord; address: ZoneRecord } =>
      ({ srv: { type: 'SRV', name, target, port }, address: { type: 'A', name: target, ip } })
    if (service.clusterIPs.length > 0) {
      return service.ports.filter(matches).map((port) => pair(this.#serviceName(service), service.clusterIPs[0] ?? '', port.port))
    }
    return service.endpoints.flatMap((endpoint) => endpoint.ports.filter(matches).map((port) => pair(this.#endpointName(service, endpoint), endpoint.ip, port.port)))
  }

  #serviceName(service: DnsService): string {
    return `${service.name}.${service.namespace}.svc.${this.domain}`
  }

  #endpointName(service: DnsService, endpoint: { ip: string; hostname: string }): string {
    return `${endpoint.hostname || dashed(endpoint.ip)}.${this.#serviceName(service)}`
  }

  #addReverse(ip: string, target: string): void {
    const name = reverseName(ip)
    const targets = this.#reverse.get(name)
    if (targets) targets.push(target)
    else this.#reverse.set(name, [target])
  }
}
