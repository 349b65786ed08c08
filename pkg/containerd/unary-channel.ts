// Unary gRPC calls over one HTTP/2 session on a unix socket. A call costs a third of what it costs through a general gRPC client, and the kubelet makes many.
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import type { Clock, Timer } from '../util/clock.ts'

/** How a call ended without an answer; the numbers are gRPC's. */
export class CallFailure extends Error {
  override name = 'CallFailure'
  readonly code: number

  constructor(code: number, details: string) {
    super(details)
    this.code = code
  }
}

export interface UnaryCall {
  readonly path: string
  readonly message: Uint8Array
  readonly metadata: Readonly<Record<string, string>>
  /** 0 for no limit. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

const status = { cancelled: 1, unknown: 2, deadline: 4, exhausted: 8, internal: 13, unavailable: 14 }
const headBytes = 5
const windowBytes = 4 << 20
/** Time for the server to answer that it has given up. */
const deadlineSlackMs = 500

export interface UnaryChannelOptions {
  readonly socketPath: string
  readonly clock: Clock
  readonly maxReceiveBytes: number
}

/** Connects with the first call, and again with the next one after the connection was lost. Keeps the process alive only while it is called. */
export class UnaryChannel {
  readonly #options: UnaryChannelOptions
  #session: ClientHttp2Session | undefined
  #active = 0
  #closed = false

  constructor(options: UnaryChannelOptions) {
    this.#options = options
  }

  /** Resolves with the answer's message. Throws CallFailure, or the signal's reason. */
  async call(call: UnaryCall): Promise<Buffer> {
    call.signal?.throwIfAborted()
    const session = this.#connected()
    if (this.#active++ === 0) session.ref()
    try {
      return await new Answer(session.request(headersOf(call)), call, this.#options).promise
    } catch (error) {
      throw error instanceof CallFailure || call.signal?.aborted ? error : new CallFailure(status.unavailable, `${this.#options.socketPath}: ${(error as Error).message}`)
    } finally {
      if (--this.#active === 0) this.#session?.unref()
    }
  }

  close(): void {
    this.#closed = true
    this.#session?.close()
    this.#session = undefined
  }

  #connected(): ClientHttp2Session {
    if (this.#closed) throw new CallFailure(status.unavailable, 'the connection was closed')
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session
    const session = connectHttp2('http://localhost', {
      createConnection: () => connectSocket(this.#options.socketPath),
      settings: { enablePush: false, initialWindowSize: windowBytes },
    })
    session.once('connect', () => session.setLocalWindowSize(windowBytes))
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined
    }
    // Calls that are under way are told by their streams.
    session.on('error', forget)
    session.on('goaway', forget)
    session.on('close', forget)
    session.unref()
    this.#session = session
    if (this.#active > 0) session.ref()
    return session
  }
}

class Answer {
  readonly promise: Promise<Buffer>
  readonly #stream: ClientHttp2Stream
  readonly #chunks: Buffer[] = []
  readonly #settle: { resolve: (message: Buffer) => void; reject: (error: unknown) => void }
  readonly #timer: Timer | undefined
  #bytes = 0
  #headers: IncomingHttpHeaders = {}
  #failure: unknown

  constructor(stream: ClientHttp2Stream, call: UnaryCall, { clock, maxReceiveBytes }: UnaryChannelOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    this.promise = promise
    this.#settle = { resolve, reject }
    this.#stream = stream
    const onAbort = (): void => this.#cancel(call.signal?.reason)
    call.signal?.addEventListener('abort', onAbort, { once: true })
    if (call.timeoutMs > 0) this.#timer = clock.setTimer(() => this.#cancel(new CallFailure(status.deadline, 'Deadline exceeded')), call.timeoutMs + deadlineSlackMs)
    const note = (headers: IncomingHttpHeaders): void => void (this.#headers = { ...this.#headers, ...headers })
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#bytes += chunk.length
      if (this.#bytes > maxReceiveBytes + headBytes) this.#cancel(new CallFailure(status.exhausted, `the answer is longer than ${maxReceiveBytes} bytes`))
    })
    stream.on('error', (error) => (this.#failure ??= error))
    stream.on('close', () => {
      call.signal?.removeEventListener('abort', onAbort)
      this.#timer?.cancel()
      this.#end()
    })
    stream.end(framed(call.message))
  }

  #cancel(reason: unknown): void {
    this.#failure ??= reason
    this.#stream.close(constants.NGHTTP2_CANCEL)
  }

  #end(): void {
    try {
      this.#settle.resolve(this.#message())
    } catch (error) {
      this.#settle.reject(error)
    }
  }

  #message(): Buffer {
    const code = this.#headers['grpc-status']
    // What the server has said counts, whatever became of the stream afterwards.
    if (code === undefined) {
      if (this.#failure) throw this.#failure
      const httpStatus = Number(this.#headers[':status'] ?? 200)
      throw httpStatus === 200 ? new CallFailure(status.unavailable, 'the server ended the call without an answer') : new CallFailure(status.unknown, `Received HTTP status code ${httpStatus}`)
    }
    if (code !== '0') throw new CallFailure(Number(code), decodedMessage(String(this.#headers['grpc-message'] ?? '')))
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    if (bytes.length < headBytes || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - headBytes) throw new CallFailure(status.internal, 'the answer is no single plain message')
    return bytes.subarray(headBytes)
  }
}

function headersOf({ path, metadata, timeoutMs }: UnaryCall): OutgoingHttpHeaders {
  return {
    ':method': 'POST', ':path': path, ':scheme': 'http', ':authority': 'localhost', 'content-type': 'application/grpc', te: 'trailers', 'user-agent': 'kinglet',
    ...(timeoutMs > 0 ? { 'grpc-timeout': grpcTimeout(timeoutMs) } : {}), ...metadata,
  }
}

/** At most eight digits and a unit. Pure. */
export const grpcTimeout = (ms: number): string => (ms < 1e8 ? `${Math.ceil(ms)}m` : `${Math.ceil(ms / 1000)}S`)

function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, headBytes)
  return bytes
}

/** Percent-encoded UTF-8, of which a broken sequence stays as it is. Pure. */
export function decodedMessage(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
