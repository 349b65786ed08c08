// Requests and answers of HTTP/2 as this server's exchanges need them, on the stream itself: the platform's own layer, which
// makes HTTP/2 look like HTTP/1.1, has two more streams for each request.
import { type IncomingHttpHeaders, constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { OutgoingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
import type { Incoming, Outgoing } from './exchange.ts'

/** The socket of a connection that is no more. */
const noSocket = new Socket()

/** Errors of the stream are nobody's: who cares is told by `aborted` and `close`. */
const ignore = (): void => undefined

export class StreamRequest implements Incoming {
  readonly stream: ServerHttp2Stream
  readonly session: ServerHttp2Session | undefined
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) {
    this.stream = stream
    this.session = stream.session as ServerHttp2Session | undefined
    this.headers = headers
    this.rawHeaders = rawHeaders
    stream.on('error', ignore)
  }

  get method(): string | undefined {
    return this.headers[':method']
  }

  get url(): string | undefined {
    return this.headers[':path']
  }

  get socket(): Socket {
    return this.session && !this.session.destroyed ? this.session.socket as Socket : noSocket
  }

  get complete(): boolean {
    const { stream } = this
    return stream.endAfterHeaders || stream.readableEnded || stream.aborted || stream.destroyed
  }

  on(event: string, listener: (...args: never[]) => void): this {
    this.stream.on(event, listener as () => void)
    return this
  }

  once(event: string, listener: (...args: never[]) => void): this {
    this.stream.once(event, listener as () => void)
    return this
  }

  removeListener(event: string, listener: (...args: never[]) => void): this {
    this.stream.removeListener(event, listener as () => void)
    return this
  }

  pause(): this {
    this.stream.pause()
    return this
  }

  resume(): this {
    this.stream.resume()
    return this
  }

  pipe<T extends NodeJS.WritableStream>(destination: T): T {
    return this.stream.pipe(destination)
  }
}

export class StreamResponse implements Outgoing {
  readonly stream: ServerHttp2Stream
  statusCode = 200
  /** Names and values. */
  readonly #headers: string[] = []

  constructor(stream: ServerHttp2Stream) {
    this.stream = stream
  }

  get headersSent(): boolean {
    return this.stream.headersSent
  }

  get destroyed(): boolean {
    return this.stream.destroyed || this.stream.closed
  }

  setHeader(name: string, value: string): this {
    this.#headers.push(name, value)
    return this
  }

  /** To a client that has left it does nothing. */
  writeHead(code: number, headers?: OutgoingHttpHeaders): this {
    this.statusCode = code
    if (this.destroyed) return this
    // Names and values in turn: objects are copied and looked through on the way.
    const sent = [':status', code as unknown as string]
    for (let at = 0; at < this.#headers.length; at += 2) {
      if (headers?.[this.#headers[at]!] === undefined) sent.push(this.#headers[at]!, this.#headers[at + 1]!)
    }
    for (const name in headers) {
      const value = headers[name]
      // What belongs to one connection is not said in HTTP/2.
      if (value !== undefined && name !== 'connection') sent.push(name, value as string)
    }
    this.stream.respond(sent)
    return this
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.destroyed) return false
    if (!this.headersSent) this.writeHead(this.statusCode)
    return this.stream.write(chunk)
  }

  end(chunk?: Uint8Array | string): this {
    if (this.destroyed) return this
    if (!this.headersSent) this.writeHead(this.statusCode)
    // The answer to a HEAD request is over before it begins.
    if (chunk === undefined || this.stream.writableEnded) this.stream.end()
    else this.stream.end(chunk)
    return this
  }

  destroy(error?: Error): this {
    this.stream.destroy(error)
    return this
  }

  /** `finish`: the client has all of it, as far as this process can tell. */
  on(event: string, listener: () => void): this {
    this.stream.on(event === 'finish' ? 'close' : event, listener)
    return this
  }

  once(event: string, listener: () => void): this {
    this.stream.once(event === 'finish' ? 'close' : event, listener)
    return this
  }

  removeListener(event: string, listener: () => void): this {
    this.stream.removeListener(event === 'finish' ? 'close' : event, listener)
    return this
  }
}

export type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: readonly string[]) => void

/** Gives each request to `serve`; refuses those of a kind that no server of resources has. */
export function streamListener(serve: (incoming: StreamRequest, outgoing: StreamResponse) => void): StreamListener {
  return (stream, headers, _flags, rawHeaders) => {
    const incoming = new StreamRequest(stream, headers, rawHeaders)
    if (headers[':method'] === 'CONNECT') return stream.respond({ ':status': constants.HTTP_STATUS_METHOD_NOT_ALLOWED }, { endStream: true })
    if (headers.expect === '100-continue') stream.additionalHeaders({ ':status': constants.HTTP_STATUS_CONTINUE })
    else if (headers.expect !== undefined) return stream.respond({ ':status': constants.HTTP_STATUS_EXPECTATION_FAILED }, { endStream: true })
    serve(incoming, new StreamResponse(stream))
  }
}
