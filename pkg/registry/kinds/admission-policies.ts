// Admission policies in CEL and their bindings: those that validate, and those that mutate.
import { selectorInGo } from '../../api/go-print.ts'
import type { CelEnvironment } from '../../api/cel.ts'
import { compileWithMessages } from '../../api/cel-messages.ts'
import { equalJson } from '../../api/json.ts'
import type { KubeObject } from '../../api/object.ts'
import { mutationEnvironment, policyEnvironment } from '../admission-policy-compile.ts'
import { typeWarnings } from '../admission-policy-types.ts'
import type { RuleContext } from '../definition.ts'
import type { AuditAnnotation, BindingSpec, Match, Mutation, PolicySpec, PolicyStatus, Validation } from './admission-policy-checks.ts'
import { checkActions, checkAnnotations, checkBinding, checkMutable, checkMutation, checkPolicy, checkPolicyStatus, checkValidation, policyExpressions } from './admission-policy-checks.ts'
import { ageColumn, integer, nameColumn, text, unset } from './columns.ts'
import { bareStatus, define, named, subresource } from './define.ts'
import type { Errors } from './rules.ts'
import { checkOneOf, required } from './rules.ts'

interface Policy extends KubeObject {
  status?: PolicyStatus
  spec: PolicySpec & {
    validations?: Validation[]
    auditAnnotations?: AuditAnnotation[]
  }
}

interface MutatingPolicy extends KubeObject {
  spec: PolicySpec & {
    mutations?: Mutation[]
    reinvocationPolicy?: string
  }
}

function defaultMatch(match: Match): void {
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...match.resourceRules ?? [], ...match.excludeResourceRules ?? []]) rule.scope ??= '*'
}

function defaultPolicy(spec: PolicySpec): void {
  spec.failurePolicy ??= 'Fail'
  if (spec.matchConstraints) defaultMatch(spec.matchConstraints)
}

const paramKindColumn = text('ParamKind', 'Kind of the parameters.', ({ spec }: { spec: PolicySpec } & KubeObject) => (spec.paramKind ? `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}` : unset))

function typeChecking(policy: Policy, { definitions, evaluations }: RuleContext): object {
  const expressionWarnings = typeWarnings(policy, definitions(), evaluations)
  return expressionWarnings.length > 0 ? { expressionWarnings } : {}
}

export const validatingPolicies = define(named<Policy>('admissionregistration.k8s.io/v1', 'validatingadmissionpolicies'), {
  finalizers: 'any',
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    defaultPolicy(draft.spec)
  },
  // What the status controller of Kubernetes finds, at once.
  prepareCreate(draft, context) {
    draft.status = { observedGeneration: 1, typeChecking: typeChecking(draft, context) }
  },
  prepareUpdate(draft, old, context) {
    if (equalJson(draft.spec, old.spec)) return
    draft.status = { ...draft.status, observedGeneration: (old.metadata.generation ?? 0) + 1, typeChecking: typeChecking(draft, context) }
  },
  validate(policy, old) {
    const out: Errors = []
    const { spec, metadata } = policy
    const environment = (): CelEnvironment => policyEnvironment({ spec })
    checkPolicy(out, spec, { environment, old: old?.spec })
    const { validations = [], auditAnnotations = [] } = spec
    if (validations.length === 0 && auditAnnotations.length === 0) {
      for (const field of ['validations', 'auditAnnotations']) out.push(required(`spec.${field}`, 'validations or auditAnnotations must contain at least one item'))
    }
    const expressions = policyExpressions(spec, environment)
    for (const [index, validation] of validations.entries()) checkValidation(out, `spec.validations[${index}]`, validation, expressions)
    checkAnnotations(out, auditAnnotations, { ...expressions, policy: metadata.name ?? '' })
    return out
  },
  subresources: [subresource<Policy>('status', { merge: bareStatus, validate: checkPolicyStatus })],
  columns: [
    nameColumn,
    integer('Validations', 'Number of validations.', ({ spec }) => (spec.validations ?? []).length),
    paramKindColumn,
    ageColumn,
  ],
})

interface MutatingBinding extends KubeObject {
  spec: BindingSpec
}

interface PolicyBinding extends KubeObject {
  spec: BindingSpec & { validationActions?: string[] }
}

function defaultBinding(draft: { spec: BindingSpec }): void {
  draft.spec ??= {}
  if (draft.spec.matchResources) defaultMatch(draft.spec.matchResources)
}

const bindingColumns = [
  nameColumn,
  text('PolicyName', 'Policy that is bound.', ({ spec }: MutatingBinding) => spec.policyName ?? ''),
  text('ParamRef', 'Where the parameters are.', ({ spec: { paramRef } }: MutatingBinding) => {
    // Whether parameters are in namespaces isn't seen from here: without one, any is told.
    if (paramRef?.name) return `${paramRef.namespace || '*'}/${paramRef.name}`
    return paramRef?.selector ? selectorInGo(paramRef.selector) : unset
  }),
  ageColumn,
]

export const validatingBindings = define(named<PolicyBinding>('admissionregistration.k8s.io/v1', 'validatingadmissionpolicybindings'), {
  finalizers: 'any',
  generation: true,
  requireVersionOnUpdate: true,
  defaults: defaultBinding,
  validate({ spec }) {
    const out: Errors = []
    checkBinding(out, spec, 'spec.matchResources')
    checkActions(out, 'spec.validationActions', spec.validationActions ?? [])
    return out
  },
  columns: bindingColumns,
})

export const mutatingPolicies = define(named<MutatingPolicy>('admissionregistration.k8s.io/v1beta1', 'mutatingadmissionpolicies'), {
  finalizers: 'any',
  generation: true,
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    defaultPolicy(draft.spec)
  },
  validate({ spec }, old) {
    const out: Errors = []
    const environment = (): CelEnvironment => mutationEnvironment({ spec })
    checkPolicy(out, spec, { environment, old: old?.spec, compile: compileWithMessages, mutating: true })
    if (!spec.mutations?.length) out.push(required('spec.mutations', 'mutations must contain at least one item'))
    const expressions = policyExpressions(spec, environment, true)
    for (const [index, mutation] of (spec.mutations ?? []).entries()) checkMutation(out, `spec.mutations[${index}]`, mutation, expressions)
    checkOneOf(out, 'spec.reinvocationPolicy', spec.reinvocationPolicy, ['Never', 'IfNeeded'])
    return out
  },
  columns: [nameColumn, integer('Mutations', 'Number of mutations.', ({ spec }) => (spec.mutations ?? []).length), paramKindColumn, ageColumn],
})

export const mutatingBindings = define(named<MutatingBinding>('admissionregistration.k8s.io/v1beta1', 'mutatingadmissionpolicybindings'), {
  finalizers: 'any',
  generation: true,
  requireVersionOnUpdate: true,
  defaults: defaultBinding,
  validate({ spec }) {
    const out: Errors = []
    checkBinding(out, spec, 'spec.matchResources')
    checkMutable(out, 'spec.matchResources', spec.matchResources)
    return out
  },
  columns: bindingColumns,
})
