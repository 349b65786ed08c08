// Aggregated ClusterRoles: their rules are those of all roles that their selectors match.
import { equalJson } from '../api/json.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import { keyOf } from '../api/object.ts'
import { clusterRoles, type ClusterRole, type PolicyRule } from '../api/types-auth.ts'
import { controller, watches } from '../controller/controller.ts'
import { inParts, type Parts } from '../util/slices.ts'
import { canonicalText } from './template-hash.ts'

/** Rules in the order of the roles' names, each once. */
export function* aggregatedRules(role: ClusterRole, roles: readonly ClusterRole[]): Parts<PolicyRule[]> {
  const rules = new Map<string, PolicyRule>()
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    yield
    const matcher = selectorMatcher(selector)
    const chosen = roles.filter((other) => other.metadata.name !== role.metadata.name && matcher.matches(other.metadata.labels))
    for (const { rules: found } of chosen.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))) {
      for (const rule of found ?? []) {
        const text = canonicalText(rule)
        if (!rules.has(text)) rules.set(text, rule)
      }
    }
  }
  return [...rules.values()]
}

export default controller<ClusterRole>({
  name: 'clusterrole-aggregation',
  for: clusterRoles,
  // Any role may be part of any aggregated one, before or after its labels changed.
  watches: [watches(clusterRoles, (_, { informers }) => informers.for(clusterRoles).list().filter(({ aggregationRule }) => aggregationRule).map(keyOf))],
  async reconcile(_, role, { client, informers }) {
    if (!role?.aggregationRule || role.metadata.deletionTimestamp) return
    const rules = await inParts(aggregatedRules(role, [...informers.for(clusterRoles).list()]))
    if (!equalJson(rules, role.rules ?? [])) await client.update(clusterRoles, { ...role, rules })
  },
})
