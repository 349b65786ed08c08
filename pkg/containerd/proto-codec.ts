// Encodes and decodes protobuf messages from schemas that are kept as text, so that they bundle without files.
import protobuf from 'protobufjs'

/** One method of a gRPC service: where it is called and how its two messages travel. */
export interface RpcMethod {
  path: string
  name: string
  encode(request: object): Buffer
  decode(bytes: Uint8Array): object
}

/** A set of packages that refer to each other. Text is parsed at the first use, once. */
export class ProtoSchema {
  readonly #texts: readonly string[]
  #root: protobuf.Root | undefined

  constructor(texts: readonly string[]) {
    this.#texts = texts
  }

  get root(): protobuf.Root {
    if (!this.#root) {
      const root = new protobuf.Root()
      for (const text of this.#texts) protobuf.parse(text, root)
      root.resolveAll()
      this.#root = root
    }
    return this.#root
  }

  methods(serviceName: string): RpcMethod[] {
    return this.root.lookupService(serviceName).methodsArray.map((method) => {
      const requestType = this.root.lookupType(resolvedName(method.resolvedRequestType))
      const responseType = this.root.lookupType(resolvedName(method.resolvedResponseType))
      return {
        path: `/${serviceName}/${method.name}`,
        name: method.name,
        encode: (request) => encodeMessage(requestType, request),
        decode: (bytes) => decodeMessage(responseType, bytes),
      }
    })
  }

  decode(typeName: string, bytes: Uint8Array): object {
    return decodeMessage(this.root.lookupType(typeName), bytes)
  }

  encode(typeName: string, message: object): Buffer {
    return encodeMessage(this.root.lookupType(typeName), message)
  }
}

function resolvedName(type: protobuf.Type | null): string {
  if (!type) throw new Error('a method of a service names a message that the schema does not have')
  return type.fullName
}

function encodeMessage(type: protobuf.Type, message: object): Buffer {
  const bytes = type.encode(type.fromObject(message)).finish()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function decodeMessage(type: protobuf.Type, bytes: Uint8Array): object {
  const plain = type.toObject(type.decode(bytes), { defaults: true, longs: Number, enums: String })
  dropNulls(plain)
  return plain
}

/** A message that was not sent becomes absent instead of null, so that `?.` and `??` read naturally. */
function dropNulls(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  for (const [key, child] of Object.entries(value)) {
    if (child === null) delete (value as Record<string, unknown>)[key]
    else dropNulls(child)
  }
}
