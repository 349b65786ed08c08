// Sends an answer that is made while it is sent: no more of it is there at a time than its client takes.
import type { OutgoingHttpHeaders } from 'node:http'
import { constants, createGzip, type Gzip } from 'node:zlib'
import { slicesOf, type Slices } from '../util/slices.ts'
import type { Piece } from './encode-text.ts'
import type { Contact } from './exchange.ts'
import { end, pieceBytes, write, type Patience } from './patient-writer.ts'

export interface Sending {
  readonly code: number
  readonly headers: OutgoingHttpHeaders
  readonly compress: boolean
  /** Shorter answers go to `whole`. */
  readonly longBytes: number
  readonly whole: (body: Buffer) => Promise<void> | undefined
}

export async function sendPieces(contact: Contact, pieces: Iterator<Piece, void>, { code, headers, compress, longBytes, whole }: Sending): Promise<void> {
  const { outgoing, incoming, clock, limits: { stallMs }, onBlocked } = contact
  const patience = { clock, stallMs, onBlocked }
  const slices = slicesOf()
  const begin = new Gathered()
  const more = await gather(begin, pieces, slices, longBytes)
  if (!more) return whole(begin.take())
  if (outgoing.destroyed || outgoing.headersSent) return
  outgoing.writeHead(code, compress ? { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : headers)
  if (incoming.method === 'HEAD') return void outgoing.end()
  const out = compress ? new CompressedOutput(contact, patience) : new PlainOutput(contact, patience)
  while (await gather(begin, pieces, slices, pieceBytes())) {
    if (!await out.write(begin.take())) return
  }
  await out.end(begin.take())
}

/** A look at the clock costs as much as a small piece. */
const piecesBetweenLooks = 4

/** Pieces that become one. */
class Gathered {
  length = 0
  #parts: Buffer[] = []
  #text = ''

  add(piece: Piece): void {
    if (typeof piece === 'string') {
      this.#text += piece
      this.length += piece.length
      return
    }
    this.#flushText()
    for (const bytes of piece) {
      this.#parts.push(bytes)
      this.length += bytes.length
    }
  }

  take(): Buffer {
    this.#flushText()
    const [first, ...rest] = this.#parts
    const whole = first && rest.length === 0 ? first : Buffer.concat(this.#parts)
    this.#parts = []
    this.length = 0
    return whole
  }

  #flushText(): void {
    if (this.#text === '') return
    this.#parts.push(Buffer.from(this.#text))
    this.#text = ''
  }
}

/** Whether there is more to come. */
async function gather(gathered: Gathered, pieces: Iterator<Piece, void>, slices: Slices, bytes: number): Promise<boolean> {
  let count = 0
  while (gathered.length < bytes) {
    const { done, value } = pieces.next()
    if (done) return false
    gathered.add(value)
    if (++count % piecesBetweenLooks === 0 && slices.due) await slices.pause()
  }
  return true
}

class PlainOutput {
  readonly #contact: Contact
  readonly #patience: Patience

  constructor(contact: Contact, patience: Patience) {
    this.#contact = contact
    this.#patience = patience
  }

  async write(bytes: Buffer): Promise<boolean> {
    return await write(this.#contact.outgoing, bytes, this.#patience) === 'written'
  }

  async end(bytes?: Buffer): Promise<void> {
    await end(this.#contact.outgoing, bytes, this.#patience)
  }
}

class CompressedOutput {
  readonly #plain: PlainOutput
  readonly #gzip: Gzip
  #made: Buffer[] = []

  constructor(contact: Contact, patience: Patience) {
    this.#plain = new PlainOutput(contact, patience)
    this.#gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 128 * 1024 })
    this.#gzip.on('data', (bytes: Buffer) => this.#made.push(bytes))
  }

  async write(bytes: Buffer): Promise<boolean> {
    await new Promise<void>((resolve, reject) => void this.#gzip.write(bytes, (error) => (error ? reject(error) : resolve())))
    return this.#flush()
  }

  async end(rest: Buffer): Promise<void> {
    if (!await this.write(rest)) return
    await new Promise<void>((resolve, reject) => void this.#gzip.on('error', reject).on('end', resolve).end())
    if (await this.#flush()) await this.#plain.end()
  }

  async #flush(): Promise<boolean> {
    for (const bytes of this.#made.splice(0)) {
      if (await this.#plain.write(bytes)) continue
      this.#gzip.destroy()
      return false
    }
    return true
  }
}
