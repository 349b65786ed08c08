// One exchange over HTTP as the audit log follows it: who asked for what, and how it ended.
import { randomUUID } from 'node:crypto'
import type { UserInfo } from '../api/request.ts'
import { StatusError } from '../api/status-error.ts'
import { referenceOf, type Auditor } from './audit.ts'
import type { Arrival, AuditFacts, AuditRecord } from './audit-record.ts'
import type { AuthenticationNotes } from './authenticator.ts'
import { header, type Incoming, type Outgoing } from './exchange.ts'
import type { RequestPath } from './request-path.ts'
import { plainFailure, type Answer } from './respond.ts'
import { verbOf } from './resource-door.ts'
import { sourceIPs } from './source-ips.ts'

/** The request's own word for itself. One that has none gets one here, and keeps it. */
export const auditIdOf = (incoming: Incoming): string => header(incoming, 'audit-id') || (incoming.headers['audit-id'] = randomUUID())

/** To a client whose request the audit log could not take. */
export const notKept = ({ url = '/' }: Incoming): Answer =>
  plainFailure(500, `Internal Server Error: ${JSON.stringify(url)}: failed to store audit event`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))

export interface AuditedContact {
  readonly id: string
  readonly incoming: Incoming
  /** undefined for an upgrade. */
  readonly outgoing?: Outgoing
  readonly path: RequestPath
  readonly query: URLSearchParams
}

export class AuditedExchange {
  record: AuditRecord | undefined
  readonly #auditor: Auditor
  readonly #contact: AuditedContact
  readonly #verb: string
  readonly #arrival: Arrival
  #self: UserInfo | undefined

  constructor(auditor: Auditor, contact: AuditedContact) {
    this.#auditor = auditor
    this.#contact = contact
    this.#arrival = auditor.now()
    const { incoming: { method = 'GET' }, path, query } = contact
    this.#verb = (path.kind === 'resource' ? verbOf(method, path, query) : undefined) ?? method.toLowerCase()
  }

  /** To be told of who asks, before it is known whether as somebody else. */
  readonly onSelf = (user: UserInfo, { annotations = {} }: AuthenticationNotes = {}): void => {
    const { outgoing, path } = this.#contact
    this.#self = user
    this.record = this.#auditor.begin(this.#facts(user), pathOf(this.#contact), this.#arrival)
    const { record } = this
    if (!record) return
    record.took('authentication', this.#auditor.now().monotonicMs - this.#arrival.monotonicMs)
    for (const [key, value] of Object.entries(annotations)) record.annotate(key, value)
    if (outgoing && lasts(this.#verb, path)) onHead(outgoing, (code) => void record.started(code))
    if (outgoing && record.kept) onEnd(outgoing, () => record.completed(outgoing.statusCode))
  }

  actingAs(user: UserInfo): void {
    if (user !== this.#self) this.record?.impersonating(user)
  }

  /** False for a request that must not go on, since the log could not take it. */
  get kept(): Promise<boolean> | undefined {
    return this.record?.kept
  }

  failed(error: unknown): void {
    if (error instanceof StatusError) this.record?.failed(error.status)
    else this.record?.panicked(error instanceof Error ? error.message : String(error))
  }

  ended(code: number): void {
    if (this.#self) void this.record?.completed(code)
    else this.#auditor.refused(this.#facts(undefined), pathOf(this.#contact), { code, message: attemptedText(this.#contact), arrival: this.#arrival })
  }

  #facts(user: UserInfo | undefined): AuditFacts {
    const { id, incoming, path } = this.#contact
    return {
      id, uri: incoming.url ?? '/', verb: this.#verb, sourceIPs: sourceIPs(incoming), userAgent: header(incoming, 'user-agent'),
      ...(user ? { user } : {}), ...(path.kind === 'resource' ? { object: referenceOf(path) } : {}),
    }
  }
}

const pathOf = ({ incoming: { url = '/' } }: AuditedContact): string => url.split('?', 1)[0]!

const longSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/** Answers that last have a stage of their own when they begin. */
const lasts = (verb: string, path: RequestPath): boolean =>
  verb === 'watch' || (path.kind === 'resource' && longSubresources.has(path.subresource ?? ''))

function onHead(outgoing: Outgoing, told: (code: number) => void): void {
  const writeHead = outgoing.writeHead.bind(outgoing)
  outgoing.writeHead = (code, headers) => {
    const answer = writeHead(code, headers)
    told(code)
    return answer
  }
}

/** An answer that the log is to have first ends when it has it. */
function onEnd(outgoing: Outgoing, kept: () => Promise<unknown> | undefined): void {
  const end = outgoing.end.bind(outgoing)
  outgoing.end = (chunk) => {
    const waiting = kept()
    if (waiting) void waiting.then(() => end(chunk))
    else end(chunk)
    return outgoing
  }
}

/** Which credentials came along. */
function attemptedText({ incoming, query }: AuditedContact): string {
  const credentials = (header(incoming, 'authorization') ?? '').trim()
  const [scheme = '', value] = credentials.split(' ', 2)
  const ways = [
    ...(scheme.toLowerCase() === 'basic' && Buffer.from(value ?? '', 'base64').includes(':') ? ['basic'] : []), ...(scheme.toLowerCase() === 'bearer' && value !== undefined ? ['bearer'] : []),
    ...(query.get('access_token')?.trim() ? ['access_token'] : []), ...(hasCertificate(incoming.socket) ? ['x509'] : []),
  ]
  return ways.length > 0 ? `Authentication failed, attempted: ${ways.join(', ')}` : 'Authentication failed, no credentials provided'
}

const hasCertificate = (socket: object): boolean =>
  Object.keys((socket as { getPeerCertificate?: () => object | undefined }).getPeerCertificate?.() ?? {}).length > 0
