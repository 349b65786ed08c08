// The RBAC authorizer: an index of roles and bindings, and the questions that it answers.
import type { UserInfo } from '../api/request.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from '../api/types-auth.ts'
import { goQuoted } from '../util/go-text.ts'
import type { Attributes, Authorizer, Decision, UserRules } from './authorizer.ts'
import { ruleAllows } from './rbac-rules.ts'

export interface RbacObjects {
  readonly roles: readonly Role[]
  readonly clusterRoles: readonly ClusterRole[]
  readonly roleBindings: readonly RoleBinding[]
  readonly clusterRoleBindings: readonly ClusterRoleBinding[]
}

/** Where the roles come from: `current` answers the same value for as long as nothing changed. */
export interface RbacSource {
  current(): RbacObjects
}

interface Grant {
  readonly binding: RoleBinding | ClusterRoleBinding
  readonly subject: Subject
  /** undefined: the role that the binding names is not there. */
  readonly rules: readonly PolicyRule[] | undefined
}

/** Grants by subject; namespace '' is the cluster. */
type RbacIndex = ReadonlyMap<string, ReadonlyMap<string, readonly Grant[]>>

export const superuserGroup = 'system:masters'
const accountPrefix = 'system:serviceaccount:'
const everything: PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { nonResourceURLs: ['*'], verbs: ['*'] },
]

export class RbacAuthorizer implements Authorizer {
  readonly #source: RbacSource
  #seen: RbacObjects | undefined
  #index: RbacIndex = new Map()

  constructor(source: RbacSource) {
    this.#source = source
  }

  authorize(attributes: Attributes): Decision {
    if (attributes.user.groups.includes(superuserGroup)) return { allowed: true }
    const namespace = 'path' in attributes ? '' : attributes.namespace ?? ''
    const missing: string[] = []
    for (const grant of this.#grants(attributes.user, namespace)) {
      if (!grant.rules) missing.push(missingRole(grant))
      else if (grant.rules.some((rule) => ruleAllows(rule, attributes))) return { allowed: true, reason: grantText(grant) }
    }
    if (missing.length === 0) return { allowed: false }
    return { allowed: false, reason: `RBAC: ${together(missing)}` }
  }

  rulesFor(user: UserInfo, namespace: string): UserRules {
    const rules = user.groups.includes(superuserGroup)
      ? everything
      : [...this.#grants(user, namespace)].flatMap((grant) => grant.rules ?? [])
    return {
      rules,
      resourceRules: rules.filter((rule) => rule.resources?.length).map((rule) => ({
        verbs: rule.verbs, apiGroups: rule.apiGroups ?? [], resources: rule.resources ?? [],
        ...(rule.resourceNames?.length ? { resourceNames: rule.resourceNames } : {}),
      })),
      nonResourceRules: rules.filter((rule) => rule.nonResourceURLs?.length).map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs ?? [] })),
      faults: user.groups.includes(superuserGroup) ? [] : [...this.#grants(user, namespace)].filter((grant) => !grant.rules).map(missingRole),
    }
  }

  /** The rules of a role that a binding in `namespace` names; undefined when there is none. */
  rulesOf(ref: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const { roles, clusterRoles } = this.#source.current()
    const role = ref.kind === 'ClusterRole'
      ? clusterRoles.find((one) => one.metadata.name === ref.name)
      : roles.find((one) => one.metadata.name === ref.name && one.metadata.namespace === namespace)
    return role && (role.rules ?? [])
  }

  *#grants(user: UserInfo, namespace: string): Iterable<Grant> {
    const objects = this.#source.current()
    if (objects !== this.#seen) {
      this.#index = buildIndex(objects)
      this.#seen = objects
    }
    for (const key of subjectKeys(user)) {
      const grants = this.#index.get(key)
      if (!grants) continue
      yield* grants.get('') ?? []
      if (namespace !== '') yield* grants.get(namespace) ?? []
    }
  }
}

const missingRole = ({ binding: { roleRef: { kind, name } } }: Grant): string => `${kind.toLowerCase()}.rbac.authorization.k8s.io ${goQuoted(name)} not found`

/** Several errors as one. */
export function together(all: readonly string[]): string {
  const [first = '', ...more] = new Set(all)
  return more.length === 0 ? first : `[${[first, ...more].join(', ')}]`
}

function subjectKeys(user: UserInfo): string[] {
  const keys = [`User:${user.username}`, ...user.groups.map((group) => `Group:${group}`)]
  if (user.username.startsWith(accountPrefix)) keys.push(`ServiceAccount:${user.username.slice(accountPrefix.length)}`)
  return keys
}

function keyOfSubject(subject: Subject, bindingNamespace: string): string {
  return subject.kind === 'ServiceAccount'
    ? `ServiceAccount:${subject.namespace || bindingNamespace}:${subject.name}`
    : `${subject.kind}:${subject.name}`
}

function buildIndex(objects: RbacObjects): RbacIndex {
  const index = new Map<string, Map<string, Grant[]>>()
  const clusterRules = new Map(objects.clusterRoles.map((role) => [role.metadata.name, role.rules ?? []]))
  const localRules = new Map(objects.roles.map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, role.rules ?? []]))
  for (const binding of [...objects.clusterRoleBindings, ...objects.roleBindings]) {
    const namespace = binding.metadata.namespace ?? ''
    const { kind, name } = binding.roleRef
    const rules = kind === 'ClusterRole' ? clusterRules.get(name) : localRules.get(`${namespace}/${name}`)
    for (const subject of binding.subjects ?? []) {
      const key = keyOfSubject(subject, namespace)
      let grants = index.get(key)
      if (!grants) index.set(key, grants = new Map())
      const list = grants.get(namespace)
      if (list) list.push({ binding, subject, rules })
      else grants.set(namespace, [{ binding, subject, rules }])
    }
  }
  return index
}

function grantText({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata
  const where = namespace ? `RoleBinding "${name}/${namespace}"` : `ClusterRoleBinding "${name}"`
  const who = subject.kind === 'ServiceAccount' ? `"${subject.name}/${subject.namespace || namespace}"` : `"${subject.name}"`
  return `RBAC: allowed by ${where} of ${binding.roleRef.kind} "${binding.roleRef.name}" to ${subject.kind} ${who}`
}
