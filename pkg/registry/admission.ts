// The admission contract: plugins that complete or refuse a write, inside the write's own transaction.
import type { AnyObject, ObjectKey } from '../api/object.ts'
import type { Annotate, RequestOptions, Took, UserInfo } from '../api/request.ts'
import type { StatusError } from '../api/status-error.ts'
import { forbidden } from '../api/status-error.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Parts } from '../util/slices.ts'
import type { Conversions } from './conversions.ts'
import type { Definition } from './definition.ts'
import type { Evaluations, Evaluator } from './evaluation.ts'

/** Reads of the state that the write is based on, newer than what watchers have seen. Objects are frozen and in stored form. */
export interface AdmissionView {
  get<T = AnyObject>(resource: { group: string; plural: string }, key: ObjectKey): T | undefined
  list<T = AnyObject>(resource: { group: string; plural: string }, namespace?: string): readonly T[]
  /** The definition of a kind in a version, if it is served. */
  ofKind(apiVersion: string, kind: string): Definition | undefined
  definitions(): readonly Definition[]
  /** undefined while nobody judges (a registry without its API server). */
  readonly authorize?: Authorize
}

/** A question about what somebody may do. */
export type AccessQuery =
  | { readonly user: UserInfo; readonly verb: string; readonly group: string; readonly resource: string; readonly subresource?: string; readonly namespace?: string; readonly name?: string }
  | { readonly user: UserInfo; readonly verb: string; readonly path: string }

export type Authorize = (query: AccessQuery) => { readonly allowed: boolean; readonly reason?: string }

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly definition: Definition
  readonly subresource?: string
  readonly namespace?: string
  /** Empty while mutating plugins see an object whose name is to be generated. */
  readonly name: string
  /** What refusals call the object until then. */
  readonly generateName?: string
  /** The object is of this kind, and is not stored: an Eviction, a Binding. */
  readonly body?: GroupVersionKind
  readonly user: UserInfo
  readonly dryRun: boolean
  /** As the client stated them. */
  readonly options?: RequestOptions
  /** The stored object; undefined on create. */
  readonly old?: AnyObject
  readonly view: AdmissionView
  readonly clock: Clock
  readonly conversions: Conversions
  readonly evaluations: Evaluations
  readonly reinvocation: Reinvocation
  readonly warn: (text: string) => void
  /** Told before work of so many steps, of less than a microsecond each: where they are many, a small write ends here and begins again in parts. */
  expect(steps: number): void
  /** For the audit log; undefined while nobody writes one. Kept also when the request is refused. */
  readonly annotate?: Annotate
}

/** Mutating admission runs twice where what runs late has changed the object. */
export interface Reinvocation {
  /** The second time. */
  again: boolean
  /** Somebody has changed the object: those before it should see it again. */
  wanted: boolean
  /** What policies have kept for the second time. */
  policies?: unknown
}

/**
 * Both halves are synchronous, in parts where they may take long, and have no side effects: the transaction may run again. They refuse by throwing a StatusError.
 * All `mutate` run first, in list order, then the object is validated, then all `validate` run.
 */
export interface AdmissionPlugin {
  readonly name: string
  /** On create and update. May change the draft. */
  mutate?(draft: AnyObject, request: AdmissionRequest): Parts<void> | undefined | void
  /** On create, update and delete. `object` is what would be stored; on delete what stands. */
  validate?(object: Readonly<AnyObject>, request: AdmissionRequest): Parts<void> | undefined | void
  /** On requests to connect to an object; `options` is what the request says (PodExecOptions …). */
  connect?(options: Readonly<AnyObject>, request: AdmissionRequest): void
  /** Its `validate` comes after everybody else's, those outside included: it judges only what all others admit. */
  readonly last?: boolean
}

/** For the audit log; undefined while nobody writes one. */
export interface AdmissionNotes {
  readonly annotate?: Annotate
  readonly took?: Took
}

/**
 * Admission that must wait for something outside (webhooks). It is asked between runs of the write's transaction: a run
 * that lacks an answer ends with Awaiting, and the next run takes the answer, provided that the object it builds on is
 * still the one that was asked about. Writes that nobody is to be asked about run once, as if there were no such thing.
 */
export interface AsyncAdmission {
  /** Called once, by the registry. */
  start(context: AsyncAdmissionContext): void
  /** undefined while nobody wants to be asked about anything. `warn` takes the warnings of a refusal. */
  begin(warn: (text: string) => void, notes: AdmissionNotes): AsyncReview | undefined
  stop(): void
}

export interface AsyncAdmissionContext {
  readonly store: Store
  readonly clock: Clock
  definitions(): readonly Definition[]
  onDefinitionsChange(listener: () => void): void
  authorize(): Authorize | undefined
  readonly evaluator: Evaluator | undefined
}

/** What one write has asked and was told, over all runs of its transaction. */
export interface AsyncReview {
  /** After the mutating plugins: makes the draft what the answers say. `again` runs those plugins on the changed draft; true when it need not run any more. */
  mutate(draft: AnyObject, request: AdmissionRequest, again: () => Parts<void>): Parts<boolean>
  /** After the validating plugins. */
  validate(object: Readonly<AnyObject>, request: AdmissionRequest): void
}

/** Ends a run of a transaction: somebody must be asked first. */
export class Awaiting extends Error {
  override name = 'Awaiting'
  readonly ask: () => Promise<void>
  constructor(ask: () => Promise<void>) {
    super('the write waits for an answer from outside')
    this.ask = ask
  }
}

export const isResource = (definition: Definition, group: string, plural: string): boolean =>
  definition.resource.group === group && definition.resource.plural === plural

/** The request is about the objects of this resource themselves, not a subresource. */
export const isAbout = (request: AdmissionRequest, resource: { group: string; plural: string }): boolean =>
  request.subresource === undefined && isResource(request.definition, resource.group, resource.plural)

export const isCreateOf = (request: AdmissionRequest, resource: { group: string; plural: string }): boolean =>
  request.operation === 'CREATE' && isAbout(request, resource)

/** A refusal of this request, in Kubernetes' words. */
export const refusal = (request: AdmissionRequest, reason: string): StatusError =>
  forbidden(request.definition.resource, request.name || request.generateName || 'Unknown', reason)

/** What is missing may appear in a moment (a new namespace's default account): the write waits a little and tries again. */
export class NotYet extends Error {
  override name = 'NotYet'
  readonly resource: { readonly group: string; readonly plural: string }
  readonly key: ObjectKey
  /** What is answered if it does not appear. */
  readonly refusal: StatusError
  constructor(resource: { group: string; plural: string }, key: ObjectKey, refused: StatusError) {
    super(refused.message)
    this.resource = resource
    this.key = key
    this.refusal = refused
  }
}
