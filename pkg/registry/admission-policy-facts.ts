// What policies of either kind have in common: which requests and parameters they are about, and what their expressions see.
import { selectorMatcher } from '../api/label-selector.ts'
import type { AnyObject } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import type { AdmissionRequest } from './admission.ts'
import { isResource } from './admission.ts'
import type { ExpressionSubject } from './admission-cel.ts'
import { expressionSubject } from './admission-cel.ts'
import type { MatchFacts } from './admission-matching.ts'
import { namespaces } from '../api/types-config.ts'
import { Equivalents, matchedDefinition, namespaceOf, viewedSubresource } from './admission-matching.ts'
import type { MatchResources, ParamKind, ParamRef } from './admission-policy-compile.ts'
import type { Definition } from './definition.ts'
import { converted } from './version-conversion.ts'

interface Parametrized {
  readonly spec?: { readonly paramKind?: ParamKind }
}

interface Bound {
  readonly spec?: { readonly paramRef?: ParamRef }
}

/** The definitions that serve the same objects are told by the request's view. */
export function equivalentsOf({ definition, view }: AdmissionRequest): Equivalents {
  return new Equivalents(() => view.definitions().filter(({ storage }) => storage === definition.storage))
}

export function matched(match: MatchResources | undefined, facts: MatchFacts, equivalents: Equivalents): Definition | undefined {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = match ?? {}
  if (excludeResourceRules.length > 0 && matchedDefinition(excludeResourceRules, facts, matchPolicy, equivalents)) return undefined
  return resourceRules.length === 0 ? facts.definition : matchedDefinition(resourceRules, facts, matchPolicy, equivalents)
}

const isNamespace = (definition: Definition): boolean => isResource(definition, namespaces.group, namespaces.plural)

/** Fails where a policy wants parameters of a kind that nobody serves. */
export function paramKindFault({ spec }: Parametrized, { view }: AdmissionRequest): string | undefined {
  const { apiVersion = '', kind = '' } = spec?.paramKind ?? {}
  if (!spec?.paramKind || view.ofKind(apiVersion, kind)) return undefined
  return `failed to configure policy: failed to find resource referenced by paramKind: '${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}'`
}

function withLabels(selector: ParamRef['selector']): (object: AnyObject) => boolean {
  const matcher = selectorMatcher(selector)
  return ({ metadata }) => matcher.matches(metadata.labels)
}

/** Fails with an Error that says what is wrong with the binding. undefined stands for no parameter at all. */
export function paramsOf(policy: Parametrized, binding: Bound, { view, definition: asked, namespace, name }: AdmissionRequest): (AnyObject | undefined)[] {
  const { apiVersion = '', kind = '' } = policy.spec?.paramKind ?? {}
  if (!policy.spec?.paramKind) return [undefined]
  const definition = view.ofKind(apiVersion, kind)
  if (!definition) return []
  const { paramRef } = binding.spec ?? {}
  if (!paramRef) return [undefined]
  const { resource: { namespaced } } = definition
  if (!namespaced && paramRef.namespace) throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  const within = namespaced ? paramRef.namespace || (isNamespace(asked) ? name : namespace) : undefined
  if (namespaced && !within) throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  const found = paramRef.name
    ? [view.get(definition.resource, { name: paramRef.name, ...(within ? { namespace: within } : {}) })]
    : view.list(definition.resource, within).filter(withLabels(paramRef.selector))
  const params = found.filter((one) => one !== undefined)
  if (params.length === 0 && paramRef.parameterNotFoundAction === 'Deny') throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  return params.map((one) => ({ ...(definition.convert ? definition.convert.fromStored(one) : one), kind, apiVersion: apiVersionOf(definition.resource) }))
}

/** The subject in the version that a policy asks for. */
export class PolicySubjects {
  readonly #facts: MatchFacts
  readonly #request: AdmissionRequest
  readonly #known = new Map<Definition, ExpressionSubject>()

  constructor(facts: MatchFacts, request: AdmissionRequest) {
    this.#facts = facts
    this.#request = request
  }

  as(definition: Definition): ExpressionSubject {
    let found = this.#known.get(definition)
    if (!found) this.#known.set(definition, found = this.#make(definition))
    return found
  }

  #make(as: Definition): ExpressionSubject {
    const { definition, user, dryRun, conversions, options } = this.#request
    const { object, old, namespaceObject } = this.#facts
    const { body } = this.#facts
    const viewed = viewedSubresource(this.#facts)
    const kind = body ?? viewed?.kind
    const shown = (one: Readonly<AnyObject>): Readonly<AnyObject> => (viewed?.view ? viewed.view(one) as AnyObject : body ? one : converted(one, definition, as, conversions))
    // Expressions about a namespace are not told of it once more.
    return expressionSubject({
      ...this.#facts, as, user, dryRun, ...(options ? { options } : {}), ...(kind ? { kind } : {}), ...(object ? { object: shown(object) } : {}), ...(old ? { old: shown(old) } : {}),
    }, isNamespace(definition) ? undefined : namespaceObject)
  }
}

export function factsOf(object: Readonly<AnyObject>, request: AdmissionRequest): MatchFacts {
  const { operation, definition, subresource, body, name, namespace, old } = request
  const namespaceObject = namespaceOf(request)
  return {
    operation, definition, name, ...(subresource ? { subresource } : {}), ...(body ? { body } : {}), ...(namespace ? { namespace } : {}),
    ...(operation === 'DELETE' ? {} : { object }), ...(old ? { old } : {}), ...(namespaceObject ? { namespaceObject } : {}),
  }
}
