// The rules of a schema (x-kubernetes-validations): compiled once, then run over objects.
import type { CelBudget, CelEnvironment, CelProgram } from './cel.ts'
import { CelCompileError, CelRunError, celBudget, celEnvironment, compileCel, outOfBudget, tooDear } from './cel.ts'
import { celOptional } from './cel-optional.ts'
import type { CelType } from './cel-schema.ts'
import { CelTypes } from './cel-schema.ts'
import type { FieldError } from './field-error.ts'
import { duplicate, duplicateUnshown, forbiddenField, invalid, invalidUnshown, required } from './field-error.ts'
import { isJsonObject } from './json.ts'
import { fieldsOfPath } from './json-path.ts'
import type { JsonSchemaProps, ValidationRule } from './structural-schema.ts'
import { CorrelatedPast } from './correlated-past.ts'
import { fieldProps, oldItems } from './structural-past.ts'
import type { PathStep } from './structural-walk.ts'
import { pathText } from './structural-walk.ts'
import { spend } from '../util/allowance.ts'

/** What the rules find. `old` is the object before an update. */
export type RuleValidator = (object: unknown, old?: unknown) => RuleFindings

export interface RuleFindings {
  readonly errors: FieldError[]
  /** What would be an error, had it not been there before. */
  readonly warnings: string[]
}

interface Rule {
  readonly stated: ValidationRule
  readonly program: CelProgram
  readonly message?: CelProgram
  readonly usesOld: boolean
  /** The field below the value whose fault it is. */
  readonly inner: readonly PathStep[]
}

/** Parallel to the schema; parts without rules below are left out. */
interface Node {
  readonly type: CelType
  readonly typeName: string
  readonly rules: readonly Rule[]
  readonly fields: ReadonlyMap<string, Node>
  readonly values?: Node
  readonly items?: Node
  readonly also: readonly Node[]
  readonly props: JsonSchemaProps
}

interface Making {
  readonly types: CelTypes
  readonly environment: CelEnvironment
  /** What compiles the rules, one after the other, once all types are declared: an environment that has been cloned takes no more. */
  readonly late: (() => void)[]
  /** What is wrong with a rule, by the path of the rule within the schema. */
  readonly fault: (path: string, rule: ValidationRule, word: string, text: string) => void
}

export function hasRules(props: JsonSchemaProps): boolean {
  return (props['x-kubernetes-validations']?.length ?? 0) > 0 || childrenOf(props).some(hasRules)
}

function childrenOf(props: JsonSchemaProps): JsonSchemaProps[] {
  return [
    ...Object.values(props.properties ?? {}), ...(typeof props.additionalProperties === 'object' ? [props.additionalProperties] : []),
    ...(props.items ? [props.items] : []), ...props.allOf ?? [],
  ]
}

/** Kubernetes looks at rules within the logic only where there are others outside. */
function hasPlainRules({ properties = {}, additionalProperties: values, items, 'x-kubernetes-validations': rules = [] }: JsonSchemaProps): boolean {
  return rules.length > 0 || Object.values(properties).some(hasPlainRules) || (typeof values === 'object' && hasPlainRules(values)) || (items !== undefined && hasPlainRules(items))
}

/** undefined when the schema has no rules. Rules that can't be compiled fail on every object. `isObject`: the schema is that of whole objects, which have metadata. */
export function compileRules(props: JsonSchemaProps, isObject = true): RuleValidator | undefined {
  if (!hasPlainRules(props)) return undefined
  const faults: FieldError[] = []
  const { root, late } = planTree(props, isObject, (_path, rule, _word, text) => void faults.push(invalid('<nil>', rule.rule, `rule compile error: ${text}`)))
  return (object, old) => {
    finish(late)
    const run: Run = { errors: [...faults], warnings: [], budget: celBudget(), path: [], over: false, past: new CorrelatedPast({ props, value: object, old }) }
    if (root) visit(root, object, old, run)
    return run
  }
}

/** Rules that the engine does not take, by their paths within the schema. */
export function refusedRules(props: JsonSchemaProps, isObject = true): { readonly path: string; readonly rule: ValidationRule; readonly text: string }[] {
  const out: { path: string; rule: ValidationRule; text: string }[] = []
  if (hasRules(props)) finish(planTree(props, isObject, (path, rule, word, text) => void out.push({ path: `${path}.${word}`, rule, text })).late)
  return out
}

/** The rules of the tree are complete when `late` is done. */
function planTree(props: JsonSchemaProps, isObject: boolean, fault: Making['fault']): { readonly root: Node | undefined; readonly late: (() => void)[] } {
  const environment = celEnvironment()
  const late: (() => void)[] = []
  return { root: planNode(props, props, { types: new CelTypes(environment), environment, late, fault }, '', isObject), late }
}

/** What is too dear for this time goes on next time, where it was left. */
function finish(late: (() => void)[]): void {
  for (let next = late[0]; next; next = late[0]) {
    next()
    late.shift()
  }
}

/** `spine` tells the types where `props` is part of the logic and tells only rules. */
function planNode(props: JsonSchemaProps, spine: JsonSchemaProps, making: Making, path: string, root = false): Node | undefined {
  if (!hasRules(props)) return undefined
  spend(50)
  const type = root ? making.types.typeOf(spine, true) : making.types.typeOf(spine)
  const child = (part: JsonSchemaProps | undefined, of: JsonSchemaProps | undefined, at: string): Node | undefined => (part && of ? planNode(part, of, making, `${path}${at}`) : undefined)
  const fields = new Map<string, Node>()
  for (const [name, part] of Object.entries(props.properties ?? {})) {
    const node = child(part, spine.properties?.[name], `.properties[${name}]`)
    if (node) fields.set(name, node)
  }
  const own = (part: boolean | JsonSchemaProps | undefined): JsonSchemaProps | undefined => (typeof part === 'object' ? part : undefined)
  const values = child(own(props.additionalProperties), own(spine.additionalProperties), '.additionalProperties')
  const items = child(props.items, spine.items, '.items')
  const also = (props.allOf ?? []).map((part, index) => planNode(part, spine, making, `${path}.allOf[${index}]`, root)).filter((node) => node !== undefined)
  return {
    type, typeName: spine.type ?? '', fields, ...(values ? { values } : {}), ...(items ? { items } : {}), also,
    props: spine, ...lateRules(props['x-kubernetes-validations'] ?? [], type, making, path, spine),
  }
}

function lateRules(stated: readonly ValidationRule[], type: CelType, { environment, late, fault }: Making, path: string, props: JsonSchemaProps): Pick<Node, 'rules'> {
  const inEnvironment = (oldType: string): CelEnvironment => environment.clone().registerVariable('self', type.name).registerVariable('oldSelf', oldType)
  const [plain, optional] = [once(() => inEnvironment(type.name)), once(() => inEnvironment(`optional<${type.name}>`))]
  const rules: Rule[] = []
  for (const [index, rule] of stated.entries()) {
    late.push(() => {
      const compiled = compileRule(rule, rule.optionalOldSelf ? optional() : plain(), fault, { path: `${path}.x-kubernetes-validations[${index}]`, props })
      if (compiled) rules.push(compiled)
    })
  }
  return { rules }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function compileRule(stated: ValidationRule, own: CelEnvironment, fault: Making['fault'], { path, props }: { readonly path: string; readonly props: JsonSchemaProps }): Rule | undefined {
  if (stated.rule.trim() === '') return undefined
  const compiled = (expression: string, word: string, wanted: string): CelProgram | undefined => {
    try {
      const program = compileCel(own, expression)
      if (program.type === wanted || program.type === 'dyn') return program
      fault(path, stated, word, wanted === 'bool' ? 'cel expression must evaluate to a bool' : 'messageExpression must evaluate to a string')
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error
      fault(path, stated, word, word === 'rule' ? error.message : `messageExpression ${error.message}`)
    }
    return undefined
  }
  const program = compiled(stated.rule, 'rule', 'bool')
  const message = stated.messageExpression ? compiled(stated.messageExpression, 'messageExpression', 'string') : undefined
  return program && { stated, program, ...(message ? { message } : {}), usesOld: program.uses('oldSelf'), inner: innerPath(props, stated.fieldPath) }
}

/** A field that the schema does not name is the key of a map. */
function innerPath(props: JsonSchemaProps, fieldPath: string | undefined): PathStep[] {
  const path: PathStep[] = []
  let holder: JsonSchemaProps | undefined = props
  for (const name of fieldPath ? fieldsOfPath(fieldPath) ?? [] : []) {
    path.push(!holder || holder.properties ? name : { key: name })
    holder = holder && fieldProps(holder, name)
  }
  return path
}

interface Run extends RuleFindings {
  readonly budget: CelBudget
  readonly path: PathStep[]
  readonly past: CorrelatedPast
  over: boolean
}

function visit(node: Node, value: unknown, old: unknown, run: Run): void {
  spend(3)
  if (run.over || value === null || value === undefined) return
  if (node.rules.length > 0) runRules(node, value, old ?? undefined, run)
  if (node.also.length > 0) {
    run.past.enterLogic(run.path.length)
    for (const other of node.also) visit(other, value, old, run)
    run.past.leaveLogic()
  }
  if (Array.isArray(value)) visitItems(node, value, old, run)
  else if (isJsonObject(value)) visitMembers(node, value, old, run)
}

function visitItems({ items, props }: Node, value: unknown[], old: unknown, run: Run): void {
  if (!items) return
  const itemBefore = oldItems(props, old)
  for (const [index, item] of value.entries()) {
    run.path.push(index)
    visit(items, item, itemBefore?.(item), run)
    run.path.pop()
  }
}

function visitMembers({ fields, values }: Node, value: Record<string, unknown>, old: unknown, run: Run): void {
  for (const [name, item] of Object.entries(value)) {
    const field = fields.get(name)
    const node = field ?? values
    if (!node) continue
    run.path.push(field ? name : { key: name })
    visit(node, item, isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined, run)
    run.path.pop()
  }
}

function runRules(node: Node, value: unknown, old: unknown, run: Run): void {
  let self: unknown
  let oldSelf: unknown
  for (const rule of node.rules) {
    // Of what has no past nothing is told, unless the rule says that it knows.
    if (rule.usesOld && old === undefined && !rule.stated.optionalOldSelf) continue
    self ??= node.type.convert(value)
    if (rule.usesOld && old !== undefined) oldSelf ??= node.type.convert(old)
    const variables = { self, oldSelf: rule.stated.optionalOldSelf ? celOptional(oldSelf) : oldSelf }
    runRule(rule, node, { value, variables }, run)
    if (run.over) return
  }
}

const ruleText = ({ rule, message }: ValidationRule): string => (message ? message.trim() : rule.trim())

function runRule(rule: Rule, node: Node, { value, variables }: { readonly value: unknown; readonly variables: Readonly<Record<string, unknown>> }, run: Run): void {
  const at = pathText(run.path)
  const { stated } = rule
  const shown = at === '' ? '<nil>' : at
  try {
    if (rule.program.run(variables, run.budget) === true) return
  } catch (error) {
    if (!(error instanceof CelRunError)) throw error
    run.errors.push(invalid(shown, node.typeName, failure(error.message, stated)))
    run.over = run.budget.steps < 0
    return
  }
  const inner = rule.inner.length > 0 ? pathText([...run.path, ...rule.inner]) : shown
  const said = messageOf(rule, variables, run.budget)
  run.over = run.budget.steps < 0
  // Objects and lists are not shown.
  const shownValue = node.typeName === 'object' || node.typeName === 'array' ? undefined : { value }
  const error = run.over ? invalid(inner, node.typeName, said) : ruleError(inner, shownValue, said, stated.reason)
  if (!rule.usesOld && run.past.isUnchanged(run.path)) run.warnings.push(`${error.field}: ${error.text}`)
  else run.errors.push(error)
}

function failure(text: string, stated: ValidationRule): string {
  if (text.startsWith('no such overload')) return `'${text}': call arguments did not match a supported operator, function or macro signature for rule: ${ruleText(stated)}`
  if (text === outOfBudget) return text
  if (text === tooDear) return `'${text}': no further validation rules will be run due to call cost exceeds limit for rule: ${ruleText(stated)}`
  return `${text} evaluating rule: ${ruleText(stated)}`
}

function messageOf({ stated, message }: Rule, variables: Readonly<Record<string, unknown>>, budget: CelBudget): string {
  const otherwise = stated.message ? stated.message.trim() : `failed rule: ${ruleText(stated)}`
  if (!message) return otherwise
  try {
    const text = message.run(variables, budget)
    const trimmed = typeof text === 'string' ? text.trim() : ''
    return trimmed === '' || trimmed.includes('\n') || Buffer.byteLength(trimmed) > 5120 ? otherwise : trimmed
  } catch (error) {
    if (!(error instanceof CelRunError)) throw error
    if (error.message === outOfBudget) return 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run'
    return error.message === tooDear ? `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(stated.messageExpression)}` : otherwise
  }
}

function ruleError(field: string, shown: { readonly value: unknown } | undefined, text: string, reason: string | undefined): FieldError {
  switch (reason) {
    case 'FieldValueForbidden': return forbiddenField(field, text)
    case 'FieldValueRequired': return required(field, text)
    case 'FieldValueDuplicate': return shown ? duplicate(field, shown.value) : duplicateUnshown(field)
    default: return shown ? invalid(field, shown.value, text) : invalidUnshown(field, text)
  }
}
