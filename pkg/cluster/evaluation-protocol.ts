// The messages between the evaluation pool and its workers. A worker has one question at a time, and answers it.
import type { MessagePort } from 'node:worker_threads'
import type { AccessQuery } from '../registry/admission.ts'
import { parseLossless } from '../util/lossless-json.ts'

/** A large value that is JSON travels as `text`: to clone it would hold both sides in one go. */
export type Sent = { readonly value: unknown } | { readonly text: string }

export const received = (sent: Sent): unknown => ('text' in sent ? parseLossless(sent.text) : sent.value)

/** The first message. */
export interface WorkerStart {
  /** Where questions about rights are answered, while the worker waits: `flag` is 1 when the answer is there. */
  readonly rights: MessagePort
  readonly flag: Int32Array
}

export interface WorkerQuestion {
  readonly task: string
  /** What the question is about; `stated` only when the worker does not have it yet. */
  readonly about: number
  readonly stated?: Sent
  /** What the worker need not keep any more. */
  readonly forget?: number
  readonly input: Sent
  readonly isJson: boolean
  readonly asksRights: boolean
}

/** The last message: nothing is being evaluated, and the worker goes by itself. */
export const leave = 'leave'

/** The worker's first message: it has started. */
export const started = 'started'

export type WorkerAnswer = { readonly answer: Sent } | { readonly failure: string }

export type RightsQuestion = AccessQuery
