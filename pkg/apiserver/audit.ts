// The audit log's front: takes each request on, if the policy wants it, and gives its record.
import { randomUUID } from 'node:crypto'
import type { ApiRequest, Handle, WatchStream } from '../api/request.ts'
import { StatusError, internalError } from '../api/status-error.ts'
import type { Clock } from '../util/clock.ts'
import { Counters } from '../util/counters.ts'
import type { AuditPolicy } from './audit-policy.ts'
import { type Arrival, AuditRecord, type AuditFacts, type AuditOutput } from './audit-record.ts'
import type { ResourcePath } from './request-path.ts'

/** As audit.k8s.io/v1 has it. */
export type AuditEvent = Readonly<Record<string, unknown>> & { readonly level: string; readonly annotations?: Readonly<Record<string, string>> | undefined; readonly requestObject?: unknown; readonly responseObject?: unknown }

/** Takes whole lines, and what they say; what cannot be kept is counted by the sink. */
export interface AuditSink {
  /** undefined: nobody waits for it. Else requests wait before they go on, and before their answers end; one whose arrival was not kept is refused. */
  write(line: string, event: AuditEvent): Promise<boolean> | undefined
}

export class Auditor {
  readonly #policy: AuditPolicy
  readonly #output: AuditOutput
  readonly #clock: Clock
  readonly #levels = new Counters('apiserver_audit_level_total', 'Requests by how much of them is written down.')
  readonly #rejected = new Counters('apiserver_audit_requests_rejected_total', 'Requests that were refused because the audit log could not take them.')

  constructor({ policy, sink, clock }: { policy: AuditPolicy; sink: AuditSink; clock: Clock }) {
    this.#policy = policy
    this.#clock = clock
    this.#output = { write: (line, event) => sink.write(line, event), now: () => clock.now(), monotonic: () => clock.monotonic() }
  }

  /** When a request comes. */
  now(): Arrival {
    return { ms: this.#clock.now(), monotonicMs: this.#clock.monotonic() }
  }

  /** A request was refused because its arrival was not kept. */
  rejected(): void {
    this.#rejected.raise('')
  }

  /** In Prometheus' text form. */
  lines(): string[] {
    return [...this.#levels.lines(), ...this.#rejected.lines()]
  }

  /** A record that has told of the request's arrival; undefined for what the policy does not want. */
  begin(facts: AuditFacts, path: string, arrival = this.now()): AuditRecord | undefined {
    const record = this.#record(facts, path, arrival)
    record?.received()
    return record
  }

  /** A request whose credentials were no good. */
  refused(facts: AuditFacts, path: string, { code, message, arrival = this.now() }: { code: number; message: string; arrival?: Arrival }): void {
    this.#record(facts, path, arrival)?.refused(code, message)
  }

  #record(facts: AuditFacts, path: string, arrival: Arrival): AuditRecord | undefined {
    const { user, verb, object } = facts
    const resource = object && { group: object.apiGroup ?? '', plural: object.resource ?? '', subresource: object.subresource, namespace: object.namespace, name: object.name }
    const decision = this.#policy.decide({ verb, path, ...(user ? { user } : {}), ...(resource ? { resource } : {}) })
    this.#levels.raise(`level="${decision.level}"`)
    return decision.level === 'None' ? undefined : new AuditRecord(facts, { decision, output: this.#output, arrival })
  }
}

type Place = Pick<ResourcePath, 'group' | 'version' | 'plural' | 'namespace' | 'name' | 'subresource'>

/** What the log calls the object of a request. */
export function referenceOf({ group, version, plural, namespace, name, subresource }: Place): NonNullable<AuditFacts['object']> {
  // A namespace is in itself.
  const within = namespace ?? (group === '' && plural === 'namespaces' ? name : undefined)
  return { resource: plural, namespace: within || undefined, name: name || undefined, apiGroup: group || undefined, apiVersion: version, subresource: subresource || undefined }
}

/** Requests of this process's own components, which come through no door. */
export function auditedHandle(handle: Handle, auditor: Auditor): Handle {
  return async (request) => {
    const uri = uriOf(request)
    const record = auditor.begin({ id: randomUUID(), uri, verb: request.verb, user: request.user, sourceIPs: ['127.0.0.1'], userAgent: request.userAgent, object: referenceOf(request) }, uri.split('?')[0]!)
    if (!record) return handle(request)
    if (record.kept && !await record.kept) {
      auditor.rejected()
      throw internalError('failed to store audit event')
    }
    record.requested({ ...request, deletion: request.options.delete && { kind: 'DeleteOptions', apiVersion: 'v1', ...request.options.delete } })
    try {
      const response = await handle({ ...request, annotate: record.annotate, took: record.took })
      record.responded(response)
      if (response.type === 'watch') return { ...response, events: followed(response.events, response.code, record) }
      await record.completed(response.code)
      return response
    } catch (error) {
      if (error instanceof StatusError) {
        record.failed(error.status)
        await record.completed(error.code)
      } else record.panicked(error instanceof Error ? error.message : String(error))
      throw error
    }
  }
}

type Batch = WatchStream extends AsyncIterable<infer T> ? T : never

async function* followed(events: WatchStream, code: number, record: AuditRecord): AsyncGenerator<Batch> {
  await record.started(code)
  try {
    yield* events
  } finally {
    await record.completed(code)
  }
}

const spelled = ['labelSelector', 'fieldSelector', 'resourceVersion', 'resourceVersionMatch', 'limit', 'continue', 'timeoutSeconds', 'allowWatchBookmarks', 'sendInitialEvents', 'fieldManager', 'fieldValidation', 'force'] as const

/** The request as an HTTP client would have written it. */
function uriOf({ verb, group, version, plural, namespace, name, subresource, options }: ApiRequest): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const within = namespace ? `/namespaces/${namespace}` : ''
  const query = new URLSearchParams()
  for (const key of spelled) if (options[key] !== undefined) query.set(key, String(options[key]))
  if (options.dryRun?.length) query.set('dryRun', options.dryRun.join(','))
  if (verb === 'watch') query.set('watch', 'true')
  return `${root}${within}/${plural}${name ? `/${name}` : ''}${subresource ? `/${subresource}` : ''}${query.size > 0 ? `?${query.toString()}` : ''}`
}
