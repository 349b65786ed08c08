// Applies changed resources to running containers, in place or by a restart, as their resize policy says.
import type { Container, Pod } from '../api/types-pod.ts'
import { containerLimits } from './container-resources.ts'
import { same } from './status-patch.ts'
import type { ContainerLimits, RuntimeContainer, RuntimeService } from './runtime-service.ts'

type Resources = Container['resources']

/** Which resources differ. Pure. */
export function changedResources(before: Resources, after: Resources): string[] {
  const names = new Set([before?.limits, before?.requests, after?.limits, after?.requests].flatMap((list) => Object.keys(list ?? {})))
  return [...names].filter((name) => before?.limits?.[name] !== after?.limits?.[name] || before?.requests?.[name] !== after?.requests?.[name])
}

export class ContainerResizer {
  readonly #runtime: Pick<RuntimeService, 'updateContainer'>
  readonly #nodeMemoryBytes: number
  /** What each running container was last given. */
  readonly #applied = new Map<string, { resources: Resources; limits: ContainerLimits }>()

  constructor(runtime: Pick<RuntimeService, 'updateContainer'>, nodeMemoryBytes: number) {
    this.#runtime = runtime
    this.#nodeMemoryBytes = nodeMemoryBytes
  }

  /** Returns `restart` when the container has to be started anew for it. A container seen for the first time has what its spec says. */
  async apply(pod: Pod, container: Container, running: RuntimeContainer): Promise<'restart' | undefined> {
    const limits = containerLimits(pod, container, this.#nodeMemoryBytes)
    const before = this.#applied.get(running.id)
    if (before && same(before.resources, container.resources)) return undefined
    this.#applied.set(running.id, { resources: container.resources, limits })
    if (!before) return undefined
    const changed = changedResources(before.resources, container.resources)
    if (changed.some((name) => container.resizePolicy?.some((each) => each.resourceName === name && each.restartPolicy === 'RestartContainer'))) return 'restart'
    if (!same(before.limits, limits)) await this.#runtime.updateContainer(running.id, limits)
    return undefined
  }

  forget(ids: ReadonlySet<string>): void {
    for (const id of this.#applied.keys()) if (!ids.has(id)) this.#applied.delete(id)
  }
}
