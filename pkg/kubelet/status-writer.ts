// Keeps one pod's status on the API server equal to what the kubelet wants it to be: one write at a time, the newest wins.
import { keyOf } from '../api/object.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import type { Pod, PodStatus } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { statusPatch } from './status-patch.ts'

export interface StatusWriterOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: (message: string) => void
}

const firstRetryMs = 100
const longestRetryMs = 10_000

export class StatusWriter {
  readonly #options: StatusWriterOptions
  #known: Pod
  #wanted: PodStatus | undefined
  #writing: Promise<void> | undefined
  readonly #stop = new AbortController()

  constructor(pod: Pod, options: StatusWriterOptions) {
    this.#known = pod
    this.#options = options
  }

  /** The API server has this now, says the watch. */
  observe(pod: Pod): void {
    if (revision(pod) > revision(this.#known)) this.#known = pod
  }

  write(status: PodStatus): void {
    this.#wanted = status
    if (!this.#writing && !this.#stop.signal.aborted) {
      if (!statusPatch(this.#known.status ?? {}, status)) return
      this.#writing = this.#run().finally(() => (this.#writing = undefined))
    }
  }

  /** Resolves when what was wanted is written, or can never be. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  stop(): void {
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let retryMs = firstRetryMs
    while (!signal.aborted && this.#wanted) {
      const patch = statusPatch(this.#known.status ?? {}, this.#wanted)
      if (!patch) return
      try {
        const body = { metadata: { uid: this.#known.metadata.uid }, status: patch }
        this.observe(await this.#options.client.patch(pods, keyOf(this.#known), { type: 'strategic', body }, { subresource: 'status' }))
        retryMs = firstRetryMs
      } catch (error) {
        // The pod is gone, or another one has its name.
        if (isNotFound(error) || isConflict(error)) return this.stop()
        this.#options.log(`status of pod ${this.#known.metadata.namespace}/${this.#known.metadata.name} was not written: ${(error as Error).message}`)
        await sleep(this.#options.clock, retryMs, signal).catch(() => undefined)
        retryMs = Math.min(longestRetryMs, retryMs * 2)
      }
    }
  }
}

const revision = (pod: Pod): number => Number(pod.metadata.resourceVersion ?? 0)
