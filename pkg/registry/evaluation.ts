// Validation and admission by schemas and expressions that clients state: tried here within an allowance, and done elsewhere when it takes longer.
import { isJsonObject } from '../api/json.ts'
import type { UserInfo } from '../api/request.ts'
import { internalError } from '../api/status-error.ts'
import { TooDear } from '../util/allowance.ts'
import type { Authorize } from './admission.ts'
import { Awaiting } from './admission.ts'

export interface EvaluationContext {
  readonly authorize?: Authorize
}

/** A pure function of plain data: it gives the same here and elsewhere. `about` is what was stated, the same object each time, by which compiled forms are known. */
export interface Task<A extends object, I, R> {
  readonly name: string
  /** What was stated, the input and the result are JSON: large ones travel as texts, which are made in parts. */
  readonly isJson?: boolean
  run(about: A, input: I, context: EvaluationContext): R
}

export interface Question {
  readonly task: string
  readonly isJson?: boolean
  readonly about: object
  readonly input: unknown
}

/** Who does what is too long for the event loop. */
export interface Evaluator {
  /** Throws TooDear when the work takes longer than it may here; what it was at is then undone. */
  within<R>(work: () => R): R
  /** Rejects with StatusError when it takes too long there, too, or too much is asked. */
  ask(question: Question, asker: EvaluationContext & { readonly user: UserInfo }): Promise<unknown>
}

/** Ends a run of a transaction: something is to be evaluated elsewhere first. */
export class AwaitingEvaluation extends Awaiting {}

/** More than any request needs, unless its object changes faster than it can be judged. */
const mostAnswers = 1000

/** What one request has had evaluated elsewhere, over all runs of its transaction. */
export class Evaluations {
  readonly #evaluator: Evaluator | undefined
  readonly #asker: EvaluationContext & { readonly user: UserInfo }
  /** By what they are about. */
  readonly #answers = new Map<object, { readonly question: Question; readonly answer: unknown }[]>()
  #count = 0

  constructor(evaluator: Evaluator | undefined, asker: EvaluationContext & { readonly user: UserInfo }) {
    this.#evaluator = evaluator
    this.#asker = asker
  }

  /** Awaiting until an earlier run has asked, where it takes long. */
  run<A extends object, I, R>(task: Task<A, I, R>, about: A, input: I): R {
    const evaluator = this.#evaluator
    if (!evaluator) return task.run(about, input, this.#asker)
    const known = this.#answers.get(about)?.find(({ question }) => question.task === task.name && !isOther(question.input, input) && isSame(question.input, input))
    if (known) return known.answer as R
    try {
      return evaluator.within(() => task.run(about, input, this.#asker))
    } catch (error) {
      if (!(error instanceof TooDear)) throw error
      throw new AwaitingEvaluation(async () => {
        if (this.#count++ === mostAnswers) throw internalError('the object changes faster than it can be judged')
        const question = questionOf(task, about, input)
        const answered = { question, answer: await evaluator.ask(question, this.#asker) }
        const others = this.#answers.get(about)
        if (others) others.push(answered)
        else this.#answers.set(about, [answered])
      })
    }
  }

  /** Elsewhere without a try: what is known to be dear. */
  elsewhere<A extends object, I, R>(task: Task<A, I, R>, about: A, input: I): Promise<R> {
    if (!this.#evaluator) return Promise.resolve(task.run(about, input, this.#asker))
    return this.#evaluator.ask(questionOf(task, about, input), this.#asker) as Promise<R>
  }
}

const questionOf = <A extends object, I, R>({ name, isJson = false }: Task<A, I, R>, about: A, input: I): Question => ({ task: name, isJson, about, input })

const passing: ReadonlySet<string> = new Set(['managedFields', 'resourceVersion', 'deletionTimestamp'])

/** Seen at once, where a question has many inputs that are alike: which of the policy's mutations it is about, for one. */
function isOther(a: unknown, b: unknown): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  for (const key in a) if (typeof a[key] !== 'object' && a[key] !== b[key]) return true
  return false
}

/** Each run builds its objects anew: they are the same when they say the same, but for what each run writes into metadata. */
function isSame(a: unknown, b: unknown, within = ''): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  if (!isJsonObject(a) || !isJsonObject(b) || Array.isArray(b)) return false
  const counts = (key: string): boolean => within !== 'metadata' || !passing.has(key)
  let defined = 0
  for (const key in a) {
    if (a[key] === undefined || !counts(key)) continue
    defined++
    if (!Object.hasOwn(b, key) || !isSame(a[key], b[key], key)) return false
  }
  for (const key in b) if (b[key] !== undefined && counts(key)) defined--
  return defined === 0
}
