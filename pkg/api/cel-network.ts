// CEL: URLs, IP addresses and ranges.
import type { Environment } from '@marcbachmann/cel-js'
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { functionsOf, registerEquality } from './cel-register.ts'

class CelUrl {
  readonly url: URL
  /** Without scheme and host. */
  readonly relative: boolean
  constructor(text: string) {
    this.relative = text.startsWith('/')
    this.url = new URL(text, this.relative ? 'http://x' : undefined)
  }
}

class CelIp {
  readonly text: string
  readonly address: ipaddr.IPv4 | ipaddr.IPv6
  constructor(text: string) {
    if (isIP(text) === 0 || text.includes('%') || /^::ffff:\d+\./i.test(text)) throw new Error(`IP Address "${text}" parse error during conversion from string`)
    this.text = text
    this.address = ipaddr.parse(text)
  }
}

class CelCidr {
  readonly ip: CelIp
  readonly bits: number
  constructor(text: string) {
    const slash = text.lastIndexOf('/')
    this.ip = new CelIp(slash < 0 ? '' : text.slice(0, slash))
    const bits = text.slice(slash + 1)
    this.bits = Number(bits)
    if (!/^(0|[1-9]\d*)$/.test(bits) || this.bits > (family(this.ip) === 4 ? 32 : 128)) throw new Error(`network address parse error during conversion from string: ${text}`)
  }

  contains(ip: CelIp): boolean {
    if (family(ip) !== family(this.ip)) return false
    const list = new BlockList()
    const type = family(ip) === 4 ? 'ipv4' : 'ipv6'
    list.addSubnet(this.ip.text, this.bits, type)
    return list.check(ip.text, type)
  }

  masked(): CelCidr {
    const range = `${this.ip.text}/${this.bits}`
    const start = family(this.ip) === 4 ? ipaddr.IPv4.networkAddressFromCIDR(range) : ipaddr.IPv6.networkAddressFromCIDR(range)
    return new CelCidr(`${start.toString()}/${this.bits}`)
  }
}

const family = (ip: CelIp): number => isIP(ip.text)
const succeeds = (make: () => unknown): boolean => {
  try {
    make()
    return true
  } catch {
    return false
  }
}

export function registerCelNetwork(environment: Environment): void {
  const add = functionsOf(environment)
  environment.registerType('kubernetes.URL', CelUrl).registerType('net.IP', CelIp).registerType('net.CIDR', CelCidr)
  registerEquality(environment, 'net.IP', (a: CelIp, b: CelIp) => a.address.toString() === b.address.toString())
  registerEquality(environment, 'net.CIDR', (a: CelCidr, b: CelCidr) => a.bits === b.bits && a.ip.address.toString() === b.ip.address.toString())
  registerEquality(environment, 'kubernetes.URL', (a: CelUrl, b: CelUrl) => a.url.href === b.url.href)

  add('url(string): kubernetes.URL', (text: string) => new CelUrl(text))
  add('isURL(string): bool', (text: string) => succeeds(() => new CelUrl(text)))
  add('kubernetes.URL.getScheme(): string', ({ url, relative }: CelUrl) => (relative ? '' : url.protocol.replace(/:$/, '')))
  add('kubernetes.URL.getHost(): string', ({ url, relative }: CelUrl) => (relative ? '' : url.host))
  add('kubernetes.URL.getHostname(): string', ({ url, relative }: CelUrl) => (relative ? '' : url.hostname.replace(/^\[|\]$/g, '')))
  add('kubernetes.URL.getPort(): string', ({ url, relative }: CelUrl) => (relative ? '' : url.port))
  add('kubernetes.URL.getEscapedPath(): string', ({ url }: CelUrl) => url.pathname)
  add('kubernetes.URL.getQuery(): map<string, list<string>>', ({ url }: CelUrl) => {
    const query = new Map<string, string[]>()
    for (const [name, value] of url.searchParams) query.set(name, [...query.get(name) ?? [], value])
    return query
  })

  add('ip(string): net.IP', (text: string) => new CelIp(text))
  add('isIP(string): bool', (text: string) => succeeds(() => new CelIp(text)))
  add('string(net.IP): string', (ip: CelIp) => ip.address.toString())
  add('net.IP.family(): int', (ip: CelIp) => BigInt(family(ip)))
  const range = (ip: CelIp): string => ip.address.range()
  add('net.IP.isUnspecified(): bool', (ip: CelIp) => range(ip) === 'unspecified' && /^[0.:]+$/.test(ip.text))
  add('net.IP.isLoopback(): bool', (ip: CelIp) => range(ip) === 'loopback')
  add('net.IP.isLinkLocalUnicast(): bool', (ip: CelIp) => range(ip) === 'linkLocal')
  add('net.IP.isLinkLocalMulticast(): bool', (ip: CelIp) => /^(224\.0\.0\.|ff02:)/i.test(ip.text))
  add('net.IP.isGlobalUnicast(): bool', (ip: CelIp) => !['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'].includes(range(ip)))

  add('cidr(string): net.CIDR', (text: string) => new CelCidr(text))
  add('isCIDR(string): bool', (text: string) => succeeds(() => new CelCidr(text)))
  add('string(net.CIDR): string', (cidr: CelCidr) => `${cidr.ip.address.toString()}/${cidr.bits}`)
  add('net.CIDR.containsIP(string): bool', (cidr: CelCidr, ip: string) => cidr.contains(new CelIp(ip)))
  add('net.CIDR.containsIP(net.IP): bool', (cidr: CelCidr, ip: CelIp) => cidr.contains(ip))
  const within = (cidr: CelCidr, other: CelCidr): boolean => cidr.bits <= other.bits && cidr.contains(other.ip)
  add('net.CIDR.containsCIDR(string): bool', (cidr: CelCidr, other: string) => within(cidr, new CelCidr(other)))
  add('net.CIDR.containsCIDR(net.CIDR): bool', within)
  add('net.CIDR.ip(): net.IP', (cidr: CelCidr) => cidr.ip)
  add('net.CIDR.masked(): net.CIDR', (cidr: CelCidr) => cidr.masked())
  add('net.CIDR.prefixLength(): int', (cidr: CelCidr) => BigInt(cidr.bits))
}
