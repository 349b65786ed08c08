// A gRPC server on a unix socket, from a schema's text: for the calls that plugins make to the node.
import * as grpc from '@grpc/grpc-js'
import type { ProtoSchema } from './proto-codec.ts'

/** What it throws is told to the caller. */
export type UnaryHandler = (request: object) => object | Promise<object>

export class GrpcServer {
  readonly #server = new grpc.Server()

  constructor(schema: ProtoSchema, services: Readonly<Record<string, Readonly<Record<string, UnaryHandler>>>>) {
    for (const [service, handlers] of Object.entries(services)) {
      const definition: Record<string, grpc.MethodDefinition<object, object>> = {}
      const implementation: grpc.UntypedServiceImplementation = {}
      for (const method of schema.root.lookupService(service).methodsArray) {
        const handler = handlers[method.name]
        if (!handler) continue
        const [request, response] = [method.resolvedRequestType?.fullName ?? '', method.resolvedResponseType?.fullName ?? '']
        definition[method.name] = {
          path: `/${service}/${method.name}`, requestStream: false, responseStream: false,
          requestSerialize: (value) => schema.encode(request, value), requestDeserialize: (bytes) => schema.decode(request, bytes),
          responseSerialize: (value) => schema.encode(response, value), responseDeserialize: (bytes) => schema.decode(response, bytes),
        }
        implementation[method.name] = answering(handler)
      }
      this.#server.addService(definition, implementation)
    }
  }

  listen(socketPath: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`unix://${socketPath}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()))
    })
  }

  stop(): void {
    this.#server.forceShutdown()
  }
}

const answering = (handler: UnaryHandler): grpc.handleUnaryCall<object, object> => (call, answer) => {
  void (async () => handler(call.request))().then(
    (response) => answer(null, response),
    (error: Error) => answer({ code: grpc.status.UNKNOWN, details: error.message }),
  )
}
