// A gRPC server on a unix socket for test plugins, from the same protobuf texts that the kubelet reads.
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import * as grpc from '@grpc/grpc-js'
import type { ProtoSchema } from '../../pkg/containerd/proto-codec.ts'

export type Handler = (request: never) => object | Promise<object>
/** Sends answers until the client goes. */
export type StreamHandler = (send: (answer: object) => void, ended: AbortSignal) => void

export interface ServiceHandlers {
  readonly [method: string]: Handler | { readonly stream: StreamHandler }
}

/** A failure with a code of gRPC. */
export class RpcFailure extends Error {
  readonly code: number

  constructor(code: keyof typeof grpc.status, message: string) {
    super(message)
    this.code = grpc.status[code]
  }
}

export async function serve(socket: string, schema: ProtoSchema, services: Readonly<Record<string, ServiceHandlers>>): Promise<grpc.Server> {
  const server = new grpc.Server()
  for (const [name, handlers] of Object.entries(services)) addService(server, schema, { name, handlers })
  mkdirSync(dirname(socket), { recursive: true })
  rmSync(socket, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()))
  })
  return server
}

function addService(server: grpc.Server, schema: ProtoSchema, { name, handlers }: { name: string; handlers: ServiceHandlers }): void {
  const definition: Record<string, grpc.MethodDefinition<object, object>> = {}
  const implementation: grpc.UntypedServiceImplementation = {}
  for (const method of schema.root.lookupService(name).methodsArray) {
    const [request, response] = [method.resolvedRequestType?.fullName ?? '', method.resolvedResponseType?.fullName ?? '']
    definition[method.name] = {
      path: `/${name}/${method.name}`, requestStream: false, responseStream: method.responseStream ?? false,
      requestSerialize: (value) => schema.encode(request, value), requestDeserialize: (bytes) => schema.decode(request, bytes),
      responseSerialize: (value) => schema.encode(response, value), responseDeserialize: (bytes) => schema.decode(response, bytes),
    }
    const handler = handlers[method.name]
    if (!handler) continue
    implementation[method.name] = typeof handler === 'function' ? unary(handler) : streaming(handler.stream)
  }
  server.addService(definition, implementation)
}

const unary = (handler: Handler): grpc.handleUnaryCall<object, object> => (call, answer) => {
  void (async () => handler(call.request as never))().then(
    (response) => answer(null, response),
    (error: Error) => answer({ code: error instanceof RpcFailure ? error.code : grpc.status.INTERNAL, details: error.message }),
  )
}

const streaming = (handler: StreamHandler): grpc.handleServerStreamingCall<object, object> => (call) => {
  const abort = new AbortController()
  call.on('cancelled', () => {
    abort.abort()
    call.end()
  })
  handler((answer) => void call.write(answer), abort.signal)
}
