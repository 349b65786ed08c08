// Small parts of the HTTP door: server settings, splitting URLs, and refusing an upgrade on a bare socket.
import type { SecureServerOptions } from 'node:http2'
import type { ServerOpts, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import { badRequest } from '../api/status-error.ts'
import { HandshakeError } from '../util/web-sockets.ts'
import type { Outgoing } from './exchange.ts'
import type { FrontLimits } from './front-limits.ts'
import { statusOf } from './respond.ts'

/** Client libraries keep connections for 90 s; closing earlier would race with their next request. */
const keepAliveTimeout = 180_000
/** Selectors and tokens can be long. */
const longestHeader = 256 * 1024

export function serverOptions(tls: { key: string; cert: string; clientCa: string }, limits: FrontLimits): SecureServerOptions {
  const http1 = {
    // Watches, logs and exec last as long as they like.
    requestTimeout: 0, headersTimeout: limits.headersMs, connectionsCheckingInterval: Math.min(30_000, limits.headersMs / 2), keepAliveTimeout,
    maxHeaderSize: longestHeader,
  }
  return {
    key: tls.key, cert: tls.cert, ca: tls.clientCa, requestCert: true, rejectUnauthorized: false,
    allowHTTP1: true, minVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: limits.handshakeMs,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024, maxHeaderListSize: longestHeader },
    // MB. A client has one connection for all it does; above the limit its new requests are refused.
    maxSessionMemory: 256,
    ...http1,
  }
}

/** Whether another protocol is to be spoken. Where nobody speaks one, the wish is passed over; what is proxied decides for itself. */
export function isUpgrade({ headers, url = '' }: IncomingMessage): boolean {
  return /^(websocket|spdy\/3\.1)$/i.test(headers.upgrade ?? '') || splitUrl(url)[0].split('/').includes('proxy')
}

/** Of the socket that takes connections. What they send waits until their turn has come. */
export const listenerOptions: ServerOpts = {
  noDelay: true, pauseOnConnect: true,
  // The kernel finds out who vanished without a word.
  keepAlive: true, keepAliveInitialDelay: 60_000,
}

/** The server has more to do than it can: clients try again after a second. */
export function sendTooMany(outgoing: Outgoing): void {
  const body = 'Too many requests, please try again later.\n'
  if (outgoing.destroyed || outgoing.headersSent) return
  outgoing.writeHead(429, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', 'retry-after': '1', 'content-length': body.length })
  outgoing.end(body)
}

/** Of a target with scheme and host, as for a proxy, what stands behind them. */
export function originForm(target: string): string {
  const [whole = ''] = /^https?:\/\/[^/?#]*/i.exec(target) ?? []
  if (whole === '') return target
  const rest = target.slice(whole.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** A path without empty segments and such that lead elsewhere: all readers of it agree on what it names. */
export const isPlainPath = (path: string): boolean => !/\/\/|\/\.{1,2}(?:\/|$)/.test(path)

/** Path and query as the client wrote them. */
export function splitUrl(url: string): [path: string, query: string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

const refusals: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

/** Ends a connection on which no request could be made out. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex): void {
  const code = refusals[error.code ?? ''] ?? (error.code?.startsWith('HPE_') ? 400 : undefined)
  if (!socket.writable || code === undefined) return void socket.destroy()
  socket.end(`HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}

const goesOn = (): void => undefined

/**
 * When a request comes while an answer has not been sent, the platform stops reading and pauses its parser of HTTP/1.1.
 * TLS still hands over what it has deciphered by then: a paused parser takes that for a fault of the client's, and it is lost.
 */
export function keepParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { pause: () => void } | null }
  if (parser) parser.pause = goesOn
}

/** Answers an upgrade request with a Status and closes. Returns the code. */
export function refuseUpgrade({ incoming, socket }: { incoming: IncomingMessage; socket: Duplex }, error: unknown, log: (text: string) => void): number {
  const status = statusOf(error instanceof HandshakeError ? badRequest(error.message) : error, log)
  const body = JSON.stringify(status)
  const code = status.code ?? 500
  if (socket.writable) socket.end(`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${incoming.method === 'HEAD' ? '' : body}`)
  return code
}
