// The main thread's end of the commit worker.
import { Worker } from 'node:worker_threads'
import { ownSlices } from '../util/slices.ts'
import type { CommitAnswer, CommitRequest, Rows } from './commit-protocol.ts'

type Done = CommitAnswer & { type: 'done' }

/** Receives what the file holds while it is being opened. */
export interface Loader {
  counters(compacted: number, reserved: number): void
  rows(rows: Rows): void
}

/** Sends requests and hands back their answers, in order. When the worker dies, all requests fail, now and from then on. */
export class CommitThread {
  readonly #worker = new Worker(new URL('./commit-worker.ts', import.meta.url))
  readonly #waiting: { resolve: (answer: Done) => void; reject: (error: Error) => void }[] = []
  readonly #loader: Loader
  readonly #slices = ownSlices()
  #death: Error | undefined

  constructor(loader: Loader) {
    this.#loader = loader
    this.#worker.on('message', (answer: CommitAnswer) => this.#receive(answer))
    this.#worker.on('error', (error) => this.#die(new Error('the commit worker failed', { cause: error })))
    this.#worker.on('exit', () => this.#die(new Error('the commit worker has ended')))
  }

  request(request: CommitRequest): Promise<Done> {
    if (this.#death) return Promise.reject(this.#death)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.postMessage(request)
    })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #receive(answer: CommitAnswer): void {
    if (answer.type === 'counters') this.#loader.counters(answer.compacted, answer.reserved)
    else if (answer.type === 'rows') void this.#load(answer.rows)
    else if (answer.type === 'done') this.#waiting.shift()?.resolve(answer)
    else this.#waiting.shift()?.reject(new Error(answer.message))
  }

  /** The next rows come while these are taken in, or in another turn of the event loop. */
  async #load(rows: Rows): Promise<void> {
    if (this.#slices.due) await this.#slices.pause()
    this.#worker.postMessage({ type: 'more' } satisfies CommitRequest)
    this.#loader.rows(rows)
  }

  #die(error: Error): void {
    this.#death ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#death)
  }
}
