// The audit policy (audit.k8s.io/v1): how much of which requests is written down.
import { isJsonObject, type JsonObject } from '../api/json.ts'
import type { UserInfo } from '../api/request.ts'

const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const

export type AuditLevel = typeof levels[number]
export type AuditStage = typeof stages[number]

/** What rules look at. */
export interface AuditSubject {
  /** undefined: nobody was made out. */
  readonly user?: UserInfo
  readonly verb: string
  /** undefined for a path that is no resource. */
  readonly resource?: { readonly group: string; readonly plural: string; readonly subresource?: string; readonly namespace?: string; readonly name?: string }
  /** Without the query. */
  readonly path: string
}

export interface AuditDecision {
  readonly level: AuditLevel
  readonly omitStages: ReadonlySet<AuditStage>
  readonly omitManagedFields: boolean
}

export interface AuditPolicy {
  /** What the first rule that matches says; nothing is written down where none does. */
  decide(subject: AuditSubject): AuditDecision
}

interface ResourceRule {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

interface Rule extends AuditDecision {
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly namespaces: readonly string[]
  readonly resources: readonly ResourceRule[]
  readonly nonResourceURLs: readonly string[]
}

const nothing: AuditDecision = { level: 'None', omitStages: new Set(), omitManagedFields: false }

export const isAtLeast = (level: AuditLevel, least: AuditLevel): boolean => levels.indexOf(level) >= levels.indexOf(least)

function matchesResource({ group, resources, resourceNames }: ResourceRule, asked: NonNullable<AuditSubject['resource']>): boolean {
  if (group !== asked.group) return false
  if (resources.length === 0) return true
  if (resourceNames.length > 0 && !resourceNames.includes(asked.name ?? '')) return false
  const { plural, subresource } = asked
  const whole = subresource === undefined ? plural : `${plural}/${subresource}`
  return resources.some((one) => one === '*' || one === whole || one === `${plural}/*` || (subresource !== undefined && one === `*/${subresource}`))
}

const matchesPath = (path: string, stated: string): boolean =>
  stated === '*' || stated === path || (stated.endsWith('*') && path.startsWith(stated.replace(/\*+$/, '')))

function matches(rule: Rule, { user, verb, resource, path }: AuditSubject): boolean {
  if (rule.users.length > 0 && !rule.users.includes(user?.username ?? '')) return false
  if (rule.userGroups.length > 0 && !user?.groups.some((group) => rule.userGroups.includes(group))) return false
  if (rule.verbs.length > 0 && !rule.verbs.includes(verb)) return false
  if (rule.namespaces.length > 0 || rule.resources.length > 0) {
    if (!resource) return false
    if (rule.namespaces.length > 0 && !rule.namespaces.includes(resource.namespace ?? '')) return false
    return rule.resources.length === 0 || rule.resources.some((one) => matchesResource(one, resource))
  }
  if (rule.nonResourceURLs.length > 0) return resource === undefined && rule.nonResourceURLs.some((stated) => matchesPath(path, stated))
  return true
}

/** The policy that a file's content states. Fails with an Error that says what is wrong, and where; fields that nobody knows are only told. */
export function parseAuditPolicy(content: unknown, warn: (text: string) => void = () => undefined): AuditPolicy {
  if (!isJsonObject(content) || content.kind !== 'Policy' || content.apiVersion !== 'audit.k8s.io/v1') throw new Error('expected a Policy of audit.k8s.io/v1')
  known(content, '', warn, ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields'])
  const omitStages = stagesOf(content.omitStages, 'omitStages')
  const omitManagedFields = truthOf(content.omitManagedFields, 'omitManagedFields') ?? false
  const rules = listOf(content.rules, 'rules').map((stated, index) => ruleOf(stated, `rules[${index}]`, { omitStages, omitManagedFields, warn }))
  if (rules.length === 0) throw new Error('rules: expected at least one rule')
  return { decide: (subject) => rules.find((rule) => matches(rule, subject)) ?? nothing }
}

function ruleOf(stated: unknown, at: string, policy: { omitStages: readonly AuditStage[]; omitManagedFields: boolean; warn: (text: string) => void }): Rule {
  const { warn } = policy
  if (!isJsonObject(stated)) throw new Error(`${at}: expected an object`)
  known(stated, at, warn, ['level', 'users', 'userGroups', 'verbs', 'resources', 'namespaces', 'nonResourceURLs', 'omitStages', 'omitManagedFields'])
  const texts = (name: string): string[] => listOf(stated[name], `${at}.${name}`).map((value) => textOf(value, `${at}.${name}`))
  const rule = {
    level: oneOf(levels, stated.level, `${at}.level`),
    users: texts('users'), userGroups: texts('userGroups'), verbs: texts('verbs'), namespaces: texts('namespaces'), nonResourceURLs: texts('nonResourceURLs'),
    resources: listOf(stated.resources, `${at}.resources`).map((one, index) => resourceRuleOf(one, `${at}.resources[${index}]`, warn)),
    omitStages: new Set([...policy.omitStages, ...stagesOf(stated.omitStages, `${at}.omitStages`)]),
    omitManagedFields: truthOf(stated.omitManagedFields, `${at}.omitManagedFields`) ?? policy.omitManagedFields,
  }
  for (const [index, path] of rule.nonResourceURLs.entries()) checkPath(path, `${at}.nonResourceURLs[${index}]`)
  if (rule.nonResourceURLs.length > 0 && (rule.resources.length > 0 || rule.namespaces.length > 0)) throw new Error(`${at}: rules cannot apply to both regular resources and non-resource URLs`)
  return rule
}

function resourceRuleOf(stated: unknown, at: string, warn: (text: string) => void): ResourceRule {
  if (!isJsonObject(stated)) throw new Error(`${at}: expected an object`)
  known(stated, at, warn, ['group', 'resources', 'resourceNames'])
  const texts = (name: string): string[] => listOf(stated[name], `${at}.${name}`).map((value) => textOf(value, `${at}.${name}`))
  const rule = { group: textOf(stated.group ?? '', `${at}.group`), resources: texts('resources'), resourceNames: texts('resourceNames') }
  if (rule.group !== '' && !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(rule.group)) throw new Error(`${at}.group: expected the name of an API group without a version, found ${JSON.stringify(rule.group)}`)
  if (rule.resourceNames.length > 0 && rule.resources.length === 0) throw new Error(`${at}.resourceNames: using resourceNames requires at least one resource`)
  return rule
}

function checkPath(path: string, at: string): void {
  if (path === '*') return
  if (!path.startsWith('/')) throw new Error(`${at}: non-resource URL rules must begin with a '/' character, found ${JSON.stringify(path)}`)
  if (path.slice(0, -1).includes('*')) throw new Error(`${at}: non-resource URL wildcards '*' must be the final character of the rule, found ${JSON.stringify(path)}`)
}

const stagesOf = (value: unknown, at: string): AuditStage[] => listOf(value, at).map((one) => oneOf(stages, one, at))

function listOf(value: unknown, at: string): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Error(`${at}: expected a list`)
  return value
}

function textOf(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new Error(`${at}: expected text, found ${JSON.stringify(value)}`)
  return value
}

function truthOf(value: unknown, at: string): boolean | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw new Error(`${at}: expected true or false, found ${JSON.stringify(value)}`)
  return value
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown, at: string): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new Error(`${at}: expected one of ${allowed.join(', ')}, found ${value === undefined ? 'nothing' : JSON.stringify(value)}`)
  return found
}

function known(value: JsonObject, at: string, warn: (text: string) => void, names: readonly string[]): void {
  for (const name of Object.keys(value)) if (!names.includes(name)) warn(`unknown field ${JSON.stringify(at === '' ? name : `${at}.${name}`)}`)
}
