// The kinds of admissionregistration.k8s.io: webhooks, and policies in CEL with their bindings.
import type { CelEnvironment } from '../../api/cel.ts'
import { CelCompileError } from '../../api/cel.ts'
import { equalJson } from '../../api/json.ts'
import type { KubeObject } from '../../api/object.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import { admissionEnvironment, compileCondition } from '../admission-cel.ts'
import { policyEnvironment } from '../admission-policy-compile.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, integer, nameColumn, text, unset } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import { checkDnsSubdomain, checkImmutable, checkLabelSelector, checkOneOf, checkRange, duplicate, invalid, notSupported, required, tooMany } from './rules.ts'

interface Rule {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

interface MatchCondition {
  name?: string
  expression?: string
}

interface Webhook {
  name?: string
  admissionReviewVersions?: string[]
  clientConfig?: { url?: string; caBundle?: string; service?: { name?: string; namespace?: string; path?: string; port?: number } }
  failurePolicy?: string
  matchPolicy?: string
  reinvocationPolicy?: string
  sideEffects?: string
  timeoutSeconds?: number
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  matchConditions?: MatchCondition[]
  rules?: Rule[]
}

interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[]
}

const maxConditions = 64

function checkRules(out: Errors, path: string, rules: readonly Rule[]): void {
  for (const [index, rule] of rules.entries()) {
    const at = `${path}[${index}]`
    for (const list of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const) {
      const values = rule[list] ?? []
      if (values.length === 0) out.push(required(`${at}.${list}`))
      if (values.length > 1 && values.includes('*') && list !== 'resources') out.push(invalid(`${at}.${list}`, values, "if '*' is present, must not specify other values"))
    }
    for (const [position, operation] of (rule.operations ?? []).entries()) {
      checkOneOf(out, `${at}.operations[${position}]`, operation, ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'])
    }
    checkOneOf(out, `${at}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced'])
  }
}

/** Refuses what does not compile, and a known type other than the wanted one. */
function checkExpression(out: Errors, path: string, expression: string, environment: () => CelEnvironment, type?: string): void {
  try {
    const program = compileCondition(environment(), expression)
    if (type && program.type !== type && program.type !== 'dyn') out.push(invalid(path, expression, `must evaluate to ${type}`))
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    out.push(invalid(path, expression, error.message))
  }
}

function checkConditions(out: Errors, path: string, conditions: readonly MatchCondition[], environment: () => CelEnvironment): void {
  if (conditions.length > maxConditions) out.push(tooMany(path, conditions.length, maxConditions))
  const seen = new Set<string>()
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    if (name === '') out.push(required(`${path}[${index}].name`))
    if (expression.trim() === '') out.push(required(`${path}[${index}].expression`))
    else checkExpression(out, `${path}[${index}].expression`, expression, environment, 'bool')
    if (seen.has(name)) out.push(duplicate(`${path}[${index}].name`, name))
    seen.add(name)
  }
}

function checkClient(out: Errors, path: string, client: Webhook['clientConfig']): void {
  const { url, service } = client ?? {}
  if ((url === undefined) === (service === undefined)) out.push(required(path, 'exactly one of url or service is required'))
  if (url !== undefined && !/^https:\/\/[^/?#@]+(\/[^?#]*)?$/.test(url)) {
    out.push(invalid(`${path}.url`, url, "'https' is the only allowed URL scheme; desired format: https://host[/path]"))
  }
  if (!service) return
  if (!service.name) out.push(required(`${path}.service.name`, 'service name is required'))
  if (!service.namespace) out.push(required(`${path}.service.namespace`, 'service namespace is required'))
  checkRange(out, `${path}.service.port`, service.port, 1, 65535)
}

function checkWebhook(out: Errors, path: string, hook: Webhook): void {
  const { name = '' } = hook
  if (name === '') out.push(required(`${path}.name`))
  else {
    checkDnsSubdomain(out, `${path}.name`, name)
    if (name.split('.').length < 3) out.push(invalid(`${path}.name`, name, 'should be a domain with at least three segments separated by dots'))
  }
  checkRules(out, `${path}.rules`, hook.rules ?? [])
  checkOneOf(out, `${path}.failurePolicy`, hook.failurePolicy, ['Fail', 'Ignore'])
  checkOneOf(out, `${path}.matchPolicy`, hook.matchPolicy, ['Equivalent', 'Exact'])
  if (hook.sideEffects === undefined) out.push(required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'))
  else if (hook.sideEffects !== 'None' && hook.sideEffects !== 'NoneOnDryRun') out.push(notSupported(`${path}.sideEffects`, hook.sideEffects, ['None', 'NoneOnDryRun']))
  if (hook.timeoutSeconds !== undefined && (hook.timeoutSeconds < 1 || hook.timeoutSeconds > 30)) {
    out.push(invalid(`${path}.timeoutSeconds`, hook.timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  }
  if (!hook.admissionReviewVersions?.length) out.push(required(`${path}.admissionReviewVersions`, 'must specify one of v1, v1beta1'))
  else if (!hook.admissionReviewVersions.some((version) => version === 'v1' || version === 'v1beta1')) {
    out.push(invalid(`${path}.admissionReviewVersions`, hook.admissionReviewVersions, 'must include at least one of v1, v1beta1'))
  }
  checkLabelSelector(out, `${path}.namespaceSelector`, hook.namespaceSelector)
  checkLabelSelector(out, `${path}.objectSelector`, hook.objectSelector)
  checkConditions(out, `${path}.matchConditions`, hook.matchConditions ?? [], () => admissionEnvironment())
  checkClient(out, `${path}.clientConfig`, hook.clientConfig)
}

function validateWebhooks({ webhooks = [] }: WebhookConfiguration): Errors {
  const out: Errors = []
  const names = new Set<string>()
  for (const [index, hook] of webhooks.entries()) {
    checkWebhook(out, `webhooks[${index}]`, hook)
    if (hook.name && names.has(hook.name)) out.push(duplicate(`webhooks[${index}].name`, hook.name))
    names.add(hook.name ?? '')
  }
  return out
}

function webhookKind(plural: string, mutating: boolean): Definition {
  return define(named<WebhookConfiguration>('admissionregistration.k8s.io/v1', plural), {
    generation: true,
    requireVersionOnUpdate: true,
    defaults(draft) {
      for (const hook of draft.webhooks ?? []) {
        hook.failurePolicy ??= 'Fail'
        hook.matchPolicy ??= 'Equivalent'
        hook.namespaceSelector ??= {}
        hook.objectSelector ??= {}
        hook.timeoutSeconds ??= 10
        if (mutating) hook.reinvocationPolicy ??= 'Never'
        for (const rule of hook.rules ?? []) rule.scope ??= '*'
        if (hook.clientConfig?.service) hook.clientConfig.service.port ??= 443
      }
    },
    validate: validateWebhooks,
    columns: [nameColumn, integer('Webhooks', 'Number of webhooks.', ({ webhooks = [] }) => webhooks.length), ageColumn],
  })
}

interface Policy extends KubeObject {
  status?: Record<string, unknown>
  spec: {
    failurePolicy?: string
    paramKind?: { apiVersion?: string; kind?: string }
    matchConstraints?: {
      matchPolicy?: string
      namespaceSelector?: LabelSelector
      objectSelector?: LabelSelector
      resourceRules?: Rule[]
      excludeResourceRules?: Rule[]
    }
    validations?: { expression?: string; message?: string; messageExpression?: string; reason?: string }[]
    auditAnnotations?: { key?: string; valueExpression?: string }[]
    matchConditions?: MatchCondition[]
    variables?: { name?: string; expression?: string }[]
  }
}

function defaultMatch(match: NonNullable<Policy['spec']['matchConstraints']>): void {
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...match.resourceRules ?? [], ...match.excludeResourceRules ?? []]) rule.scope ??= '*'
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized']

const policies = define(named<Policy>('admissionregistration.k8s.io/v1', 'validatingadmissionpolicies'), {
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.failurePolicy ??= 'Fail'
    if (draft.spec.matchConstraints) defaultMatch(draft.spec.matchConstraints)
  },
  // What the status controller of Kubernetes would find: the policy was looked at, and its expressions are well-typed.
  prepareCreate(draft) {
    draft.status = { observedGeneration: 1, typeChecking: {} }
  },
  prepareUpdate(draft, old) {
    if (!equalJson(draft.spec, old.spec)) draft.status = { ...draft.status, observedGeneration: (old.metadata.generation ?? 0) + 1, typeChecking: {} }
  },
  validate({ spec }) {
    const out: Errors = []
    const environment = (): CelEnvironment => policyEnvironment({ spec })
    checkOneOf(out, 'spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore'])
    if (spec.paramKind) {
      if (!spec.paramKind.apiVersion) out.push(required('spec.paramKind.apiVersion'))
      if (!spec.paramKind.kind) out.push(required('spec.paramKind.kind'))
    }
    if (!spec.matchConstraints) out.push(required('spec.matchConstraints'))
    else {
      if (!spec.matchConstraints.resourceRules?.length) out.push(required('spec.matchConstraints.resourceRules'))
      checkRules(out, 'spec.matchConstraints.resourceRules', spec.matchConstraints.resourceRules ?? [])
      checkRules(out, 'spec.matchConstraints.excludeResourceRules', spec.matchConstraints.excludeResourceRules ?? [])
      checkLabelSelector(out, 'spec.matchConstraints.namespaceSelector', spec.matchConstraints.namespaceSelector)
      checkLabelSelector(out, 'spec.matchConstraints.objectSelector', spec.matchConstraints.objectSelector)
    }
    checkConditions(out, 'spec.matchConditions', spec.matchConditions ?? [], environment)
    if (!spec.validations?.length && !spec.auditAnnotations?.length) {
      out.push(required('spec.validations', 'validations or auditAnnotations must contain at least one item'), required('spec.auditAnnotations', 'validations or auditAnnotations must contain at least one item'))
    }
    for (const [index, { expression = '', message, messageExpression, reason }] of (spec.validations ?? []).entries()) {
      if (expression.trim() === '') out.push(required(`spec.validations[${index}].expression`, 'expression is not specified'))
      else checkExpression(out, `spec.validations[${index}].expression`, expression, environment, 'bool')
      if (messageExpression) checkExpression(out, `spec.validations[${index}].messageExpression`, messageExpression, environment, 'string')
      if (message?.includes('\n')) out.push(invalid(`spec.validations[${index}].message`, message, 'message must not contain line breaks'))
      if (reason !== undefined && !reasons.includes(reason)) out.push(notSupported(`spec.validations[${index}].reason`, reason, reasons))
    }
    for (const [index, { name, expression }] of (spec.variables ?? []).entries()) {
      if (!name) out.push(required(`spec.variables[${index}].name`, 'name is not specified'))
      if (!expression) out.push(required(`spec.variables[${index}].expression`, 'expression is not specified'))
      else checkExpression(out, `spec.variables[${index}].expression`, expression, environment)
    }
    return out
  },
  columns: [
    nameColumn,
    integer('Validations', 'Number of validations.', ({ spec }) => (spec.validations ?? []).length),
    text('ParamKind', 'Kind of the parameters.', ({ spec }) => (spec.paramKind ? `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}` : unset)),
    ageColumn,
  ],
})

interface PolicyBinding extends KubeObject {
  spec: {
    policyName?: string
    paramRef?: { name?: string; namespace?: string; selector?: LabelSelector; parameterNotFoundAction?: string }
    matchResources?: Policy['spec']['matchConstraints']
    validationActions?: string[]
  }
}

const bindings = define(named<PolicyBinding>('admissionregistration.k8s.io/v1', 'validatingadmissionpolicybindings'), {
  generation: true,
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    if (draft.spec.matchResources) defaultMatch(draft.spec.matchResources)
  },
  validate({ spec }, old) {
    const out: Errors = []
    if (!spec.policyName) out.push(required('spec.policyName'))
    if (!spec.validationActions?.length) out.push(required('spec.validationActions', 'at least one validation action is required'))
    for (const [index, action] of (spec.validationActions ?? []).entries()) {
      checkOneOf(out, `spec.validationActions[${index}]`, action, ['Audit', 'Deny', 'Warn'])
      if (spec.validationActions?.indexOf(action) !== index) out.push(duplicate(`spec.validationActions[${index}]`, action))
    }
    if (spec.validationActions?.includes('Deny') && spec.validationActions.includes('Warn')) {
      out.push(invalid('spec.validationActions', spec.validationActions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'))
    }
    const { paramRef } = spec
    if (paramRef) {
      if (paramRef.name && paramRef.selector) out.push({ field: 'spec.paramRef.name', reason: 'FieldValueForbidden', text: 'Forbidden: name and selector are mutually exclusive' })
      else if (!paramRef.name && !paramRef.selector) out.push(required('spec.paramRef', 'one of name or selector must be specified'))
      checkOneOf(out, 'spec.paramRef.parameterNotFoundAction', paramRef.parameterNotFoundAction, ['Allow', 'Deny'])
    }
    if (old) checkImmutable(out, 'spec.policyName', spec.policyName, old.spec.policyName)
    return out
  },
  columns: [
    nameColumn,
    text('PolicyName', 'Policy that is bound.', ({ spec }) => spec.policyName ?? ''),
    text('ParamRef', 'Where the parameters are.', ({ spec: { paramRef } }) => {
      if (!paramRef) return unset
      const name = paramRef.name || '*'
      return paramRef.namespace ? `${paramRef.namespace}/${name}` : name
    }),
    ageColumn,
  ],
})

const all: readonly Definition[] = [
  webhookKind('mutatingwebhookconfigurations', true), policies, bindings, webhookKind('validatingwebhookconfigurations', false),
]
export default all
