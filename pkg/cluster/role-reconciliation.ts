// Roles and bindings that a cluster begins with are brought up to date at each start: what they lack is added, what somebody added stays.
import { equalJson } from '../api/json.ts'
import type { KubeObject } from '../api/object.ts'
import type { ClusterRole, PolicyRule, RoleBinding, Subject } from '../api/types-auth.ts'
import { isNotFound } from '../api/status-error.ts'
import { uncovered } from '../apiserver/rbac-rules.ts'
import { atOnce } from '../util/slices.ts'
import { bootstrapUser, definitionFor, ensureObjects } from '../registry/bootstrap.ts'
import type { Registry } from '../registry/registry.ts'

const group = 'rbac.authorization.k8s.io'
const annotation = 'rbac.authorization.kubernetes.io/autoupdate'

type Role = KubeObject & { readonly rules?: readonly PolicyRule[]; readonly aggregationRule?: ClusterRole['aggregationRule'] }
type Binding = KubeObject & Pick<RoleBinding, 'roleRef' | 'subjects'>

const isBinding = (object: KubeObject): object is Binding => 'roleRef' in object
const sameSubject = (a: Subject, b: Subject): boolean => a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')

/** What is to be kept of both; undefined when nothing is missing, `again` when it can only be made anew. */
export function reconciled(wanted: KubeObject, found: KubeObject): KubeObject | 'again' | undefined {
  if (found.metadata.annotations?.[annotation] === 'false') return undefined
  const labels = { ...wanted.metadata.labels, ...found.metadata.labels }
  const annotations = { ...wanted.metadata.annotations, ...found.metadata.annotations }
  const whole = { ...found, metadata: { ...found.metadata, labels, annotations }, ...(isBinding(wanted) ? {} : completedRules(wanted, found)) }
  if (isBinding(wanted)) {
    const { roleRef, subjects = [] } = found as Binding
    if (!equalJson(roleRef, wanted.roleRef)) return 'again'
    const missing = (wanted.subjects ?? []).filter((subject) => !subjects.some((one) => sameSubject(one, subject)))
    if (missing.length > 0) Object.assign(whole, { subjects: [...subjects, ...missing] })
  }
  const same = equalJson({ labels: {}, annotations: {}, ...found.metadata }, whole.metadata) && equalJson({ ...found, metadata: {} }, { ...whole, metadata: {} })
  return same ? undefined : whole
}

/** The rules of a role that gathers others' are its controller's. */
function completedRules(wanted: Role, found: Role): Partial<Role> {
  if (wanted.aggregationRule) {
    const selectors = found.aggregationRule?.clusterRoleSelectors ?? []
    const missing = (wanted.aggregationRule.clusterRoleSelectors ?? []).filter((selector) => !selectors.some((one) => equalJson(one, selector)))
    return missing.length > 0 ? { aggregationRule: { clusterRoleSelectors: [...selectors, ...missing] } } : {}
  }
  if (equalJson(wanted.rules ?? [], found.rules ?? [])) return {}
  const missing = atOnce(uncovered(found.rules ?? [], wanted.rules ?? []))
  return missing.length > 0 ? { rules: [...found.rules ?? [], ...missing] } : {}
}

/** To be called when all of them are there. */
export async function reconcileRoles(registry: Registry, manifests: readonly KubeObject[]): Promise<void> {
  for (const wanted of manifests.filter(({ apiVersion }) => apiVersion?.startsWith(group))) {
    const definition = definitionFor(registry, wanted)
    const { name = '', namespace } = wanted.metadata
    const at = { name, ...(namespace ? { namespace } : {}) }
    const kept = reconciled(wanted, registry.get(definition, at))
    if (kept === undefined) continue
    const asking = { user: bootstrapUser, options: { fieldManager: 'kube-apiserver' }, ...at }
    if (kept !== 'again') {
      await registry.update(definition, { ...asking, object: kept })
      continue
    }
    await registry.delete(definition, asking).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
    await ensureObjects(registry, [wanted])
  }
}
