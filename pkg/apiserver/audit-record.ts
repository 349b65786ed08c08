// One request in the audit log: what becomes known of it, told stage by stage as audit.k8s.io/v1 Events.
import { isJsonObject, type JsonObject } from '../api/json.ts'
import type { AnyObject } from '../api/object.ts'
import type { AnnotationDetail, Annotate, ApiRequest, ApiResponse, Layer, Took, UserInfo } from '../api/request.ts'
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
  write(line: string, event: AuditEvent): Promise<boolean> | undefined
  now(): number
  monotonic(): number
}

/** When a request came, by both clocks. */
export interface Arrival {
  readonly ms: number
  readonly monotonicMs: number
}

/** Of several times in such a layer the longest counts; of others the sum. */
const atOnce = new Set<Layer>(['validating-webhook', 'apf-queue-wait', 'authorization'])

const longestUserAgent = 1024
/** From here on a request says how long it took. */
const slowMs = 500
type Outcome = Omit<Partial<Status>, 'kind' | 'apiVersion'>

/** Promises: each stage is told at most once, and nothing after the last. */
export class AuditRecord {
  readonly #facts: AuditFacts
  readonly #decision: AuditDecision
  readonly #output: AuditOutput
  readonly #arrival: Arrival
  readonly #layers = new Map<Layer, number>()
  readonly #annotations = new Map<string, string>()
  #object: ObjectReference | undefined
  #impersonated: UserInfo | undefined
  #requestObject: unknown
  #responseObject: unknown
  #outcome: Outcome | undefined
  #started = false
  #over = false
  /** Whether what was told last is kept; undefined while nobody waits for it. */
  kept: Promise<boolean> | undefined

  constructor(facts: AuditFacts, { decision, output, arrival }: { decision: AuditDecision; output: AuditOutput; arrival: Arrival }) {
    this.#facts = facts
    this.#decision = decision
    this.#output = output
    this.#arrival = arrival
    this.#object = facts.object
  }

  /** How long a part of the server was busy with the request; told of those that were slow. */
  readonly took: Took = (layer, ms) => {
    const before = this.#layers.get(layer) ?? 0
    this.#layers.set(layer, atOnce.has(layer) ? Math.max(before, ms) : before + ms)
  }

  /** The first value of a key stays. */
  readonly annotate: Annotate = (key: string, value: string, detail?: AnnotationDetail): void => {
    if (detail === 'request' && !isAtLeast(this.#decision.level, 'Request')) return
    if (!this.#annotations.has(key)) this.#annotations.set(key, value)
  }

  received(): void {
    this.#tell('RequestReceived')
    // Of a request that is not let in nothing more is told.
    void this.kept?.then((kept) => {
      if (!kept) this.#over = true
    })
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

  /** An answer that lasts begins; what is returned is to be waited for first. */
  started(code: number): Promise<boolean> | undefined {
    if (this.#started || this.#over) return this.kept
    this.#started = true
    this.#outcome ??= { code }
    this.#tell('ResponseStarted')
    return this.kept
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

  /** The answer may end when what is returned has come. */
  completed(code: number): Promise<boolean> | undefined {
    if (this.#over) return this.kept
    this.#outcome = { ...this.#outcome, code: this.#outcome?.code ?? code }
    this.#over = true
    this.#tellLatencies(this.#output.monotonic() - this.#arrival.monotonicMs)
    this.#tell('ResponseComplete')
    return this.kept
  }

  #tellLatencies(tookMs: number): void {
    // A watch lasts as long as it was meant to.
    if (tookMs <= slowMs || this.#facts.verb === 'watch') return
    for (const [layer, ms] of [...this.#layers, ['total', tookMs] as const]) {
      if (ms > 0) this.annotate(`apiserver.latency.k8s.io/${layer}`, formatGoDuration(BigInt(Math.round(ms * 1e6))))
    }
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
    this.kept = undefined
    if (this.#decision.omitStages.has(stage)) return
    const { id, uri, verb, user, sourceIPs, userAgent = '' } = this.#facts
    const event = {
      kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: this.#decision.level, auditID: id, stage, requestURI: uri, verb,
      user: user ? userOf(user) : {}, impersonatedUser: this.#impersonated && userOf(this.#impersonated), sourceIPs: sourceIPs.length > 0 ? sourceIPs : undefined,
      userAgent: userAgent.length > longestUserAgent ? `${userAgent.slice(0, longestUserAgent)}...TRUNCATED` : userAgent || undefined,
      objectRef: this.#object, responseStatus: this.#outcome && { metadata: {}, ...this.#outcome },
      requestObject: this.#requestObject, responseObject: this.#responseObject,
      requestReceivedTimestamp: formatMicroTime(this.#arrival.ms), stageTimestamp: formatMicroTime(stage === 'RequestReceived' ? this.#arrival.ms : this.#output.now()),
      annotations: this.#annotations.size > 0 ? Object.fromEntries(this.#annotations) : undefined,
    }
    this.kept = this.#output.write(JSON.stringify(event), event)
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
