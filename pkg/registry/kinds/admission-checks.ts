// Checks that webhooks and policies share: rules over resources, conditions and other expressions.
import type { CelEnvironment } from '../../api/cel.ts'
import { CelCompileError } from '../../api/cel.ts'
import type { CelScope } from '../../api/cel-check.ts'
import { analyseCel } from '../../api/cel-front.ts'
import { fullTypeText } from '../../api/cel-type.ts'
import { pathSegmentFaults, qualifiedNameFaults } from '../../api/names.ts'
import { compileCondition } from '../admission-cel.ts'
import type { Errors } from './rules.ts'
import { addFaults, duplicate, invalid, notSupported, repeats, required, tooMany } from './rules.ts'

export interface Rule {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
  /** Of policies only. */
  resourceNames?: string[]
}

export interface MatchCondition {
  name?: string
  expression?: string
}

const maxConditions = 64
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const scopes = ['*', 'Cluster', 'Namespaced']

/** `*` stands alone. */
function checkList(out: Errors, path: string, values: readonly string[], others: string): void {
  if (values.length === 0) out.push(required(path))
  if (values.length > 1 && values.includes('*')) out.push(invalid(path, values, `if '*' is present, must not specify other ${others}`))
}

function checkRule(out: Errors, path: string, rule: Rule): void {
  const { operations: stated = [], apiVersions = [] } = rule
  checkList(out, `${path}.operations`, stated, 'operations')
  for (const [index, operation] of stated.entries()) if (!operations.includes(operation)) out.push(notSupported(`${path}.operations[${index}]`, operation, operations))
  checkList(out, `${path}.apiGroups`, rule.apiGroups ?? [], 'API groups')
  checkList(out, `${path}.apiVersions`, apiVersions, 'API versions')
  for (const [index, version] of apiVersions.entries()) if (version === '') out.push(required(`${path}.apiVersions[${index}]`))
  checkResources(out, `${path}.resources`, rule.resources ?? [])
  if (rule.scope !== undefined && !scopes.includes(rule.scope)) out.push(notSupported(`${path}.scope`, rule.scope, scopes))
}

export function checkRules(out: Errors, path: string, rules: readonly Rule[]): void {
  for (const [index, rule] of rules.entries()) {
    const names = rule.resourceNames ?? []
    const again = new Set(repeats(names))
    for (const [position, name] of names.entries()) {
      addFaults(out, `${path}[${index}].resourceNames[${position}]`, name, pathSegmentFaults(name))
      if (again.has(position)) out.push(duplicate(`${path}[${index}].resourceNames[${position}]`, name))
    }
    checkRule(out, `${path}[${index}]`, rule)
  }
}

/** No entry may say what a wildcard before it says already. */
function checkResources(out: Errors, path: string, resources: readonly string[]): void {
  if (resources.length === 0) out.push(required(path))
  const wildParts = new Set<string>()
  const wildOwners = new Set<string>()
  // Of those without a part, the last one counts: so it does upstream.
  let plain = false
  for (const [index, text] of resources.entries()) {
    if (text === '') out.push(required(`${path}[${index}]`))
    const slash = text.indexOf('/')
    if (slash < 0) {
      if (text !== '') plain = text !== '*'
      continue
    }
    const [resource, part] = [text.slice(0, slash), text.slice(slash + 1)]
    if (wildParts.has(resource)) out.push(invalid(`${path}[${index}]`, text, `if '${resource}/*' is present, must not specify ${text}`))
    if (wildOwners.has(part)) out.push(invalid(`${path}[${index}]`, text, `if '*/${part}' is present, must not specify ${text}`))
    if (part === '*') wildParts.add(resource)
    if (resource === '*') wildOwners.add(part)
  }
  if (resources.length > 1 && resources.includes('*/*')) out.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
  if (resources.includes('*') && plain) out.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))
}

export interface ExpressionRules {
  /** What the engine that runs expressions is told. */
  readonly environment: () => CelEnvironment
  readonly scope: CelScope
  /** Of which the result must be one, as programs write them; any when left out. */
  readonly types?: readonly string[]
  readonly compile?: typeof compileCondition
}

/** Refuses what does not compile, and other types than the wanted ones: what is only known at run time too. */
export function checkExpression(out: Errors, path: string, expression: string, { environment, scope, types, compile = compileCondition }: ExpressionRules): void {
  const refuse = (text: string): void => void out.push(invalid(path, expression, text))
  const checked = analyseCel(expression, scope)
  if (typeof checked === 'string') return refuse(`compilation failed: ${checked}`)
  const found = fullTypeText(checked.type)
  if (types && !types.includes(found)) return refuse(`must evaluate to ${types.length === 1 ? types[0] ?? '' : `one of [${types.join(' ')}]`} but got ${found}`)
  try {
    compile(environment(), expression)
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    refuse(error.message)
  }
}

export function checkConditions(out: Errors, path: string, conditions: readonly MatchCondition[], rules: Pick<ExpressionRules, 'environment' | 'scope'>): void {
  if (conditions.length > maxConditions) out.push(tooMany(path, conditions.length, maxConditions))
  const seen = new Set<string>()
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    const at = `${path}[${index}]`
    const text = expression.trim()
    if (text === '') out.push(required(`${at}.expression`))
    else checkExpression(out, `${at}.expression`, text, { ...rules, types: ['bool'] })
    if (name === '') out.push(required(`${at}.name`))
    else addFaults(out, `${at}.name`, name, qualifiedNameFaults(name))
    if (name !== '' && seen.has(name)) out.push(duplicate(`${at}.name`, name))
    seen.add(name)
  }
}
