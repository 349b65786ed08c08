// Checks of flow schemas and priority levels, among them the rules for those that every cluster must have as they are.
import { dnsLabelFaults, dnsSubdomainFaults } from '../../api/names.ts'
import type { Condition } from '../../api/types-common.ts'
import type { FlowNonResourceRule, FlowResourceRule, FlowRule, FlowSchema, FlowSubject, PriorityLevel } from '../../api/types-flow-control.ts'
import { mandatoryLevels, mandatorySchemas } from './mandatory-flow.ts'
import type { Errors } from './rules.ts'
import { addFaults, duplicate, forbiddenField, invalid, notSupported, required, same } from './rules.ts'

/** As the API's own form is shown: Go's field names. */
function inGoNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inGoNames)
  if (typeof value !== 'object' || value === null) return value
  const named = (name: string): string => (name === 'apiGroups' ? 'APIGroups' : name.charAt(0).toUpperCase() + name.slice(1))
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [named(name), inGoNames(part)]))
}

function checkConditions(out: Errors, conditions: readonly Partial<Condition>[] = []): void {
  const seen = new Set<string>()
  for (const [index, { type = '' }] of conditions.entries()) {
    if (seen.has(type)) out.push(duplicate(`status.conditions[${index}].type`, type))
    seen.add(type)
    if (type === '') out.push(required(`status.conditions[${index}].type`, 'must not be empty'))
  }
}

const kinds = ['Group', 'ServiceAccount', 'User']

function checkAccount(out: Errors, path: string, account: FlowSubject['serviceAccount']): void {
  if (!account) return void out.push(required(path, "serviceAccount is required when subject kind is 'ServiceAccount'"))
  const { name = '', namespace = '' } = account
  if (name === '') out.push(required(`${path}.name`))
  else if (name !== '*') addFaults(out, `${path}.name`, name, dnsSubdomainFaults(name))
  if (namespace === '') out.push(required(`${path}.namespace`, 'must specify namespace for service account'))
  else addFaults(out, `${path}.namespace`, namespace, dnsLabelFaults(namespace))
}

function checkNamed(out: Errors, path: string, named: { readonly name?: string } | undefined, words: readonly [field: string, kind: string]): void {
  if (!named) out.push(required(path, `${words[0]} is required when subject kind is '${words[1]}'`))
  else if (!named.name) out.push(required(`${path}.name`))
}

function checkSubject(out: Errors, path: string, subject: FlowSubject): void {
  const { kind = '' } = subject
  if (!kinds.includes(kind)) return void out.push(notSupported(`${path}.kind`, kind, kinds))
  if (kind === 'ServiceAccount') checkAccount(out, `${path}.serviceAccount`, subject.serviceAccount)
  else if (kind === 'User') checkNamed(out, `${path}.user`, subject.user, ['user', kind])
  else checkNamed(out, `${path}.group`, subject.group, ['group', kind])
  for (const [field, owner] of [['serviceAccount', 'ServiceAccount'], ['user', 'User'], ['group', 'Group']] as const) {
    if (kind !== owner && subject[field]) out.push(forbiddenField(`${path}.${field}`, `${field} is forbidden when subject kind is not '${owner}'`))
  }
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

function checkVerbs(out: Errors, path: string, stated: readonly string[]): void {
  if (stated.length === 0) out.push(required(path, 'verbs must contain at least one value'))
  else if (stated.includes('*')) checkAlone(out, path, stated, 'verbs')
  else if (!stated.every((verb) => verbs.includes(verb))) out.push(notSupported(path, stated, verbs))
}

function checkAlone(out: Errors, path: string, stated: readonly string[], others: string): void {
  if (stated.length > 1 && stated.includes('*')) out.push(invalid(path, stated, `if '*' is present, must not specify other ${others}`))
}

function checkResourceRule(out: Errors, path: string, rule: FlowResourceRule): void {
  const { apiGroups = [], resources = [], namespaces = [] } = rule
  checkVerbs(out, `${path}.verbs`, rule.verbs ?? [])
  if (apiGroups.length === 0) out.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  checkAlone(out, `${path}.apiGroups`, apiGroups, 'api groups')
  if (resources.length === 0) out.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  checkAlone(out, `${path}.resources`, resources, 'resources')
  if (namespaces.length === 0 && !rule.clusterScope) out.push(required(`${path}.namespaces`, 'resource rules that are not cluster scoped must supply at least one namespace'))
  if (namespaces.includes('*')) return checkAlone(out, `${path}.namespaces`, namespaces, 'namespaces')
  for (const [index, name] of namespaces.entries()) {
    addFaults(out, `${path}.namespaces[${index}]`, name, dnsLabelFaults(name).map((fault) => `each member of this list must be '*' or a DNS-1123 label; ${fault}`))
  }
}

function pathFault(path: string): string | undefined {
  if (path === '') return 'must not be empty'
  if (path === '/') return undefined
  if (!path.startsWith('/')) return 'must start with slash'
  if (path.includes(' ')) return 'must not contain white-space'
  if (path.includes('//')) return 'must not contain double slash'
  return path.includes('*') && path.indexOf('*') !== path.length - 1 || path.endsWith('*') && !path.endsWith('/*') ? 'wildcard can only do suffix matching' : undefined
}

function checkPathRule(out: Errors, path: string, { verbs: stated = [], nonResourceURLs: urls = [] }: FlowNonResourceRule): void {
  checkVerbs(out, `${path}.verbs`, stated)
  const at = `${path}.nonResourceURLs`
  if (urls.length === 0) out.push(required(at, 'nonResourceURLs must contain at least one value'))
  if (urls.includes('*')) return checkAlone(out, at, urls, 'non-resource URLs')
  for (const [index, url] of urls.entries()) {
    const fault = pathFault(url)
    if (fault) out.push(invalid(`${at}[${index}]`, url, fault))
  }
}

function checkRule(out: Errors, path: string, { subjects = [], resourceRules = [], nonResourceRules = [] }: FlowRule): void {
  for (const [index, subject] of subjects.entries()) checkSubject(out, `${path}.subjects[${index}]`, subject)
  if (subjects.length === 0) out.push(required(`${path}.subjects`, 'subjects must contain at least one value'))
  if (resourceRules.length === 0 && nonResourceRules.length === 0) out.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  for (const [index, rule] of resourceRules.entries()) checkResourceRule(out, `${path}.resourceRules[${index}]`, rule)
  for (const [index, rule] of nonResourceRules.entries()) checkPathRule(out, `${path}.nonResourceRules[${index}]`, rule)
}

const highestPrecedence = 10_000
const methods = ['ByNamespace', 'ByUser']

export function flowSchemaErrors({ metadata: { name = '' }, spec, status }: FlowSchema): Errors {
  const out: Errors = []
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method } = spec
  const at = 'spec.matchingPrecedence'
  if (precedence <= 0) out.push(invalid(at, precedence, 'must be a positive value'))
  if (precedence > highestPrecedence) out.push(invalid(at, precedence, `must not be greater than ${highestPrecedence}`))
  if (precedence === 1 && name !== 'exempt') out.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  if (method && !methods.includes(method.type ?? '')) out.push(notSupported('spec.distinguisherMethod.type', { Type: method.type ?? '' }, methods))
  const level = spec.priorityLevelConfiguration?.name ?? ''
  if (level === '') out.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'))
  else addFaults(out, 'spec.priorityLevelConfiguration.name', level, dnsSubdomainFaults(level))
  for (const [index, rule] of (spec.rules ?? []).entries()) checkRule(out, `spec.rules[${index}]`, rule)
  const fixed = mandatorySchemas[name]
  if (fixed && !same(spec, fixed)) out.push(invalid('spec', inGoNames(spec), `spec of '${name}' must equal the fixed value`))
  checkConditions(out, status?.conditions)
  return out
}

function checkShares(out: Errors, path: string, { nominalConcurrencyShares: shares = 0 }: { nominalConcurrencyShares?: number }): void {
  if (shares < 0) out.push(invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'))
}

function checkLendable(out: Errors, path: string, { lendablePercent: percent = 0 }: { lendablePercent?: number }): void {
  if (percent < 0 || percent > 100) out.push(invalid(`${path}.lendablePercent`, percent, 'must be between 0 and 100, inclusive'))
}

const mostQueues = 10_000_000
const mostHashBits = 60

type Limited = NonNullable<PriorityLevel['spec']['limited']>
type Queuing = NonNullable<NonNullable<Limited['limitResponse']>['queuing']>

/** A hand of queues is dealt by one hash, which has only so many bits. */
function checkQueuing(out: Errors, path: string, { queues = 0, handSize = 0, queueLengthLimit = 0 }: Queuing): void {
  const bad = (field: string, value: number, text: string): void => void out.push(invalid(`${path}.${field}`, value, text))
  if (queueLengthLimit <= 0) bad('queueLengthLimit', queueLengthLimit, 'must be positive')
  if (queues <= 0) bad('queues', queues, 'must be positive')
  else if (queues > mostQueues) bad('queues', queues, `must not be greater than ${mostQueues}`)
  if (handSize <= 0) bad('handSize', handSize, 'must be positive')
  else if (handSize > queues) bad('handSize', handSize, `should not be greater than queues (${queues})`)
  else if (Math.ceil(Math.log2(queues) * handSize) > mostHashBits) bad('handSize', handSize, `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${mostHashBits}`)
}

function checkLimited(out: Errors, path: string, limited: Limited): void {
  checkShares(out, path, limited)
  const { type = '', queuing } = limited.limitResponse ?? {}
  const at = `${path}.limitResponse`
  if (type === 'Reject') {
    if (queuing) out.push(forbiddenField(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (type !== 'Queue') out.push(notSupported(`${at}.type`, type, ['Queue', 'Reject']))
  else if (queuing) checkQueuing(out, `${at}.queuing`, queuing)
  else out.push(required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'))
  checkLendable(out, path, limited)
  const borrowed = limited.borrowingLimitPercent
  if (typeof borrowed === 'number' && borrowed < 0) out.push(invalid(`${path}.borrowingLimitPercent`, borrowed, 'if specified, must be a non-negative integer'))
}

export function priorityLevelErrors({ metadata: { name = '' }, spec, status }: PriorityLevel): Errors {
  const out: Errors = []
  const { type = '', limited, exempt } = spec
  if ((name === 'exempt') !== (type === 'Exempt')) out.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"))
  if (type === 'Exempt') {
    if (limited) out.push(forbiddenField('spec.limited', 'must be nil if the type is not Limited'))
    if (exempt) {
      checkShares(out, 'spec.exempt', exempt)
      checkLendable(out, 'spec.exempt', exempt)
    }
  } else if (type === 'Limited') {
    if (exempt) out.push(forbiddenField('spec.exempt', 'must be nil if the type is Limited'))
    if (limited) checkLimited(out, 'spec.limited', limited)
    else out.push(required('spec.limited', 'must not be empty when type is Limited'))
  } else out.push(notSupported('spec.type', type, ['Exempt', 'Limited']))
  if (name === 'exempt' && (type !== 'Exempt' || limited)) out.push(invalid('spec', inGoNames(spec), "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"))
  if (name === 'catch-all' && !same(spec, mandatoryLevels['catch-all'])) out.push(invalid('spec', inGoNames(spec), "spec of 'catch-all' must equal the fixed value"))
  checkConditions(out, status?.conditions)
  return out
}

/** A write of the status is judged by it alone. */
export function flowStatusErrors({ status }: FlowSchema | PriorityLevel): Errors {
  const out: Errors = []
  checkConditions(out, status?.conditions)
  return out
}
