// Nobody grants what he does not hold: checks on writes of roles and bindings.
import { equalJson } from '../api/json.ts'
import type { KubeObject } from '../api/object.ts'
import type { ApiRequest } from '../api/request.ts'
import { forbidden, isNotFound, notFound } from '../api/status-error.ts'
import type { ClusterRole, PolicyRule, RoleBinding } from '../api/types-auth.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import { inParts, type Parts } from '../util/slices.ts'
import { userText } from './authorize.ts'
import { together, superuserGroup, type RbacAuthorizer } from './rbac.ts'
import { ruleText, uncovered } from './rbac-rules.ts'

const group = 'rbac.authorization.k8s.io'
const writes = new Set(['create', 'update', 'patch'])
const roleKinds = new Set(['roles', 'clusterroles'])
const bindingKinds = new Set(['rolebindings', 'clusterrolebindings'])

/** A guard for `createHandle`. A patch is judged by what it would make, found by a dry run. */
export function rbacGuard(registry: Registry, authorizer: RbacAuthorizer): (request: ApiRequest) => Promise<void> | undefined {
  return (request) => {
    if (request.group !== group || !writes.has(request.verb) || request.user.groups.includes(superuserGroup)) return undefined
    const definition = registry.definition(group, request.version, request.plural)
    return definition && check(registry, authorizer, request, definition)
  }
}

async function check(registry: Registry, authorizer: RbacAuthorizer, request: ApiRequest, definition: Definition): Promise<void> {
  const next = await written(registry, definition, request)
  if (grantsTheSame(stored(registry, definition, request), next)) return
  if (roleKinds.has(request.plural)) await checkRole(authorizer, request, next)
  else if (bindingKinds.has(request.plural)) await checkBinding(authorizer, request, next)
}

type Written = KubeObject & Partial<ClusterRole & RoleBinding>

function stored(registry: Registry, definition: Definition, { verb, namespace, name = '' }: ApiRequest): Written | undefined {
  if (verb === 'create') return undefined
  try {
    return registry.get(definition, { namespace, name }) as Written
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Labels and the like may be changed by whoever may write the object. */
const grantsTheSame = (old: Written | undefined, next: Written): boolean => old !== undefined
  && (['rules', 'aggregationRule', 'roleRef', 'subjects'] as const).every((field) => equalJson(old[field], next[field]))

async function written(registry: Registry, definition: Definition, request: ApiRequest): Promise<Written> {
  if (request.verb !== 'patch') return request.object as Written
  const { user, namespace, name = '', patch, options } = request
  const { object } = await registry.patch(definition, { user, namespace, name, patch: patch!, options: { ...options, dryRun: ['All'] } })
  return object as Written
}

/** Whoever lets a role gather rules by labels can't know what it will hold. */
const everyRule: PolicyRule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }

async function checkRole(authorizer: RbacAuthorizer, request: ApiRequest, role: Written): Promise<void> {
  if (!role.rules?.length && !role.aggregationRule) return
  const name = request.name ?? role.metadata.name ?? ''
  if (authorizer.authorize({ user: request.user, verb: 'escalate', group, version: 'v1', resource: request.plural, namespace: request.namespace, name }).allowed) return
  await requireHeld(authorizer, request, name, role.aggregationRule ? [everyRule, ...role.rules ?? []] : role.rules!)
}

async function checkBinding(authorizer: RbacAuthorizer, request: ApiRequest, { roleRef, metadata }: Written): Promise<void> {
  if (!roleRef) return
  const plural = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles'
  if (authorizer.authorize({ user: request.user, verb: 'bind', group, version: 'v1', resource: plural, namespace: request.namespace, name: roleRef.name }).allowed) return
  const rules = authorizer.rulesOf(roleRef, request.namespace ?? '')
  if (!rules) throw notFound({ group, plural: roleRef.kind.toLowerCase() }, roleRef.name)
  await requireHeld(authorizer, request, request.name ?? metadata.name ?? '', rules)
}

/** Both may be thousands of rules: it may take more than a turn. */
async function requireHeld(authorizer: RbacAuthorizer, request: ApiRequest, name: string, rules: readonly PolicyRule[]): Promise<void> {
  const { rules: held, faults } = authorizer.rulesFor(request.user, request.namespace ?? '')
  const missing = await inParts(missingTexts(held, rules))
  if (missing.length === 0) return
  const because = faults.length > 0 ? `; resolution errors: [${together(faults)}]` : ''
  throw forbidden({ group, plural: request.plural }, name, `${userText(request.user)} is attempting to grant RBAC permissions not currently held:\n${missing.join('\n')}${because}`)
}

function* missingTexts(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): Parts<readonly string[]> {
  const texts = new Set<string>()
  let count = 0
  for (const rule of yield* uncovered(held, wanted)) {
    texts.add(ruleText(rule))
    if (++count % 100 === 0) yield
  }
  return [...texts].sort()
}
