// The server's side of WebSockets: the handshake, and sending to a client that may be slow.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { Clock } from './clock.ts'
import { headersWith, type TunnelClient } from './raw-tunnel.ts'

/** One that asks for a WebSocket, as node:http hands it over. */
export interface SocketClient extends TunnelClient {
  readonly incoming: IncomingMessage
}

/** A token that a browser sends, which can set no other header. */
const bearerPrefix = 'base64url.bearer.authorization.k8s.io.'

export const isWebSocket = (incoming: IncomingMessage): boolean => incoming.headers.upgrade?.toLowerCase() === 'websocket'

const offered = (incoming: Pick<IncomingMessage, 'headers'>): string[] => (incoming.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim()).filter(Boolean)

/** The sub-protocols that the client speaks. */
export const protocolsOf = (incoming: IncomingMessage): string[] => offered(incoming).filter((name) => !name.startsWith(bearerPrefix))

const protocolHeader = 'sec-websocket-protocol'

/** The bearer token among the sub-protocols. It is for nobody else: from here on it is none of them. */
export function takeProtocolToken(incoming: { readonly headers: IncomingHttpHeaders; readonly rawHeaders: readonly string[] }): string | undefined {
  if (incoming.headers[protocolHeader] === undefined) return undefined
  const found = offered(incoming).find((name) => name.startsWith(bearerPrefix))
  if (found === undefined) return undefined
  const others = offered(incoming).filter((name) => !name.startsWith(bearerPrefix)).join(', ')
  const raw = incoming.rawHeaders as string[]
  raw.splice(0, raw.length, ...headersWith(raw, (name) => name !== protocolHeader), ...(others === '' ? [] : [protocolHeader, others]))
  if (others === '') delete incoming.headers[protocolHeader]
  else incoming.headers[protocolHeader] = others
  return Buffer.from(found.slice(bearerPrefix.length), 'base64url').toString()
}

/** The client has not asked for a WebSocket as one must. */
export class HandshakeError extends Error {
  override name = 'HandshakeError'
}

/** Longest message that a client may send. */
const longestMessage = 1 << 20

/** Accepts with `protocol`, one of those offered, or with none. Fails with HandshakeError when the client's handshake is none. */
export async function acceptWebSocket({ incoming, socket, head }: SocketClient, protocol?: string): Promise<WebSocket> {
  // Loaded when it is first needed: most servers are never asked.
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: longestMessage })
  // The library takes only names without a slash; so it is told of none.
  const { 'sec-websocket-protocol': _offered, ...headers } = incoming.headers
  incoming.headers = headers
  if (protocol !== undefined) server.on('headers', (lines) => void lines.push(`Sec-WebSocket-Protocol: ${protocol}`))
  const client = await new Promise<WebSocket>((resolve, reject) => {
    server.on('wsClientError', ({ message }) => reject(new HandshakeError(message)))
    server.handleUpgrade(incoming, socket, head, resolve)
  })
  client.on('error', () => client.terminate())
  return client
}

/** Resolves false when the client is gone, or did not read for `stallMs` and was cut off. */
export function sendMessage(client: WebSocket, message: Uint8Array | string, { clock, stallMs }: { clock: Clock; stallMs: number }): Promise<boolean> {
  if (client.readyState !== client.OPEN) return Promise.resolve(false)
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => {
      client.terminate()
      resolve(false)
    }, stallMs)
    client.send(message, (error) => {
      timer.cancel()
      resolve(!error)
    })
  })
}
