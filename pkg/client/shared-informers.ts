// All informers of a process: one for each resource, made on first use.
import { groupResource, type KubeObject, type Resource } from '../api/object.ts'
import type { Informer, Informers } from './informer.ts'
import { SharedInformer, type SharedInformerOptions } from './shared-informer.ts'

export class SharedInformers implements Informers {
  readonly #options: SharedInformerOptions
  readonly #made = new Map<string, SharedInformer<KubeObject>>()
  #stopped = false

  constructor(options: SharedInformerOptions) {
    this.#options = options
  }

  for<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    const name = `${groupResource(resource)}/${resource.version}`
    let informer = this.#made.get(name)
    if (!informer) {
      if (this.#stopped) throw new Error(`informers are stopped, ${name} was asked for`)
      informer = new SharedInformer<KubeObject>(resource, this.#options)
      this.#made.set(name, informer)
    }
    return informer as unknown as Informer<T>
  }

  async whenSynced(): Promise<void> {
    await Promise.all([...this.#made.values()].map((informer) => informer.whenSynced()))
  }

  /** Ends the informer of a resource that is served no more. Whoever still holds it reads its last state. */
  async forget(resource: Resource): Promise<void> {
    const name = `${groupResource(resource)}/${resource.version}`
    const informer = this.#made.get(name)
    this.#made.delete(name)
    await informer?.stop()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#made.values()].map((informer) => informer.stop()))
  }
}
