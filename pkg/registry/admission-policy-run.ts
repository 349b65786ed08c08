// Runs a compiled policy on one request: what it decides, before anybody acts on it.
import type { CelBudget } from '../api/cel.ts'
import { CelRunError, celBudget, conditionBudget, outOfBudget } from '../api/cel.ts'
import { celTypeName } from '../api/cel-format-text.ts'
import { aggregateText } from '../api/status-error.ts'
import { type LateExpression, withVariables } from './admission-cel.ts'
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
  readonly variables: Variables
}

export type Outcome = { readonly value: unknown } | { readonly fault: string }

export function evaluate(expression: LateExpression, { values, budget, variables }: Run): Outcome {
  const { text, program } = expression
  if (typeof program === 'string') return { fault: program }
  let outcome: Outcome
  try {
    outcome = { value: program.run(values, budget) }
  } catch (error) {
    if (!(error instanceof CelRunError)) throw error
    outcome = { fault: error.message === outOfBudget ? outOfBudget : `expression '${text}' resulted in error: ${error.message}` }
  }
  // What its variables cost is the expression's, too.
  const cost = variables.takeCost()
  if (cost === 0) return outcome
  budget.steps -= cost
  return budget.steps < 0 ? { fault: outOfBudget } : outcome
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
    if ('fault' in outcome && outcome.fault === outOfBudget) return { denials: failure(outOfBudget, 0), annotations: [] }
    if ('fault' in outcome) denials.push(...failure(outcome.fault, index))
    else if (outcome.value !== true) denials.push({ message: messageOf(validation.stated, validation.message && evaluate(validation.message, run)), reason: validation.stated.reason ?? 'Invalid', index })
  }
  const annotations: { key: string; value: string }[] = []
  const noting: Run = { ...run, budget: celBudget() }
  for (const annotation of policy.annotations) {
    const outcome = evaluate(annotation.expression, noting)
    if ('fault' in outcome) denials.push(...failure(outcome.fault, 0, true))
    else if (typeof outcome.value !== 'string' && outcome.value !== null) {
      const type = celTypeName(outcome.value)
      denials.push({ message: `valueExpression '${annotation.expression.text}' resulted in unsupported return type: ${type}. Return type must be either string or null.`, index: 0, always: true })
    } else if (outcome.value !== null && outcome.value.trim() !== '') annotations.push({ key: annotation.key, value: outcome.value.trim().slice(0, longestAnnotation) })
  }
  return { denials, annotations }
}

/** The variables of a policy, each evaluated when an expression first asks for it. */
class Variables {
  readonly seen = new Map<string, unknown>()
  readonly #failed = new Map<string, string>()
  readonly #budget = celBudget()
  #cost = 0

  constructor(stated: CompiledPolicy['variables'], values: Readonly<Record<string, unknown>>) {
    const expressions = new Map(stated.map(({ name, expression }) => [name, expression]))
    const all = withVariables(values, { variables: this.seen })
    const known = this.seen.get.bind(this.seen)
    // The engine reads fields of a map by this, and a subclass is no map to it.
    this.seen.get = (name) => {
      const expression = expressions.get(name)
      if (!expression || this.seen.has(name)) return known(name)
      const fault = this.#failed.get(name)
      if (fault !== undefined) throw new CelRunError(fault)
      // Nor does it see itself.
      this.#failed.set(name, `no such key: ${name}`)
      const value = this.#evaluate(name, expression, all)
      this.seen.set(name, value)
      return value
    }
  }

  #evaluate(name: string, { program }: LateExpression, values: Readonly<Record<string, unknown>>): unknown {
    const budget = { steps: this.#budget.steps, time: this.#budget.time }
    const fail = (text: string): never => {
      this.#failed.set(name, text)
      throw new CelRunError(text)
    }
    if (typeof program === 'string') return fail(`composited variable "${name}" fails to compile: ${program}`)
    try {
      return program.run(values, budget)
    } catch (error) {
      if (!(error instanceof CelRunError)) throw error
      return fail(`composited variable "${name}" fails to evaluate: ${error.message}`)
    } finally {
      this.#cost += this.#budget.steps - Math.max(0, budget.steps)
      this.#budget.time = budget.time
    }
  }

  /** Of those evaluated since somebody last asked. */
  takeCost(): number {
    const cost = this.#cost
    this.#cost = 0
    return cost
  }
}

export function startRun({ variables: stated }: Pick<CompiledPolicy, 'variables'>, values: Readonly<Record<string, unknown>>): Run {
  const variables = new Variables(stated, values)
  return { values: withVariables(values, { variables: variables.seen }), budget: celBudget(), variables }
}

/** Whether all conditions hold, or what is wrong with those that could not be told. One that does not hold settles it. They are not told of the namespace. */
export function conditionsHold(conditions: readonly LateExpression[], run: Run): boolean | { readonly fault: string } {
  const own: Run = { ...run, values: withVariables(run.values, { namespaceObject: null }), budget: conditionBudget() }
  const outcomes = conditions.map((condition) => evaluate(condition, own))
  const faults = outcomes.flatMap((outcome) => ('fault' in outcome ? [outcome.fault] : []))
  if (faults.includes(outOfBudget)) return { fault: outOfBudget }
  if (outcomes.some((outcome) => 'value' in outcome && outcome.value !== true)) return false
  return faults.length === 0 || { fault: aggregateText(faults) }
}

function messageOf({ message, expression = '' }: Validation, evaluated: Outcome | undefined): string {
  const own = evaluated && 'value' in evaluated && typeof evaluated.value === 'string' ? evaluated.value.trim() : ''
  if (own !== '' && !own.includes('\n') && Buffer.byteLength(own) <= longestMessage) return own
  return message?.trim() || `failed expression: ${expression.trim()}`
}
