// Tells when objects that pods refer to change: one watch for each object, however many pods use it.
import { groupResource, type KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import type { ObjectRef } from './volume.ts'

interface Watched {
  readonly listeners: Set<() => void>
  readonly abort: AbortController
  /** What there was has been told. */
  told: boolean
}

const retryMs = 1000

/** A listener is called once the watch runs, and then for every change: it may be called when nothing is new. One that joins a watch that runs hears of the next change only, unless it asks for more. */
export class ObjectWatches {
  readonly #client: Client
  readonly #clock: Clock
  readonly #watched = new Map<string, Watched>()

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** `catchUp`: called once in any case; for who has looked before it listens. */
  watch(ref: ObjectRef, listener: () => void, { catchUp = false } = {}): () => void {
    const key = `${groupResource(ref.resource)}/${ref.namespace ?? ''}/${ref.name}`
    let watched = this.#watched.get(key)
    if (!watched) {
      watched = { listeners: new Set(), abort: new AbortController(), told: false }
      this.#watched.set(key, watched)
      void this.#run(ref, watched)
    }
    const { listeners, abort } = watched
    // Its own function: two may watch with the same listener.
    const own = (): void => listener()
    listeners.add(own)
    if (catchUp && watched.told) queueMicrotask(() => listeners.has(own) && own())
    return () => {
      listeners.delete(own)
      if (listeners.size > 0 || this.#watched.get(key)?.abort !== abort) return
      this.#watched.delete(key)
      abort.abort()
    }
  }

  stop(): void {
    for (const { abort } of this.#watched.values()) abort.abort()
    this.#watched.clear()
  }

  async #run(ref: ObjectRef, watched: Watched): Promise<void> {
    const { listeners, abort: { signal } } = watched
    while (!signal.aborted) {
      watched.told = false
      try {
        const options = { fieldSelector: `metadata.name=${ref.name}`, sendInitialEvents: true, signal, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }
        for await (const batch of this.#client.watch<KubeObject>(ref.resource, options)) {
          if (batch.every((event) => event.type === 'ERROR')) continue
          watched.told = true
          for (const listener of [...listeners]) listener()
        }
        await sleep(this.#clock, 50, signal)
      } catch {
        // What went wrong shows at the reader's own get; the watch only has to come back.
        await sleep(this.#clock, retryMs, signal).catch(() => undefined)
      }
    }
  }
}
