// Admission policies of both kinds, compiled.
import type { CelEnvironment } from '../api/cel.ts'
import { compileWithMessages, registerCelMessages } from '../api/cel-messages.ts'
import type { KubeObject } from '../api/object.ts'
import type { SelectorObject } from '../api/label-selector.ts'
import type { NamedExpression } from './admission-cel.ts'
import type { compileCondition } from './admission-cel.ts'
import { admissionEnvironment, LateExpression } from './admission-cel.ts'
import type { MatchFacts, MatchRule, Selectors } from './admission-matching.ts'
import { selectorTest } from './admission-matching.ts'

export interface MatchResources extends Selectors {
  readonly matchPolicy?: string
  readonly resourceRules?: readonly MatchRule[]
  readonly excludeResourceRules?: readonly MatchRule[]
}

export interface ParamKind {
  readonly apiVersion?: string
  readonly kind?: string
}

export interface ParamRef {
  readonly name?: string
  readonly namespace?: string
  readonly selector?: SelectorObject
  readonly parameterNotFoundAction?: string
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
    readonly paramKind?: ParamKind
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
    readonly paramRef?: ParamRef
    readonly matchResources?: MatchResources
    readonly validationActions?: readonly string[]
  }
}

export interface CompiledPolicy {
  readonly selects: (facts: MatchFacts) => boolean
  readonly conditions: readonly LateExpression[]
  readonly variables: readonly { readonly name: string; readonly expression: LateExpression }[]
  readonly validations: readonly { readonly expression: LateExpression; readonly stated: Validation; readonly message?: LateExpression }[]
  readonly annotations: readonly { readonly expression: LateExpression; readonly key: string }[]
}

/** What a policy's expressions may name. */
export const policyEnvironment = ({ spec }: Pick<Policy, 'spec'>): CelEnvironment =>
  admissionEnvironment('variables', ...spec?.paramKind ? ['params'] : [])

/** An environment is made when the first of its expressions is. */
function late(make: () => CelEnvironment, compile?: typeof compileCondition): (text?: string) => LateExpression {
  let made: CelEnvironment | undefined
  return (text = '') => new LateExpression(() => (made ??= make()), text, compile)
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
  const expressionOf = late(() => policyEnvironment(policy))
  return {
    selects: selectorTest(matchConstraints ?? {}),
    conditions: matchConditions.map(({ expression }) => expressionOf(expression)),
    variables: variables.map(({ name = '', expression }) => ({ name, expression: expressionOf(expression) })),
    validations: validations.map((stated) => ({ stated, expression: expressionOf(stated.expression), ...(stated.messageExpression ? { message: expressionOf(stated.messageExpression) } : {}) })),
    annotations: auditAnnotations.map(({ key = '', valueExpression }) => ({ key, expression: expressionOf(valueExpression) })),
  }
}

export interface Mutation {
  readonly patchType?: string
  readonly applyConfiguration?: { readonly expression?: string }
  readonly jsonPatch?: { readonly expression?: string }
}

export interface MutatingPolicy extends KubeObject {
  readonly spec?: Pick<NonNullable<Policy['spec']>, 'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions' | 'variables'> & {
    readonly mutations?: readonly Mutation[]
    readonly reinvocationPolicy?: string
  }
}

export interface MutatingPolicyBinding extends KubeObject {
  readonly spec?: Omit<NonNullable<PolicyBinding['spec']>, 'validationActions'>
}

export type CompiledMutatingPolicy = Pick<CompiledPolicy, 'selects' | 'conditions' | 'variables'> & {
  readonly mutations: readonly { readonly expression: LateExpression; readonly patchType: string }[]
}

/** What the expressions of a mutating policy may name. */
export function mutationEnvironment(policy: Pick<MutatingPolicy, 'spec'>): CelEnvironment {
  const environment = policyEnvironment(policy)
  registerCelMessages(environment)
  return environment
}

const compiledMutations = new WeakMap<object, CompiledMutatingPolicy>()

/** Made once for each version of the policy; policies are frozen. */
export function compiledMutatingPolicy(policy: MutatingPolicy): CompiledMutatingPolicy {
  let found = compiledMutations.get(policy)
  if (!found) compiledMutations.set(policy, found = compileMutatingPolicy(policy))
  return found
}

function compileMutatingPolicy(policy: MutatingPolicy): CompiledMutatingPolicy {
  const { matchConstraints, matchConditions = [], variables = [], mutations = [] } = policy.spec ?? {}
  const expressionOf = late(() => mutationEnvironment(policy), compileWithMessages)
  return {
    selects: selectorTest(matchConstraints ?? {}),
    conditions: matchConditions.map(({ expression }) => expressionOf(expression)),
    variables: variables.map(({ name = '', expression }) => ({ name, expression: expressionOf(expression) })),
    mutations: mutations.map(({ patchType = '', applyConfiguration, jsonPatch }) => ({ patchType, expression: expressionOf((applyConfiguration ?? jsonPatch)?.expression) })),
  }
}

const bound = new WeakMap<object, (facts: MatchFacts) => boolean>()

export function bindingSelects(binding: MutatingPolicyBinding, facts: MatchFacts): boolean {
  let test = bound.get(binding)
  if (!test) bound.set(binding, test = selectorTest(binding.spec?.matchResources ?? {}))
  return test(facts)
}
