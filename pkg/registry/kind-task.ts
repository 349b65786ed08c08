// What a built-in kind's own rules find and warn of, as tasks: some of them compile what the object states.
import { told, type FieldError } from '../api/field-error.ts'
import type { AnyObject } from '../api/object.ts'
import { sentWarnings } from '../api/warnings.ts'
import { parseLossless } from '../util/lossless-json.ts'
import type { Definition, Subresource } from './definition.ts'
import type { Task } from './evaluation.ts'

/** Whose rules: of a kind, or of one of its subresources. */
export interface KindRules {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly subresource: string
}

export interface Judged {
  readonly object: AnyObject
  readonly old?: AnyObject
}

type Judge = Pick<Definition | Subresource, 'validate' | 'warnings'>

const known = new WeakMap<Judge, KindRules>()
const judges = new WeakMap<KindRules, Judge>()

export function kindRules({ resource: { group, version, plural } }: Definition, subresource: string, judge: Judge): KindRules {
  let rules = known.get(judge)
  if (!rules) {
    rules = { group, version, plural, subresource }
    known.set(judge, rules)
    judges.set(rules, judge)
  }
  return rules
}

const run = (judge: Judge | undefined, { object, old }: Judged): readonly FieldError[] => told(judge?.validate?.(object, old as AnyObject) ?? [])

export const kindTask: Task<KindRules, Judged, readonly FieldError[]> = { name: 'kind', isJson: true, run: (rules, input) => run(judges.get(rules), input) }

export interface JudgedText {
  readonly object: string
  readonly old?: string
}

const fromText = ({ object, old }: JudgedText): Judged => ({ object: parseLossless(object) as AnyObject, ...(old === undefined ? {} : { old: parseLossless(old) as AnyObject }) })

export interface Judgement {
  readonly errors: readonly FieldError[]
  /** None where there are errors. */
  readonly warnings: readonly string[]
}

function judge(judge: Judge | undefined, input: Judged): Judgement {
  const errors = run(judge, input)
  return { errors, warnings: errors.length > 0 ? [] : sentWarnings(judge?.warnings?.(input.object, input.old as AnyObject) ?? []) }
}

/** Of large objects, which travel as texts. */
export const kindTextTask: Task<KindRules, JudgedText, Judgement> = { name: 'kind-text', run: (rules, input) => judge(judges.get(rules), fromText(input)) }

export function kindTextTaskOf(definitions: readonly Definition[]): typeof kindTextTask {
  return { name: kindTextTask.name, run: (rules, input) => judge(judgeOf(definitions, rules), fromText(input)) }
}

/** The same where only the names of the rules are known. */
export function kindTaskOf(definitions: readonly Definition[]): typeof kindTask {
  return { name: kindTask.name, isJson: true, run: (rules, input) => run(judgeOf(definitions, rules), input) }
}

function judgeOf(definitions: readonly Definition[], { group, version, plural, subresource }: KindRules): Judge | undefined {
  const definition = definitions.find(({ resource }) => resource.plural === plural && resource.group === group && resource.version === version)
  if (!definition) throw new Error(`${group}/${version} has no ${plural}`)
  return subresource ? definition.subresources.find(({ name }) => name === subresource) : definition
}
