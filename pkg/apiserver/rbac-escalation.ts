// Nobody grants what he does not hold: checks on writes of roles and bindings.
import type { KubeObject } from '../api/object.ts'
import type { ApiRequest } from '../api/request.ts'
import { forbidden, notFound } from '../api/status-error.ts'
import type { ClusterRole, PolicyRule, RoleBinding } from '../api/types-auth.ts'
import type { Registry } from '../registry/registry.ts'
import { userText } from './authorize.ts'
import { superuserGroup, type RbacAuthorizer } from './rbac.ts'
import { ruleText, uncovered } from './rbac-rules.ts'

const group = 'rbac.authorization.k8s.io'
const writes = new Set(['create', 'update', 'patch'])
const roleKinds = new Set(['roles', 'clusterroles'])
const bindingKinds = new Set(['rolebindings', 'clusterrolebindings'])

/** A guard for `createHandle`. A patch is judged by what it puts in whole: `rules` and `roleRef` are lists and structs that a patch replaces. */
export function rbacGuard(registry: Registry, authorizer: RbacAuthorizer): (request: ApiRequest) => void {
  return (request) => {
    if (request.group !== group || !writes.has(request.verb) || request.user.groups.includes(superuserGroup)) return
    if (roleKinds.has(request.plural)) checkRole(authorizer, request)
    else if (bindingKinds.has(request.plural)) checkBinding(registry, authorizer, request)
  }
}

function written(request: ApiRequest): (KubeObject & Partial<ClusterRole & RoleBinding>) | undefined {
  if (request.verb !== 'patch') return request.object as KubeObject
  const body = request.patch?.body
  if (!Array.isArray(body)) return body as KubeObject
  // Operations on single rules: judge each value that is put in.
  const values = (body as { path?: string; value?: unknown }[]).filter(({ path }) => path?.startsWith('/rules') || path?.startsWith('/roleRef'))
  const rules = values.flatMap(({ path, value }) => path === '/rules' ? value as PolicyRule[] : /^\/rules\/[^/]+$/.test(path!) ? [value as PolicyRule] : [everyRule])
  return { metadata: {}, rules } as unknown as KubeObject
}

// What a part of a rule amounts to is not known before it is applied, so it counts as everything.
const everyRule: PolicyRule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }

function checkRole(authorizer: RbacAuthorizer, request: ApiRequest): void {
  const role = written(request)
  if (!role?.rules?.length && !role?.aggregationRule) return
  const name = request.name ?? role.metadata.name ?? ''
  if (authorizer.authorize({ user: request.user, verb: 'escalate', group, version: 'v1', resource: request.plural, namespace: request.namespace, name }).allowed) return
  requireHeld(authorizer, request, name, role.aggregationRule ? [everyRule] : role.rules!)
}

function checkBinding(registry: Registry, authorizer: RbacAuthorizer, request: ApiRequest): void {
  const body = written(request)
  const name = request.name ?? body?.metadata?.name ?? ''
  const ref = body?.roleRef ?? storedRef(registry, request)
  if (!ref) return
  const plural = ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles'
  if (authorizer.authorize({ user: request.user, verb: 'bind', group, version: 'v1', resource: plural, namespace: request.namespace, name: ref.name }).allowed) return
  const rules = authorizer.rulesOf(ref, request.namespace ?? '')
  if (!rules) throw notFound({ group, plural: ref.kind.toLowerCase() }, ref.name)
  requireHeld(authorizer, request, name, rules)
}

function storedRef(registry: Registry, request: ApiRequest): RoleBinding['roleRef'] | undefined {
  const definition = registry.definition(group, request.version, request.plural)
  if (!definition || request.verb !== 'patch') return undefined
  return (registry.get(definition, { namespace: request.namespace, name: request.name ?? '' }) as RoleBinding).roleRef
}

function requireHeld(authorizer: RbacAuthorizer, request: ApiRequest, name: string, rules: readonly PolicyRule[]): void {
  const { rules: held } = authorizer.rulesFor(request.user, request.namespace ?? '')
  const missing = uncovered(held, rules)
  if (missing.length === 0) return
  throw forbidden({ group, plural: request.plural }, name, `${userText(request.user)} is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join('\n')}`)
}
