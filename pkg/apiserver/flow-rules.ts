// The rules of flow schemas: which schema a request belongs to, and which flow of it. Pure.
import type { UserInfo } from '../api/request.ts'
import type { FlowNonResourceRule, FlowResourceRule, FlowSchema, FlowSubject } from '../api/types-flow-control.ts'

/** What the rules look at. */
export interface FlowRequest {
  readonly user: UserInfo
  /** Of a resource as in a role; otherwise the method in lower case. */
  readonly verb: string
  readonly resource?: { readonly group: string; readonly plural: string; readonly subresource?: string; readonly namespace?: string }
  readonly path: string
}

/** A schema as far as it concerns one user. */
export interface Candidate {
  readonly schema: FlowSchema
  readonly resourceRules: readonly FlowResourceRule[]
  readonly nonResourceRules: readonly FlowNonResourceRule[]
}

const has = (list: readonly string[] | undefined, wanted: string): boolean => list !== undefined && (list.includes('*') || list.includes(wanted))

export function subjectMatches({ kind, user, group, serviceAccount }: FlowSubject, who: UserInfo): boolean {
  switch (kind) {
    case 'User': return user?.name === '*' || user?.name === who.username
    case 'Group': return group?.name === '*' || who.groups.includes(group?.name ?? '')
    case 'ServiceAccount': {
      const prefix = `system:serviceaccount:${serviceAccount?.namespace ?? ''}:`
      return serviceAccount?.name === '*' ? who.username.startsWith(prefix) : who.username === prefix + (serviceAccount?.name ?? '')
    }
    default: return false
  }
}

function resourceMatches(rule: FlowResourceRule, verb: string, { group, plural, subresource, namespace }: NonNullable<FlowRequest['resource']>): boolean {
  if (!has(rule.verbs, verb) || !has(rule.apiGroups, group)) return false
  if (!has(rule.resources, subresource === undefined ? plural : `${plural}/${subresource}`)) return false
  return namespace ? has(rule.namespaces, namespace) : rule.clusterScope === true
}

const pathMatches = ({ verbs, nonResourceURLs = [] }: FlowNonResourceRule, verb: string, path: string): boolean =>
  has(verbs, verb) && nonResourceURLs.some((url) => url === '*' || url === path || (url.endsWith('/*') && path.startsWith(url.slice(0, -1))))

/** In the order in which they are tried: by precedence, then by name. */
export function inOrder(schemas: readonly FlowSchema[]): FlowSchema[] {
  const precedence = ({ spec }: FlowSchema): number => spec.matchingPrecedence ?? 1000
  return [...schemas].sort((a, b) => precedence(a) - precedence(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
}

export function candidatesFor(user: UserInfo, ordered: readonly FlowSchema[]): Candidate[] {
  return ordered.flatMap((schema) => {
    const rules = (schema.spec.rules ?? []).filter(({ subjects = [] }) => subjects.some((subject) => subjectMatches(subject, user)))
    if (rules.length === 0) return []
    return [{ schema, resourceRules: rules.flatMap((rule) => rule.resourceRules ?? []), nonResourceRules: rules.flatMap((rule) => rule.nonResourceRules ?? []) }]
  })
}

export function chooseSchema(candidates: readonly Candidate[], { verb, resource, path }: FlowRequest): FlowSchema | undefined {
  for (const { schema, resourceRules, nonResourceRules } of candidates) {
    if (resource ? resourceRules.some((rule) => resourceMatches(rule, verb, resource)) : nonResourceRules.some((rule) => pathMatches(rule, verb, path))) return schema
  }
  return undefined
}

/** Tells the flows of a schema apart. */
export function flowOf(schema: FlowSchema, { user, resource }: FlowRequest): string {
  switch (schema.spec.distinguisherMethod?.type) {
    case 'ByUser': return user.username
    case 'ByNamespace': return resource?.namespace ?? ''
    default: return ''
  }
}
