// Reviews: questions about who one is and what one may do, asked by creating an object that is not stored.
import { invalidObject } from '../api/field-error.ts'
import { escapeFieldValue, parseFieldSelector } from '../api/field-selector.ts'
import { parseLabelSelector } from '../api/label-selector.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { prepareText } from '../api/object-text-parts.ts'
import type { ApiRequest, ApiResponse, UserInfo } from '../api/request.ts'
import { badRequest } from '../api/status-error.ts'
import type {
  FieldSelectorAttributes, LocalSubjectAccessReview, NonResourceAttributes, ResourceAttributes as ReviewedResource, SelfSubjectAccessReview,
  SelfSubjectRulesReview, SubjectAccessReview, SubjectAccessReviewStatus, TokenReview,
} from '../api/types-auth.ts'
import { inParts } from '../util/slices.ts'
import { laterRoom } from '../util/turn-share.ts'
import { isHeavy } from '../util/weight.ts'
import type { Attributes, Authorizer } from './authorizer.ts'
import { findTokenUser, type TokenAuthenticator } from './authenticator.ts'
import { together } from './rbac.ts'
import type { SpecialRequest } from './handle.ts'

export interface ReviewOptions {
  readonly authorizer: Authorizer
  readonly tokens: readonly TokenAuthenticator[]
}

/** Refuses a review that its kind finds wrong. A local one is judged in the namespace of its URL. */
function checked(answer: SpecialRequest): SpecialRequest {
  return (request, definition) => {
    const asked = request.object as AnyObject
    const placed = request.namespace ? { ...asked, metadata: { ...asked.metadata, namespace: request.namespace } } : asked
    const errors = definition.validate?.(placed) ?? []
    if (errors.length > 0) throw invalidObject(definition.resource, '', errors)
    const judged = { ...request, object: placed }
    return isHeavy(placed) ? inTurns(() => answer(judged, definition)) : answer(judged, definition)
  }
}

/** What is found and what is written of it take turns of their own. */
async function inTurns(answer: () => ApiResponse | Promise<ApiResponse>): Promise<ApiResponse> {
  await laterRoom()
  const response = await answer()
  await laterRoom()
  if (response.type === 'object') await inParts(prepareText(response.object))
  return response
}

const created = (object: KubeObject): ApiResponse => ({ type: 'object', code: 201, object })

/** The review as it was asked, with its answer. */
const answered = <T extends KubeObject>(request: ApiRequest, status: unknown): ApiResponse => {
  const asked = request.object as T
  return created({ kind: asked.kind, apiVersion: asked.apiVersion, ...asked, metadata: asked.metadata ?? {}, status } as KubeObject)
}

export function reviewRequests({ authorizer, tokens }: ReviewOptions): [string, SpecialRequest][] {
  const authentication = 'create authentication.k8s.io'
  const authorization = 'create authorization.k8s.io'
  const requests: [string, SpecialRequest][] = [
    [`${authentication}/tokenreviews`, async (request) => answered(request, await reviewToken(tokens, request.object as TokenReview))],
    [`${authentication}/selfsubjectreviews`, (request) => answered(request, { userInfo: shownUser(request.user) })],
    [`${authorization}/selfsubjectaccessreviews`, (request) => {
      const { spec } = request.object as SelfSubjectAccessReview
      return answered(request, decide(authorizer, request.user, spec))
    }],
    [`${authorization}/subjectaccessreviews`, (request) => {
      const { spec } = request.object as SubjectAccessReview
      return answered(request, decide(authorizer, subjectOf(spec), spec))
    }],
    [`${authorization}/localsubjectaccessreviews`, (request) => {
      const { spec } = request.object as LocalSubjectAccessReview
      return answered(request, decide(authorizer, subjectOf(spec), spec))
    }],
    [`${authorization}/selfsubjectrulesreviews`, (request) => {
      const { spec } = request.object as SelfSubjectRulesReview
      if (!spec?.namespace) throw badRequest('no namespace on request')
      const { resourceRules, nonResourceRules, incomplete = false, faults } = authorizer.rulesFor(request.user, spec.namespace)
      return answered(request, { resourceRules, nonResourceRules, incomplete, ...(faults.length > 0 ? { evaluationError: together(faults) } : {}) })
    }],
  ]
  return requests.map(([key, answer]) => [key, checked(answer)])
}

interface AccessSpec {
  readonly resourceAttributes?: ReviewedResource
  readonly nonResourceAttributes?: NonResourceAttributes
}

function decide(authorizer: Authorizer, user: UserInfo, spec: AccessSpec): SubjectAccessReviewStatus {
  const { allowed, reason } = authorizer.authorize(attributesOf(user, spec))
  const evaluationError = spec?.nonResourceAttributes ? '' : ignoredSelectors(spec?.resourceAttributes)
  return { allowed, ...(reason ? { reason } : {}), ...(evaluationError ? { evaluationError } : {}) }
}

const fails = (work: () => unknown): boolean => {
  try {
    work()
    return false
  } catch {
    return true
  }
}

/** Which selectors were not understood, and so gave no right, in part or altogether. */
function ignoredSelectors({ fieldSelector, labelSelector }: ReviewedResource = {}): string {
  const told = (name: string, stated: FieldSelectorAttributes | undefined, isKnown: (one: { readonly operator?: string; readonly values?: readonly string[] }) => boolean, parse: (text: string) => unknown): string[] => {
    const { rawSelector = '', requirements = [] } = stated ?? {}
    const known = requirements.filter(isKnown).length
    const isWrong = requirements.length > 0 ? known < requirements.length : rawSelector !== '' && fails(() => parse(rawSelector))
    return isWrong ? [`spec.resourceAttributes.${name} ${known > 0 ? 'partially ' : ''}ignored due to parse error`] : []
  }
  return [
    ...told('fieldSelector', fieldSelector, ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') && values.length === 1, parseFieldSelector),
    ...told('labelSelector', labelSelector, ({ operator = '' }) => ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator), parseLabelSelector),
  ].join('; ')
}

function attributesOf(user: UserInfo, spec: AccessSpec): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec ?? {}
  if (path) return { user, verb: path.verb ?? '', path: path.path ?? '' }
  const { verb = '', group = '', version, resource: plural = '', subresource, namespace, name, fieldSelector } = resource!
  return { user, verb, group, version, resource: plural, subresource, namespace, name, fieldSelector: fieldSelector && selectorText(fieldSelector) }
}

/** Of requirements those that say what a field is: no right is drawn from others. */
function selectorText({ rawSelector, requirements = [] }: FieldSelectorAttributes): string {
  if (rawSelector) return rawSelector
  return requirements.flatMap(({ key, operator, values = [] }) => (operator === 'In' && values.length === 1 ? [`${key}=${escapeFieldValue(values[0]!)}`] : [])).join(',')
}

function subjectOf(spec: SubjectAccessReview['spec']): UserInfo {
  return { username: spec.user ?? '', groups: spec.groups ?? [], ...(spec.uid ? { uid: spec.uid } : {}), ...(spec.extra ? { extra: spec.extra } : {}) }
}

const shownUser = ({ username, uid, groups, extra }: UserInfo): object => ({
  username, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}),
})

async function reviewToken(tokens: readonly TokenAuthenticator[], review: TokenReview): Promise<object> {
  const { token = '', audiences } = review.spec ?? {}
  if (token === '') throw badRequest('token is required for TokenReview in authentication')
  const found = await findTokenUser(tokens, token, audiences?.length ? audiences : undefined)
  // `authenticated` is left out when it is false.
  if (typeof found === 'string') return { user: {}, error: found }
  return { authenticated: true, user: shownUser(found.user), ...(found.audiences ? { audiences: found.audiences } : {}) }
}
