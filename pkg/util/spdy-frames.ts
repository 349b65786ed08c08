// SPDY/3.1 frames, as far as clients, and servers that need no headers, want them. Pure.
//
// Header blocks are one zlib stream a connection; it is allowed to hold its data uncompressed, so no compressor is needed.

export type SpdyFrame =
  | { readonly type: 'data'; readonly stream: number; readonly last: boolean; readonly data: Buffer }
  | { readonly type: 'open'; readonly stream: number }
  | { readonly type: 'reply'; readonly stream: number; readonly last: boolean }
  | { readonly type: 'reset'; readonly stream: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goaway' }
  | { readonly type: 'other' }

const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goaway: 7 }
const fin = 1
const headLength = 8
/** Of control frames; data frames may be longer. */
const longestControl = 1 << 16

/** zlib's own header, with the checksum of the dictionary that SPDY/3 prescribes. */
const zlibHead = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2])

/** An empty block. Without it a decompressor may wait for more before it shows what it has. */
const flush = Buffer.from([0, 0, 0, 0xff, 0xff])

function control(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(headLength)
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt32BE(body.length, 4)
  head.writeUInt8(flags, 4)
  return Buffer.concat([head, body])
}

function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers)
  const parts = [uint32(entries.length)]
  for (const text of entries.flat()) {
    const bytes = Buffer.from(text)
    parts.push(uint32(bytes.length), bytes)
  }
  return Buffer.concat(parts)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** `first` on a connection begins the zlib stream. Names are in lower case. */
export function synStream(stream: number, headers: Readonly<Record<string, string>>, first: boolean): Buffer {
  return control(types.synStream, 0, Buffer.concat([uint32(stream), uint32(0), Buffer.alloc(2), storedBlock(headers, first)]))
}

/** The answer to a stream that the other side has opened; `first` as above, of this side's own zlib stream. */
export const synReply = (stream: number, headers: Readonly<Record<string, string>>, first: boolean): Buffer =>
  control(types.synReply, 0, Buffer.concat([uint32(stream), storedBlock(headers, first)]))

function storedBlock(headers: Readonly<Record<string, string>>, first: boolean): Buffer {
  const block = headerBlock(headers)
  const stored = Buffer.alloc(5)
  stored.writeUInt16LE(block.length, 1)
  stored.writeUInt16LE(~block.length & 0xffff, 3)
  return Buffer.concat([...(first ? [zlibHead] : []), stored, block, flush])
}

export function dataFrame(stream: number, data: Uint8Array, last: boolean): Buffer {
  const head = Buffer.alloc(headLength)
  head.writeUInt32BE(stream, 0)
  head.writeUInt32BE(data.length, 4)
  head.writeUInt8(last ? fin : 0, 4)
  return Buffer.concat([head, data])
}

export const ping = (id: number): Buffer => control(types.ping, 0, uint32(id))

/** Takes frames out of a stream of bytes. */
export class SpdyReader {
  #chunks: Buffer[] = []
  #length = 0
  /** So many bytes make the next frame's head, or all of it: with fewer there is nothing to look at. */
  #needed = headLength

  /** The frames that are complete now. Throws on what is no SPDY. */
  read(chunk: Buffer): SpdyFrame[] {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#needed) return []
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const frames: SpdyFrame[] = []
    for (;;) {
      this.#needed = frameLength(rest)
      if (rest.length < this.#needed) break
      frames.push(frameOf(rest.subarray(0, this.#needed)))
      rest = rest.subarray(this.#needed)
    }
    this.#chunks = [rest]
    this.#length = rest.length
    return frames
  }
}

const isControl = (bytes: Buffer): boolean => (bytes[0]! & 0x80) !== 0

/** Of the frame that begins here; of its head, when that is all one can tell. */
function frameLength(bytes: Buffer): number {
  if (bytes.length < headLength) return headLength
  const length = bytes.readUInt32BE(4) & 0xffffff
  if (isControl(bytes) && (bytes.readUInt16BE(0) !== 0x8003 || length > longestControl)) throw new Error('not a SPDY/3 frame')
  return headLength + length
}

function frameOf(bytes: Buffer): SpdyFrame {
  const last = (bytes[4]! & fin) !== 0
  const body = bytes.subarray(headLength)
  if (!isControl(bytes)) return { type: 'data', stream: bytes.readUInt32BE(0), last, data: body }
  const first = body.length >= 4 ? body.readUInt32BE(0) & 0x7fffffff : 0
  switch (bytes.readUInt16BE(2)) {
    case types.synStream: return { type: 'open', stream: first }
    case types.synReply: return { type: 'reply', stream: first, last }
    case types.rstStream: return { type: 'reset', stream: first, status: body.length >= 8 ? body.readUInt32BE(4) : 0 }
    case types.ping: return { type: 'ping', id: body.length >= 4 ? body.readUInt32BE(0) : 0 }
    case types.goaway: return { type: 'goaway' }
    default: return { type: 'other' }
  }
}
