// The AdmissionReview that a webhook is sent, and what its answer says.
import { groupResource } from '../api/object.ts'
import type { AnyObject } from '../api/object.ts'
import { isJsonObject, type JsonObject } from '../api/json.ts'
import type { RequestOptions, UserInfo } from '../api/request.ts'
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
  /** What was asked for besides, as clients state it. */
  readonly options?: RequestOptions
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
    options: optionKind ? { kind: optionKind, apiVersion: 'meta.k8s.io/v1', ...optionsOf(operation, facts.options), ...(dryRun ? { dryRun: ['All'] } : {}) } : null,
  }
}

function optionsOf(operation: string, { fieldManager, fieldValidation, delete: deletion }: RequestOptions = {}): object {
  if (operation === 'DELETE') return { ...deletion }
  return { ...(fieldManager ? { fieldManager } : {}), ...(fieldValidation ? { fieldValidation } : {}) }
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

const reviewVersions = new Set(['v1', 'v1beta1'].map((version) => `admission.k8s.io/${version}`))
const gvkText = (apiVersion: string, kind: string): string => {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  return apiVersion === '' && kind === '' ? '/, Kind=' : `${group}/${version}, Kind=${kind}`
}

/** Fails with an Error that says what is wrong with the answer. */
export function readAnswer(body: unknown, uid: string, version: string, type: 'admit' | 'validating'): ReviewAnswer {
  if (!isJsonObject(body)) throw invalidAnswer('webhook response was absent')
  const { response } = body
  const [kind, apiVersion] = [body['kind'] ?? '', body['apiVersion'] ?? ''].map(String) as [string, string]
  const wanted = `admission.k8s.io/${version}`
  // A review of another version is read as such, and nobody asked for it.
  const isOther = kind === 'AdmissionReview' && apiVersion !== wanted && reviewVersions.has(apiVersion)
  if (isOther || !isJsonObject(response)) throw invalidAnswer('webhook response was absent')
  const { allowed, status, warnings, auditAnnotations } = response
  if (version === 'v1') {
    if (response['uid'] !== uid) throw invalidAnswer(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`)
    if (kind !== 'AdmissionReview' || apiVersion !== wanted) throw invalidAnswer(`expected webhook response of ${wanted}, Kind=AdmissionReview, got ${gvkText(apiVersion, kind)}`)
    checkPatch(response, type)
  }
  const patch = type === 'admit' && hasPatch(response) && allowed === true ? patchOf(response, version) : undefined
  return {
    allowed: allowed === true, warnings: Array.isArray(warnings) ? warnings.map(String) : [],
    auditAnnotations: isJsonObject(auditAnnotations) ? Object.fromEntries(Object.entries(auditAnnotations).map(([key, value]) => [key, String(value)])) : {},
    ...(isJsonObject(status) ? { status: status as Partial<Status> } : {}), ...(patch === undefined ? {} : { patch }),
  }
}

const hasPatch = ({ patch }: JsonObject): boolean => patch !== undefined && patch !== null && patch !== ''

/** That a patch and its type come together, and only where the object may be changed. */
function checkPatch(response: JsonObject, type: 'admit' | 'validating'): void {
  const { patchType } = response
  const hasType = patchType !== undefined && patchType !== null
  if (type === 'validating') {
    if (hasPatch(response)) throw invalidAnswer('validating webhook may not return response.patch')
    if (hasType) throw invalidAnswer('validating webhook may not return response.patchType')
    return
  }
  if (hasPatch(response) && !hasType) throw invalidAnswer('webhook returned response.patch but not response.patchType')
  if (!hasPatch(response) && hasType) throw invalidAnswer('webhook returned response.patchType but not response.patch')
  if (patchType === '') throw invalidAnswer('webhook returned invalid response.patchType of ""')
}

function patchOf({ patch, patchType }: JsonObject, version: string): unknown {
  let operations: unknown
  try {
    operations = parseLossless(Buffer.from(String(patch), 'base64').toString())
  } catch (error) {
    throw new Error(`received undecodable patch in webhook response: ${(error as Error).message}`, { cause: error })
  }
  if (!Array.isArray(operations)) throw new Error('received undecodable patch in webhook response: json: cannot unmarshal into Go value of type jsonpatch.Patch')
  if (version === 'v1' && operations.length > 0 && patchType !== 'JSONPatch') throw new Error(`unsupported patch type ${JSON.stringify(patchType)}`)
  return operations
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
