// The pods that are bound to this node, kept current by one watch.
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { podUid } from './pod-names.ts'

export interface PodSourceOptions {
  readonly client: Client
  readonly clock: Clock
  readonly nodeName: string
  readonly log: (message: string) => void
  readonly onPod: (pod: Pod) => void
  readonly onRemove: (uid: string) => void
  /** All pods of the node are known, for the first time. */
  readonly onSynced: () => void
}

const firstRetryMs = 50
const longestRetryMs = 5000
const initialEnd = 'k8s.io/initial-events-end'

export class PodSource {
  readonly #options: PodSourceOptions
  readonly #known = new Set<string>()
  readonly #stopping = new AbortController()
  #synced = false
  #running: Promise<void> | undefined

  constructor(options: PodSourceOptions) {
    this.#options = options
  }

  get synced(): boolean {
    return this.#synced
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    let retryMs = firstRetryMs
    while (!signal.aborted) {
      try {
        await this.#watch(signal)
        retryMs = firstRetryMs
      } catch (error) {
        if (signal.aborted) return
        this.#options.log(`the watch of this node's pods broke: ${(error as Error).message}`)
      }
      await sleep(this.#options.clock, retryMs, signal).catch(() => undefined)
      retryMs = Math.min(longestRetryMs, retryMs * 2)
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, nodeName, onPod } = this.#options
    let seen: Set<string> | undefined = new Set()
    for await (const batch of client.watch(pods, { fieldSelector: `spec.nodeName=${nodeName}`, sendInitialEvents: true, signal })) {
      for (const { type, object } of batch) {
        if (type === 'ERROR') return
        if (type === 'BOOKMARK') {
          if (seen && object.metadata.annotations?.[initialEnd] === 'true') {
            for (const uid of [...this.#known]) if (!seen.has(uid)) this.#remove(uid)
            seen = undefined
            this.#markSynced()
          }
          continue
        }
        const uid = podUid(object)
        if (type === 'DELETED') this.#remove(uid)
        else {
          seen?.add(uid)
          this.#known.add(uid)
          onPod(object)
        }
      }
    }
  }

  #remove(uid: string): void {
    this.#known.delete(uid)
    this.#options.onRemove(uid)
  }

  #markSynced(): void {
    if (this.#synced) return
    this.#synced = true
    this.#options.onSynced()
  }
}
