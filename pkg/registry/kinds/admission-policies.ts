// Admission policies in CEL and their bindings: those that validate, and those that mutate.
import type { CelEnvironment } from '../../api/cel.ts'
import { compileWithMessages } from '../../api/cel-messages.ts'
import { equalJson } from '../../api/json.ts'
import { qualifiedNameFaults } from '../../api/names.ts'
import type { KubeObject } from '../../api/object.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import { mutationEnvironment, policyEnvironment } from '../admission-policy-compile.ts'
import { typeWarnings } from '../admission-policy-types.ts'
import type { Definition } from '../definition.ts'
import type { MatchCondition, Rule } from './admission-checks.ts'
import { checkConditions, checkExpression, checkRules } from './admission-checks.ts'
import { ageColumn, integer, nameColumn, text, unset } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkLabelSelector, checkOneOf, duplicate, forbiddenField, invalid, notSupported, required } from './rules.ts'

interface Match {
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  resourceRules?: Rule[]
  excludeResourceRules?: Rule[]
}

/** What policies of both kinds state. */
interface PolicySpec {
  failurePolicy?: string
  paramKind?: { apiVersion?: string; kind?: string }
  matchConstraints?: Match
  matchConditions?: MatchCondition[]
  variables?: { name?: string; expression?: string }[]
}

interface Policy extends KubeObject {
  status?: Record<string, unknown>
  spec: PolicySpec & {
    validations?: { expression?: string; message?: string; messageExpression?: string; reason?: string }[]
    auditAnnotations?: { key?: string; valueExpression?: string }[]
  }
}

interface MutatingPolicy extends KubeObject {
  spec: PolicySpec & {
    mutations?: { patchType?: string; applyConfiguration?: { expression?: string }; jsonPatch?: { expression?: string } }[]
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

type Environment = () => CelEnvironment

function checkPolicy(out: Errors, spec: PolicySpec, environment: Environment): void {
  const { paramKind, matchConstraints } = spec
  checkOneOf(out, 'spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore'])
  if (paramKind) {
    if (!paramKind.apiVersion) out.push(required('spec.paramKind.apiVersion'))
    if (!paramKind.kind) out.push(required('spec.paramKind.kind'))
  }
  if (!matchConstraints) out.push(required('spec.matchConstraints'))
  else {
    if (!matchConstraints.resourceRules?.length) out.push(required('spec.matchConstraints.resourceRules'))
    checkRules(out, 'spec.matchConstraints.resourceRules', matchConstraints.resourceRules ?? [])
    checkRules(out, 'spec.matchConstraints.excludeResourceRules', matchConstraints.excludeResourceRules ?? [])
    checkLabelSelector(out, 'spec.matchConstraints.namespaceSelector', matchConstraints.namespaceSelector)
    checkLabelSelector(out, 'spec.matchConstraints.objectSelector', matchConstraints.objectSelector)
  }
  checkConditions(out, 'spec.matchConditions', spec.matchConditions ?? [], environment)
}

function checkVariables(out: Errors, variables: PolicySpec['variables'], environment: Environment, compile?: typeof compileWithMessages): void {
  for (const [index, { name, expression }] of (variables ?? []).entries()) {
    if (!name) out.push(required(`spec.variables[${index}].name`, 'name is not specified'))
    if (!expression) out.push(required(`spec.variables[${index}].expression`, 'expression is not specified'))
    else checkExpression(out, `spec.variables[${index}].expression`, expression, { environment, compile })
  }
}

const mostAnnotations = 20

function checkAnnotations(out: Errors, annotations: NonNullable<Policy['spec']['auditAnnotations']>, environment: Environment): void {
  const path = 'spec.auditAnnotations'
  if (annotations.length > mostAnnotations) out.push(invalid(path, annotations, `must not have more than ${mostAnnotations} auditAnnotations`))
  const keys = new Set<string>()
  for (const [index, { key = '', valueExpression = '' }] of annotations.entries()) {
    if (key === '') out.push(required(`${path}[${index}].key`))
    else for (const fault of qualifiedNameFaults(key)) out.push(invalid(`${path}[${index}].key`, key, fault))
    if (keys.has(key)) out.push(duplicate(`${path}[${index}].key`, key))
    keys.add(key)
    if (valueExpression.trim() === '') out.push(required(`${path}[${index}].valueExpression`, 'valueExpression is not specified'))
    else checkExpression(out, `${path}[${index}].valueExpression`, valueExpression, { environment, types: ['string', 'null'] })
  }
}

const paramKindColumn = text('ParamKind', 'Kind of the parameters.', ({ spec }: { spec: PolicySpec } & KubeObject) => (spec.paramKind ? `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}` : unset))

function typeChecking(policy: Policy, definitions: readonly Definition[]): object {
  const expressionWarnings = typeWarnings(policy, definitions)
  return expressionWarnings.length > 0 ? { expressionWarnings } : {}
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized']

export const validatingPolicies = define(named<Policy>('admissionregistration.k8s.io/v1', 'validatingadmissionpolicies'), {
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    defaultPolicy(draft.spec)
  },
  // What the status controller of Kubernetes finds, at once.
  prepareCreate(draft, { definitions }) {
    draft.status = { observedGeneration: 1, typeChecking: typeChecking(draft, definitions()) }
  },
  prepareUpdate(draft, old, { definitions }) {
    if (equalJson(draft.spec, old.spec)) return
    draft.status = { ...draft.status, observedGeneration: (old.metadata.generation ?? 0) + 1, typeChecking: typeChecking(draft, definitions()) }
  },
  validate({ spec }) {
    const out: Errors = []
    const environment = (): CelEnvironment => policyEnvironment({ spec })
    checkPolicy(out, spec, environment)
    if (!spec.validations?.length && !spec.auditAnnotations?.length) {
      out.push(required('spec.validations', 'validations or auditAnnotations must contain at least one item'), required('spec.auditAnnotations', 'validations or auditAnnotations must contain at least one item'))
    }
    for (const [index, { expression = '', message, messageExpression, reason }] of (spec.validations ?? []).entries()) {
      if (expression.trim() === '') out.push(required(`spec.validations[${index}].expression`, 'expression is not specified'))
      else checkExpression(out, `spec.validations[${index}].expression`, expression, { environment, types: ['bool'] })
      if (messageExpression) checkExpression(out, `spec.validations[${index}].messageExpression`, messageExpression, { environment, types: ['string'] })
      if (message?.includes('\n')) out.push(invalid(`spec.validations[${index}].message`, message, 'message must not contain line breaks'))
      if (reason !== undefined && !reasons.includes(reason)) out.push(notSupported(`spec.validations[${index}].reason`, reason, reasons))
    }
    checkVariables(out, spec.variables, environment)
    checkAnnotations(out, spec.auditAnnotations ?? [], environment)
    return out
  },
  columns: [
    nameColumn,
    integer('Validations', 'Number of validations.', ({ spec }) => (spec.validations ?? []).length),
    paramKindColumn,
    ageColumn,
  ],
})

interface BindingSpec {
  policyName?: string
  paramRef?: { name?: string; namespace?: string; selector?: LabelSelector; parameterNotFoundAction?: string }
  matchResources?: Match
}

interface MutatingBinding extends KubeObject {
  spec: BindingSpec
}

interface PolicyBinding extends KubeObject {
  spec: BindingSpec & { validationActions?: string[] }
}

function checkBinding(out: Errors, spec: BindingSpec, old: BindingSpec | undefined): void {
  const { paramRef } = spec
  if (!spec.policyName) out.push(required('spec.policyName'))
  if (paramRef) {
    if (paramRef.name && paramRef.selector) out.push({ field: 'spec.paramRef.name', reason: 'FieldValueForbidden', text: 'Forbidden: name and selector are mutually exclusive' })
    else if (!paramRef.name && !paramRef.selector) out.push(required('spec.paramRef', 'one of name or selector must be specified'))
    checkOneOf(out, 'spec.paramRef.parameterNotFoundAction', paramRef.parameterNotFoundAction, ['Allow', 'Deny'])
  }
  if (old) checkImmutable(out, 'spec.policyName', spec.policyName, old.policyName)
}

function defaultBinding(draft: { spec: BindingSpec }): void {
  draft.spec ??= {}
  if (draft.spec.matchResources) defaultMatch(draft.spec.matchResources)
}

const bindingColumns = [
  nameColumn,
  text('PolicyName', 'Policy that is bound.', ({ spec }: MutatingBinding) => spec.policyName ?? ''),
  text('ParamRef', 'Where the parameters are.', ({ spec: { paramRef } }: MutatingBinding) => {
    if (!paramRef) return unset
    const name = paramRef.name || '*'
    return paramRef.namespace ? `${paramRef.namespace}/${name}` : name
  }),
  ageColumn,
]

export const validatingBindings = define(named<PolicyBinding>('admissionregistration.k8s.io/v1', 'validatingadmissionpolicybindings'), {
  generation: true,
  requireVersionOnUpdate: true,
  defaults: defaultBinding,
  validate({ spec }, old) {
    const out: Errors = []
    checkBinding(out, spec, old?.spec)
    if (!spec.validationActions?.length) out.push(required('spec.validationActions', 'at least one validation action is required'))
    for (const [index, action] of (spec.validationActions ?? []).entries()) {
      checkOneOf(out, `spec.validationActions[${index}]`, action, ['Audit', 'Deny', 'Warn'])
      if (spec.validationActions?.indexOf(action) !== index) out.push(duplicate(`spec.validationActions[${index}]`, action))
    }
    if (spec.validationActions?.includes('Deny') && spec.validationActions.includes('Warn')) {
      out.push(invalid('spec.validationActions', spec.validationActions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'))
    }
    return out
  },
  columns: bindingColumns,
})

const patchTypes = { ApplyConfiguration: { field: 'applyConfiguration', other: 'jsonPatch', types: ['Object'] }, JSONPatch: { field: 'jsonPatch', other: 'applyConfiguration', types: ['list<JSONPatch>', 'list<dyn>', 'list'] } } as const

function checkMutation(out: Errors, path: string, mutation: NonNullable<MutatingPolicy['spec']['mutations']>[number], environment: Environment): void {
  const { patchType } = mutation
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') return checkOneOf(out, `${path}.patchType`, patchType, Object.keys(patchTypes))
  const { field, other, types } = patchTypes[patchType]
  const stated = mutation[field]
  if (mutation[other]) out.push(forbiddenField(`${path}.${other}`, `must not be specified when patchType is ${patchType}`))
  if (!stated) out.push(required(`${path}.${field}`, `must be specified when patchType is ${patchType}`))
  else if (!stated.expression?.trim()) out.push(required(`${path}.${field}.expression`, 'expression is not specified'))
  else checkExpression(out, `${path}.${field}.expression`, stated.expression, { environment, types, compile: compileWithMessages })
}

export const mutatingPolicies = define(named<MutatingPolicy>('admissionregistration.k8s.io/v1beta1', 'mutatingadmissionpolicies'), {
  generation: true,
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    defaultPolicy(draft.spec)
  },
  validate({ spec }) {
    const out: Errors = []
    const environment = (): CelEnvironment => mutationEnvironment({ spec })
    checkPolicy(out, spec, environment)
    checkVariables(out, spec.variables, environment, compileWithMessages)
    if (!spec.mutations?.length) out.push(required('spec.mutations', 'mutations must contain at least one item'))
    for (const [index, mutation] of (spec.mutations ?? []).entries()) checkMutation(out, `spec.mutations[${index}]`, mutation, environment)
    checkOneOf(out, 'spec.reinvocationPolicy', spec.reinvocationPolicy, ['IfNeeded', 'Never'])
    return out
  },
  columns: [nameColumn, integer('Mutations', 'Number of mutations.', ({ spec }) => (spec.mutations ?? []).length), paramKindColumn, ageColumn],
})

export const mutatingBindings = define(named<MutatingBinding>('admissionregistration.k8s.io/v1beta1', 'mutatingadmissionpolicybindings'), {
  generation: true,
  requireVersionOnUpdate: true,
  defaults: defaultBinding,
  validate({ spec }, old) {
    const out: Errors = []
    checkBinding(out, spec, old?.spec)
    return out
  },
  columns: bindingColumns,
})
