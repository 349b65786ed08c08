// Sending answers: status, headers, compression, and every failure as a Status object.
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { OutgoingHttpHeaders } from 'node:http'
import { PageNotFound, StatusError, type Status, internalError } from '../api/status-error.ts'
import { fittingWarnings } from '../api/warnings.ts'
import { discardRest, header, type Contact } from './exchange.ts'
import type { Piece } from './encode-text.ts'
import { end, write } from './patient-writer.ts'
import { wantsPretty } from './query-options.ts'
import { sendPieces } from './send-pieces.ts'

const gzipAsync = promisify(gzip)
/** Shorter answers cost more to compress than to send. */
const gzipFrom = 128 * 1024
/** Only what is said plainly: `gzip;q=0` is a refusal. */
const takesGzip = (accepted = ''): boolean => accepted.split(',').some((one) => one.trim() === 'gzip')
/** Up to this length the client's connection may keep an answer as long as it likes. */
const carefreeBytes = 64 * 1024

export interface Answer {
  readonly code: number
  readonly contentType: string
  readonly body: Buffer | string
  readonly headers?: Readonly<Record<string, string | string[]>>
}

/** One that is made while it is sent. */
export interface LongAnswer extends Omit<Answer, 'body'> {
  readonly pieces: () => Generator<Piece, void>
}

/** All of it, for who needs it at once. */
export const wholeText = (answer: Answer | LongAnswer): string => ('pieces' in answer ? [...answer.pieces()].flat().join('') : answer.body.toString())

/** What fits of the texts, as the value of a `Warning` header. */
export function warningHeader(warnings: readonly string[]): string {
  return fittingWarnings(warnings).map((text) => `299 - "${text.replace(/[\\"]/g, '\\$&').replace(/[\r\n\t]+/g, ' ')}"`).join(', ')
}

/** A promise only when it takes longer. */
export function send(exchange: Contact, answer: Answer | LongAnswer): Promise<void> | undefined {
  const headers: OutgoingHttpHeaders = { 'content-type': answer.contentType, 'cache-control': 'no-cache, private', ...answer.headers }
  if (exchange.warnings.length > 0) headers['warning'] = warningHeader(exchange.warnings)
  const { code } = answer
  const compress = takesGzip(header(exchange.incoming, 'accept-encoding'))
  if ('pieces' in answer) return sendPieces(exchange, answer.pieces(), { code, headers, compress, longBytes: gzipFrom, whole: (body) => sendBody(exchange, code, headers, body) })
  const body: Uint8Array = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  if (body.length >= gzipFrom && compress) return sendCompressed(exchange, code, headers, body)
  return sendBody(exchange, code, headers, body)
}

async function sendCompressed(exchange: Contact, code: number, headers: OutgoingHttpHeaders, whole: Uint8Array): Promise<void> {
  const body = await gzipAsync(whole, { level: constants.Z_BEST_SPEED })
  headers['content-encoding'] = 'gzip'
  headers['vary'] = 'Accept-Encoding'
  await sendBody(exchange, code, headers, body)
}

function sendBody(exchange: Contact, code: number, headers: OutgoingHttpHeaders, body: Uint8Array): Promise<void> | undefined {
  const { outgoing } = exchange
  if (outgoing.destroyed || outgoing.headersSent) return undefined
  headers['content-length'] = body.length
  if (exchange.tally) exchange.tally.bytes = body.length
  outgoing.writeHead(code, headers)
  if (exchange.incoming.method === 'HEAD') outgoing.end()
  else if (body.length <= carefreeBytes) outgoing.end(body)
  else return sendLong(exchange, body)
  return undefined
}

async function sendLong({ outgoing, clock, limits: { stallMs }, onBlocked }: Contact, body: Uint8Array): Promise<void> {
  const patience = { clock, stallMs, onBlocked }
  if (await write(outgoing, body, patience) === 'written') await end(outgoing, undefined, patience)
}

export const json = (code: number, value: unknown): Answer =>
  ({ code, contentType: 'application/json', body: JSON.stringify(value) })

/** A Status or a document of discovery: as Go's encoder ends it, or indented. */
export const jsonFor = ({ incoming }: Contact, answer: Answer): Answer => {
  const query = incoming.url?.split('?')[1]
  if (!wantsPretty(incoming, new URLSearchParams(query))) return { ...answer, body: `${answer.body.toString()}\n` }
  return { ...answer, body: JSON.stringify(JSON.parse(answer.body.toString()), null, 2) }
}

export const text = (code: number, body: string): Answer =>
  ({ code, contentType: 'text/plain; charset=utf-8', body })

/** A failure in plain words, as Go's server sends it. */
export const plainFailure = (code: number, message: string): Answer => ({ ...text(code, `${message}\n`), headers: { 'x-content-type-options': 'nosniff' } })

/** What Go's server says of a path that it does not know. */
export const pageNotFound = plainFailure(404, '404 page not found')

/** Any failure as a Status; what is not a StatusError is a bug of ours, and told to `log`. */
export function statusOf(error: unknown, log: (text: string) => void): Status {
  if (error instanceof StatusError) return error.status
  const message = error instanceof Error ? error.message : String(error)
  log(`unexpected failure: ${error instanceof Error ? error.stack ?? message : message}`)
  return internalError(message).status
}

export async function sendFailure(exchange: Contact, error: unknown, log: (text: string) => void): Promise<void> {
  const status = statusOf(error, log)
  const { outgoing } = exchange
  if (outgoing.headersSent) {
    outgoing.destroy()
    return
  }
  const retry = status.details?.retryAfterSeconds
  // A connection on which a body is left behind can't be used again.
  const headers: Record<string, string> = exchange.incoming.complete || exchange.incoming.stream ? {} : { connection: 'close' }
  if (retry) headers['retry-after'] = String(retry)
  const answer = error instanceof PageNotFound ? pageNotFound : jsonFor(exchange, json(status.code ?? 500, status))
  await send(exchange, { ...answer, headers: { ...answer.headers, ...headers } })
  discardRest(exchange)
}
