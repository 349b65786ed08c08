// Evaluates what is too long for the event loop, in workers that start when they are needed and end when nobody needs them.
import type { UserInfo } from '../api/request.ts'
import { StatusError, internalError } from '../api/status-error.ts'
import type { EvaluationContext, Evaluator, Question } from '../registry/evaluation.ts'
import { TurnAllowance } from '../util/allowance.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { EvaluationThread } from './evaluation-thread.ts'

interface Job {
  readonly question: Question
  readonly context: EvaluationContext
  readonly user: string
  readonly deadline: number
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

interface Seat {
  readonly thread: EvaluationThread
  job?: Job
}

const mostThreads = 2
/** Requests that wait are limited elsewhere; these limits are for what gets round that. */
const mostJobs = 2000
const mostJobsOfOne = 1000
/** As long as kube-apiserver takes for a request. */
const patienceMs = 60_000
const idleMs = 10_000

const timedOut = (): StatusError => new StatusError(504, 'Timeout', 'Timeout: request did not complete within requested timeout - context deadline exceeded')
const tooMany = (): StatusError => new StatusError(429, 'TooManyRequests', 'too many requests, please try again later', { retryAfterSeconds: 1 })

/** Of each user's questions one at a time is being answered, users in turn: a flood by one takes one thread at most. */
export class EvaluationPool implements Evaluator {
  readonly #clock: Clock
  readonly #allowance = new TurnAllowance()
  /** By user; who was served last comes last. */
  readonly #queues = new Map<string, Job[]>()
  readonly #seats: Seat[] = []
  /** Of threads that have no seat any more. */
  readonly #ends = new Set<Promise<void>>()
  #count = 0
  #idle: Timer | undefined
  #stopped = false

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  /** How many workers there are. */
  get size(): number {
    return this.#seats.length
  }

  within<R>(work: () => R): R {
    return this.#allowance.within(work)
  }

  ask(question: Question, { user, ...context }: EvaluationContext & { readonly user: UserInfo }): Promise<unknown> {
    const queue = this.#queues.get(user.username) ?? []
    if (this.#stopped) return Promise.reject(internalError('the server is stopping'))
    if (this.#count >= mostJobs || queue.length >= mostJobsOfOne) return Promise.reject(tooMany())
    return new Promise((resolve, reject) => {
      queue.push({ question, context, user: user.username, deadline: this.#clock.monotonic() + patienceMs, resolve, reject })
      this.#queues.set(user.username, queue)
      this.#count++
      this.#serve()
    })
  }

  /** Resolves when no thread is left. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#idle?.cancel()
    for (const queue of this.#queues.values()) for (const { reject } of queue) reject(internalError('the server is stopping'))
    this.#queues.clear()
    for (const { thread } of this.#seats.splice(0)) this.#end(thread)
    await Promise.all(this.#ends)
  }

  #serve(): void {
    this.#idle?.cancel()
    for (let job = this.#next(); job; job = this.#next()) {
      if (job.deadline <= this.#clock.monotonic()) {
        this.#take(job)
        job.reject(timedOut())
        continue
      }
      const free = this.#seats.find((seat) => !seat.job)
      const seat: Seat = free ?? { thread: new EvaluationThread() }
      if (!free) this.#seats.push(seat)
      this.#take(job)
      void this.#answer(seat, job)
    }
    if (this.#seats.length > 0 && this.#seats.every(({ job }) => !job)) this.#idle = this.#clock.setTimer(() => this.#rest(), idleMs)
  }

  /** undefined: nobody waits who may be served now. */
  #next(): Job | undefined {
    if (this.#seats.length >= mostThreads && this.#seats.every(({ job }) => job)) return undefined
    for (const [user, [job]] of this.#queues) if (job && !this.#seats.some((seat) => seat.job?.user === user)) return job
    return undefined
  }

  #take({ user }: Job): void {
    const queue = this.#queues.get(user) ?? []
    queue.shift()
    this.#count--
    this.#queues.delete(user)
    if (queue.length > 0) this.#queues.set(user, queue)
  }

  async #answer(seat: Seat, job: Job): Promise<void> {
    seat.job = job
    let late = false
    const timer = this.#clock.setTimer(() => {
      late = true
      this.#end(seat.thread)
    }, Math.max(0, job.deadline - this.#clock.monotonic()))
    try {
      job.resolve(await seat.thread.ask(job.question, job.context))
    } catch (error) {
      job.reject(late ? timedOut() : this.#stopped ? internalError('the server is stopping') : internalError((error as Error).message))
    } finally {
      timer.cancel()
      delete seat.job
    }
    if (seat.thread.dead && this.#seats.includes(seat)) this.#seats.splice(this.#seats.indexOf(seat), 1)
    if (!this.#stopped) this.#serve()
  }

  #rest(): void {
    for (const { thread } of this.#seats.splice(0)) this.#end(thread)
  }

  #end(thread: EvaluationThread): void {
    const end = thread.end().finally(() => void this.#ends.delete(end))
    this.#ends.add(end)
  }
}
