// A failed request as a Kubernetes Status; the only error that crosses a package boundary on purpose.
import { goQuoted } from '../util/go-text.ts'
import { groupResource } from './object.ts'

export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  /** The resource's plural, except for Invalid, where it is the kind. */
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

/** The wire form, meta/v1 Status. */
export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: { continue?: string; resourceVersion?: string }
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

export class StatusError extends Error {
  override name = 'StatusError'
  readonly status: Status

  constructor(code: number, reason: string, message: string, details?: StatusDetails, metadata: Status['metadata'] = {}) {
    super(message)
    this.status = {
      kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, ...(reason ? { reason } : {}),
      ...(details ? { details } : {}), code,
    }
  }

  get code(): number {
    return this.status.code ?? 500
  }

  get reason(): string {
    return this.status.reason ?? ''
  }
}

interface Named {
  readonly group: string
  readonly plural: string
}

const details = (resource: Named, name: string): StatusDetails => ({
  ...(name ? { name } : {}), ...(resource.group ? { group: resource.group } : {}), kind: resource.plural,
})

export const notFound = (resource: Named, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${groupResource(resource)} ${goQuoted(name)} not found`, details(resource, name))

export const alreadyExists = (resource: Named, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${groupResource(resource)} ${goQuoted(name)} already exists`, details(resource, name))

export const conflict = (resource: Named, name: string, reason = 'the object has been modified; please apply your changes to the latest version and try again'): StatusError =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${groupResource(resource)} ${goQuoted(name)}: ${reason}`, details(resource, name))

export const forbidden = (resource: Named, name: string, reason: string): StatusError =>
  new StatusError(403, 'Forbidden', name ? `${groupResource(resource)} ${goQuoted(name)} is forbidden: ${reason}` : `${groupResource(resource)} is forbidden: ${reason}`, details(resource, name))

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message)

export const internalError = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })

/** More than `limit`, of bytes unless said otherwise. */
export const entityTooLarge = (limit: number, of = ''): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}${of}`)

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** The same of a custom resource. */
export const methodNotSupported = (resource: Named, verb: string): StatusError =>
  new StatusError(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind "${groupResource(resource)}"`, details(resource, ''))

/** What stands nowhere: no path, no group. Over HTTP it is no Status, but what Go's server says. */
export class PageNotFound extends StatusError {
  constructor() {
    super(404, 'NotFound', 'the server could not find the requested resource', {})
  }
}

/** Within what is served there is no such path or resource. */
export const unknownPath = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})

export function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404
}

export function isConflict(error: unknown): boolean {
  return error instanceof StatusError && error.code === 409 && error.reason === 'Conflict'
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'AlreadyExists'
}

/** Several faults as one, each once. */
export function aggregateText(texts: readonly string[]): string {
  const each = [...new Set(texts)]
  return each.length === 1 ? each.join() : `[${each.join(', ')}]`
}
