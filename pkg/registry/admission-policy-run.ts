// Runs a compiled policy on one request: what it decides, before anybody acts on it.
import type { CelBudget } from '../api/cel.ts'
import { CelRunError, celBudget, conditionBudget, outOfBudget } from '../api/cel.ts'
import type { LateExpression } from './admission-cel.ts'
import type { CompiledPolicy, Validation } from './admission-policy-compile.ts'

/** A denial. */
export interface Decision {
  readonly message: string
  readonly reason?: string
  /** Of which of the policy's validations. */
  readonly index: number
  /** Denies whatever the binding says is to be done. */
  readonly always?: boolean
}

export interface PolicyResult {
  readonly denials: readonly Decision[]
  /** For the audit log. */
  readonly annotations: readonly { readonly key: string; readonly value: string }[]
}

const longestMessage = 5 * 1024
const longestAnnotation = 10 * 1024

export interface Run {
  readonly values: Record<string, unknown>
  readonly budget: CelBudget
  /** Variables that failed, by name: their failure is that of the expression which needs them. */
  readonly failed: Map<string, string>
}

export type Outcome = { readonly value: unknown } | { readonly fault: string }

export function evaluate(expression: LateExpression, { values, budget, failed }: Run): Outcome {
  const { text, program } = expression
  if (typeof program === 'string') return { fault: program }
  try {
    return { value: program.run(values, budget) }
  } catch (error) {
    if (!(error instanceof CelRunError)) throw error
    if (error.message === outOfBudget) return { fault: outOfBudget }
    const missing = /no such key: (\S+)$/.exec(error.message)?.[1]
    const because = missing !== undefined && program.uses('variables') ? failed.get(missing) : undefined
    return { fault: `expression '${text}' resulted in error: ${because === undefined ? error.message : `composited variable "${missing ?? ''}" fails to evaluate: ${because}`}` }
  }
}

/** What one policy with one parameter finds. A policy that can't be run denies, unless failures are to be ignored. */
export function runPolicy(policy: CompiledPolicy, values: Readonly<Record<string, unknown>>, ignoresFailures: boolean): PolicyResult {
  const run = startRun(policy, values)
  const failure = (message: string, index: number, always = false): Decision[] => (ignoresFailures ? [] : [{ message, index, always }])
  const held = conditionsHold(policy.conditions, run)
  if (held !== true) return { denials: held === false ? [] : failure(held.fault, 0), annotations: [] }
  const denials: Decision[] = []
  for (const [index, validation] of policy.validations.entries()) {
    const outcome = evaluate(validation.expression, run)
    if ('fault' in outcome && outcome.fault === outOfBudget) return { denials: failure(outOfBudget, index), annotations: [] }
    if ('fault' in outcome) denials.push(...failure(outcome.fault, index))
    else if (outcome.value !== true) denials.push({ message: messageOf(validation.stated, validation.message && evaluate(validation.message, run)), reason: validation.stated.reason ?? 'Invalid', index })
  }
  const annotations: { key: string; value: string }[] = []
  const noting: Run = { ...run, budget: celBudget() }
  for (const annotation of policy.annotations) {
    const outcome = evaluate(annotation.expression, noting)
    if ('fault' in outcome) denials.push(...failure(outcome.fault, 0, true))
    else if (typeof outcome.value === 'string' && outcome.value.trim() !== '') annotations.push({ key: annotation.key, value: outcome.value.trim().slice(0, longestAnnotation) })
  }
  return { denials, annotations }
}

/** Evaluates the variables in order: each sees those before it. */
export function startRun({ variables: stated }: Pick<CompiledPolicy, 'variables'>, values: Readonly<Record<string, unknown>>): Run {
  const variables = new Map<string, unknown>()
  const run: Run = { values: { ...values, variables }, budget: celBudget(), failed: new Map() }
  for (const variable of stated) {
    const outcome = evaluate(variable.expression, run)
    if ('value' in outcome) variables.set(variable.name, outcome.value)
    else run.failed.set(variable.name, outcome.fault.replace(/^expression '.*?' resulted in error: /s, ''))
  }
  return run
}

/** Whether all conditions hold, or what is wrong with those that could not be told. One that does not hold settles it. */
export function conditionsHold(conditions: readonly LateExpression[], run: Run): boolean | { readonly fault: string } {
  const own: Run = { ...run, budget: conditionBudget() }
  const outcomes = conditions.map((condition) => evaluate(condition, own))
  if (outcomes.some((outcome) => 'value' in outcome && outcome.value !== true)) return false
  const faults = outcomes.flatMap((outcome) => ('fault' in outcome ? [outcome.fault] : []))
  return faults.length === 0 || { fault: faults.join(', ') }
}

function messageOf({ message, expression = '' }: Validation, evaluated: Outcome | undefined): string {
  const own = evaluated && 'value' in evaluated && typeof evaluated.value === 'string' ? evaluated.value.trim() : ''
  if (own !== '' && !own.includes('\n') && Buffer.byteLength(own) <= longestMessage) return own
  return message?.trim() || `failed expression: ${expression.trim()}`
}
