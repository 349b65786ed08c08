// Asks a server to upgrade a connection, and hands over the socket when it has.
import { request as requestPlain, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Duplex } from 'node:stream'

export interface Upgraded {
  readonly socket: Duplex
  /** What the server sent after its answer. */
  readonly head: Buffer
  readonly headers: IncomingHttpHeaders
}

/** The server answered, but not with 101. */
export class UpgradeRefused extends Error {
  readonly code: number
  readonly body: string

  constructor(code: number, body: string) {
    super(`the server answered ${code}: ${body}`)
    this.code = code
    this.body = body
  }
}

const longestRefusal = 64 * 1024

export function requestUpgrade(url: URL, headers: Readonly<Record<string, string | string[]>>): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestTls : requestPlain
    const outgoing = send(url, { method: 'POST', headers: { ...headers, connection: 'Upgrade', 'content-length': '0' }, agent: false, rejectUnauthorized: false } as Parameters<typeof requestPlain>[1] & object)
    outgoing.on('error', reject)
    outgoing.on('upgrade', (answer: IncomingMessage, socket, head: Buffer) => {
      // May come before the caller listens; the socket's end tells it, too.
      socket.on('error', () => undefined)
      resolve({ socket, head, headers: answer.headers })
    })
    outgoing.on('response', (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => {
        if (body.length < longestRefusal) body += text
      })
      answer.on('end', () => reject(new UpgradeRefused(answer.statusCode ?? 500, body.trim())))
    })
    outgoing.end()
  })
}
