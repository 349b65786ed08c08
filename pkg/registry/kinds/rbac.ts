// Roles and bindings, of a namespace and of the cluster.
import { pathSegmentFaults } from '../../api/names.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ClusterRoleBinding, PolicyRule, RoleBinding, RoleRef, Subject } from '../../api/types-auth.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../api/types-auth.ts'
import type { Column, Definition, DefinitionInput } from '../definition.ts'
import { ageColumn, nameColumn, text, wide } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsSubdomain, checkLabelSelector, invalid, notSupported, required, same } from './rules.ts'

const rbacGroup = 'rbac.authorization.k8s.io'

function checkRules(out: Errors, rules: readonly PolicyRule[], namespaced: boolean): void {
  for (const [index, rule] of rules.entries()) {
    const path = `rules[${index}]`
    if (!rule.verbs?.length) out.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
    if (rule.nonResourceURLs?.length) {
      if (namespaced) out.push(invalid(`${path}.nonResourceURLs`, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'))
      if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
        out.push(invalid(`${path}.nonResourceURLs`, rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'))
      }
      continue
    }
    if (!rule.apiGroups?.length) out.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
    if (!rule.resources?.length) out.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  }
}

interface Bound extends KubeObject {
  roleRef: RoleRef
  subjects?: Subject[]
}

function defaultSubjects(draft: Bound): void {
  draft.roleRef ??= { apiGroup: rbacGroup, kind: '', name: '' }
  draft.roleRef.apiGroup ||= rbacGroup
  for (const subject of draft.subjects ?? []) {
    if (subject.apiGroup === undefined || subject.apiGroup === '') {
      if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup = rbacGroup
      else delete subject.apiGroup
    }
  }
}

function checkSubject(out: Errors, path: string, { kind, name, namespace, apiGroup = '' }: Subject, namespaced: boolean): void {
  if (!name) out.push(required(`${path}.name`))
  if (kind === 'ServiceAccount') {
    if (name) checkDnsSubdomain(out, `${path}.name`, name)
    if (apiGroup !== '') out.push(notSupported(`${path}.apiGroup`, apiGroup, ['']))
    if (!namespaced && !namespace) out.push(required(`${path}.namespace`))
  } else if (kind === 'User' || kind === 'Group') {
    if (!name) out.push(invalid(`${path}.name`, '', `${kind.toLowerCase()} name cannot be empty`))
    if (apiGroup !== rbacGroup) out.push(notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup]))
  } else out.push(notSupported(`${path}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group']))
}

function checkBinding(object: Bound, old: Bound | undefined, namespaced: boolean): Errors {
  const out: Errors = []
  const { roleRef } = object
  if (roleRef.apiGroup !== rbacGroup) out.push(notSupported('roleRef.apiGroup', roleRef.apiGroup, [rbacGroup]))
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (!kinds.includes(roleRef.kind)) out.push(notSupported('roleRef.kind', roleRef.kind ?? '', kinds))
  if (!roleRef.name) out.push(required('roleRef.name'))
  else addFaults(out, 'roleRef.name', roleRef.name, pathSegmentFaults(roleRef.name))
  for (const [index, subject] of (object.subjects ?? []).entries()) checkSubject(out, `subjects[${index}]`, subject, namespaced)
  if (old && !same(roleRef, old.roleRef)) out.push(invalid('roleRef', { APIGroup: roleRef.apiGroup, Kind: roleRef.kind, Name: roleRef.name }, 'cannot change roleRef'))
  return out
}

function subjectsText(object: Bound, kind: string): string {
  return (object.subjects ?? []).filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name)).join(', ')
}

function bindingColumns<T extends RoleBinding | ClusterRoleBinding>(): Column<T>[] {
  return [
    nameColumn,
    text<T>('Role', 'Role that is given.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
    ageColumn,
    wide(text<T>('Users', 'Users that get the role.', (object) => subjectsText(object, 'User'))),
    wide(text<T>('Groups', 'Groups that get the role.', (object) => subjectsText(object, 'Group'))),
    wide(text<T>('ServiceAccounts', 'Service accounts that get the role.', (object) => subjectsText(object, 'ServiceAccount'))),
  ]
}

const shared = { names: 'path-segment', generation: false, allowCreateOnUpdate: true } as const satisfies DefinitionInput<KubeObject>

const all: readonly Definition[] = [
  define(clusterRoleBindings, { ...shared, defaults: defaultSubjects, validate: (object, old) => checkBinding(object, old, false), columns: bindingColumns() }),
  define(clusterRoles, {
    ...shared,
    defaults(draft) {
      draft.rules ??= []
    },
    validate({ rules, aggregationRule }) {
      const out: Errors = []
      checkRules(out, rules ?? [], false)
      if (aggregationRule && !aggregationRule.clusterRoleSelectors?.length) out.push(required('aggregationRule.clusterRoleSelectors', 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
      for (const [index, selector] of (aggregationRule?.clusterRoleSelectors ?? []).entries()) checkLabelSelector(out, `aggregationRule.clusterRoleSelectors[${index}]`, selector)
      return out
    },
  }),
  define(roleBindings, { ...shared, defaults: defaultSubjects, validate: (object, old) => checkBinding(object, old, true), columns: bindingColumns() }),
  define(roles, {
    ...shared,
    defaults(draft) {
      draft.rules ??= []
    },
    validate({ rules }) {
      const out: Errors = []
      checkRules(out, rules ?? [], true)
      return out
    },
  }),
]

export default all
