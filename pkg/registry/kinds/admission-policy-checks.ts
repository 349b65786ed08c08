// Checks of admission policies in CEL and of their bindings.
import type { CelEnvironment } from '../../api/cel.ts'
import type { CelScope } from '../../api/cel-check.ts'
import { compileWithMessages } from '../../api/cel-messages.ts'
import { dnsLabel1035Faults, dnsSubdomainFaults, pathSegmentFaults, qualifiedNameFaults } from '../../api/names.ts'
import type { Condition, LabelSelector } from '../../api/types-common.ts'
import type { AdmissionNames } from '../admission-scope.ts'
import { admissionScope, variableTypes } from '../admission-scope.ts'
import type { ExpressionRules, MatchCondition, Rule } from './admission-checks.ts'
import { checkConditions, checkExpression, checkRules } from './admission-checks.ts'
import { checkStatusConditions } from './status-conditions.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkLabelSelector, checkOneOf, duplicate, forbiddenField, invalid, notSupported, repeats, required, same } from './rules.ts'

export interface Match {
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  resourceRules?: Rule[]
  excludeResourceRules?: Rule[]
}

/** What policies of both kinds state. */
export interface PolicySpec {
  failurePolicy?: string
  paramKind?: { apiVersion?: string; kind?: string }
  matchConstraints?: Match
  matchConditions?: MatchCondition[]
  variables?: { name?: string; expression?: string }[]
}

export interface Validation {
  expression?: string
  message?: string
  messageExpression?: string
  reason?: string
}

export interface AuditAnnotation {
  key?: string
  valueExpression?: string
}

export interface Mutation {
  patchType?: string
  applyConfiguration?: { expression?: string }
  jsonPatch?: { expression?: string }
}

export interface BindingSpec {
  policyName?: string
  paramRef?: { name?: string; namespace?: string; selector?: LabelSelector; parameterNotFoundAction?: string }
  matchResources?: Match
}

export interface PolicyStatus {
  observedGeneration?: number
  typeChecking?: { expressionWarnings?: { fieldRef?: string; warning?: string }[] }
  conditions?: Condition[]
}

/** What the expressions of a policy that use its variables are checked with. */
export interface PolicyExpressions {
  readonly environment: () => CelEnvironment
  readonly scope: CelScope
  readonly ofMessages: CelScope
}

export function policyExpressions({ paramKind, variables = [] }: PolicySpec, environment: () => CelEnvironment, patching = false): PolicyExpressions {
  const names: AdmissionNames = { params: Boolean(paramKind), patching }
  const types = variables.length > 0 || patching ? { variables: variableTypes(variables, names) } : {}
  return { environment, scope: admissionScope({ ...names, ...types }), ofMessages: admissionScope({ ...names, ...types, authorizer: false }) }
}

function checkMatch(out: Errors, path: string, match: Match | undefined): void {
  if (!match) return
  checkOneOf(out, `${path}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact'])
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[field]) checkLabelSelector(out, `${path}.${field}`, match[field])
    else out.push(required(`${path}.${field}`))
  }
  checkRules(out, `${path}.resourceRules`, match.resourceRules ?? [])
  checkRules(out, `${path}.excludeResourceRules`, match.excludeResourceRules ?? [])
}

const mutable = ['*', 'CONNECT', 'CREATE', 'UPDATE']

/** What is being deleted can't be changed. */
export function checkMutable(out: Errors, path: string, match: Match | undefined): void {
  for (const { operations = [] } of match?.resourceRules ?? []) {
    for (const operation of operations) if (!mutable.includes(operation)) out.push(notSupported(`${path}.resourceRules.operations`, operation, mutable))
  }
}

function checkParamKind(out: Errors, path: string, { apiVersion = '', kind = '' }: NonNullable<PolicySpec['paramKind']>): void {
  const at = `${path}.apiVersion`
  const parts = apiVersion.split('/')
  const [version = '', group = ''] = [...parts].reverse()
  if (apiVersion === '') out.push(required(at))
  else if (parts.length > 2) out.push(invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  else {
    const groupFaults = group === '' ? [] : dnsSubdomainFaults(group)
    if (groupFaults.length > 0) out.push(invalid(at, group, groupFaults.join(',')))
    const versionFaults = dnsLabel1035Faults(version)
    if (version === '') out.push(invalid(at, apiVersion, 'version must be specified'))
    else if (versionFaults.length > 0) out.push(invalid(at, version, versionFaults.join(',')))
  }
  const kindFaults = dnsLabel1035Faults(kind.toLowerCase())
  if (kind === '') out.push(required(`${path}.kind`))
  else if (kindFaults.length > 0) out.push(invalid(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${kindFaults.join(',')}`))
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const reserved = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while',
])

function checkVariables(out: Errors, variables: NonNullable<PolicySpec['variables']>, { environment, compile, names }: PolicyRules): void {
  for (const [index, { name = '', expression = '' }] of variables.entries()) {
    const at = `spec.variables[${index}]`
    if (name.trim() === '') out.push(required(`${at}.name`, 'name is not specified'))
    else if (!identifier.test(name) || reserved.has(name)) out.push(invalid(`${at}.name`, name, 'must be a valid CEL identifier'))
    if (expression.trim() === '') out.push(required(`${at}.expression`, 'expression is not specified'))
    else checkExpression(out, `${at}.expression`, expression, { environment, ...(compile ? { compile } : {}), scope: admissionScope({ ...names, variables: variableTypes(variables, names, index) }) })
  }
}

interface PolicyRules extends Pick<ExpressionRules, 'environment' | 'compile'> {
  readonly names: AdmissionNames
  readonly old: PolicySpec | undefined
  readonly mutating?: boolean
}

/** What policies of both kinds state. Conditions that an update leaves alone are not compiled again. */
export function checkPolicy(out: Errors, spec: PolicySpec, { old, mutating = false, ...rules }: Omit<PolicyRules, 'names'>): void {
  checkOneOf(out, 'spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore'])
  if (spec.paramKind) checkParamKind(out, 'spec.paramKind', spec.paramKind)
  const path = 'spec.matchConstraints'
  if (!spec.matchConstraints) out.push(required(path))
  else {
    checkMatch(out, path, spec.matchConstraints)
    if (!spec.matchConstraints.resourceRules?.length) out.push(required(`${path}.resourceRules`))
    if (mutating) checkMutable(out, path, spec.matchConstraints)
  }
  const untouched = old && same(spec.paramKind, old.paramKind) && same(spec.matchConditions, old.matchConditions)
  if (!untouched) checkConditions(out, 'spec.matchConditions', spec.matchConditions ?? [], { environment: rules.environment, scope: admissionScope({ params: Boolean(spec.paramKind) }) })
  checkVariables(out, spec.variables ?? [], { ...rules, old, names: { params: Boolean(spec.paramKind), patching: mutating } })
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const lineBreak = /[\r\n]/

export function checkValidation(out: Errors, path: string, { expression = '', message = '', messageExpression = '', reason }: Validation, rules: PolicyExpressions): void {
  const { environment, scope } = rules
  if (expression.trim() === '') out.push(required(`${path}.expression`, 'expression is not specified'))
  else checkExpression(out, `${path}.expression`, expression, { environment, scope, types: ['bool'] })
  if (messageExpression.trim() !== '') checkExpression(out, `${path}.messageExpression`, messageExpression, { environment, scope: rules.ofMessages, types: ['string'] })
  else if (messageExpression !== '') out.push(invalid(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'))
  if (message !== '' && message.trim() === '') out.push(invalid(`${path}.message`, message, 'must be non-empty if specified'))
  else if (lineBreak.test(message.trim())) out.push(invalid(`${path}.message`, message, 'must not contain line breaks'))
  if (reason !== undefined && !reasons.includes(reason)) out.push(notSupported(`${path}.reason`, reason, reasons))
}

const mostAnnotations = 20
const longestExpression = 5 * 1024

/** As the API's own form of it is shown. */
const shownAnnotation = ({ key = '', valueExpression = '' }: AuditAnnotation): object => ({ Key: key, ValueExpression: valueExpression })

/** Keys stand behind the policy's name. */
export function checkAnnotations(out: Errors, annotations: readonly AuditAnnotation[], { environment, scope, policy }: PolicyExpressions & { policy: string }): void {
  const path = 'spec.auditAnnotations'
  if (annotations.length > mostAnnotations) out.push(invalid(path, annotations.map(shownAnnotation), `must not have more than ${mostAnnotations} auditAnnotations`))
  const keys = new Set<string>()
  for (const [index, { key = '', valueExpression = '' }] of annotations.entries()) {
    const at = `${path}[${index}]`
    if (policy === '') out.push(invalid(`${at}.key`, key, 'requires metadata.name be non-empty'))
    else addFaults(out, `${at}.key`, `${policy}/${key}`, qualifiedNameFaults(`${policy}/${key}`))
    const expression = valueExpression.trim()
    if (expression === '') out.push(required(`${at}.valueExpression`, 'valueExpression is not specified'))
    else if (Buffer.byteLength(expression) > longestExpression) out.push(required(`${at}.valueExpression`, `must not exceed ${longestExpression} bytes in length`))
    else checkExpression(out, `${at}.valueExpression`, valueExpression, { environment, scope, types: ['string', 'null_type'] })
    if (keys.has(key)) out.push(duplicate(`${at}.key`, key))
    keys.add(key)
  }
}

const patches = {
  ApplyConfiguration: { field: 'applyConfiguration', other: 'jsonPatch', type: 'Object' },
  JSONPatch: { field: 'jsonPatch', other: 'applyConfiguration', type: 'list(JSONPatch)' },
} as const

export function checkMutation(out: Errors, path: string, mutation: Mutation, { environment, scope }: PolicyExpressions): void {
  const { patchType } = mutation
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') return checkOneOf(out, `${path}.patchType`, patchType, Object.keys(patches))
  const { field, other, type } = patches[patchType]
  const stated = mutation[field]
  const expression = stated?.expression?.trim() ?? ''
  if (!stated) out.push(required(`${path}.${field}`, `must be specified when patchType is ${patchType}`))
  else if (expression === '') out.push(required(`${path}.${field}.expression`))
  else checkExpression(out, `${path}.${field}.expression`, expression, { environment, scope, types: [type], compile: compileWithMessages })
  if (mutation[other]) out.push(invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`))
}

function checkParams(out: Errors, path: string, { name = '', selector, parameterNotFoundAction }: NonNullable<BindingSpec['paramRef']>): void {
  const exclusive = 'name and selector are mutually exclusive'
  if (name !== '') {
    addFaults(out, `${path}.name`, name, pathSegmentFaults(name))
    if (selector) out.push(forbiddenField(`${path}.name`, exclusive))
  }
  if (selector) {
    checkLabelSelector(out, `${path}.selector`, selector)
    if (name !== '') out.push(forbiddenField(`${path}.selector`, exclusive))
  }
  if (name === '' && !selector) out.push(required(path, 'one of name or selector must be specified'))
  checkOneOf(out, `${path}.parameterNotFoundAction`, parameterNotFoundAction, ['Deny', 'Allow'])
}

export function checkBinding(out: Errors, { policyName = '', paramRef, matchResources }: BindingSpec, matchPath: string): void {
  if (policyName === '') out.push(required('spec.policyName'))
  else addFaults(out, 'spec.policyName', policyName, dnsSubdomainFaults(policyName))
  if (paramRef) checkParams(out, 'spec.paramRef', paramRef)
  checkMatch(out, matchPath, matchResources)
}

export function checkActions(out: Errors, path: string, actions: readonly string[]): void {
  const known = ['Audit', 'Deny', 'Warn']
  const again = new Set(repeats(actions))
  for (const [index, action] of actions.entries()) {
    if (!known.includes(action)) out.push(notSupported(`${path}[${index}]`, action, known))
    if (again.has(index)) out.push(duplicate(`${path}[${index}]`, action))
  }
  if (actions.includes('Deny') && actions.includes('Warn')) {
    out.push(invalid(path, actions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'))
  }
  if (actions.length === 0) out.push(required(path, 'at least one validation action is required'))
}

export function checkPolicyStatus({ status }: { status?: PolicyStatus }): Errors {
  const out: Errors = []
  const path = 'status.typeChecking.expressionWarnings'
  for (const [index, { warning = '', fieldRef = '' }] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    if (warning === '') out.push(required(`${path}[${index}].warning`))
    if (fieldRef.trim() === '') out.push(required(`${path}[${index}].fieldRef`))
  }
  checkStatusConditions(out, 'status.conditions', status?.conditions ?? [])
  return out
}
