// What the runtime still holds of a pod and nobody needs any more. Pure.
import type { RuntimePod } from './runtime-service.ts'

export interface PodGarbage {
  readonly containers: readonly { readonly id: string; readonly name: string; readonly attempt: number }[]
  readonly sandboxes: readonly string[]
}

/** The newest `keep` of each container stay: two, for its state and its last state, and their logs; of the sandboxes, the newest and those of containers that stay. */
export function podGarbage(runtime: RuntimePod, keep = 2): PodGarbage {
  const kept = new Map<string, number>()
  const keptIds = new Set<string>()
  for (const container of runtime.containers) {
    const count = kept.get(container.name) ?? 0
    kept.set(container.name, count + 1)
    if (count < keep || container.phase === 'running') keptIds.add(container.id)
  }
  const containers = runtime.containers.filter((container) => !keptIds.has(container.id))
  const needed = new Set(runtime.containers.filter((container) => keptIds.has(container.id)).map((container) => container.sandboxId))
  const sandboxes = runtime.sandboxes.slice(1).filter((sandbox) => !sandbox.ready && !needed.has(sandbox.id)).map((sandbox) => sandbox.id)
  return { containers: containers.map(({ id, name, attempt }) => ({ id, name, attempt })), sandboxes }
}
