// Keeps a mirror on the API server for each static pod, and none for what is no static pod any more.
import { keyOf, keyText } from '../api/object.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { podUid } from './pod-names.ts'
import { mirrorHash, mirrorOf } from './static-pod.ts'

export interface MirrorPodsOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: (message: string) => void
  readonly wanted: () => readonly Pod[]
  /** Of the node's object; undefined while it is not registered. */
  readonly nodeUid: () => string | undefined
  /** The mirror of a static pod, as the API server has it now; undefined when it has none. */
  readonly onMirror: (staticUid: string, mirror: Pod | undefined) => void
}

const retryMs = 1000
/** How long a mirror that somebody deleted stays away: `kubectl delete` begins to watch after its request, and would take the next one for it for ever. */
const awayMs = 1000

export class MirrorPods {
  readonly #options: MirrorPodsOptions
  /** By namespace and name. */
  readonly #mirrors = new Map<string, Pod>()
  /** When a mirror went that somebody deleted, in ms of the monotonic clock; by namespace and name. */
  readonly #wentMs = new Map<string, number>()
  #synced = false
  #busy: Promise<void> | undefined
  #again = false
  #timer: Timer | undefined
  #stopped = false

  constructor(options: MirrorPodsOptions) {
    this.#options = options
  }

  /** Of a static pod. */
  mirror(staticUid: string): Pod | undefined {
    return [...this.#mirrors.values()].find((pod) => mirrorHash(pod) === staticUid)
  }

  /** The static pod that a mirror of this uid shows. */
  staticUid(mirrorUid: string): string | undefined {
    const mirror = [...this.#mirrors.values()].find((pod) => podUid(pod) === mirrorUid)
    return mirror && mirrorHash(mirror)
  }

  /** The API server has this mirror. */
  observe(mirror: Pod): void {
    this.#mirrors.set(keyText(keyOf(mirror)), mirror)
    if (this.#wanted(mirror)) this.#options.onMirror(mirrorHash(mirror) ?? '', mirror)
    this.reconcile()
  }

  remove(mirrorUid: string): void {
    for (const [key, mirror] of this.#mirrors) {
      if (podUid(mirror) !== mirrorUid) continue
      this.#mirrors.delete(key)
      if (mirror.metadata.deletionTimestamp !== undefined) this.#wentMs.set(key, this.#options.clock.monotonic())
      this.#options.onMirror(mirrorHash(mirror) ?? '', undefined)
    }
    this.reconcile()
  }

  /** All mirrors are known now. */
  markSynced(): void {
    this.#synced = true
    this.reconcile()
  }

  reconcile(): void {
    if (!this.#synced || this.#stopped) return
    this.#again = true
    this.#busy ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#busy
  }

  #wanted(mirror: Pod): Pod | undefined {
    return this.#options.wanted().find((pod) => podUid(pod) === mirrorHash(mirror) && keyText(keyOf(pod)) === keyText(keyOf(mirror)))
  }

  async #run(): Promise<void> {
    const { log } = this.#options
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        await this.#pass()
      } catch (error) {
        log(`mirror pods: ${(error as Error).message}`)
        this.#reconcileIn(retryMs)
      }
    }
    // In the same turn as the last look at `again`, so that no change falls between.
    this.#busy = undefined
  }

  #reconcileIn(ms: number): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.setTimer(() => this.reconcile(), ms)
  }

  async #pass(): Promise<void> {
    const { client, clock, wanted, nodeUid } = this.#options
    for (const mirror of this.#mirrors.values()) {
      // Somebody deletes it, or it shows what is not there: it goes, and a new one takes its place.
      if (this.#wanted(mirror) && mirror.metadata.deletionTimestamp === undefined) continue
      await client.delete(pods, keyOf(mirror), { gracePeriodSeconds: 0, preconditions: { uid: podUid(mirror) } }).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error
      })
    }
    for (const pod of wanted()) {
      const key = keyText(keyOf(pod))
      if (this.#mirrors.has(key)) continue
      const waitMs = (this.#wentMs.get(key) ?? -Infinity) + awayMs - clock.monotonic()
      if (waitMs > 0) {
        this.#reconcileIn(waitMs)
        continue
      }
      this.#wentMs.delete(key)
      await client.create(pods, mirrorOf(pod, nodeUid())).catch((error: unknown) => {
        // The watch is about to tell of it.
        if (!isAlreadyExists(error)) throw error
      })
    }
  }
}
