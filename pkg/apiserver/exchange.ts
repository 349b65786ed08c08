// One HTTP request and its answer, the same for HTTP/1.1 and HTTP/2.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { StatusError, entityTooLarge } from '../api/status-error.ts'
import type { UserInfo } from '../api/request.ts'
import type { Clock } from '../util/clock.ts'
import type { AuditRecord } from './audit-record.ts'
import type { FrontLimits } from './front-limits.ts'
import type { Tally } from './tally.ts'

/** As much of node:http's IncomingMessage as is used. */
export interface Incoming {
  readonly method?: string
  readonly url?: string
  /** With the pseudo headers of HTTP/2. */
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly socket: Socket
  /** Nothing of it is to come any more. */
  readonly complete: boolean
  /** Of HTTP/2. */
  readonly stream?: ServerHttp2Stream
  readonly session?: ServerHttp2Session | undefined
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end' | 'aborted', listener: () => void): unknown
  once(event: 'end' | 'close', listener: () => void): unknown
  removeListener(event: 'data', listener: (chunk: Buffer) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'end' | 'aborted', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  pipe<T extends NodeJS.WritableStream>(destination: T): T
}

type OutgoingEvent = 'close' | 'drain' | 'finish' | 'error'

/** As much of node:http's ServerResponse as is used. */
export interface Outgoing {
  statusCode: number
  readonly headersSent: boolean
  readonly destroyed: boolean
  /** Of HTTP/2. */
  readonly stream?: ServerHttp2Stream
  setHeader(name: string, value: string): unknown
  writeHead(code: number, headers?: OutgoingHttpHeaders): unknown
  /** HTTP/2 sends headers at once; HTTP/1.1 keeps them for what follows, unless told. */
  flushHeaders?(): void
  write(chunk: Uint8Array | string): boolean
  end(chunk?: Uint8Array | string): unknown
  destroy(error?: Error): unknown
  on(event: OutgoingEvent, listener: () => void): unknown
  once(event: OutgoingEvent, listener: () => void): unknown
  removeListener(event: OutgoingEvent, listener: () => void): unknown
}

/** For who pipes into an answer whose head is written. */
export const sinkOf = (outgoing: Outgoing): NodeJS.WritableStream => outgoing.stream ?? outgoing as Outgoing & NodeJS.WritableStream

/** What every exchange with a client has, also one that came to nothing. */
export interface Contact {
  readonly incoming: Incoming
  readonly outgoing: Outgoing
  /** Texts for Warning headers; send them before the body. */
  readonly warnings: string[]
  readonly clock: Clock
  readonly limits: FrontLimits
  /** To be called when output does not flow: the connection may be a dead one. */
  readonly onBlocked: () => void
  readonly tally?: Tally
}

export interface Exchange extends Contact {
  readonly method: string
  /** Decoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly user: UserInfo
  /** undefined for what no audit log wants. */
  readonly audit?: AuditRecord
  /** The body, when it was short enough to be read before anything else. */
  readonly body?: Buffer
  /** Aborts when the client leaves, when all was sent, and when the server ends: for answers that last. */
  readonly lasting: () => AbortSignal
  /** To be called when the answer has become a stream that lasts as long as it likes. */
  readonly onStream: () => void
}

export const bodyLimit = 3 * 1024 * 1024

const late = (): StatusError =>
  new StatusError(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout')

export function header(incoming: Incoming, name: string): string | undefined {
  const value = incoming.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

/** Stands for the request's connection: the same for all requests on it. */
export const connectionOf = (incoming: Incoming): object => incoming.session ?? incoming.socket

/** Bodies up to this length are read before the request waits for its turn, so that a slow sender keeps nobody waiting. */
const shortBody = 64 * 1024

export function hasShortBody(incoming: Incoming): boolean {
  const length = header(incoming, 'content-length')
  return length !== undefined && Number(length) > 0 && Number(length) <= shortBody
}

/** The whole body; 413 when it is longer than the limit, said or real, 504 when it does not come. */
export function readBody({ incoming, body, clock, limits }: Pick<Exchange, 'incoming' | 'body' | 'clock' | 'limits'>): Promise<Buffer> {
  if (body) return Promise.resolve(body)
  return new Promise((resolve, reject) => {
    const said = Number(header(incoming, 'content-length') ?? NaN)
    if (said > bodyLimit) return reject(entityTooLarge(bodyLimit))
    const chunks: Buffer[] = []
    let length = 0
    // A stream may be kept for long after its end by those who clear up, and with it whatever its listeners know.
    const over = (): void => {
      timer.cancel()
      incoming.removeListener('data', onData)
      incoming.removeListener('end', onEnd)
      incoming.removeListener('error', fail)
      incoming.removeListener('aborted', onAborted)
    }
    const fail = (error: Error): void => {
      over()
      reject(error)
    }
    const onEnd = (): void => {
      over()
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      if (length > bodyLimit) return fail(entityTooLarge(bodyLimit))
      chunks.push(chunk)
      // HTTP/2 lets no more come than was said. A stream that has told its end goes as soon as the answer does, which the platform takes for a failure and makes an error of.
      if (length !== said || !incoming.stream) return
      incoming.pause()
      onEnd()
    }
    // A client that leaves in the middle of its body is nobody's bug.
    const onAborted = (): void => fail(new StatusError(400, 'BadRequest', 'the client went away before the body was complete'))
    const timer = clock.setTimer(() => fail(late()), limits.bodyMs)
    incoming.on('data', onData)
    incoming.on('end', onEnd)
    incoming.on('error', fail)
    incoming.on('aborted', onAborted)
  })
}

/** How long what follows a refusal is read and thrown away, so that the client gets to read the answer. */
const lingerMs = 5_000

/** Sends no more than a refusal to a client that is still sending: what comes is thrown away for a while, then the client is cut off. */
export function discardRest({ incoming, clock }: Pick<Contact, 'incoming' | 'clock'>): void {
  if (incoming.complete) return
  incoming.resume()
  const timer = clock.setTimer(() => {
    if (incoming.stream) incoming.stream.close(constants.NGHTTP2_CANCEL)
    else incoming.socket.destroy()
  }, lingerMs)
  incoming.once('end', () => timer.cancel())
  incoming.once('close', () => timer.cancel())
}
