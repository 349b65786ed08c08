// One HTTP request and its answer, the same for HTTP/1.1 and HTTP/2.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { StatusError } from '../api/status-error.ts'
import type { UserInfo } from '../api/request.ts'

export type Incoming = IncomingMessage | Http2ServerRequest
export type Outgoing = ServerResponse | Http2ServerResponse

export interface Exchange {
  readonly incoming: Incoming
  readonly outgoing: Outgoing
  readonly method: string
  /** Decoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly user: UserInfo
  /** Texts for Warning headers; send them before the body. */
  readonly warnings: string[]
  /** The body, when it was short enough to be read before anything else. */
  readonly body?: Buffer
  /** To be called when output does not flow: the connection may be a dead one. */
  readonly onBlocked: () => void
  /** To be called when the answer has become a stream that lasts as long as it likes. */
  readonly onStream: () => void
}

export const bodyLimit = 3 * 1024 * 1024

const tooLarge = (): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimit}`)

export function header(incoming: Incoming, name: string): string | undefined {
  const value = incoming.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

/** Stands for the request's connection: the same for all requests on it. */
export const connectionOf = (incoming: Incoming): object => ('stream' in incoming ? incoming.stream.session : undefined) ?? incoming.socket

/** Bodies up to this length are read before the request waits for its turn, so that a slow sender keeps nobody waiting. */
const shortBody = 64 * 1024

export function hasShortBody(incoming: Incoming): boolean {
  const length = header(incoming, 'content-length')
  return length !== undefined && Number(length) > 0 && Number(length) <= shortBody
}

/** The whole body; 413 when it is longer than the limit, said or real. */
export function readBody({ incoming, body }: Pick<Exchange, 'incoming' | 'body'>): Promise<Buffer> {
  if (body) return Promise.resolve(body)
  return new Promise((resolve, reject) => {
    if (Number(header(incoming, 'content-length') ?? 0) > bodyLimit) return reject(tooLarge())
    const chunks: Buffer[] = []
    let length = 0
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > bodyLimit) {
        incoming.removeAllListeners('data')
        incoming.resume()
        reject(tooLarge())
      } else chunks.push(chunk)
    })
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    incoming.on('error', reject)
    // A client that leaves in the middle of its body is nobody's bug.
    incoming.on('aborted', () => reject(new StatusError(400, 'BadRequest', 'the client went away before the body was complete')))
  })
}

/** An abort signal that fires when the client goes away or the answer has been sent. */
export function signalOf(outgoing: Outgoing): AbortSignal {
  const controller = new AbortController()
  outgoing.on('close', () => controller.abort())
  return controller.signal
}
