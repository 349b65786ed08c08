// One exchange over HTTP as the audit log follows it: who asked for what, and how it ended.
import { randomUUID } from 'node:crypto'
import type { UserInfo } from '../api/request.ts'
import { StatusError } from '../api/status-error.ts'
import { referenceOf, type Auditor } from './audit.ts'
import type { AuditFacts, AuditRecord } from './audit-record.ts'
import type { AuthenticationNotes } from './authenticator.ts'
import { header, type Incoming, type Outgoing } from './exchange.ts'
import type { RequestPath } from './request-path.ts'
import { verbOf } from './resource-door.ts'
import { sourceIPs } from './source-ips.ts'

const longestId = 64

/** The request's own word for itself, if it has one. */
export const auditIdOf = (incoming: Incoming): string => header(incoming, 'audit-id')?.slice(0, longestId) || randomUUID()

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
  #self: UserInfo | undefined

  constructor(auditor: Auditor, contact: AuditedContact) {
    this.#auditor = auditor
    this.#contact = contact
    const { incoming: { method = 'GET' }, path, query } = contact
    this.#verb = (path.kind === 'resource' ? verbOf(method, path, query) : undefined) ?? method.toLowerCase()
  }

  /** To be told of who asks, before it is known whether as somebody else. */
  readonly onSelf = (user: UserInfo, { annotations = {} }: AuthenticationNotes = {}): void => {
    const { outgoing, path } = this.#contact
    this.#self = user
    this.record = this.#auditor.begin(this.#facts(user), pathOf(this.#contact))
    for (const [key, value] of Object.entries(annotations)) this.record?.annotate(key, value)
    if (outgoing && this.record && lasts(this.#verb, path)) onHead(outgoing, (code) => this.record?.started(code))
  }

  actingAs(user: UserInfo): void {
    if (user !== this.#self) this.record?.impersonating(user)
  }

  failed(error: unknown): void {
    if (error instanceof StatusError) this.record?.failed(error.status)
    else this.record?.panicked(error instanceof Error ? error.message : String(error))
  }

  ended(code: number): void {
    if (this.#self) this.record?.completed(code)
    else this.#auditor.refused(this.#facts(undefined), pathOf(this.#contact), { code, message: attemptedText(this.#contact.incoming) })
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

/** Which credentials came along. */
function attemptedText(incoming: Incoming): string {
  const [scheme] = (header(incoming, 'authorization') ?? '').split(' ', 1)
  const ways = [
    ...(scheme ? [scheme.toLowerCase()] : []), ...(hasCertificate(incoming.socket) ? ['x509'] : []),
    ...(header(incoming, 'sec-websocket-protocol')?.includes('base64url.bearer.authorization.k8s.io.') ? ['bearer'] : []),
  ]
  return ways.length > 0 ? `Authentication failed, attempted: ${ways.join(', ')}` : 'Authentication failed, no credentials provided'
}

const hasCertificate = (socket: object): boolean =>
  Object.keys((socket as { getPeerCertificate?: () => object | undefined }).getPeerCertificate?.() ?? {}).length > 0
