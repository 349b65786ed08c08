// D-Bus values as bytes: little-endian, each aligned to its own size. Pure.

/** In TypeScript's words: 64-bit numbers are bigints, dictionaries are lists of pairs. */
export type DBusValue = string | number | bigint | boolean | DBusVariant | readonly DBusValue[]
/** A value that says its own type. */
export interface DBusVariant { readonly signature: string; readonly value: DBusValue }

const fixedSizes: Readonly<Record<string, number>> = { y: 1, b: 4, n: 2, q: 2, i: 4, u: 4, x: 8, t: 8, d: 8 }
const alignmentOf = (signature: string): number => fixedSizes[signature[0] ?? ''] ?? ({ s: 4, o: 4, a: 4, '(': 8, '{': 8 } as Record<string, number>)[signature[0] ?? ''] ?? 1

/** The complete types that a signature consists of: `sa(sv)u` gives `s`, `a(sv)`, `u`. */
export function typesOf(signature: string): string[] {
  const types: string[] = []
  for (let at = 0; at < signature.length;) {
    const end = typeEnd(signature, at)
    types.push(signature.slice(at, end))
    at = end
  }
  return types
}

function typeEnd(signature: string, at: number): number {
  const first = signature[at]
  if (first === 'a') return typeEnd(signature, at + 1)
  if (first !== '(' && first !== '{') {
    if (first === undefined || !'ybnqiuxtdsogv'.includes(first)) throw new Error(`expected a D-Bus type at ${at} of ${JSON.stringify(signature)}`)
    return at + 1
  }
  const close = first === '(' ? ')' : '}'
  let end = at + 1
  while (signature[end] !== close) end = typeEnd(signature, end)
  return end + 1
}

/** `offset`: how far into the message they begin, which decides where gaps are. */
export function encodeValues(signature: string, values: readonly DBusValue[], offset = 0): Buffer {
  const writer = new Writer(offset)
  typesOf(signature).forEach((type, index) => writer.write(type, values[index]!))
  return Buffer.concat(writer.chunks)
}

class Writer {
  readonly chunks: Buffer[] = []
  #at: number

  constructor(at: number) {
    this.#at = at
  }

  #add(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.#at += chunk.length
  }

  #align(size: number): void {
    const gap = (size - (this.#at % size)) % size
    if (gap > 0) this.#add(Buffer.alloc(gap))
  }

  write(type: string, value: DBusValue): void {
    this.#align(alignmentOf(type))
    const size = fixedSizes[type]
    if (size !== undefined) return this.#add(fixed(type, size, value))
    if (type === 's' || type === 'o') return this.#text(value as string, 4)
    if (type === 'g') return this.#text(value as string, 1)
    if (type === 'v') {
      const { signature, value: inner } = value as DBusVariant
      this.#text(signature, 1)
      return this.write(signature, inner)
    }
    const parts = value as readonly DBusValue[]
    if (type[0] === 'a') return this.#array(type.slice(1), parts)
    typesOf(type.slice(1, -1)).forEach((part, index) => this.write(part, parts[index]!))
  }

  #text(text: string, lengthBytes: 1 | 4): void {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(lengthBytes)
    length.writeUIntLE(bytes.length, 0, lengthBytes)
    this.#add(Buffer.concat([length, bytes, Buffer.alloc(1)]))
  }

  /** Its length counts neither itself nor the gap before the first item. */
  #array(item: string, items: readonly DBusValue[]): void {
    const length = Buffer.alloc(4)
    this.#add(length)
    this.#align(alignmentOf(item))
    const start = this.#at
    for (const each of items) this.write(item, each)
    length.writeUInt32LE(this.#at - start)
  }
}

function fixed(type: string, size: number, value: DBusValue): Buffer {
  const bytes = Buffer.alloc(size)
  if (type === 'd') bytes.writeDoubleLE(value as number)
  else if (type === 't') bytes.writeBigUInt64LE(value as bigint)
  else if (type === 'x') bytes.writeBigInt64LE(value as bigint)
  else if (type === 'n' || type === 'i') bytes.writeIntLE(value as number, 0, size)
  else bytes.writeUIntLE(Number(value), 0, size)
  return bytes
}

/** Reads `bytes` from `offset` on, which is also what gaps are counted from. Throws when it ends too early. */
export function decodeValues(signature: string, bytes: Buffer, offset = 0): { values: DBusValue[]; end: number } {
  const reader = new Reader(bytes, offset)
  return { values: typesOf(signature).map((type) => reader.read(type)), end: reader.at }
}

class Reader {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  #align(size: number): void {
    this.at += (size - (this.at % size)) % size
  }

  read(type: string): DBusValue {
    this.#align(alignmentOf(type))
    const size = fixedSizes[type]
    if (size !== undefined) return this.#fixed(type, size)
    if (type === 's' || type === 'o') return this.#text(4)
    if (type === 'g') return this.#text(1)
    if (type === 'v') {
      const signature = this.#text(1)
      return { signature, value: this.read(signature) }
    }
    if (type[0] !== 'a') return typesOf(type.slice(1, -1)).map((part) => this.read(part))
    const item = type.slice(1)
    const length = this.#bytes.readUInt32LE(this.at)
    this.at += 4
    this.#align(alignmentOf(item))
    const end = this.at + length
    const items: DBusValue[] = []
    while (this.at < end) items.push(this.read(item))
    return items
  }

  #fixed(type: string, size: number): DBusValue {
    const at = this.at
    this.at += size
    if (type === 'd') return this.#bytes.readDoubleLE(at)
    if (type === 't') return this.#bytes.readBigUInt64LE(at)
    if (type === 'x') return this.#bytes.readBigInt64LE(at)
    const number = type === 'n' || type === 'i' ? this.#bytes.readIntLE(at, size) : this.#bytes.readUIntLE(at, size)
    return type === 'b' ? number !== 0 : number
  }

  #text(lengthBytes: 1 | 4): string {
    const length = this.#bytes.readUIntLE(this.at, lengthBytes)
    const start = this.at + lengthBytes
    this.at = start + length + 1
    if (this.at > this.#bytes.length) throw new RangeError('a D-Bus text goes beyond its message')
    return this.#bytes.toString('utf8', start, start + length)
  }
}
