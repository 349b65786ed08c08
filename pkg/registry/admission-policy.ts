// ValidatingAdmissionPolicy: admission by expressions that the cluster's own objects state.
import { selectorMatcher } from '../api/label-selector.ts'
import type { AnyObject } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { anyValue } from '../api/cel-schema.ts'
import { StatusError } from '../api/status-error.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { refusal } from './admission.ts'
import { authorizerValue } from './admission-authorizer.ts'
import { celVariables } from './admission-cel.ts'
import type { MatchFacts } from './admission-matching.ts'
import { Equivalents, isExempt, matchedDefinition, namespaceOf, viewedSubresource } from './admission-matching.ts'
import type { MatchResources, Policy, PolicyBinding } from './admission-policy-compile.ts'
import { bindingSelects, compiledPolicy } from './admission-policy-compile.ts'
import type { Decision } from './admission-policy-run.ts'
import { runPolicy } from './admission-policy-run.ts'
import { reviewRequest } from './admission-review.ts'
import type { Definition } from './definition.ts'
import { converted } from './version-conversion.ts'

const group = 'admissionregistration.k8s.io'
const policies = { group, plural: 'validatingadmissionpolicies' }
const bindings = { group, plural: 'validatingadmissionpolicybindings' }
const codes: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 }

interface Denial extends Decision {
  readonly policy: string
  readonly binding: string
}

/** The definitions that serve the same objects are told by the request's view. */
function equivalentsOf({ definition, view }: AdmissionRequest): Equivalents {
  return new Equivalents(() => view.definitions().filter(({ storage }) => storage === definition.storage))
}

function matched(match: MatchResources | undefined, facts: MatchFacts, equivalents: Equivalents): Definition | undefined {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = match ?? {}
  if (excludeResourceRules.length > 0 && matchedDefinition(excludeResourceRules, facts, matchPolicy, equivalents)) return undefined
  return resourceRules.length === 0 ? facts.definition : matchedDefinition(resourceRules, facts, matchPolicy, equivalents)
}

/** Fails with an Error that says what is wrong with the policy or its binding. undefined stands for no parameter at all. */
function paramsOf(policy: Policy, binding: PolicyBinding, { view, namespace }: AdmissionRequest): (AnyObject | undefined)[] {
  const { apiVersion = '', kind = '' } = policy.spec?.paramKind ?? {}
  if (!policy.spec?.paramKind) return [undefined]
  const definition = view.ofKind(apiVersion, kind)
  if (!definition) throw new Error(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`)
  const { paramRef } = binding.spec ?? {}
  if (!paramRef) return [undefined]
  const { resource: { namespaced } } = definition
  if (!namespaced && paramRef.namespace) throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  const within = namespaced ? paramRef.namespace ?? namespace : undefined
  if (namespaced && !within) throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  const found = paramRef.name
    ? [view.get(definition.resource, { name: paramRef.name, ...(within ? { namespace: within } : {}) })]
    : [...view.list(definition.resource, within)].filter(({ metadata }) => selectorMatcher(paramRef.selector).matches(metadata.labels))
  const params = found.filter((one) => one !== undefined)
  if (params.length === 0 && paramRef.parameterNotFoundAction === 'Deny') throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  return params.map((one) => ({ ...(definition.convert ? definition.convert.fromStored(one) : one), kind, apiVersion: apiVersionOf(definition.resource) }))
}

/** The subject in the version that the policy asks for, as its expressions see it. */
class Values {
  readonly #facts: MatchFacts
  readonly #request: AdmissionRequest
  readonly #known = new Map<Definition, Record<string, unknown>>()

  constructor(facts: MatchFacts, request: AdmissionRequest) {
    this.#facts = facts
    this.#request = request
  }

  as(definition: Definition): Record<string, unknown> {
    let found = this.#known.get(definition)
    if (!found) this.#known.set(definition, found = this.#make(definition))
    return found
  }

  #make(as: Definition): Record<string, unknown> {
    const { definition, user, dryRun } = this.#request
    const viewed = viewedSubresource(this.#facts)
    const seen = (object: Readonly<AnyObject> | undefined): object is Readonly<AnyObject> => object !== undefined
    const shown = (object: Readonly<AnyObject>): Readonly<AnyObject> => (viewed?.view ? viewed.view(object) as AnyObject : converted(object, definition, as, this.#request.conversions))
    const { object, old, namespaceObject } = this.#facts
    const facts = {
      ...this.#facts, as, user, dryRun, ...(viewed?.kind ? { kind: viewed.kind } : {}),
      ...(seen(object) ? { object: shown(object) } : {}), ...(seen(old) ? { old: shown(old) } : {}),
    }
    const { subresource, namespace, name } = this.#facts
    const { group: requestGroup, plural } = definition.resource
    const requested = { group: requestGroup, resource: plural, name, ...(subresource ? { subresource } : {}), ...(namespace ? { namespace } : {}) }
    return {
      ...celVariables({ ...facts, ...(namespaceObject ? { namespaceObject } : {}), request: reviewRequest({ ...facts, object: undefined, old: undefined }) }),
      authorizer: authorizerValue(user, requested, this.#request.view.authorize),
    }
  }
}

/** What one binding of a policy finds. */
function denialsOf(policy: Policy, binding: PolicyBinding, as: Definition, values: Values, request: AdmissionRequest): Decision[] {
  const ignores = policy.spec?.failurePolicy === 'Ignore'
  let params: (AnyObject | undefined)[]
  try {
    params = paramsOf(policy, binding, request)
  } catch (error) {
    return ignores ? [] : [{ message: `failed to configure binding: ${(error as Error).message}` }]
  }
  return params.flatMap((param) => runPolicy(compiledPolicy(policy), { ...values.as(as), ...(policy.spec?.paramKind ? { params: anyValue(param ?? null) } : {}) }, ignores))
}

function deny(request: AdmissionRequest, { policy, binding, message, reason = 'Invalid' }: Denial): StatusError {
  const text = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${message}`
  const { status } = refusal(request, text)
  return new StatusError(codes[reason] ?? 422, reason, status.message ?? '', { ...status.details, causes: [{ message: text }] })
}

export const validatingAdmissionPolicy: AdmissionPlugin = {
  name: 'ValidatingAdmissionPolicy',
  validate(object, request) {
    if (isExempt(request.definition)) return
    let facts: MatchFacts | undefined
    let equivalents: Equivalents | undefined
    let values: Values | undefined
    let first: Denial | undefined
    for (const binding of request.view.list<PolicyBinding>(bindings)) {
      const { policyName = '', validationActions = [], matchResources } = binding.spec ?? {}
      const policy = request.view.get<Policy>(policies, { name: policyName })
      if (!policy) continue
      facts ??= factsOf(object, request)
      equivalents ??= equivalentsOf(request)
      const as = matched(policy.spec?.matchConstraints, facts, equivalents)
      if (!as || !compiledPolicy(policy).selects(facts) || !matched(matchResources, facts, equivalents) || !bindingSelects(binding, facts)) continue
      values ??= new Values(facts, request)
      const name = binding.metadata.name ?? ''
      for (const decision of denialsOf(policy, binding, as, values, request)) {
        if (validationActions.includes('Warn')) request.warn(`Validation failed for ValidatingAdmissionPolicy '${policyName}' with binding '${name}': ${decision.message}`)
        if (validationActions.includes('Deny')) first ??= { ...decision, policy: policyName, binding: name }
      }
    }
    if (first) throw deny(request, first)
  },
}

function factsOf(object: Readonly<AnyObject>, request: AdmissionRequest): MatchFacts {
  const { operation, definition, subresource, name, namespace, old } = request
  const namespaceObject = namespaceOf(request)
  return {
    operation, definition, name, ...(subresource ? { subresource } : {}), ...(namespace ? { namespace } : {}),
    ...(operation === 'DELETE' ? {} : { object }), ...(old ? { old } : {}), ...(namespaceObject ? { namespaceObject } : {}),
  }
}
