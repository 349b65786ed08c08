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

/** Those of the raw headers, names and values in turn, whose names are wanted. */
export const headersWith = (raw: readonly string[], isWanted: (name: string) => boolean): string[] =>
  raw.filter((_, at) => isWanted(raw[at - at % 2]!.toLowerCase()))

/** The request as text, for another host and path. */
function replayed({ method }: TunnelClient['incoming'], url: URL, rawHeaders: readonly string[]): string {
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`]
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

export interface TunnelOptions {
  /** Where to dial and whom to trust; otherwise the URL's host is dialled, and trusted. */
  readonly secure?: ConnectionOptions
  /** All that is sent, with a host; otherwise the client's, without what is not for the other side. */
  readonly rawHeaders?: readonly string[]
}

/** Resolves when the connection stands; from then on both sockets live and die together. Rejects when the other side can't be reached. */
export async function rawTunnel({ incoming, socket, head }: TunnelClient, url: URL, { secure, rawHeaders }: TunnelOptions = {}): Promise<void> {
  const upstream = await dial(url, secure)
  upstream.write(replayed(incoming, url, rawHeaders ?? ['Host', url.host, ...headersWith(incoming.rawHeaders, (name) => !kept.has(name))]))
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
