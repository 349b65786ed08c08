// Where a request comes from: what proxies say before, and the connection's own address last.
import { isIP } from 'node:net'
import { header, type Incoming } from './exchange.ts'

export function sourceIPs(incoming: Incoming): string[] {
  return chainOf(header(incoming, 'x-forwarded-for'), header(incoming, 'x-real-ip'), incoming.socket.remoteAddress)
}

/** Pure. What is no address is left out; the connection's own stands last, and not twice in a row. */
export function chainOf(forwarded: string | undefined, real: string | undefined, remote: string | undefined): string[] {
  const chain = (forwarded ?? '').split(',').map((text) => plain(text.trim())).filter((text) => isIP(text) !== 0)
  const realIP = plain(real?.trim() ?? '')
  if (isIP(realIP) !== 0 && !chain.includes(realIP)) chain.push(realIP)
  const own = plain(remote ?? '')
  if (isIP(own) !== 0 && chain.at(-1) !== own) chain.push(own)
  return chain
}

/** IPv4 addresses as such, also where they came in an IPv6 one. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** What another server is told of where a request came from: who has passed it on so far, and who sent it here. */
export function forwardedFor(incoming: Incoming): string {
  const before = header(incoming, 'x-forwarded-for')
  return `${before === undefined ? '' : `${before}, `}${incoming.socket.remoteAddress ?? ''}`
}
