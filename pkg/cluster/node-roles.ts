// Says that this machine's node is the control plane's: a node may not say that of itself.
import type { Node } from '../api/types-node.ts'
import { nodes } from '../api/types-node.ts'
import type { Client } from '../client/client.ts'
import type { InformerChange, Informers } from '../client/informer.ts'

export interface NodeRolesOptions {
  readonly client: Client
  readonly informers: Informers
  readonly nodeName: string
  readonly log: (text: string) => void
}

/** `kubectl get nodes` shows it as the node's role; pods are welcome all the same. */
export const roleLabel = 'node-role.kubernetes.io/control-plane'

/** Gives a node the label when it is made, or made anew; who changes it later means it. */
export class NodeRoles {
  readonly #options: NodeRolesOptions
  #unsubscribe: (() => void) | undefined
  #labelling: Promise<void> = Promise.resolve()

  constructor(options: NodeRolesOptions) {
    this.#options = options
  }

  start(): void {
    this.#unsubscribe = this.#options.informers.for(nodes).onChange((change) => this.#follow(change))
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    await this.#labelling
  }

  #follow({ object, previous }: InformerChange<Node>): void {
    const { client, nodeName, log } = this.#options
    if (previous?.metadata.uid === object?.metadata.uid || object?.metadata.name !== nodeName || object.metadata.labels?.[roleLabel] !== undefined) return
    const body = { metadata: { uid: object.metadata.uid, labels: { [roleLabel]: 'true' } } }
    this.#labelling = client.patch(nodes, { name: nodeName }, { type: 'merge', body }).then(() => undefined, (error: Error) => log(`node ${nodeName} could not be given its role: ${error.message}`))
  }
}
