// A ValidatingAdmissionPolicy, compiled.
import type { CelEnvironment, CelProgram } from '../api/cel.ts'
import { CelCompileError } from '../api/cel.ts'
import type { KubeObject } from '../api/object.ts'
import type { SelectorObject } from '../api/label-selector.ts'
import type { NamedExpression } from './admission-cel.ts'
import { admissionEnvironment, compileCondition } from './admission-cel.ts'
import type { MatchFacts, MatchRule, Selectors } from './admission-matching.ts'
import { selectorTest } from './admission-matching.ts'

export interface MatchResources extends Selectors {
  readonly matchPolicy?: string
  readonly resourceRules?: readonly MatchRule[]
  readonly excludeResourceRules?: readonly MatchRule[]
}

export interface Validation {
  readonly expression?: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
}

export interface Policy extends KubeObject {
  readonly spec?: {
    readonly failurePolicy?: string
    readonly paramKind?: { readonly apiVersion?: string; readonly kind?: string }
    readonly matchConstraints?: MatchResources
    readonly validations?: readonly Validation[]
    readonly auditAnnotations?: readonly { readonly key?: string; readonly valueExpression?: string }[]
    readonly matchConditions?: readonly NamedExpression[]
    readonly variables?: readonly NamedExpression[]
  }
}

export interface PolicyBinding extends KubeObject {
  readonly spec?: {
    readonly policyName?: string
    readonly paramRef?: { readonly name?: string; readonly namespace?: string; readonly selector?: SelectorObject; readonly parameterNotFoundAction?: string }
    readonly matchResources?: MatchResources
    readonly validationActions?: readonly string[]
  }
}

/** An expression and its program; where that could not be made, what is wrong with it. */
export interface Expression {
  readonly text: string
  readonly program: CelProgram | string
}

export interface CompiledPolicy {
  readonly selects: (facts: MatchFacts) => boolean
  readonly conditions: readonly Expression[]
  readonly variables: readonly (Expression & { readonly name: string })[]
  readonly validations: readonly (Expression & { readonly stated: Validation; readonly message?: Expression })[]
  readonly annotations: readonly Expression[]
}

/** What a policy's expressions may name. */
export const policyEnvironment = ({ spec }: Pick<Policy, 'spec'>): CelEnvironment =>
  admissionEnvironment('variables', ...spec?.paramKind ? ['params'] : [])

function compileWith(environment: CelEnvironment, text: string): Expression {
  try {
    return { text, program: compileCondition(environment, text) }
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    return { text, program: error.message }
  }
}

const compiled = new WeakMap<object, CompiledPolicy>()

/** Made once for each version of the policy; policies are frozen. */
export function compiledPolicy(policy: Policy): CompiledPolicy {
  let found = compiled.get(policy)
  if (!found) compiled.set(policy, found = compilePolicy(policy))
  return found
}

function compilePolicy(policy: Policy): CompiledPolicy {
  const { matchConstraints, validations = [], matchConditions = [], variables = [], auditAnnotations = [] } = policy.spec ?? {}
  const environment = policyEnvironment(policy)
  const compile = (text = ''): Expression => compileWith(environment, text)
  return {
    selects: selectorTest(matchConstraints ?? {}),
    conditions: matchConditions.map(({ expression }) => compile(expression)),
    variables: variables.map(({ name = '', expression }) => ({ name, ...compile(expression) })),
    validations: validations.map((stated) => ({ stated, ...compile(stated.expression), ...(stated.messageExpression ? { message: compile(stated.messageExpression) } : {}) })),
    annotations: auditAnnotations.map(({ valueExpression }) => compile(valueExpression)),
  }
}

const bound = new WeakMap<object, (facts: MatchFacts) => boolean>()

export function bindingSelects(binding: PolicyBinding, facts: MatchFacts): boolean {
  let test = bound.get(binding)
  if (!test) bound.set(binding, test = selectorTest(binding.spec?.matchResources ?? {}))
  return test(facts)
}
