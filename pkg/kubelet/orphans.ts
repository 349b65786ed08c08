// Removes what is left on the node of pods that no longer exist.
import { rm } from 'node:fs/promises'
import { containerNotes } from './labels.ts'
import { logDirectory } from './pod-names.ts'
import type { PodTools } from './pod-tools.ts'
import type { RuntimePod } from './runtime-service.ts'

export interface OrphanInput {
  readonly found: readonly RuntimePod[]
  /** Names in the pods' directory. */
  readonly directories: readonly string[]
  owned(uid: string): boolean
}

export class OrphanCollector {
  readonly #tools: Pick<PodTools, 'runtime' | 'node' | 'directories'>
  readonly #log: (message: string) => void

  constructor(tools: Pick<PodTools, 'runtime' | 'node' | 'directories'>, log: (message: string) => void) {
    this.#tools = tools
    this.#log = log
  }

  async collect({ found, directories, owned }: OrphanInput): Promise<void> {
    const orphans = found.filter((pod) => !owned(pod.uid))
    await Promise.all(orphans.map((pod) => this.#guarded(`pod ${pod.namespace}/${pod.name}`, () => this.#remove(pod))))
    for (const uid of directories) {
      if (!owned(uid)) await this.#guarded(`directory of pod ${uid}`, () => this.#tools.directories.remove(uid))
    }
  }

  async #remove(pod: RuntimePod): Promise<void> {
    const { runtime, node } = this.#tools
    const running = pod.containers.filter((container) => container.phase === 'running')
    await Promise.all(running.map((container) => runtime.stopContainer(container.id, containerNotes(container.annotations).graceSeconds)))
    for (const sandbox of pod.sandboxes) await runtime.removeSandbox(sandbox.id)
    await rm(logDirectory(node.paths.logs, pod), { recursive: true, force: true })
  }

  async #guarded(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#log(`${what} is left over and could not be removed: ${(error as Error).message}`)
    }
  }
}
