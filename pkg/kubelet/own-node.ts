// What others say of this node: its labels, its taints, and whether pods are to be placed on it.
import type { Node, Taint } from '../api/types-node.ts'
import { nodes } from '../api/types-node.ts'
import type { Client } from '../client/client.ts'
import type { ObjectWatches } from './object-watches.ts'

export interface OwnNodeOptions {
  readonly client: Client
  readonly name: string
  /** Until the API server has been asked. */
  readonly labels: Readonly<Record<string, string>>
  /** About the node itself. */
  readonly record: (event: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void
  readonly log: (message: string) => void
}

export class OwnNode {
  readonly #options: OwnNodeOptions
  #known: Node | undefined
  #unschedulable = false

  constructor(options: OwnNodeOptions) {
    this.#options = options
  }

  get metadata(): Node['metadata'] {
    return { name: this.#options.name, labels: { ...(this.#known ? this.#known.metadata.labels : this.#options.labels) } }
  }

  get taints(): readonly Taint[] {
    return this.#known?.spec?.taints ?? []
  }

  /** Returns how to end it. */
  watch(watches: ObjectWatches): () => void {
    return watches.watch({ resource: nodes, name: this.#options.name }, () => void this.refresh())
  }

  /** Without an answer, what was known last holds. */
  async refresh(): Promise<void> {
    const { client, name, log } = this.#options
    try {
      this.#known = await client.get(nodes, { name })
      this.#tell()
    } catch (error) {
      log(`node ${name} could not be read: ${(error as Error).message}`)
    }
  }

  #tell(): void {
    const unschedulable = this.#known?.spec?.unschedulable ?? false
    if (unschedulable === this.#unschedulable) return
    this.#unschedulable = unschedulable
    const reason = unschedulable ? 'NodeNotSchedulable' : 'NodeSchedulable'
    this.#options.record({ type: 'Normal', reason, message: `Node ${this.#options.name} status is now: ${reason}` })
  }
}
