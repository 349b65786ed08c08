// How much the server says of what it does, as klog's -v: set while it runs, at /debug/flags/v.
import type { Answer } from './respond.ts'

const fromRequests = 3
const mostUnsigned = 2 ** 32 - 1
const mostSigned = 2 ** 31 - 1

const plain = (code: number, body: string): Answer => ({ code, contentType: 'text/plain', body: `${body}\n`, headers: { 'x-content-type-options': 'nosniff' } })

const syntax = (parser: string, text: string, wrong: string): string => `strconv.${parser}: parsing ${JSON.stringify(text)}: ${wrong}`

export class Verbosity {
  #level = 0

  get level(): number {
    return this.#level
  }

  /** Whether each request is to be told of. */
  get requests(): boolean {
    return this.#level >= fromRequests
  }

  /** The answer to a request at /debug/flags/v. */
  answer(method: string, body: string): Answer {
    if (method !== 'PUT') return plain(406, 'unsupported http method')
    if (!/^\d+$/.test(body)) return plain(400, syntax('ParseUint', body, 'invalid syntax'))
    const level = Number(body)
    if (level > mostUnsigned) return plain(400, syntax('ParseUint', body, 'value out of range'))
    if (level > mostSigned) return plain(400, `failed set klog.logging.verbosity ${body}: ${syntax('ParseInt', body, 'value out of range')}`)
    this.#level = level
    return plain(200, `successfully set klog.logging.verbosity to ${body}`)
  }
}

/** Which flags can be set. */
export const flagsPage: Answer = {
  code: 200, contentType: 'text/html; charset=utf-8',
  body: ['<html>', '<head>', '<title>/debug/flags/</title>', '</head>', '<body>', '/debug/flags/<br>', '<br>', 'flags:<br>', '<table>', '<tr>v<br>', '</table>', '<br>', 'full flags configurable<br>', '</body>', '</html>', ''].join('\n'),
}

export interface LoggedRequest {
  readonly verb: string
  readonly uri: string
  /** As Go writes durations. */
  readonly latency: string
  readonly userAgent: string
  readonly auditId: string
  readonly source: string
  readonly code: number
}

/** One line of a request, as klog writes it. */
export const requestLine = ({ verb, uri, latency, userAgent, auditId, source, code }: LoggedRequest): string =>
  `"HTTP" ${Object.entries({ verb, URI: uri, latency, userAgent, 'audit-ID': auditId, srcIP: source }).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ')} resp=${code}`
