// Tar archives: a writer for what we make in memory, and a streaming reader for what we import.

export interface TarEntry {
  path: string
  type: 'file' | 'directory' | 'symlink'
  mode?: number
  uid?: number
  gid?: number
  /** Contents of a file. */
  bytes?: Uint8Array
  /** Where a symlink points to. */
  target?: string
}

const blockBytes = 512
const typeFlags = { file: '0', symlink: '2', directory: '5' } as const
const defaultModes = { file: 0o644, symlink: 0o777, directory: 0o755 } as const

/** The same entries give the same bytes: times are zero and names of owners are left out. */
export function packTar(entries: Iterable<TarEntry>): Buffer {
  const parts: Buffer[] = []
  for (const entry of entries) {
    const path = entry.type === 'directory' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path
    const records: string[] = []
    if (Buffer.byteLength(path) > 100) records.push(paxRecord('path', path))
    if (entry.target && Buffer.byteLength(entry.target) > 100) records.push(paxRecord('linkpath', entry.target))
    if (records.length > 0) {
      const body = Buffer.from(records.join(''))
      parts.push(header({ path: 'pax', flag: 'x', mode: 0o644, size: body.length }), body, padding(body.length))
    }
    const bytes = entry.bytes ?? Buffer.alloc(0)
    parts.push(
      header({
        path, flag: typeFlags[entry.type], mode: entry.mode ?? defaultModes[entry.type], size: bytes.length,
        uid: entry.uid, gid: entry.gid, target: entry.target,
      }),
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      padding(bytes.length),
    )
  }
  parts.push(Buffer.alloc(2 * blockBytes))
  return Buffer.concat(parts)
}

interface HeaderFields { path: string; flag: string; mode: number; size: number; uid?: number; gid?: number; target?: string }

function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, offset: number, width: number): void =>
    void block.write(value.toString(8).padStart(width - 1, '0'), offset, 'latin1')
  // A longer name is in the pax record before; readers without pax see its beginning.
  Buffer.from(fields.path).copy(block, 0, 0, 100)
  octal(fields.mode, 100, 8)
  octal(fields.uid ?? 0, 108, 8)
  octal(fields.gid ?? 0, 116, 8)
  octal(fields.size, 124, 12)
  octal(0, 136, 12)
  block.write('        ', 148, 'latin1')
  block.write(fields.flag, 156, 'latin1')
  Buffer.from(fields.target ?? '').copy(block, 157, 0, 100)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function checksum(block: Uint8Array): number {
  let sum = 0
  for (const byte of block) sum += byte
  return sum
}

const padding = (size: number): Buffer => Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes)

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + 1
  while (length !== rest + String(length).length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

export interface TarItem {
  path: string
  type: 'file' | 'directory' | 'symlink' | 'link' | 'other'
  size: number
  target: string
  /** The contents, to be read before the next item is asked for; what is not read is skipped. */
  body: AsyncIterable<Buffer>
}

/** Reads ustar, GNU long names and pax. Throws on a damaged or truncated archive. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarItem> {
  const reader = new ByteReader(source)
  let overrides: Record<string, string> = {}
  for (;;) {
    const block = await reader.take(blockBytes)
    if (!block || block.every((byte) => byte === 0)) return
    const fields = parseHeader(block)
    const paddedBytes = fields.size + padding(fields.size).length
    if ('xLKg'.includes(fields.flag)) {
      const body = (await reader.takeAll(paddedBytes)).subarray(0, fields.size)
      if (fields.flag === 'x') Object.assign(overrides, parsePax(body))
      else if (fields.flag === 'L') overrides.path = cString(body)
      else if (fields.flag === 'K') overrides.linkpath = cString(body)
      continue
    }
    const size = overrides.size === undefined ? fields.size : Number(overrides.size)
    const end = reader.offset + size + padding(size).length
    yield {
      path: overrides.path ?? fields.path, type: itemType(fields.flag), size, target: overrides.linkpath ?? fields.target,
      body: reader.range(size),
    }
    overrides = {}
    await reader.skipTo(end)
  }
}

function parseHeader(block: Buffer): { path: string; flag: string; size: number; target: string } {
  const sum = Number.parseInt(cString(block.subarray(148, 156)), 8)
  const blanked = Buffer.from(block).fill(' ', 148, 156)
  if (sum !== checksum(blanked)) throw new Error(`tar: the checksum of a header is ${checksum(blanked)}, but it says ${sum}`)
  const name = cString(block.subarray(0, 100))
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? cString(block.subarray(345, 500)) : ''
  return {
    path: prefix ? `${prefix}/${name}` : name,
    flag: String.fromCharCode(block[156] || 0x30),
    size: parseSize(block.subarray(124, 136)),
    target: cString(block.subarray(157, 257)),
  }
}

/** Octal digits, or a big-endian number marked by the highest bit (GNU, for more than 8 GiB). */
function parseSize(field: Buffer): number {
  if ((field[0] ?? 0) & 0x80) return Number(field.readBigUInt64BE(4))
  return Number.parseInt(cString(field).trim() || '0', 8)
}

function parsePax(body: Buffer): Record<string, string> {
  const records: Record<string, string> = {}
  for (let offset = 0; offset < body.length;) {
    const space = body.indexOf(0x20, offset)
    const length = space < 0 ? NaN : Number(body.toString('latin1', offset, space))
    if (!(length > 0)) throw new Error('tar: a pax record has no length')
    const [key = '', ...value] = body.toString('utf8', space + 1, offset + length - 1).split('=')
    records[key] = value.join('=')
    offset += length
  }
  return records
}

const itemType = (flag: string): TarItem['type'] =>
  ({ '0': 'file', '7': 'file', '1': 'link', '2': 'symlink', '5': 'directory' } as const)[flag] ?? 'other'

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

/** Hands out exact byte counts of a stream of chunks of any size. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)
  offset = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** At most `count` bytes, at least one; undefined at the end. */
  async #some(count: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) return undefined
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
    }
    const part = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(part.length)
    this.offset += part.length
    return part
  }

  async take(count: number): Promise<Buffer | undefined> {
    const first = await this.#some(count)
    if (!first || first.length === count) return first
    return Buffer.concat([first, await this.takeAll(count - first.length)])
  }

  async takeAll(count: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const part of this.range(count)) parts.push(part)
    return Buffer.concat(parts)
  }

  async *range(count: number): AsyncGenerator<Buffer> {
    const end = this.offset + count
    while (this.offset < end) {
      const part = await this.#some(end - this.offset)
      if (!part) throw new Error(`tar: the archive ends ${end - this.offset} bytes early`)
      yield part
    }
  }

  async skipTo(end: number): Promise<void> {
    if (this.offset < end) for await (const _part of this.range(end - this.offset)) continue
  }
}
