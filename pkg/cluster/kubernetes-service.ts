// Keeps the `kubernetes` Service and its addresses there: `kubectl delete services --all` must not cut pods off from the API.
import type { KubeObject } from '../api/object.ts'
import { endpoints, endpointSlices, services } from '../api/types-service.ts'
import type { InformerChange, Informers } from '../client/informer.ts'

export interface KubernetesServiceOptions {
  readonly informers: Informers
  /** Makes what is missing. */
  readonly restore: () => Promise<void>
  readonly log: (text: string) => void
}

export class KubernetesService {
  readonly #options: KubernetesServiceOptions
  #unsubscribe: (() => void)[] = []
  /** One restoration after the other: a second deletion may come while the first is made good. */
  #restoring: Promise<void> = Promise.resolve()

  constructor(options: KubernetesServiceOptions) {
    this.#options = options
  }

  start(): void {
    const { informers } = this.#options
    const onChange = (change: InformerChange<KubeObject>): void => this.#follow(change)
    this.#unsubscribe = [informers.for(services).onChange(onChange), informers.for(endpoints).onChange(onChange), informers.for(endpointSlices).onChange(onChange)]
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    await this.#restoring
  }

  #follow({ object, previous }: InformerChange<KubeObject>): void {
    if (object || previous?.metadata.namespace !== 'default' || previous.metadata.name !== 'kubernetes') return
    const { restore, log } = this.#options
    this.#restoring = this.#restoring.then(restore).catch((error: Error) => log(`the kubernetes service could not be made again: ${error.message}`))
  }
}
