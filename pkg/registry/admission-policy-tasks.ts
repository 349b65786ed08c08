// What policies and conditions find, as tasks: expressions on plain data.
import { jsonOf } from '../api/cel-messages.ts'
import { anyValue } from '../api/cel-schema.ts'
import { CelRunError } from '../api/cel.ts'
import type { AnyObject } from '../api/object.ts'
import type { ExpressionSubject, NamedExpression } from './admission-cel.ts'
import { LateExpression, admissionEnvironment, celVariables, withVariables } from './admission-cel.ts'
import type { MutatingPolicy, Policy } from './admission-policy-compile.ts'
import { compiledMutatingPolicy, compiledPolicy } from './admission-policy-compile.ts'
import type { PolicyResult, Run } from './admission-policy-run.ts'
import { conditionsHold, evaluate, runPolicy, startRun } from './admission-policy-run.ts'
import type { EvaluationContext, Task } from './evaluation.ts'
import { spend } from '../util/allowance.ts'

interface PolicyInput {
  readonly subject: ExpressionSubject
  /** Where the policy has a kind of them. */
  readonly params?: readonly (AnyObject | null)[]
}

/** What a validating policy finds with each of its parameters, in one go: asked one by one, thousands of them would each begin anew. */
export const policyTask: Task<Policy, PolicyInput, readonly PolicyResult[]> = {
  name: 'policy', isJson: true,
  run(policy, { subject, params }, context) {
    const variables = celVariables(subject, context)
    const result = (values: typeof variables): PolicyResult => {
      spend(unitsOfPolicy)
      return runPolicy(compiledPolicy(policy), values, policy.spec?.failurePolicy === 'Ignore')
    }
    return params ? params.map((value) => result(withVariables(variables, { params: anyValue(value) }))) : [result(variables)]
  },
}

/** Beside what its expressions cost. */
const unitsOfPolicy = 20

interface MutationInput {
  readonly subject: ExpressionSubject
  /** What has become of the object so far, in the version that the policy asks for. */
  readonly object: AnyObject
  /** Where the policy has a kind of them. */
  readonly params?: { readonly value: AnyObject | null }
}

function variablesOf({ subject, params }: MutationInput, context: EvaluationContext): Readonly<Record<string, unknown>> {
  const variables = celVariables(subject, context)
  return params ? withVariables(variables, { params: anyValue(params.value) }) : variables
}

function startMutation(policy: MutatingPolicy, input: MutationInput, context: EvaluationContext): Run {
  return startRun(compiledMutatingPolicy(policy), withVariables(variablesOf(input, context), { object: anyValue(input.object) }))
}

/** Whether a mutating policy is to run. */
export const mutationWantedTask: Task<MutatingPolicy, MutationInput, ReturnType<typeof conditionsHold>> = {
  name: 'mutation-wanted', isJson: true,
  run: (policy, input, context) => conditionsHold(compiledMutatingPolicy(policy).conditions, startMutation(policy, input, context)),
}

/** The patch that one of the policy's mutations makes. */
export const mutationTask: Task<MutatingPolicy, MutationInput & { readonly index: number }, { readonly patch: unknown } | { readonly fault: string }> = {
  name: 'mutation', isJson: true,
  run(policy, input, context) {
    const mutation = compiledMutatingPolicy(policy).mutations[input.index]
    if (!mutation) throw new Error(`the policy has no mutation ${input.index}`)
    const outcome = evaluate(mutation.expression, startMutation(policy, input, context))
    if ('fault' in outcome) return outcome
    try {
      return { patch: jsonOf(outcome.value) }
    } catch (error) {
      if (error instanceof CelRunError) return { fault: error.message }
      throw error
    }
  },
}

interface Conditional {
  readonly matchConditions?: readonly NamedExpression[]
}

const conditions = new WeakMap<Conditional, readonly LateExpression[]>()

function conditionsOf(stated: Conditional): readonly LateExpression[] {
  let found = conditions.get(stated)
  if (!found) conditions.set(stated, found = (stated.matchConditions ?? []).map(({ expression = '' }) => new LateExpression(admissionEnvironment, expression)))
  return found
}

/** Whether the conditions of a webhook hold. */
export const conditionsTask: Task<Conditional, { readonly subject: ExpressionSubject }, ReturnType<typeof conditionsHold>> = {
  name: 'conditions', isJson: true,
  run: (stated, { subject }, context) => conditionsHold(conditionsOf(stated), startRun({ variables: [] }, celVariables(subject, context))),
}
