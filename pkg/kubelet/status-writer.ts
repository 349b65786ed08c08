// Keeps one pod's status on the API server equal to what the kubelet wants it to be: one write at a time, the newest wins.
import { keyOf } from '../api/object.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import type { Pod, PodStatus } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { isMirror } from './static-pod.ts'
import { isSandboxNews, same, statusPatch } from './status-patch.ts'

export interface StatusWriterOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: (message: string) => void
  /** What changed is on the API server, so long after it did. */
  readonly written?: (ms: number) => void
}

/** A container starts in less, even where many do at once. */
const patienceMs = 1500
const firstRetryMs = 100
const longestRetryMs = 10_000

export class StatusWriter {
  readonly #options: StatusWriterOptions
  /** undefined while the API server has no object that could be written to. */
  #known: Pod | undefined
  #wanted: PodStatus | undefined
  /** When it first was not what is known. */
  #changedMs: number | undefined
  #writing: Promise<void> | undefined
  #patience: Timer | undefined
  readonly #stop = new AbortController()

  constructor(pod: Pod | undefined, options: StatusWriterOptions) {
    this.#known = pod
    this.#options = options
  }

  /** The API server has this now, says the watch. */
  observe(pod: Pod): void {
    if (!this.#known || revision(pod) > revision(this.#known)) this.#known = pod
  }

  /** From now on this is the object to write to: a static pod's mirror, which comes and goes. */
  retarget(pod: Pod | undefined): void {
    this.#known = pod
    if (this.#wanted) this.write(this.#wanted)
  }

  /** With `more` to come at once, what only tells of the sandbox waits for it a little. */
  write(status: PodStatus, more = false): void {
    this.#wanted = status
    if (this.#writing || this.#stop.signal.aborted || !this.#known) return
    const patch = statusPatch(this.#known.status ?? {}, status)
    if (!patch) return
    this.#changedMs ??= this.#options.clock.monotonic()
    if (!more || !isSandboxNews(patch)) return this.#begin()
    this.#patience ??= this.#options.clock.setTimer(() => this.#begin(), patienceMs)
  }

  #begin(): void {
    this.#patience?.cancel()
    this.#patience = undefined
    if (!this.#writing && !this.#stop.signal.aborted) {
      this.#writing = this.#run().finally(() => {
        this.#writing = undefined
        // What came after the last look at what is wanted.
        if (this.#wanted) this.write(this.#wanted)
      })
    }
  }

  /** Resolves when what was wanted is written, or can never be. */
  async settled(): Promise<void> {
    if (this.#patience) this.#begin()
    while (this.#writing) await this.#writing
  }

  stop(): void {
    this.#patience?.cancel()
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let retryMs = firstRetryMs
    while (!signal.aborted && this.#wanted && this.#known) {
      const known: Pod = this.#known
      const patch = statusPatch(known.status ?? {}, this.#wanted)
      if (!patch) return this.#done()
      try {
        const body = { metadata: { uid: known.metadata.uid }, status: patch }
        const written = await this.#options.client.patch(pods, keyOf(known), { type: 'strategic', body }, { subresource: 'status' })
        if (this.#known?.metadata.uid === known.metadata.uid) this.observe(written)
        // What it leaves as it is, it would leave so for ever.
        if (same(patch, statusPatch(written.status ?? {}, this.#wanted))) throw new Error(`the API server does not take ${Object.keys(patch).join(', ')}`)
        retryMs = firstRetryMs
      } catch (error) {
        if (isNotFound(error) || (isConflict(error) && await this.#isReplaced(known))) return this.#forsaken(known)
        this.#options.log(`status of pod ${known.metadata.namespace}/${known.metadata.name} was not written: ${(error as Error).message}`)
        await sleep(this.#options.clock, retryMs, signal).catch(() => undefined)
        retryMs = Math.min(longestRetryMs, retryMs * 2)
      }
    }
  }

  #done(): void {
    if (this.#changedMs !== undefined) this.#options.written?.(this.#options.clock.monotonic() - this.#changedMs)
    this.#changedMs = undefined
  }

  /** A conflict may also be about what others write at the same time. */
  async #isReplaced(known: Pod): Promise<boolean> {
    try {
      const now = await this.#options.client.get(pods, keyOf(known))
      if (now.metadata.uid !== known.metadata.uid) return true
      if (this.#known?.metadata.uid === known.metadata.uid) this.observe(now)
      return false
    } catch (error) {
      return isNotFound(error)
    }
  }

  /** A mirror may come again; anything else is over. */
  #forsaken(known: Pod): void {
    this.#changedMs = undefined
    if (!isMirror(known)) this.stop()
    else if (this.#known?.metadata.uid === known.metadata.uid) this.#known = undefined
  }
}

const revision = (pod: Pod): number => Number(pod.metadata.resourceVersion ?? 0)
