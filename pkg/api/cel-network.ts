// CEL: URLs, IP addresses and ranges.
import type { Environment } from '@marcbachmann/cel-js'
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { functionsOf, registerEquality } from './cel-register.ts'
import { type GoUrl, parseGoUrl } from './go-url.ts'

class CelUrl {
  readonly text: string
  readonly url: GoUrl
  constructor(text: string) {
    this.text = text
    try {
      this.url = parseGoUrl(text)
    } catch (error) {
      throw new Error(`URL parse error during conversion from string: ${(error as Error).message}`, { cause: error })
    }
  }
}

class IpNamespace {}

class CelIp {
  readonly text: string
  readonly address: ipaddr.IPv4 | ipaddr.IPv6
  constructor(text: string) {
    if (isIP(text) === 0) throw new Error(`IP Address "${text}" parse error during conversion from string: ParseAddr("${text}"): unable to parse IP`)
    if (text.includes('%')) throw new Error(`IP address "${text}" with zone value is not allowed`)
    if (isMapped(text)) throw new Error(`IPv4-mapped IPv6 address "${text}" is not allowed`)
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

const isMapped = (text: string): boolean => isIP(text) === 6 && (ipaddr.parse(text) as ipaddr.IPv6).isIPv4MappedAddress()
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
  registerEquality(environment, 'kubernetes.URL', (a: CelUrl, b: CelUrl) => a.text === b.text)

  add('url(string): kubernetes.URL', (text: string) => new CelUrl(text))
  add('isURL(string): bool', (text: string) => succeeds(() => new CelUrl(text)))
  add('kubernetes.URL.getScheme(): string', ({ url }: CelUrl) => url.scheme)
  add('kubernetes.URL.getHost(): string', ({ url }: CelUrl) => url.host)
  add('kubernetes.URL.getHostname(): string', ({ url }: CelUrl) => url.hostname)
  add('kubernetes.URL.getPort(): string', ({ url }: CelUrl) => url.port)
  add('kubernetes.URL.getEscapedPath(): string', ({ url }: CelUrl) => url.escapedPath)
  add('kubernetes.URL.getQuery(): map<string, list<string>>', ({ url }: CelUrl) => url.query)

  environment.registerType('IpNamespace', IpNamespace)
  environment.registerConstant('ip', 'IpNamespace', new IpNamespace())
  add('IpNamespace.isCanonical(string): bool', (_ip: unknown, text: string) => new CelIp(text).address.toString() === text)
  add('ip(string): net.IP', (text: string) => new CelIp(text))
  add('isIP(string): bool', (text: string) => succeeds(() => new CelIp(text)))
  add('string(net.IP): string', (ip: CelIp) => ip.address.toString())
  add('net.IP.family(): int', (ip: CelIp) => BigInt(family(ip)))
  const range = (ip: CelIp): string => ip.address.range()
  add('net.IP.isUnspecified(): bool', (ip: CelIp) => range(ip) === 'unspecified' && /^[0.:]+$/.test(ip.text))
  add('net.IP.isLoopback(): bool', (ip: CelIp) => range(ip) === 'loopback')
  add('net.IP.isLinkLocalUnicast(): bool', (ip: CelIp) => range(ip) === 'linkLocal')
  add('net.IP.isLinkLocalMulticast(): bool', (ip: CelIp) => /^(224\.0\.0\.|ff[0-9a-f]2:)/i.test(ip.text))
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

  const typeOf = (expression: string): unknown => environment.evaluate(`type(${expression})`)
  environment.registerConstant('net', 'map<string, type>', new Map([['IP', typeOf('ip("::")')], ['CIDR', typeOf('cidr("::/0")')]]))
}
