// ValidatingAdmissionPolicy: admission by expressions that the cluster's own objects state.
import type { AnyObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { Awaiting, refusal } from './admission.ts'
import type { Equivalents, MatchFacts } from './admission-matching.ts'
import { isExempt } from './admission-matching.ts'
import type { Policy, PolicyBinding } from './admission-policy-compile.ts'
import { bindingSelects, compiledPolicy } from './admission-policy-compile.ts'
import { equivalentsOf, factsOf, matched, paramKindFault, paramsOf, PolicySubjects } from './admission-policy-facts.ts'
import type { Decision, PolicyResult } from './admission-policy-run.ts'
import { policyTask } from './admission-policy-tasks.ts'
import type { Definition } from './definition.ts'

const group = 'admissionregistration.k8s.io'
const policies = { group, plural: 'validatingadmissionpolicies' }
const bindings = { group, plural: 'validatingadmissionpolicybindings' }
const codes: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 }

interface Denial extends Decision {
  readonly policy: string
  /** undefined where the policy itself is wrong. */
  readonly binding?: string
}

/** What one binding of a policy finds, for each parameter. */
function resultsOf(policy: Policy, binding: PolicyBinding, as: Definition, subjects: PolicySubjects, request: AdmissionRequest): readonly PolicyResult[] {
  const ignores = policy.spec?.failurePolicy === 'Ignore'
  let params: (AnyObject | undefined)[]
  try {
    params = paramsOf(policy, binding, request)
  } catch (error) {
    if (error instanceof Awaiting) throw error
    return ignores ? [] : [{ denials: [{ message: `failed to configure binding: ${(error as Error).message}`, index: 0, always: true }], annotations: [] }]
  }
  const subject = subjects.as(as)
  return request.evaluations.run(policyTask, policy, { subject, ...(policy.spec?.paramKind ? { params: params.map((param) => param ?? null) } : {}) })
}

function deny(request: AdmissionRequest, { policy, binding, message, reason = 'Invalid' }: Denial): StatusError {
  const text = `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? '' : ` with binding '${binding}'`} denied request: ${message}`
  const { status } = refusal(request, text)
  return new StatusError(codes[reason] ?? 422, reason, status.message ?? '', { ...status.details, causes: [{ message: text }] })
}

function collect(annotations: Map<string, Set<string>>, key: string, value: string): void {
  const known = annotations.get(key)
  if (known) known.add(value)
  else annotations.set(key, new Set([value]))
}

/** Fails with StatusError when a policy denies. */
function judge(object: Readonly<AnyObject>, request: AdmissionRequest): void {
  if (isExempt(request.definition)) return
  let facts: MatchFacts | undefined
  let equivalents: Equivalents | undefined
  let subjects: PolicySubjects | undefined
  let first: Denial | undefined
  const annotations = new Map<string, Set<string>>()
  for (const binding of request.view.list<PolicyBinding>(bindings)) {
    const { policyName = '', validationActions = [], matchResources } = binding.spec ?? {}
    const policy = request.view.get<Policy>(policies, { name: policyName })
    if (!policy) continue
    facts ??= factsOf(object, request)
    equivalents ??= equivalentsOf(request)
    const as = matched(policy.spec?.matchConstraints, facts, equivalents)
    if (!as || !compiledPolicy(policy).selects(facts)) continue
    const fault = paramKindFault(policy, request)
    if (fault !== undefined) {
      if (policy.spec?.failurePolicy !== 'Ignore') first ??= { message: fault, index: 0, policy: policyName }
      continue
    }
    if (!matched(matchResources, facts, equivalents) || !bindingSelects(binding, facts)) continue
    subjects ??= new PolicySubjects(facts, request)
    const name = binding.metadata.name ?? ''
    for (const { denials, annotations: found } of resultsOf(policy, binding, as, subjects, request)) {
      for (const decision of denials) {
        const { message, index, always } = decision
        if (!always && validationActions.includes('Warn')) request.warn(`Validation failed for ValidatingAdmissionPolicy '${policyName}' with binding '${name}': ${message}`)
        if (!always && validationActions.includes('Audit')) request.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([{ message, policy: policyName, binding: name, expressionIndex: index, validationActions }]))
        if (always || validationActions.includes('Deny')) first ??= { ...decision, policy: policyName, binding: name }
      }
      if (request.annotate) for (const { key, value } of found) collect(annotations, `${policyName}/${key}`, value)
    }
  }
  for (const [key, texts] of annotations) request.annotate?.(key, [...texts].join(', '))
  if (first) throw deny(request, first)
}

export const validatingAdmissionPolicy: AdmissionPlugin = { name: 'ValidatingAdmissionPolicy', validate: judge, connect: judge }
