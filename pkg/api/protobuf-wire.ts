// Reads protobuf's wire format: tags, varints, lengths. Knows no schema.
import { isUtf8 } from 'node:buffer'

/** The bytes are no protobuf message. */
export class ProtobufError extends Error {
  override name = 'ProtobufError'
}

export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Of messages within messages; deeper ones come from no honest client. */
const maxDepth = 300

/** Walks one message between two offsets. The caller reads or skips each field's value after `next`. */
export class WireReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  readonly #depth: number
  #at: number
  /** Of the field that `next` found. */
  number = 0
  wireType = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, depth = 0) {
    if (depth > maxDepth) throw new ProtobufError('proto: exceeded max depth')
    this.#depth = depth
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#end - this.#at
  }

  next(): boolean {
    if (this.done) return false
    const tag = this.#small()
    this.number = Math.floor(tag / 8)
    this.wireType = tag % 8
    if (this.number < 1) throw new ProtobufError(`proto: illegal tag ${this.number} (wire type ${this.wireType})`)
    return true
  }

  varint(): bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
    throw new ProtobufError('proto: integer overflow')
  }

  /** A signed integer as a JSON number. */
  integer(): number {
    const first = this.#at < this.#end ? this.#bytes[this.#at] : undefined
    if (first !== undefined && first < 0x80) {
      this.#at++
      return first
    }
    return Number(BigInt.asIntN(64, this.varint()))
  }

  double(): number {
    const at = this.#take(8)
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0, true)
  }

  bytes(): Uint8Array {
    const [start, end] = this.#length()
    return this.#bytes.subarray(start, end)
  }

  string(): string {
    const [start, end] = this.#length()
    const bytes = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start)
    if (!isUtf8(bytes)) throw new ProtobufError('proto: string field contains invalid UTF-8')
    return bytes.toString('utf8')
  }

  message(): WireReader {
    const [start, end] = this.#length()
    return new WireReader(this.#bytes, start, end, this.#depth + 1)
  }

  skip(): void {
    switch (this.wireType) {
      case wire.varint: this.varint(); return
      case wire.fixed64: this.#take(8); return
      case wire.bytes: this.#length(); return
      case wire.fixed32: this.#take(4); return
      default: throw new ProtobufError(`proto: wrong wireType = ${this.wireType} for field ${this.number}`)
    }
  }

  expect(wireType: number): void {
    if (this.wireType !== wireType) throw new ProtobufError(`proto: wrong wireType = ${this.wireType} for field ${this.number}`)
  }

  /** A tag or a length: never beyond 2^53 in a body that fits. */
  #small(): number {
    let result = 0
    for (let factor = 1; factor < 2 ** 53; factor *= 128) {
      const byte = this.#byte()
      result += (byte & 0x7f) * factor
      if (byte < 0x80) return result
    }
    throw new ProtobufError('proto: integer overflow')
  }

  #length(): [number, number] {
    const length = this.#small()
    const start = this.#take(length)
    return [start, start + length]
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#end - start) throw new ProtobufError('unexpected EOF')
    this.#at = start + length
    return start
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined
    if (byte === undefined) throw new ProtobufError('unexpected EOF')
    this.#at++
    return byte
  }
}
