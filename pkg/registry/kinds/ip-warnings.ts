// Warnings about addresses that are taken as they are today, and are not written as they should be.
import { isIPv4, isIPv6 } from 'node:net'

const leadingZeros = /^\d{1,3}(\.\d{1,3}){3}$/

function withoutZeros(value: string): string | undefined {
  if (!leadingZeros.test(value)) return undefined
  const plain = value.split('.').map(Number).join('.')
  return isIPv4(plain) ? plain : undefined
}

/** How RFC 5952 writes an IPv6 address; addresses of the other family that are mapped into it come as those. */
export function canonicalIp(value: string): string {
  if (!isIPv6(value)) return withoutZeros(value) ?? value
  const host = new URL(`http://[${value}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host)
  if (!mapped) return host
  const [high, low] = [parseInt(mapped[1] ?? '', 16), parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** Of a valid address; of anything else there is none, as it is refused. */
export function ipWarnings(path: string, value: string | undefined): string[] {
  if (value === undefined || value === '') return []
  const canonical = canonicalIp(value)
  if (canonical === value || (!isIPv4(canonical) && !isIPv6(canonical))) return []
  if (isIPv4(canonical)) return [`${path}: non-standard IP address ${JSON.stringify(value)} will be considered invalid in a future Kubernetes release: use ${JSON.stringify(canonical)}`]
  return [`${path}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`]
}
