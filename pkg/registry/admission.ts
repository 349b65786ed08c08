// The admission contract: plugins that complete or refuse a write, inside the write's own transaction.
import type { AnyObject, ObjectKey } from '../api/object.ts'
import type { UserInfo } from '../api/request.ts'
import type { StatusError } from '../api/status-error.ts'
import { forbidden } from '../api/status-error.ts'
import type { Clock } from '../util/clock.ts'
import type { Definition } from './definition.ts'

/** Reads of the state that the write is based on, newer than what watchers have seen. Objects are frozen and in stored form. */
export interface AdmissionView {
  get<T = AnyObject>(resource: { group: string; plural: string }, key: ObjectKey): T | undefined
  list<T = AnyObject>(resource: { group: string; plural: string }, namespace?: string): Iterable<T>
}

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly definition: Definition
  readonly subresource?: string
  readonly namespace?: string
  readonly name: string
  readonly user: UserInfo
  readonly dryRun: boolean
  /** The stored object; undefined on create. */
  readonly old?: AnyObject
  readonly view: AdmissionView
  readonly clock: Clock
  readonly warn: (text: string) => void
}

/**
 * Both halves are synchronous and have no side effects: the transaction may run again. They refuse by throwing a StatusError.
 * All `mutate` run first, in list order, then the object is validated, then all `validate` run.
 */
export interface AdmissionPlugin {
  readonly name: string
  /** On create and update. May change the draft. */
  mutate?(draft: AnyObject, request: AdmissionRequest): void
  /** On create, update and delete. `object` is what would be stored; on delete what stands. */
  validate?(object: Readonly<AnyObject>, request: AdmissionRequest): void
}

/**
 * Admission that must wait for something outside (webhooks). Runs before the transaction on the object as it would be
 * then; the transaction starts again from the beginning when the stored revision is no longer `basedOn`.
 * None exist yet: the registry has the seam, and no list to fill.
 */
export interface AsyncAdmission {
  review(object: AnyObject, request: Omit<AdmissionRequest, 'view'> & { readonly basedOn: number }): Promise<AnyObject>
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
  forbidden(request.definition.resource, request.name, reason)

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
