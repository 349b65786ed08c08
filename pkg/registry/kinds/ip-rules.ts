// Checks of addresses and address ranges.
import { isIP, isIPv4, isIPv6 } from 'node:net'
import type { Errors } from './rules.ts'
import { invalid, required } from './rules.ts'

const ipText = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const cidrText = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

export function isCidr(value: string): boolean {
  const [address = '', bits = '', ...rest] = value.split('/')
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false
  const length = Number(bits)
  return isIPv4(address) ? length <= 32 : isIPv6(address) && length <= 128
}

export function familyOf(value: string): 'IPv4' | 'IPv6' {
  return value.includes(':') ? 'IPv6' : 'IPv4'
}

export function checkIp(out: Errors, path: string, value: string | undefined): void {
  if (!value || isIP(value) === 0) out.push(invalid(path, value ?? '', ipText))
}

export function checkCidr(out: Errors, path: string, value: string | undefined): void {
  if (!value) out.push(required(path))
  else if (!isCidr(value)) out.push(invalid(path, value, cidrText))
}

// An address that can be reached from elsewhere: not this host's own, not a group's.
export function checkReachableIp(out: Errors, path: string, value: string): void {
  if (/^127\./.test(value) || value === '::1') out.push(invalid(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  else checkEndpointIp(out, path, value)
}

/** The loopback range is not refused here: on a machine without a network it is where the API server itself is. */
export function checkEndpointIp(out: Errors, path: string, value: string): void {
  if (isIP(value) === 0) return void out.push(invalid(path, value, ipText))
  if (value === '0.0.0.0' || value === '::') out.push(invalid(path, value, `may not be unspecified (${value})`))
  if (/^169\.254\./.test(value) || /^fe[89ab]/i.test(value)) out.push(invalid(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  if (value.startsWith('224.0.0.') || /^ff.2:/i.test(value)) out.push(invalid(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
}
