// Checks of list and watch parameters, and what a resourceVersion asks for.
import type { FieldError } from '../api/field-error.ts'
import { forbiddenField, invalidObject, notSupported } from '../api/field-error.ts'
import type { RequestOptions } from '../api/request.ts'
import { StatusError, badRequest } from '../api/status-error.ts'
import { goQuoted } from '../util/go-text.ts'

const listOptionsKind = { group: 'meta.k8s.io', kind: 'ListOptions' }

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(listOptionsKind, '', errors)
}

export function checkListOptions(options: RequestOptions): void {
  const errors: FieldError[] = []
  const match = options.resourceVersionMatch
  if (match) {
    if (!options.resourceVersion) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (options.continue) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && options.resourceVersion === '0') errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
  }
  if (options.sendInitialEvents !== undefined) errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  refuse(errors)
}

export function checkWatchOptions(options: RequestOptions): void {
  const errors: FieldError[] = []
  const match = options.resourceVersionMatch
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbiddenField('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  }
  if (match) {
    if (options.sendInitialEvents === undefined) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
    if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']))
    if (options.continue) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
  }
  refuse(errors)
}

const largest = 2n ** 64n - 1n

/** The number in a resourceVersion; undefined when it is not set. A list's is refused as the request's fault, any other's as Kubernetes does: as a failure without a reason. */
export function parseRevision(text: string | undefined, verb: 'list' | 'get' | 'watch'): number | undefined {
  if (!text) return undefined
  const wrong = !/^[0-9]+$/.test(text) ? 'invalid syntax' : BigInt(text) > largest ? 'value out of range' : undefined
  if (wrong === undefined) return Number(text)
  const message = `resourceVersion: Invalid value: ${goQuoted(text)}: strconv.ParseUint: parsing ${goQuoted(text)}: ${wrong}`
  throw verb === 'list' ? badRequest(`invalid resource version: ${message}`) : new StatusError(500, '', message)
}

export const tooLargeRevision = (wanted: number, current: number): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1,
  })

export const expired = (message: string, next?: string): StatusError =>
  new StatusError(410, 'Expired', message, undefined, next === undefined ? {} : { continue: next })

export const tooOldRevision = (wanted: number, oldest: number): StatusError =>
  expired(`too old resource version: ${wanted} (${oldest})`)
