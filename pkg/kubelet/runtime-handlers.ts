// The runtime handlers of pods, by their RuntimeClass, and what these can do.
import { isNotFound } from '../api/status-error.ts'
import { runtimeClasses } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { HandlerFeatures, RuntimeHost } from './runtime-service.ts'

export class RuntimeHandlers {
  readonly #client: Client
  readonly #runtime: Pick<RuntimeHost, 'abilities'>
  readonly #found = new Map<string, string>()

  constructor({ client, runtime }: { client: Client; runtime: Pick<RuntimeHost, 'abilities'> }) {
    this.#client = client
    this.#runtime = runtime
  }

  /** Empty for the runtime's usual one. */
  async find({ spec: { runtimeClassName: name } }: Pod): Promise<string> {
    if (!name) return ''
    const { handler } = await this.#client.get(runtimeClasses, { name }).catch((error: unknown) => {
      throw isNotFound(error) ? new Error(`RuntimeClass "${name}" not found`, { cause: error }) : error
    })
    this.#found.set(name, handler)
    return handler
  }

  /** What the pod's can do; undefined where nobody knows. */
  async look(pod: Pod): Promise<HandlerFeatures | undefined> {
    await this.find(pod).catch(() => undefined)
    return this.features(pod)
  }

  /** Likewise, as far as it was found out. */
  features(pod: Pod): HandlerFeatures | undefined {
    const name = pod.spec.runtimeClassName
    const handler = name ? this.#found.get(name) : ''
    if (handler !== undefined) return this.#runtime.abilities?.handlers[handler]
    // A kubelet before us has found it: the next time we know it, too.
    void this.find(pod).catch(() => undefined)
    return undefined
  }
}
