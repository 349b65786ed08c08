// The main thread's handle of the data plane: starts the worker and sends it tables, the newest only.
import { Worker } from 'node:worker_threads'
import type { DataplaneConfig, DataplaneReply, DataplaneRequest } from './dataplane-worker.ts'
import type { DnsTable, HostPort, ServiceTable } from './table.ts'

// Omit keeps a union apart only when it is spread over its members.
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

export class Dataplane {
  #worker: Worker
  #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  #nextId = 1
  #ended = false
  readonly ready: Promise<void>

  constructor(config: DataplaneConfig, log: (text: string) => void) {
    this.#worker = new Worker(new URL('./dataplane-worker.ts', import.meta.url), { workerData: config, name: 'dataplane' })
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (reply: DataplaneReply) => {
        if (reply.type === 'ready') resolve()
        else if (reply.type === 'failed') reject(new Error(reply.error))
        else if (reply.type === 'log') log(reply.text)
        else this.#settle(reply.id, reply.error)
      })
      const fail = (error: Error): void => {
        this.#ended = true
        reject(error)
        for (const { reject: rejectOne } of this.#waiting.values()) rejectOne(error)
        this.#waiting.clear()
      }
      this.#worker.on('error', (error) => fail(error as Error))
      this.#worker.on('exit', () => fail(new Error('the data plane has ended')))
    })
    // Who starts it awaits it; one that is closed before may fail unheard.
    this.ready.catch(() => undefined)
  }

  setServices(table: ServiceTable, hostPorts: readonly HostPort[]): Promise<void> {
    return this.#request({ type: 'services', table, hostPorts })
  }

  setDns(table: DnsTable): Promise<void> {
    return this.#request({ type: 'dns', table })
  }

  async close(): Promise<void> {
    if (this.#ended) return
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    // A worker that has failed answers nothing; its end is all that is waited for.
    this.#request({ type: 'close' }).catch(() => undefined)
    await ended
  }

  #request(request: WithoutId<DataplaneRequest>): Promise<void> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ ...request, id })
    })
  }

  #settle(id: number, error: string | undefined): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve()
    else waiting?.reject(new Error(error))
  }
}
