// A raw tunnel: a client's upgrade request is replayed on another URL, and bytes flow both ways.
import type { IncomingMessage } from 'node:http'
import { connect as connectPlain, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

export interface TunnelClient {
  readonly incoming: Pick<IncomingMessage, 'method' | 'rawHeaders'>
  readonly socket: Duplex
  /** What the client sent after its request. */
  readonly head: Buffer
}

/** Not for the one behind the tunnel: credentials of this server, and what browsers add. */
const kept = new Set(['host', 'authorization', 'cookie', 'origin', 'impersonate-user', 'impersonate-group', 'impersonate-uid'])

/** The request as text, for another host and path. */
export function replayed(incoming: TunnelClient['incoming'], url: URL): string {
  const lines = [`${incoming.method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`]
  const raw = incoming.rawHeaders
  for (let at = 0; at < raw.length; at += 2) {
    if (!kept.has(raw[at]!.toLowerCase())) lines.push(`${raw[at]}: ${raw[at + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/**
 * Resolves when the connection stands; from then on both sockets live and die together. Rejects when the other side can't be reached.
 * `secure` tells where to dial and whom to trust; otherwise the URL's host is dialled, and trusted.
 */
export async function rawTunnel({ incoming, socket, head }: TunnelClient, url: URL, secure?: ConnectionOptions): Promise<void> {
  const upstream = await dial(url, secure)
  upstream.write(replayed(incoming, url))
  if (head.length > 0) upstream.write(head)
  join(socket, upstream)
}

function dial(url: URL, options?: ConnectionOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:'
    const at = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (secure ? 443 : 80), allowHalfOpen: true }
    const upstream = secure ? connectTls({ ...at, ...options ?? { rejectUnauthorized: false } }) : connectPlain(at)
    upstream.once(secure ? 'secureConnect' : 'connect', () => {
      upstream.removeAllListeners('error')
      upstream.setNoDelay(true)
      resolve(upstream)
    })
    upstream.once('error', reject)
  })
}

function join(client: Duplex, upstream: Socket): void {
  client.pipe(upstream)
  upstream.pipe(client)
  const drop = (): void => {
    client.destroy()
    upstream.destroy()
  }
  upstream.on('error', drop)
  client.on('error', drop)
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.end())
}
