// Checks of a CRD's rules when it is made or changed: that they compile, and that no object of the size of a request makes them too dear.
import type { Checked } from './cel-check.ts'
import type { CostEstimator } from './cel-cost.ts'
import { estimateCost } from './cel-cost.ts'
import { libraryEstimator } from './cel-cost-library.ts'
import type { Declared } from './cel-declared.ts'
import { declaredType, largestRequest, scopeOf } from './cel-declared.ts'
import { largest } from './cel-estimates.ts'
import { analyseCel } from './cel-front.ts'
import { hasRules, refusedRules } from './cel-rules.ts'
import { fullTypeText, optionalOf } from './cel-type.ts'
import type { FieldError } from './field-error.ts'
import { forbiddenField, invalid } from './field-error.ts'
import type { JsonSchemaProps, ValidationRule } from './structural-schema.ts'

const mostForRule = 10_000_000n
const mostForSchema = 100_000_000n
/** So many of the dearest rules are told of when all together are too dear, if each is at least a hundredth of what they may be. */
const mostTold = 4

interface Walk {
  readonly errors: FieldError[]
  total: bigint
  readonly dearest: { readonly path: string; readonly cost: bigint }[]
}

interface Place {
  readonly path: string
  /** How often values of this schema can be in one object; undefined where nothing bounds it. */
  readonly count: bigint | undefined
  /** The part of the schema of which no one can tell what its old value is. */
  readonly loose: string | undefined
  readonly root: boolean
}

/** What is wrong with the rules of a schema that is fine otherwise; `path` is the schema's. */
export function ruleErrors(props: JsonSchemaProps, path: string): FieldError[] {
  if (!hasRules(props)) return []
  const walk: Walk = { errors: [], total: 0n, dearest: [] }
  visit(props, { path, count: 1n, loose: undefined, root: true }, walk)
  if (walk.total > mostForSchema) {
    for (const { path: at } of walk.dearest) walk.errors.push(forbiddenField(at, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'))
    walk.errors.push(forbiddenField(path, tooDear('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', walk.total, mostForSchema)))
  }
  if (walk.errors.length > 0) return walk.errors
  return refusedRules(props).map(({ path: at, rule, text }) => invalid(`${path}${at}`, shownRule(rule), text))
}

const product = (a: bigint, b: bigint): bigint => (a * b > largest ? largest : a * b)

/** How many values each value of the schema can hold. */
function heldBy({ type, additionalProperties, maxProperties, maxItems }: JsonSchemaProps): bigint | undefined {
  const most = type === 'array' ? maxItems : type === 'object' && additionalProperties !== undefined ? maxProperties : 1
  return most === undefined ? undefined : BigInt(Math.max(0, most))
}

function visit(props: JsonSchemaProps, place: Place, walk: Walk): void {
  const { path, loose } = place
  const held = heldBy(props)
  const count = place.count === undefined || held === undefined ? undefined : product(place.count, held)
  const below = (child: JsonSchemaProps, at: string, unknown: string | undefined): void => visit(child, { path: `${path}.${at}`, count, loose: loose ?? unknown, root: false }, walk)
  if (typeof props.additionalProperties === 'object') below(props.additionalProperties, 'additionalProperties', undefined)
  for (const [name, child] of Object.entries(props.properties ?? {})) below(child, `properties[${name}]`, undefined)
  if (props.items) below(props.items, 'items', props['x-kubernetes-list-type'] === 'map' ? undefined : path)
  const rules = props['x-kubernetes-validations'] ?? []
  if (rules.length > 0) checkRules(rules, props, place, walk)
}

function checkRules(rules: readonly ValidationRule[], props: JsonSchemaProps, place: Place, walk: Walk): void {
  const at = `${place.path}.x-kubernetes-validations`
  const declared = declaredType(props, place.root || props['x-kubernetes-embedded-resource'] === true, 'selfType')
  if (!declared) {
    walk.errors.push({ field: at, reason: 'InternalError', text: 'Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations' })
    return
  }
  const count = place.count ?? BigInt(Math.floor(largestRequest / (declared.least + 1)))
  const estimator = libraryEstimator(declared)
  for (const [index, rule] of rules.entries()) {
    const found = analyseRule(rule, declared, estimator)
    checkRule(`${at}[${index}]`, rule, found, { ...place, count }, walk)
  }
}

interface Found {
  readonly cost: bigint
  readonly fault?: string
  readonly usesOld: boolean
  readonly message?: { readonly cost: bigint; readonly fault?: string }
}

function analyseRule(rule: ValidationRule, declared: Declared, estimator: CostEstimator): Found {
  if (rule.rule.trim() === '') return { cost: 0n, usesOld: false }
  const scope = ruleScope(declared, rule)
  const priced = (expression: string, wanted: string, fault: string, prefix = ''): { cost: bigint; fault?: string; checked?: Checked } => {
    const checked = analyseCel(expression, scope)
    if (typeof checked === 'string') return { cost: 0n, fault: `${prefix}compilation failed: ${checked}` }
    return fullTypeText(checked.type) === wanted ? { cost: estimateCost(checked, estimator).max, checked } : { cost: 0n, fault }
  }
  const found = priced(rule.rule, 'bool', 'cel expression must evaluate to a bool')
  const usesOld = found.checked?.names.has('oldSelf') === true
  const { cost, fault } = found
  if (fault !== undefined) return { cost, fault, usesOld }
  return { cost, usesOld, ...(rule.messageExpression ? { message: priced(rule.messageExpression, 'string', 'messageExpression must evaluate to a string', 'messageExpression ') } : {}) }
}

/** What the expressions of a rule may name. */
export const ruleScope = (declared: Declared, { optionalOldSelf }: ValidationRule): ReturnType<typeof scopeOf> =>
  scopeOf({ self: declared.type, oldSelf: optionalOldSelf ? optionalOf(declared.type) : declared.type }, [declared])

function checkRule(at: string, rule: ValidationRule, { cost, fault, message, usesOld }: Found, { count, loose }: Place & { readonly count: bigint }, walk: Walk): void {
  const total = product(cost, count)
  if (total > mostForRule) walk.errors.push(forbiddenField(`${at}.rule`, tooDear('estimated rule cost', total, mostForRule)))
  note(walk, `${at}.rule`, total)
  if (fault !== undefined) walk.errors.push(invalid(`${at}.rule`, shownRule(rule), fault))
  if (message?.fault !== undefined) walk.errors.push(invalid(`${at}.messageExpression`, shownRule(rule), message.fault))
  else if (message) {
    if (message.cost > mostForRule) walk.errors.push(forbiddenField(`${at}.messageExpression`, tooDear('estimated messageExpression cost', message.cost, mostForRule)))
    note(walk, `${at}.messageExpression`, message.cost)
  }
  if (!usesOld) {
    if (rule.optionalOldSelf !== undefined) walk.errors.push(invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'))
  } else if (loose !== undefined) {
    walk.errors.push(invalid(`${at}.rule`, rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${loose}`))
  }
}

function note(walk: Walk, path: string, cost: bigint): void {
  walk.total = walk.total + cost > largest ? largest : walk.total + cost
  if (cost < mostForSchema / 100n) return
  walk.dearest.push({ path, cost })
  walk.dearest.sort((a, b) => Number(b.cost - a.cost))
  walk.dearest.length = Math.min(walk.dearest.length, mostTold)
}

function tooDear(what: string, cost: bigint, limit: bigint): string {
  const factor = Number(cost) / Number(limit)
  const times = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${times} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** As the API's own form of it is shown. */
const shownRule = ({ rule, message = '', messageExpression = '', reason = undefined, fieldPath = '', optionalOldSelf = undefined }: ValidationRule): object =>
  ({ Rule: rule, Message: message, MessageExpression: messageExpression, Reason: reason ?? null, FieldPath: fieldPath, OptionalOldSelf: optionalOldSelf ?? null })
