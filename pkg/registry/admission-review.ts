// The AdmissionReview that a webhook is sent, and what its answer says.
import { groupResource } from '../api/object.ts'
import type { AnyObject } from '../api/object.ts'
import { isJsonObject } from '../api/json.ts'
import type { UserInfo } from '../api/request.ts'
import { namespaces } from '../api/types-config.ts'
import { isResource } from './admission.ts'
import type { Status } from '../api/status-error.ts'
import { StatusError, internalError } from '../api/status-error.ts'
import type { Definition } from './definition.ts'
import { parseLossless } from '../util/lossless-json.ts'

export interface ReviewFacts {
  readonly operation: string
  readonly definition: Definition
  /** The version that the webhook asked for. */
  readonly as: Definition
  readonly subresource?: string
  readonly name: string
  readonly namespace?: string
  readonly user: UserInfo
  readonly dryRun: boolean
  readonly object?: Readonly<AnyObject>
  readonly old?: Readonly<AnyObject>
  /** The kind of what is sent, where it is not the resource's own (Scale, PodExecOptions …). */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
}

const optionKinds: Readonly<Record<string, string>> = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' }

/** The `request` of a review, without uid; also what expressions see as `request`. */
export function reviewRequest(facts: ReviewFacts): Record<string, unknown> {
  const { operation, definition, as, subresource, name, user, dryRun, kind } = facts
  // A namespace is in itself.
  const namespace = isResource(definition, namespaces.group, namespaces.plural) ? name : facts.namespace
  const kindOf = ({ resource }: Definition): object => kind ?? { group: resource.group, version: resource.version, kind: resource.kind }
  const resourceOf = ({ resource: { group, version, plural } }: Definition): object => ({ group, version, resource: plural })
  const optionKind = optionKinds[operation]
  return {
    kind: kindOf(as), resource: resourceOf(as), ...(subresource ? { subResource: subresource } : {}),
    requestKind: kindOf(definition), requestResource: resourceOf(definition), ...(subresource ? { requestSubResource: subresource } : {}),
    ...(name ? { name } : {}), ...(namespace ? { namespace } : {}), operation,
    userInfo: { username: user.username, ...(user.uid ? { uid: user.uid } : {}), groups: user.groups, ...(user.extra ? { extra: user.extra } : {}) },
    object: (operation === 'CONNECT' ? withoutMetadata(facts.object) : facts.object) ?? null, oldObject: facts.old ?? null, dryRun,
    options: optionKind ? { kind: optionKind, apiVersion: 'meta.k8s.io/v1', ...(dryRun ? { dryRun: ['All'] } : {}) } : null,
  }
}

/** What a request to connect says has none. */
function withoutMetadata(object: Readonly<AnyObject> | undefined): object | undefined {
  const { metadata: _metadata, ...rest } = object ?? {}
  return object && rest
}

export interface ReviewAnswer {
  readonly allowed: boolean
  readonly status?: Partial<Status>
  readonly warnings: readonly string[]
  readonly auditAnnotations: Readonly<Record<string, string>>
  /** JSON patch operations. */
  readonly patch?: unknown
}

const invalidAnswer = (text: string): Error => new Error(`received invalid webhook response: ${text}`)

/** Fails with an Error that says what is wrong with the answer. */
export function readAnswer(body: unknown, uid: string, version: string): ReviewAnswer {
  if (!isJsonObject(body)) throw invalidAnswer('webhook response was absent')
  const { kind, apiVersion, response } = body
  const wanted = `admission.k8s.io/${version}`
  if (version === 'v1' && (kind !== 'AdmissionReview' || apiVersion !== wanted)) {
    const [group, found] = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion ?? '']
    throw invalidAnswer(`expected webhook response of ${wanted}, Kind=AdmissionReview, got ${group ?? ''}/${String(found)}, Kind=${typeof kind === 'string' ? kind : ''}`)
  }
  if (!isJsonObject(response)) throw invalidAnswer('webhook response was absent')
  if (version === 'v1' && response['uid'] !== uid) throw invalidAnswer(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`)
  const { allowed, status, warnings, auditAnnotations, patch, patchType } = response
  return {
    allowed: allowed === true, warnings: Array.isArray(warnings) ? warnings.map(String) : [],
    auditAnnotations: isJsonObject(auditAnnotations) ? Object.fromEntries(Object.entries(auditAnnotations).map(([key, value]) => [key, String(value)])) : {},
    ...(isJsonObject(status) ? { status: status as Partial<Status> } : {}),
    ...(patch === undefined || patch === null || patch === '' ? {} : { patch: patchOf(patch, patchType, version) }),
  }
}

function patchOf(patch: unknown, patchType: unknown, version: string): unknown {
  if (patchType === undefined && version === 'v1') throw invalidAnswer('webhook returned response.patch but not response.patchType')
  if (patchType !== undefined && patchType !== 'JSONPatch') throw invalidAnswer(`webhook returned invalid response.patchType of ${JSON.stringify(patchType)}`)
  try {
    return parseLossless(Buffer.from(String(patch), 'base64').toString())
  } catch (error) {
    throw internalError((error as Error).message)
  }
}

/** What the client is told of a webhook's refusal: the webhook's own words, code and reason. */
export function denial(name: string, status: Partial<Status> | undefined): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`
  const message = status?.message ? `${by}: ${status.message}` : status?.reason ? `${by}: ${status.reason}` : `${by} without explanation`
  const code = status?.code !== undefined && status.code >= 400 ? status.code : 400
  return new StatusError(code, status?.reason ?? '', message, status?.details)
}

export const callFailure = (name: string, text: string): StatusError => internalError(`failed calling webhook ${JSON.stringify(name)}: ${text}`)

export const conditionFailure = (definition: Definition, name: string, text: string): StatusError =>
  new StatusError(403, 'Forbidden', `${groupResource(definition.resource)} ${JSON.stringify(name)} is forbidden: ${text}`, {
    ...(name ? { name } : {}), ...(definition.resource.group ? { group: definition.resource.group } : {}), kind: definition.resource.plural,
  })
