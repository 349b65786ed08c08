// The users of a pod: the node's, or users of its own.
import type { Pod } from '../api/types-pod.ts'
import { podUid } from './pod-names.ts'
import type { RuntimeHandlers } from './runtime-handlers.ts'
import type { IdRange } from './runtime-service.ts'
import type { UserNamespaces } from './user-namespaces.ts'

export interface PodUsersOptions {
  readonly handlers: Pick<RuntimeHandlers, 'features'>
  /** Missing where nothing runs. */
  readonly namespaces: Pick<UserNamespaces, 'of'> | undefined
}

export class PodUsers {
  readonly #options: PodUsersOptions
  /** Of pods that were to have users of their own: sandboxes asked for, and not got. */
  readonly counts = { started: 0, failed: 0 }

  constructor(options: PodUsersOptions) {
    this.#options = options
  }

  /** To be called before the pod's sandbox is made. Throws in a kubelet's words. */
  check(pod: Pod, handler: string): void {
    if (pod.spec.hostUsers !== false || this.#options.handlers.features(pod)?.userNamespaces) return
    throw new Error(`can't set \`spec.hostUsers: false\`, ${handler ? `RuntimeClass handler "${handler}"` : 'runtime'} does not support user namespaces`)
  }

  /** To be told what comes of it. */
  async counting<T>(pod: Pod, making: () => Promise<T>): Promise<T> {
    if (pod.spec.hostUsers !== false) return making()
    this.counts.started++
    try {
      return await making()
    } catch (error) {
      this.counts.failed++
      throw error
    }
  }

  /** undefined for the node's. */
  async of(pod: Pod): Promise<IdRange | undefined> {
    return pod.spec.hostUsers === false ? this.#options.namespaces?.of(podUid(pod)) : undefined
  }
}
