// Checks that webhooks and policies share: rules over resources, conditions and other expressions.
import type { CelEnvironment } from '../../api/cel.ts'
import { CelCompileError } from '../../api/cel.ts'
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
      if (values.length > 1 && values.includes('*') && list !== 'resources') out.push(invalid(`${at}.${list}`, values, "if '*' is present, must not specify other values"))
    }
    for (const [position, operation] of (rule.operations ?? []).entries()) {
      checkOneOf(out, `${at}.operations[${position}]`, operation, ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'])
    }
    checkOneOf(out, `${at}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced'])
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
    if (expression.trim() === '') out.push(required(`${path}[${index}].expression`))
    else checkExpression(out, `${path}[${index}].expression`, expression, { environment, types: ['bool'] })
    if (seen.has(name)) out.push(duplicate(`${path}[${index}].name`, name))
    seen.add(name)
  }
}
