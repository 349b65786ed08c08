// The event loop's end of an evaluation worker: one question at a time.
import { MessageChannel, Worker } from 'node:worker_threads'
import { readJsonParts } from '../api/json-reader.ts'
import { textParts } from '../api/object-text-parts.ts'
import type { Authorize } from '../registry/admission.ts'
import type { EvaluationContext, Question } from '../registry/evaluation.ts'
import { leave, type RightsQuestion, type Sent, started, type WorkerAnswer, type WorkerQuestion, type WorkerStart } from './evaluation-protocol.ts'
import { inParts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'

const sent = async (value: unknown, isJson: boolean): Promise<Sent> => (isJson && isHeavy(value) ? { text: await inParts(textParts(value as object)) } : { value })

/** How many schemas and policies a worker keeps. */
const mostKept = 50
const mostMegabytes = 512

/** The thread has ended before it could answer. */
export class ThreadEnded extends Error {
  override name = 'ThreadEnded'
}

export class EvaluationThread {
  readonly #worker = new Worker(new URL('./evaluation-worker.ts', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: mostMegabytes, stackSizeMb: 16 } })
  readonly #rights = new MessageChannel()
  readonly #flag = new Int32Array(new SharedArrayBuffer(4))
  /** What the worker keeps, the longest unused first. */
  readonly #kept = new Map<object, number>()
  #next = 0
  #authorize: Authorize | undefined
  #waiting: { readonly resolve: (answer: Sent) => void; readonly reject: (error: Error) => void } | undefined
  #death: Error | undefined
  #hasStarted: () => void = () => undefined
  /** Or has ended before. */
  readonly #start = new Promise<void>((resolve) => (this.#hasStarted = resolve))
  readonly #exit: Promise<void>

  constructor() {
    const start: WorkerStart = { rights: this.#rights.port2, flag: this.#flag }
    this.#worker.postMessage(start, [this.#rights.port2])
    this.#rights.port1.on('message', (query: RightsQuestion) => this.#judge(query))
    // It lives as long as the worker, and keeps nobody waiting.
    this.#rights.port1.unref()
    this.#worker.on('message', (answer: WorkerAnswer | typeof started) => (answer === started ? this.#hasStarted() : this.#receive(answer)))
    this.#worker.on('error', (error) => this.#die(error))
    this.#exit = new Promise((resolve) => this.#worker.on('exit', () => {
      this.#die(new ThreadEnded('the evaluation worker has ended'))
      this.#hasStarted()
      resolve()
    }))
  }

  get dead(): boolean {
    return this.#death !== undefined
  }

  /** Nothing else may be asked before the answer is there. */
  async ask({ task, isJson = false, about, input }: Question, { authorize }: EvaluationContext): Promise<unknown> {
    const [sentInput, sentAbout] = await Promise.all([sent(input, isJson), sent(about, isJson && !this.#kept.has(about))])
    if (this.#death) throw this.#death
    this.#authorize = authorize
    const answer = await new Promise<Sent>((resolve, reject) => {
      this.#waiting = { resolve, reject }
      const question: WorkerQuestion = { task, ...this.#subject(about, sentAbout), input: sentInput, isJson, asksRights: authorize !== undefined }
      this.#worker.postMessage(question)
    })
    return 'text' in answer ? (await inParts(readJsonParts(answer.text))).value : answer.value
  }

  /** A worker that evaluates nothing goes by itself; a busy one is cut off, but not while it starts, which threads do not take well. */
  async end(): Promise<void> {
    const busy = this.#waiting !== undefined
    this.#die(new ThreadEnded('the evaluation worker was ended'))
    await this.#start
    if (busy) await this.#worker.terminate()
    else this.#worker.postMessage(leave)
    await this.#exit
    this.#rights.port1.close()
  }

  #subject(about: object, stated: Sent): Pick<WorkerQuestion, 'about' | 'stated' | 'forget'> {
    const known = this.#kept.get(about)
    const id = known ?? this.#next++
    this.#kept.delete(about)
    this.#kept.set(about, id)
    if (known !== undefined) return { about: id }
    const [oldest] = this.#kept.size > mostKept ? this.#kept : []
    if (!oldest) return { about: id, stated }
    this.#kept.delete(oldest[0])
    return { about: id, stated, forget: oldest[1] }
  }

  #judge(query: RightsQuestion): void {
    let answer: ReturnType<Authorize>
    try {
      answer = this.#authorize?.(query) ?? { allowed: false }
    } catch (error) {
      answer = { allowed: false, reason: (error as Error).message }
    }
    this.#rights.port1.postMessage(answer)
    Atomics.store(this.#flag, 0, 1)
    Atomics.notify(this.#flag, 0)
  }

  #receive(answer: WorkerAnswer): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if ('failure' in answer) waiting?.reject(new Error(answer.failure))
    else waiting?.resolve(answer.answer)
  }

  #die(error: Error): void {
    this.#death ??= error
    this.#waiting?.reject(this.#death)
    this.#waiting = undefined
  }
}
