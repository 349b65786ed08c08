// Keeps there what a cluster cannot do without: `kubectl delete services --all` must not cut pods off from the API, nor a missing namespace nodes from their heartbeats.
import type { KubeObject, ObjectKey, Resource } from '../api/object.ts'
import type { InformerChange, Informers } from '../client/informer.ts'
import type { Clock, Timer } from '../util/clock.ts'

/** So long after a restoration that failed the next is tried. */
const retryMs = 10_000

export interface KeptObjectsOptions {
  readonly informers: Informers
  readonly kept: readonly { readonly resource: Resource; readonly keys: readonly ObjectKey[] }[]
  /** Makes what is missing. */
  readonly restore: () => Promise<void>
  readonly clock: Clock
  readonly log: (text: string) => void
}

export class KeptObjects {
  readonly #options: KeptObjectsOptions
  #unsubscribe: (() => void)[] = []
  /** One restoration after the other: a second deletion may come while the first is made good. */
  #restoring: Promise<void> = Promise.resolve()
  #retry: Timer | undefined
  #stopped = false

  constructor(options: KeptObjectsOptions) {
    this.#options = options
  }

  start(): void {
    const { informers, kept } = this.#options
    this.#unsubscribe = kept.map(({ resource, keys }) => informers.for(resource).onChange(({ object, previous }: InformerChange<KubeObject>) => {
      const { name, namespace } = previous?.metadata ?? {}
      if (!object && keys.some((key) => key.name === name && key.namespace === namespace)) this.#restore()
    }))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    this.#retry?.cancel()
    await this.#restoring
  }

  #restore(): void {
    const { restore, clock, log } = this.#options
    this.#restoring = this.#restoring.then(restore).catch((error: Error) => {
      log(`what the cluster needs could not be made again: ${error.message}`)
      if (this.#stopped) return
      this.#retry?.cancel()
      this.#retry = clock.setTimer(() => this.#restore(), retryMs)
    })
  }
}
