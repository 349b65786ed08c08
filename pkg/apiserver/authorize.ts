// Refusals in Kubernetes' words: who can't do what, where.
import type { Annotate, UserInfo } from '../api/request.ts'
import { StatusError, forbidden } from '../api/status-error.ts'
import { goQuoted, goQuotedList } from '../util/go-text.ts'
import type { Attributes, Authorizer, ResourceAttributes } from './authorizer.ts'

/** The server escapes these in refusals, because a browser may show them. */
const escapeHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** `User "u" cannot list resource "pods" in API group "" in the namespace "ns"`. */
export function refusalText(attributes: ResourceAttributes): string {
  const { user, verb, group, resource, subresource, namespace } = attributes
  const what = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  return escapeHtml(`User ${goQuoted(user.username)} cannot ${verb} resource "${what}" in API group "${group}" ${where}`)
}

export function refusal(attributes: Attributes, reason?: string): StatusError {
  const because = reason ? `: ${escapeHtml(reason)}` : ''
  if ('path' in attributes) {
    const { user, verb, path } = attributes
    return new StatusError(403, 'Forbidden', `forbidden: User ${goQuoted(escapeHtml(user.username))} cannot ${verb} path ${goQuoted(escapeHtml(path))}${because}`, {})
  }
  return forbidden({ group: attributes.group, plural: attributes.resource }, attributes.name ?? '', refusalText(attributes) + because)
}

/** Throws 403 unless the authorizer allows it. */
export function requireAllowed(authorizer: Authorizer, attributes: Attributes, annotate?: Annotate): void {
  const decision = authorizer.authorize(attributes)
  annotate?.('authorization.k8s.io/decision', decision.allowed ? 'allow' : 'forbid')
  annotate?.('authorization.k8s.io/reason', decision.reason ?? '')
  if (!decision.allowed) throw refusal(attributes, decision.reason)
}

/** `user "u" (groups=["a" "b"])`, as refusals to grant name a user. */
export const userText = (user: UserInfo): string =>
  `user ${goQuoted(user.username)} (groups=${goQuotedList(user.groups)})`
