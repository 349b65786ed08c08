// One request in the audit log: what becomes known of it, told stage by stage as audit.k8s.io/v1 Events.
import { isJsonObject, type JsonObject } from '../api/json.ts'
import type { AnyObject } from '../api/object.ts'
import type { AnnotationDetail, Annotate, ApiRequest, ApiResponse, UserInfo } from '../api/request.ts'
import type { Status } from '../api/status-error.ts'
import { formatGoDuration } from '../api/go-duration.ts'
import { formatMicroTime } from '../api/times.ts'
import type { AuditEvent } from './audit.ts'
import { isAtLeast, type AuditDecision, type AuditStage } from './audit-policy.ts'

/** What is known of a request from its first moment. */
export interface AuditFacts {
  readonly id: string
  /** With the query. */
  readonly uri: string
  readonly verb: string
  readonly user?: UserInfo
  readonly sourceIPs: readonly string[]
  readonly userAgent?: string
  readonly object?: ObjectReference
}

interface ObjectReference {
  resource?: string
  namespace?: string
  name?: string
  uid?: string
  apiGroup?: string
  apiVersion?: string
  resourceVersion?: string
  subresource?: string
}

export interface AuditOutput {
  write(line: string, event: AuditEvent): void
  now(): number
}

const longestUserAgent = 1024
/** From here on a request says how long it took. */
const slowMs = 500
type Outcome = Omit<Partial<Status>, 'kind' | 'apiVersion'>

/** Promises: each stage is told at most once, and nothing after the last. */
export class AuditRecord {
  readonly #facts: AuditFacts
  readonly #decision: AuditDecision
  readonly #output: AuditOutput
  readonly #receivedMs: number
  readonly #annotations = new Map<string, string>()
  #object: ObjectReference | undefined
  #impersonated: UserInfo | undefined
  #requestObject: unknown
  #responseObject: unknown
  #outcome: Outcome | undefined
  #started = false
  #over = false

  constructor(facts: AuditFacts, decision: AuditDecision, output: AuditOutput) {
    this.#facts = facts
    this.#decision = decision
    this.#output = output
    this.#receivedMs = output.now()
    this.#object = facts.object
  }

  /** The first value of a key stays. */
  readonly annotate: Annotate = (key: string, value: string, detail?: AnnotationDetail): void => {
    if (detail === 'request' && !isAtLeast(this.#decision.level, 'Request')) return
    if (!this.#annotations.has(key)) this.#annotations.set(key, value)
  }

  received(): void {
    this.#tell('RequestReceived')
  }

  impersonating(user: UserInfo): void {
    this.#impersonated = user
  }

  /** What the request asks for, as it was decoded. */
  requested({ object, patch, deletion }: Pick<ApiRequest, 'object' | 'patch'> & { readonly deletion?: object }): void {
    if (object) {
      const { namespace, name, uid, resourceVersion } = object.metadata ?? {}
      const known = this.#object
      this.#object = {
        resource: known?.resource, namespace: known?.namespace || namespace, name: known?.name || name, uid, apiGroup: known?.apiGroup, apiVersion: known?.apiVersion,
        resourceVersion, subresource: known?.subresource,
      }
    }
    if (!isAtLeast(this.#decision.level, 'Request')) return
    this.#requestObject = object ? this.#shown(object) : patch ? patch.body : deletion ?? this.#requestObject
  }

  /** An answer that lasts has begun. */
  started(code: number): void {
    if (this.#started || this.#over) return
    this.#started = true
    this.#outcome ??= { code }
    this.#tell('ResponseStarted')
  }

  /** What is answered; `table` is the text of it where that is another form than the objects'. */
  responded(response: ApiResponse, table?: () => unknown): void {
    if (response.type === 'status') this.failed(response.status)
    else if (response.type !== 'watch' && isAtLeast(this.#decision.level, 'RequestResponse')) {
      this.#responseObject = table ? table() : response.type === 'object' ? this.#shown(response.object) : this.#shown(response.list)
    }
  }

  failed(status: Status): void {
    const { kind: _kind, apiVersion: _apiVersion, metadata: _metadata, ...outcome } = status
    this.#outcome = outcome
    if (isAtLeast(this.#decision.level, 'RequestResponse')) this.#responseObject = status
  }

  completed(code: number): void {
    if (this.#over) return
    this.#outcome = { ...this.#outcome, code: this.#outcome?.code ?? code }
    this.#over = true
    const tookMs = this.#output.now() - this.#receivedMs
    if (tookMs > slowMs && !this.#started) this.annotate('apiserver.latency.k8s.io/total', formatGoDuration(BigInt(Math.round(tookMs)) * 1_000_000n))
    this.#tell('ResponseComplete')
  }

  /** A failure of the server's own. */
  panicked(message: string): void {
    if (this.#over) return
    this.#outcome = { status: 'Failure', message: `APIServer panic'd: ${message}`, reason: 'InternalError', code: 500 }
    this.#responseObject = undefined
    this.#over = true
    this.#tell('Panic')
  }

  /** Nobody was made out: there is one event only. */
  refused(code: number, message: string): void {
    if (this.#over) return
    this.#outcome = { message, code }
    this.#over = true
    this.#tell('ResponseStarted')
  }

  #shown(object: object): unknown {
    return this.#decision.omitManagedFields ? withoutManagedFields(object as JsonObject) : object
  }

  #tell(stage: AuditStage): void {
    if (this.#decision.omitStages.has(stage)) return
    const { id, uri, verb, user, sourceIPs, userAgent = '' } = this.#facts
    const event = {
      kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: this.#decision.level, auditID: id, stage, requestURI: uri, verb,
      user: user ? userOf(user) : {}, impersonatedUser: this.#impersonated && userOf(this.#impersonated), sourceIPs: sourceIPs.length > 0 ? sourceIPs : undefined,
      userAgent: userAgent.length > longestUserAgent ? `${userAgent.slice(0, longestUserAgent)}...TRUNCATED` : userAgent || undefined,
      objectRef: this.#object, responseStatus: this.#outcome && { metadata: {}, ...this.#outcome },
      requestObject: this.#requestObject, responseObject: this.#responseObject,
      requestReceivedTimestamp: formatMicroTime(this.#receivedMs), stageTimestamp: formatMicroTime(this.#output.now()),
      annotations: this.#annotations.size > 0 ? Object.fromEntries(this.#annotations) : undefined,
    }
    this.#output.write(JSON.stringify(event), event)
  }
}

const userOf = ({ username, uid, groups, extra }: UserInfo): object =>
  ({ username, uid: uid || undefined, groups: groups.length > 0 ? groups : undefined, extra: extra && Object.keys(extra).length > 0 ? extra : undefined })

/** An object, list or Table without the managedFields of what is in it. */
function withoutManagedFields(value: JsonObject): JsonObject {
  if (Array.isArray(value.items)) return { ...value, items: value.items.map(withoutOwn) }
  if (value.kind === 'Table' && Array.isArray(value.rows)) return { ...value, rows: value.rows.map((row: JsonObject) => ({ ...row, object: withoutOwn(row.object) })) }
  return withoutOwn(value) as JsonObject
}

function withoutOwn(value: unknown): unknown {
  if (!isJsonObject(value) || !isJsonObject(value.metadata)) return value
  const { managedFields: _managedFields, ...metadata } = value.metadata as AnyObject['metadata']
  return { ...value, metadata }
}
