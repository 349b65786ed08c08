// What one RBAC rule allows, and which rules cover which.
import type { PolicyRule } from '../api/types-auth.ts'
import type { Attributes, PathAttributes, ResourceAttributes } from './authorizer.ts'
import type { Parts } from '../util/slices.ts'
import { goQuotedList } from '../util/go-text.ts'

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  return 'path' in attributes ? pathAllowed(rule, attributes) : resourceAllowed(rule, attributes)
}

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value))

function resourceAllowed(rule: PolicyRule, wanted: ResourceAttributes): boolean {
  return has(rule.verbs, wanted.verb)
    && has(rule.apiGroups, wanted.group)
    && resourceMatches(rule.resources ?? [], wanted.resource, wanted.subresource)
    && (!rule.resourceNames?.length || rule.resourceNames.includes(wanted.name ?? ''))
}

/** `*` is everything, `pods/exec` that subresource, `*` plus `/scale` the subresource of every resource; there is no `pods/*`. */
function resourceMatches(resources: readonly string[], resource: string, subresource: string | undefined): boolean {
  if (resources.includes('*')) return true
  if (!subresource) return resources.includes(resource)
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`)
}

function pathAllowed(rule: PolicyRule, wanted: PathAttributes): boolean {
  return has(rule.verbs, wanted.verb) && (rule.nonResourceURLs ?? []).some((url) => pathMatches(url, wanted.path))
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''))
}

/** The smallest rules that a rule consists of: one group, resource and verb (and name), or one path and verb. */
function* atoms(rule: PolicyRule): Generator<PolicyRule, void> {
  for (const verb of rule.verbs) {
    const verbs = [verb]
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const atom = { apiGroups: [group], resources: [resource], verbs }
        if (rule.resourceNames?.length) for (const name of rule.resourceNames) yield { ...atom, resourceNames: [name] }
        else yield atom
      }
    }
    for (const url of rule.nonResourceURLs ?? []) yield { nonResourceURLs: [url], verbs }
  }
}

function covers(owner: PolicyRule, atom: PolicyRule): boolean {
  if (!has(owner.verbs, atom.verbs[0]!)) return false
  if (atom.nonResourceURLs) return (owner.nonResourceURLs ?? []).some((url) => pathMatches(url, atom.nonResourceURLs![0]!))
  const [resource = '', subresource] = atom.resources![0]!.split('/')
  const held = owner.resources ?? []
  return has(owner.apiGroups, atom.apiGroups![0]!)
    && (held.includes('*') || held.includes(atom.resources![0]!) || (subresource !== undefined && held.includes(`*/${subresource}`) && resource !== ''))
    && (!owner.resourceNames?.length || (atom.resourceNames !== undefined && owner.resourceNames.includes(atom.resourceNames[0]!)))
}

const stride = 64

/** What `wanted` allows and `held` does not, with the verbs of equal rules about resources joined. */
export function* uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): Parts<PolicyRule[]> {
  const missing = new Map<string, { readonly rest: Omit<PolicyRule, 'verbs'>; readonly verbs: Set<string> }>()
  // Both may be many: only rules that may cover it are asked about an atom.
  const named = new Map<string, PolicyRule[]>()
  const others: PolicyRule[] = []
  let count = 0
  for (const rule of held) {
    if (++count % stride === 0) yield
    const { resources = [] } = rule
    if (resources.length === 0 || rule.nonResourceURLs?.length || resources.some((resource) => resource.includes('*'))) {
      others.push(rule)
      continue
    }
    for (const resource of new Set(resources)) {
      const known = named.get(resource)
      if (known) known.push(rule)
      else named.set(resource, [rule])
    }
  }
  for (const rule of wanted) {
    for (const atom of atoms(rule)) {
      const [resource = ''] = atom.resources ?? []
      const about = named.get(resource) ?? []
      // As many steps as there are rules to ask.
      count += 1 + others.length + about.length
      if (count >= stride) {
        count = 0
        yield
      }
      if (others.some((owner) => covers(owner, atom)) || about.some((owner) => covers(owner, atom))) continue
      const { verbs, ...rest } = atom
      const key = JSON.stringify(atom.nonResourceURLs ? atom : rest)
      const known = missing.get(key)
      if (known) for (const verb of verbs) known.verbs.add(verb)
      else missing.set(key, { rest, verbs: new Set(verbs) })
    }
  }
  return [...missing.values()].map(({ rest, verbs }) => ({ ...rest, verbs: [...verbs] }))
}

/** A rule as Kubernetes prints it: `{APIGroups:["apps"], Resources:["deployments"], Verbs:["create"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups], ['Resources', rule.resources], ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames], ['Verbs', rule.verbs],
  ]
  return `{${parts.filter(([, list]) => list?.length).map(([name, list]) => `${name}:${goQuotedList(list!)}`).join(', ')}}`
}
