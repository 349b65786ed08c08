// IP addresses and ranges as texts: read as leniently as Kubernetes' older fields do, written in the one canonical form.
import { isIPv6 } from 'node:net'

export type IpFamily = 'IPv4' | 'IPv6'

export interface IpAddress {
  /** An IPv4 address in IPv6's clothes (`::ffff:10.0.0.1`) is of IPv4. */
  readonly family: IpFamily
  readonly value: bigint
  /** Octets without leading zeros, IPv6 after RFC 5952. */
  readonly canonical: string
  readonly mapped: boolean
  readonly leadingZeros: boolean
}

export interface IpRange {
  readonly address: IpAddress
  readonly bits: number
  /** First address of the range. */
  readonly start: bigint
  /** The range by its first address. */
  readonly canonical: string
  readonly leadingZeros: boolean
}

const quad = /^\d+\.\d+\.\d+\.\d+$/

function quadValue(text: string): bigint | undefined {
  if (!quad.test(text)) return undefined
  const octets = text.split('.').map(Number)
  return octets.some((octet) => octet > 255) ? undefined : octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)
}

const hasLeadingZeros = (text: string): boolean => text.split('.').some((octet) => /^0\d/.test(octet))

/** undefined for what is no address; a zone is none. */
export function parseIp(text: string): IpAddress | undefined {
  const short = quadValue(text)
  if (short !== undefined) return { family: 'IPv4', value: short, canonical: quadText(short), mapped: false, leadingZeros: hasLeadingZeros(text) }
  const tail = text.slice(text.lastIndexOf(':') + 1)
  const inner = text.includes(':') && tail.includes('.') ? quadValue(tail) : undefined
  const plain = inner === undefined ? text : text.slice(0, -tail.length) + `${(inner >> 16n).toString(16)}:${(inner & 0xffffn).toString(16)}`
  if (plain.includes('%') || !isIPv6(plain)) return undefined
  const value = groupsOf(plain).reduce((sum, group) => sum * 65_536n + BigInt(group), 0n)
  const leadingZeros = inner !== undefined && hasLeadingZeros(tail)
  if (value >> 32n !== 0xffffn) return { family: 'IPv6', value, canonical: groupText(value), mapped: false, leadingZeros }
  const last = value & 0xffff_ffffn
  return { family: 'IPv4', value: last, canonical: quadText(last), mapped: true, leadingZeros }
}

function groupsOf(text: string): number[] {
  const [head = '', tail] = text.split('::')
  const read = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)))
  const [first, last] = [read(head), read(tail ?? '')]
  return [...first, ...Array<number>(tail === undefined ? 0 : 8 - first.length - last.length).fill(0), ...last]
}

const quadText = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')

/** The longest run of zero groups, the first of equal ones, is left out. */
function groupText(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn))
  let [start, length] = [-1, 1]
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && groups[to] === 0) to++
    if (to - from > length) [start, length] = [from, to - from]
  }
  const texts = groups.map((group) => group.toString(16))
  return start < 0 ? texts.join(':') : `${texts.slice(0, start).join(':')}::${texts.slice(start + length).join(':')}`
}

const widthOf = (family: IpFamily): number => (family === 'IPv4' ? 32 : 128)

const textOf = (family: IpFamily, value: bigint): string => (family === 'IPv4' ? quadText(value) : groupText(value))

/** `10.0.0.0/8`; undefined for what is no range. */
export function parseCidr(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const length = text.slice(slash + 1)
  const address = slash < 0 || !/^\d+$/.test(length) ? undefined : parseIp(text.slice(0, slash))
  if (!address) return undefined
  const bits = Number(length) - (address.mapped ? 96 : 0)
  const width = widthOf(address.family)
  if (bits < 0 || bits > width) return undefined
  const rest = BigInt(width - bits)
  const start = (address.value >> rest) << rest
  return { address, bits, start, canonical: `${textOf(address.family, start)}/${bits}`, leadingZeros: address.leadingZeros || /^0\d/.test(length) }
}

/** Every address of `inner` is one of `outer`, and `outer` has more. */
export function isStrictlyWithin(inner: IpRange, outer: IpRange): boolean {
  if (inner.address.family !== outer.address.family || inner.bits <= outer.bits) return false
  const rest = BigInt(widthOf(outer.address.family) - outer.bits)
  return inner.start >> rest === outer.start >> rest
}
