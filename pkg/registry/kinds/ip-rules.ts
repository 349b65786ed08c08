// Checks of addresses and address ranges. Fields older than v1.33 take unusual forms and warn of them; newer fields take the canonical form only.
import type { IpAddress, IpFamily } from '../../api/ip-address.ts'
import { parseCidr, parseIp } from '../../api/ip-address.ts'
import type { Errors } from './rules.ts'
import { invalid } from './rules.ts'

const ipText = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const cidrText = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

export const isIpAddress = (value: string): boolean => parseIp(value) !== undefined

/** Of an address or a range; that of what is neither is a guess. */
export function familyOf(value: string): IpFamily {
  return parseIp(value.split('/')[0] ?? '')?.family ?? (value.includes(':') ? 'IPv6' : 'IPv4')
}

/** An address in an older field; `known` are values that stood before and are never refused. */
export function checkIp(out: Errors, path: string, value: string | undefined, known: readonly string[] = []): void {
  if (!known.includes(value ?? '') && !parseIp(value ?? '')) out.push(invalid(path, value ?? '', ipText))
}

export function checkCidr(out: Errors, path: string, value: string | undefined, known: readonly string[] = []): void {
  if (!known.includes(value ?? '') && !parseCidr(value ?? '')) out.push(invalid(path, value ?? '', cidrText))
}

/** What is wrong with an address in a newer field. */
export function strictIpFaults(value: string): string[] {
  const address = parseIp(value)
  if (!address) return [ipText]
  const faults = [...(address.leadingZeros ? ['must not have leading 0s'] : []), ...(address.mapped ? ['must not be an IPv4-mapped IPv6 address'] : [])]
  return faults.length > 0 || value === address.canonical ? faults : [`must be in canonical form ("${address.canonical}")`]
}

export function strictCidrFaults(value: string): string[] {
  const range = parseCidr(value)
  if (!range) return [cidrText]
  if (range.leadingZeros) return ['must not have leading 0s in IP or prefix length']
  if (range.address.mapped) return ['must not have an IPv4-mapped IPv6 address']
  if (range.start !== range.address.value) return ['must not have bits set beyond the prefix length']
  return value === range.canonical ? [] : [`must be in canonical form ("${range.canonical}")`]
}

/** An address with the length of its network, as an interface has it. */
export function interfaceAddressFaults(value: string): string[] {
  const range = parseCidr(value)
  if (!range) return ['must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)']
  const canonical = `${range.address.canonical}/${range.bits}`
  return value === canonical ? [] : [`must be in canonical form ("${canonical}")`]
}

/** Of an address that is valid: that its form is unusual. */
export function ipWarnings(path: string, value: string): string[] {
  const address = parseIp(value)
  if (!address || value === address.canonical) return []
  if (address.leadingZeros || address.mapped) return [`${path}: non-standard IP address "${value}" will be considered invalid in a future Kubernetes release: use "${address.canonical}"`]
  return [`${path}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${address.canonical}")`]
}

export function cidrWarnings(path: string, value: string): string[] {
  const range = parseCidr(value)
  if (!range || value === range.canonical) return []
  const { address, bits, start, canonical } = range
  const warnings = start === address.value ? [] : [`${path}: CIDR value "${value}" is ambiguous in this context (should be "${canonical}" or "${address.canonical}/${bits}"?)`]
  if (range.leadingZeros || address.mapped) warnings.push(`${path}: non-standard CIDR value "${value}" will be considered invalid in a future Kubernetes release: use "${canonical}"`)
  return warnings.length > 0 ? warnings : [`${path}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${canonical}")`]
}

interface SpecialRange {
  readonly text: (value: string) => string
  includes(address: IpAddress): boolean
}

const startsWith = ({ family, value }: IpAddress, of: IpFamily, prefix: bigint, bits: number): boolean =>
  family === of && value >> BigInt((of === 'IPv4' ? 32 : 128) - bits) === prefix

/** What no endpoint may have: addresses that mean another host on each host. */
const specialRanges: readonly SpecialRange[] = [
  { text: (value) => `may not be unspecified (${value})`, includes: ({ value }) => value === 0n },
  { text: () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)', includes: (address) => startsWith(address, 'IPv4', 127n, 8) || startsWith(address, 'IPv6', 1n, 128) },
  { text: () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)', includes: (address) => startsWith(address, 'IPv4', 0xa9fen, 16) || startsWith(address, 'IPv6', 0x3fan, 10) },
  {
    text: () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    includes: (address) => startsWith(address, 'IPv4', 0xe00000n, 24) || (startsWith(address, 'IPv6', 0xffn, 8) && (address.value >> 112n & 0xfn) === 2n),
  },
]

/** That an address can be reached from elsewhere: not a host's own, not a link's. */
export function checkEndpointIp(out: Errors, path: string, value: string): void {
  const address = parseIp(value)
  if (!address) return void out.push(invalid(path, value, 'must be a valid IP address'))
  for (const { text, includes } of specialRanges) if (includes(address)) out.push(invalid(path, value, text(value)))
}
