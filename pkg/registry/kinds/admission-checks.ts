// Checks that webhooks and policies share: rules over resources, conditions and other expressions.
import type { CelEnvironment } from '../../api/cel.ts'
import { CelCompileError } from '../../api/cel.ts'
import { qualifiedNameFaults } from '../../api/names.ts'
import { compileCondition } from '../admission-cel.ts'
import type { Errors } from './rules.ts'
import { checkOneOf, duplicate, invalid, required, tooMany } from './rules.ts'

export interface Rule {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

export interface MatchCondition {
  name?: string
  expression?: string
}

const maxConditions = 64

export function checkRules(out: Errors, path: string, rules: readonly Rule[]): void {
  for (const [index, rule] of rules.entries()) {
    const at = `${path}[${index}]`
    for (const list of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const) {
      const values = rule[list] ?? []
      if (values.length === 0) out.push(required(`${at}.${list}`))
      if (list === 'apiVersions' || list === 'resources') for (const [position, value] of values.entries()) if (value === '') out.push(required(`${at}.${list}[${position}]`))
      if (values.length > 1 && values.includes('*') && list !== 'resources') out.push(invalid(`${at}.${list}`, values, "if '*' is present, must not specify other values"))
    }
    for (const [position, operation] of (rule.operations ?? []).entries()) {
      checkOneOf(out, `${at}.operations[${position}]`, operation, ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'])
    }
    checkResources(out, `${at}.resources`, rule.resources ?? [])
    checkOneOf(out, `${at}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced'])
  }
}

/** No entry may say what a wildcard before it says already. */
function checkResources(out: Errors, path: string, resources: readonly string[]): void {
  const wildParts = new Set<string>()
  const wildOwners = new Set<string>()
  for (const [index, text] of resources.entries()) {
    const slash = text.indexOf('/')
    if (slash < 0) continue
    const [resource, part] = [text.slice(0, slash), text.slice(slash + 1)]
    if (wildParts.has(resource)) out.push(invalid(`${path}[${index}]`, text, `if '${resource}/*' is present, must not specify ${text}`))
    if (wildOwners.has(part)) out.push(invalid(`${path}[${index}]`, text, `if '*/${part}' is present, must not specify ${text}`))
    if (part === '*') wildParts.add(resource)
    if (resource === '*') wildOwners.add(part)
  }
  if (resources.length > 1 && resources.includes('*/*')) out.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
  if (resources.includes('*') && resources.some((text) => text !== '*' && text !== '' && !text.includes('/'))) {
    out.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))
  }
}

export interface ExpressionRules {
  readonly environment: () => CelEnvironment
  /** Of which the result must be one; any when left out. */
  readonly types?: readonly string[]
  readonly compile?: typeof compileCondition
}

/** Refuses what does not compile, and a known type other than the wanted ones. */
export function checkExpression(out: Errors, path: string, expression: string, { environment, types, compile = compileCondition }: ExpressionRules): void {
  try {
    const program = compile(environment(), expression)
    if (types && program.type !== 'dyn' && !types.includes(program.type)) out.push(invalid(path, expression, `must evaluate to ${types[0] ?? ''}`))
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    out.push(invalid(path, expression, error.message))
  }
}

export function checkConditions(out: Errors, path: string, conditions: readonly MatchCondition[], environment: () => CelEnvironment): void {
  if (conditions.length > maxConditions) out.push(tooMany(path, conditions.length, maxConditions))
  const seen = new Set<string>()
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    if (name === '') out.push(required(`${path}[${index}].name`))
    else for (const fault of qualifiedNameFaults(name)) out.push(invalid(`${path}[${index}].name`, name, fault))
    if (expression.trim() === '') out.push(required(`${path}[${index}].expression`))
    else checkExpression(out, `${path}[${index}].expression`, expression, { environment, types: ['bool'] })
    if (seen.has(name)) out.push(duplicate(`${path}[${index}].name`, name))
    seen.add(name)
  }
}
