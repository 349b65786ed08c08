// Which requests a webhook or policy is about: rules over resources and operations, and selectors of namespaces and objects.
import { isJsonObject } from '../api/json.ts'
import type { SelectorObject } from '../api/label-selector.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import type { AnyObject } from '../api/object.ts'
import { namespaces } from '../api/types-config.ts'
import type { AdmissionRequest, GroupVersionKind } from './admission.ts'
import { isResource } from './admission.ts'
import type { Definition, Subresource } from './definition.ts'

export interface MatchRule {
  readonly operations?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly apiVersions?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly scope?: string
}

export interface Selectors {
  readonly namespaceSelector?: SelectorObject
  readonly objectSelector?: SelectorObject
}

export interface MatchFacts {
  readonly operation: string
  readonly definition: Definition
  readonly subresource?: string
  /** The kind of the object where that is not stored. */
  readonly body?: GroupVersionKind
  readonly name: string
  readonly namespace?: string
  readonly object?: Readonly<AnyObject>
  readonly old?: Readonly<AnyObject>
  /** Of the request's namespace; undefined for what is in none. */
  readonly namespaceObject?: AnyObject
}

const has = (list: readonly string[] | undefined, value: string): boolean => list !== undefined && (list.includes('*') || list.includes(value))

function hasResource(list: readonly string[] | undefined, plural: string, subresource: string | undefined): boolean {
  return list?.some((text) => {
    const [resource = '', sub] = text.split('/')
    return (resource === '*' || resource === plural) && (sub === '*' || sub === subresource)
  }) ?? false
}

/** A namespace is its own namespace, and yet cluster-scoped. */
function hasScope(scope: string | undefined, { resource }: Definition): boolean {
  return scope === undefined || scope === '*' || (scope === 'Namespaced') === resource.namespaced
}

export function ruleMatches(rule: MatchRule, facts: MatchFacts, as: Definition = facts.definition): boolean {
  const { group, version, plural } = as.resource
  return has(rule.operations, facts.operation) && has(rule.apiGroups, group) && has(rule.apiVersions, version)
    && hasResource(rule.resources, plural, facts.subresource) && hasScope(rule.scope, as)
    && (!rule.resourceNames?.length || rule.resourceNames.includes(facts.name))
}

/** Compiled once for each configuration object. */
export function selectorTest({ namespaceSelector, objectSelector }: Selectors): (facts: MatchFacts) => boolean {
  const ofNamespace = selectorMatcher(namespaceSelector ?? {})
  const ofObject = selectorMatcher(objectSelector ?? {})
  return (facts) => {
    if (!ofNamespace.empty) {
      const about = isResource(facts.definition, namespaces.group, namespaces.plural) ? facts.object ?? facts.old : facts.namespaceObject
      if (about && !ofNamespace.matches(about.metadata.labels)) return false
    }
    return ofObject.empty || [facts.object, facts.old].some((object) => isJsonObject(object) && ofObject.matches(object.metadata.labels))
  }
}

const exempt = new Set([
  'mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings',
])

/** What configures admission is never subject to it: no configuration may lock itself in. */
export const isExempt = ({ resource: { group, plural } }: Definition): boolean => group === 'admissionregistration.k8s.io' && exempt.has(plural)

/** The kinds under which the same stored objects are served, but `definition` itself. Made anew after the definitions change. */
export class Equivalents {
  readonly #all: () => readonly Definition[]
  #known = new Map<Definition, readonly Definition[]>()

  constructor(all: () => readonly Definition[]) {
    this.#all = all
  }

  forget(): void {
    this.#known = new Map()
  }

  of(definition: Definition): readonly Definition[] {
    let found = this.#known.get(definition)
    if (!found) {
      found = definition.storage === undefined ? [] : this.#all().filter((other) => other !== definition && other.storage === definition.storage)
      this.#known.set(definition, found)
    }
    return found
  }
}

/** The definition by whose name the rules ask for this request: its own, or with Equivalent another of the same objects. */
export function matchedDefinition(rules: readonly MatchRule[], facts: MatchFacts, matchPolicy: string | undefined, equivalents: Equivalents): Definition | undefined {
  if (rules.some((rule) => ruleMatches(rule, facts))) return facts.definition
  if (matchPolicy === 'Exact') return undefined
  const others = equivalents.of(facts.definition)
  for (const rule of rules) {
    const found = others.find((other) => ruleMatches(rule, facts, other))
    if (found) return found
  }
  return undefined
}

/** The request's namespace, from the state that the write builds on. */
export function namespaceOf({ definition, namespace, name, view }: AdmissionRequest): AnyObject | undefined {
  const within = definition.resource.namespaced ? namespace : isResource(definition, namespaces.group, namespaces.plural) ? name : undefined
  return within === undefined ? undefined : view.get(namespaces, { name: within })
}

/** The subresource when it is a thing of its own kind (Scale, Eviction …), not the object itself. */
export const viewedSubresource = ({ definition, subresource }: Pick<MatchFacts, 'definition' | 'subresource'>): Subresource | undefined =>
  subresource === undefined ? undefined : definition.subresources.find((one) => one.name === subresource && one.kind)
