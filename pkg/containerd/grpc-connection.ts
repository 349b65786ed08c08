// A gRPC connection to a unix socket: unary calls as promises, server streams as async iterables, errors with their code.
import * as grpc from '@grpc/grpc-js'
import type { Clock } from '../util/clock.ts'
import type { ProtoSchema, RpcMethod } from './proto-codec.ts'

export interface CallOptions {
  /** The call fails with DEADLINE_EXCEEDED after this time; 0 means never. Unary calls default to two minutes. */
  timeoutMs?: number
  signal?: AbortSignal
  metadata?: Record<string, string>
}

/** A failed call. `code` is the gRPC status number, `codeName` its name, `message` what the server said, after the method's name. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly codeName: string
  readonly method: string
  /** The server's words alone. */
  readonly details: string

  constructor(method: string, code: number, details: string) {
    const codeName = grpc.status[code] ?? String(code)
    super(`${method}: ${codeName}: ${details}`)
    this.method = method
    this.code = code
    this.codeName = codeName
    this.details = details
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof RpcError && error.code === grpc.status.NOT_FOUND
export const isAlreadyExists = (error: unknown): boolean => error instanceof RpcError && error.code === grpc.status.ALREADY_EXISTS
export const isUnavailable = (error: unknown): boolean => error instanceof RpcError && error.code === grpc.status.UNAVAILABLE
export const isUnimplemented = (error: unknown): boolean => error instanceof RpcError && error.code === grpc.status.UNIMPLEMENTED

const defaultTimeoutMs = 120_000
const maxReceiveBytes = 64 << 20

export class GrpcConnection {
  readonly clock: Clock
  readonly #client: grpc.Client
  readonly #schema: ProtoSchema
  readonly #metadata: Record<string, string>
  readonly #methods = new Map<string, RpcMethod>()

  constructor(socketPath: string, options: { clock: Clock; schema: ProtoSchema; metadata?: Record<string, string> }) {
    this.clock = options.clock
    this.#schema = options.schema
    this.#metadata = options.metadata ?? {}
    this.#client = new grpc.Client(`unix://${socketPath}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': maxReceiveBytes,
      // A private containerd that was restarted is back within a second; the default would wait up to two minutes.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // Two connections to one path must not share a channel that the other one closes.
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  close(): void {
    this.#client.close()
  }

  unary(service: string, name: string, request: object, options: CallOptions = {}): Promise<object> {
    const method = this.#method(service, name)
    const { promise, resolve, reject } = Promise.withResolvers<object>()
    const { signal } = options
    if (signal?.aborted) {
      reject(signal.reason)
      return promise
    }
    const call = withoutStacks(() => this.#client.makeUnaryRequest(
      method.path, method.encode, (bytes: Buffer) => method.decode(bytes), request,
      this.#metadataOf(options), this.#callOptions(options.timeoutMs ?? defaultTimeoutMs),
      (error, response) => {
        signal?.removeEventListener('abort', onAbort)
        if (!error) resolve(response ?? {})
        else reject(signal?.aborted ? signal.reason : new RpcError(name, error.code, error.details || error.message))
      },
    ))
    const onAbort = (): void => call.cancel()
    signal?.addEventListener('abort', onAbort, { once: true })
    return promise
  }

  /**
   * The call is made at once; what it brings is read by iterating. Ends normally when the server ends the stream;
   * throws RpcError when it fails, and the signal's reason when aborted. Who never iterates must abort.
   */
  stream(service: string, name: string, request: object, options: CallOptions = {}): AsyncGenerator<object> {
    const method = this.#method(service, name)
    const { signal } = options
    signal?.throwIfAborted()
    const call = this.#client.makeServerStreamRequest(
      method.path, method.encode, (bytes: Buffer) => method.decode(bytes), request,
      this.#metadataOf(options), this.#callOptions(options.timeoutMs ?? 0),
    )
    const onAbort = (): void => call.cancel()
    signal?.addEventListener('abort', onAbort, { once: true })
    let failure: unknown
    // The library emits the error without ending the stream with it, so an iteration that begins later would miss it.
    call.on('error', (error) => (failure ??= error))
    const throwFailure = (): void => {
      if (signal?.aborted) throw signal.reason
      if (failure) throw toRpcError(name, failure)
    }
    return (async function* () {
      try {
        throwFailure()
        for await (const message of call) yield message as object
        throwFailure()
      } catch (error) {
        throwFailure()
        throw error
      } finally {
        signal?.removeEventListener('abort', onAbort)
        call.cancel()
      }
    })()
  }

  /** A two-way stream; the caller writes, reads and ends it, and must handle its 'error' event. */
  duplex(service: string, name: string, options: CallOptions = {}): grpc.ClientDuplexStream<object, object> {
    const method = this.#method(service, name)
    return this.#client.makeBidiStreamRequest(
      method.path, method.encode, (bytes: Buffer) => method.decode(bytes),
      this.#metadataOf(options), this.#callOptions(options.timeoutMs ?? 0),
    )
  }

  #method(service: string, name: string): RpcMethod {
    const path = `/${service}/${name}`
    let method = this.#methods.get(path)
    if (!method) {
      for (const each of this.#schema.methods(service)) this.#methods.set(each.path, each)
      method = this.#methods.get(path)
      if (!method) throw new Error(`the schema has no method ${path}`)
    }
    return method
  }

  #metadataOf(options: CallOptions): grpc.Metadata {
    const metadata = new grpc.Metadata()
    for (const [key, value] of Object.entries({ ...this.#metadata, ...options.metadata })) metadata.set(key, value)
    return metadata
  }

  #callOptions(timeoutMs: number): grpc.CallOptions {
    return timeoutMs > 0 ? { deadline: this.clock.now() + timeoutMs } : {}
  }
}

/** The library notes the caller's stack with each call; errors get words and stacks of our own. */
function withoutStacks<T>(call: () => T): T {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return call()
  } finally {
    Error.stackTraceLimit = limit
  }
}

export function toRpcError(method: string, error: unknown): Error {
  if (!(error instanceof Error)) return new Error(`${method}: ${String(error)}`)
  const { code, details } = error as Partial<grpc.ServiceError>
  return typeof code === 'number' ? new RpcError(method, code, details || error.message) : error
}
