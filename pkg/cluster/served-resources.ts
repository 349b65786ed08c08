// Tells those who follow every kind when kinds come and go, and lets go of what is served no more.
import { apiVersionOf, type Resource } from '../api/object.ts'
import type { Definition } from '../registry/definition.ts'
import type { Clock, Timer } from '../util/clock.ts'

export interface ServedResourcesOptions {
  readonly resources: () => readonly Resource[]
  /** Registers a listener; the function that it returns unsubscribes. */
  readonly onChange: (listener: () => void) => () => void
  readonly forget: (resource: Resource) => Promise<void>
  readonly changed: () => Promise<void>
  readonly clock: Clock
  readonly log: (text: string) => void
}

/** Many CRDs come at once as a rule; they are told together. */
const gatherMs = 50

const nameOf = (resource: Resource): string => `${apiVersionOf(resource)} ${resource.plural}`

/** A stored kind by any of the versions in which it is served. */
export function servedKind(definitions: readonly Definition[], apiVersion: string, kind: string): Resource | undefined {
  return definitions.find(({ resource, storage }) => storage !== undefined && resource.kind === kind && apiVersionOf(resource) === apiVersion)?.resource
}

export class ServedResources {
  readonly #options: ServedResourcesOptions
  readonly #unsubscribe: () => void
  #timer: Timer | undefined
  #served: ReadonlyMap<string, Resource>

  constructor(options: ServedResourcesOptions) {
    this.#options = options
    this.#served = this.#now()
    this.#unsubscribe = options.onChange(() => {
      this.#timer ??= options.clock.setTimer(() => this.#look(), gatherMs)
    })
  }

  stop(): Promise<void> {
    this.#unsubscribe()
    this.#timer?.cancel()
    return Promise.resolve()
  }

  #now(): ReadonlyMap<string, Resource> {
    return new Map(this.#options.resources().map((resource) => [nameOf(resource), resource]))
  }

  #look(): void {
    this.#timer = undefined
    const { forget, changed, log } = this.#options
    const before = this.#served
    this.#served = this.#now()
    const gone = [...before].filter(([name]) => !this.#served.has(name)).map(([, resource]) => resource)
    Promise.all([changed(), ...gone.map(forget)]).catch((error: unknown) => log(`served resources: ${error instanceof Error ? error.message : String(error)}`))
  }
}
