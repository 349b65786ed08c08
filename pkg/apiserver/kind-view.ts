// A kind's objects, kept current by a watch of the registry, for those parts of the server that ask for them all the time.
import type { KubeObject, Resource } from '../api/object.ts'
import type { UserInfo } from '../api/request.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import { sleep, type Clock } from '../util/clock.ts'

const self: UserInfo = { username: 'system:apiserver', groups: ['system:masters'] }

export interface Following {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called after each change. */
  readonly changed?: () => void
}

const againMs = 100

/** A kind's objects by key. `version` grows with each change. */
export class KindView<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  version = 0

  constructor(registry: Registry, resource: Resource<T>, following: Following) {
    const definition = registry.definition(resource.group, resource.version, resource.plural)
    if (!definition) return
    const list = registry.list(definition, { user: self, options: {} })
    for (const object of list.items) this.#put(object as T)
    void this.#follow(registry, definition, list.metadata.resourceVersion, following)
  }

  values(): T[] {
    return [...this.#objects.values()]
  }

  #put(object: T): void {
    this.#objects.set(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object)
    this.version++
  }

  /** Watches again whenever a watch ends, from the version seen last, until the signal aborts. */
  async #follow(registry: Registry, definition: Definition, from: string | undefined, { clock, signal, changed }: Following): Promise<void> {
    let resourceVersion = from
    while (!signal.aborted) {
      for await (const batch of registry.watch(definition, { options: { resourceVersion }, signal })) {
        for (const { type, object } of batch) {
          if (type === 'ERROR') {
            resourceVersion = this.#reload(registry, definition)
            continue
          }
          resourceVersion = object.metadata.resourceVersion
          if (type === 'DELETED') {
            this.#objects.delete(`${object.metadata.namespace ?? ''}/${object.metadata.name}`)
            this.version++
          } else if (type !== 'BOOKMARK') this.#put(object as unknown as T)
        }
        changed?.()
      }
      // A registry that has stopped ends every watch at once: don't spin until the signal comes.
      await sleep(clock, againMs, signal).catch(() => undefined)
    }
  }

  #reload(registry: Registry, definition: Definition): string | undefined {
    const list = registry.list(definition, { user: self, options: {} })
    this.#objects.clear()
    for (const object of list.items) this.#put(object as T)
    return list.metadata.resourceVersion
  }
}
