// Which nodes have to do with which objects: what the pods bound to a node name, kept current by the store's own changes.
import type { AnyObject } from '../api/object.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Registry } from '../registry/registry.ts'
import { claimTargets, podTargets, vertex, volumeNeeds } from './node-access.ts'

interface Bound {
  readonly node: string
  readonly targets: readonly string[]
}

interface Placed {
  readonly metadata: AnyObject['metadata']
  readonly spec?: { readonly nodeName?: string }
}

/**
 * A claim, secret, account … leads to a node by the pods there that name it; a volume by its claim; a secret by a volume too.
 * Invariant: `#nodes` counts, for each object and node, how many of `#bound` lead from the one to the other.
 */
export class NodeGraph {
  readonly #nodes = new Map<string, Map<string, number>>()
  readonly #bound = new Map<string, Bound>()
  readonly #volumes = new Map<string, { readonly claim: string; readonly secrets: readonly string[] }>()
  readonly #volumesOfSecret = new Map<string, Set<string>>()
  readonly #ends: (() => void)[] = []
  /** Resolves when it shows all that is stored. */
  readonly ready: Promise<unknown>

  constructor(registry: Registry) {
    const told: Promise<void>[] = []
    const follow = (group: string, plural: string, listener: (object: AnyObject | undefined, previous: AnyObject | undefined) => void): void => {
      const definition = registry.definition(group, 'v1', plural)
      if (!definition) return
      const following = registry.follow(definition, listener)
      this.#ends.push(following.end)
      told.push(following.told)
    }
    follow('', 'pods', (pod, previous) => this.#followPod(pod as unknown as Pod | undefined, previous as unknown as Pod | undefined))
    follow('', 'persistentvolumes', (volume, previous) => this.#followVolume(volume, previous))
    follow('storage.k8s.io', 'volumeattachments', (object, previous) => this.#followPlaced('volumeattachments', object, previous))
    follow('resource.k8s.io', 'resourceslices', (object, previous) => this.#followPlaced('resourceslices', object, previous))
    this.ready = Promise.all(told)
  }

  /** Whether anything that the node has to do with leads to the object. */
  leads(kind: string, namespace: string, name: string, node: string): boolean {
    if (kind === 'persistentvolumes') return this.#ofVolume(name, node)
    const key = vertex(kind, namespace, name)
    if (this.#nodes.get(key)?.has(node)) return true
    if (kind !== 'secrets') return false
    for (const volume of this.#volumesOfSecret.get(key) ?? []) if (this.#ofVolume(volume, node)) return true
    return false
  }

  /** Whether it leads to any node. */
  knows(kind: string, namespace: string, name: string): boolean {
    return this.#nodes.has(vertex(kind, namespace, name))
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  #ofVolume(name: string, node: string): boolean {
    const volume = this.#volumes.get(name)
    return volume !== undefined && (this.#nodes.get(volume.claim)?.has(node) ?? false)
  }

  #followPod(pod: Pod | undefined, previous: Pod | undefined): void {
    const { namespace = '', name = '' } = (pod ?? previous)!.metadata
    const key = vertex('pods', namespace, name)
    if (!pod?.spec.nodeName) return this.#unbind(key)
    if (previous && this.#bound.has(key) && sameNeeds(pod, previous)) return
    this.#bind(key, pod.spec.nodeName, [key, ...podTargets(pod)])
  }

  #followPlaced(kind: string, object: AnyObject | undefined, previous: AnyObject | undefined): void {
    const { metadata, spec } = (object ?? previous) as Placed
    const key = vertex(kind, '', metadata.name ?? '')
    if (object && spec?.nodeName) this.#bind(key, spec.nodeName, [key])
    else this.#unbind(key)
  }

  #followVolume(volume: AnyObject | undefined, previous: AnyObject | undefined): void {
    const { name = '' } = (volume ?? previous)!.metadata
    for (const secret of this.#volumes.get(name)?.secrets ?? []) {
      const volumes = this.#volumesOfSecret.get(secret)
      volumes?.delete(name)
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret)
    }
    this.#volumes.delete(name)
    const needs = volume && volumeNeeds(volume)
    if (!needs) return
    this.#volumes.set(name, needs)
    for (const secret of needs.secrets) {
      const volumes = this.#volumesOfSecret.get(secret)
      if (volumes) volumes.add(name)
      else this.#volumesOfSecret.set(secret, new Set([name]))
    }
  }

  #bind(key: string, node: string, targets: readonly string[]): void {
    this.#unbind(key)
    this.#bound.set(key, { node, targets })
    for (const target of targets) {
      let nodes = this.#nodes.get(target)
      if (!nodes) this.#nodes.set(target, nodes = new Map())
      nodes.set(node, (nodes.get(node) ?? 0) + 1)
    }
  }

  #unbind(key: string): void {
    const bound = this.#bound.get(key)
    if (!bound) return
    this.#bound.delete(key)
    for (const target of bound.targets) {
      const nodes = this.#nodes.get(target)
      const count = nodes?.get(bound.node) ?? 0
      if (count > 1) nodes!.set(bound.node, count - 1)
      else nodes?.delete(bound.node)
      if (nodes?.size === 0) this.#nodes.delete(target)
    }
  }
}

/** Of a bound pod all else that names objects stays as it is. */
const sameNeeds = (pod: Pod, previous: Pod): boolean =>
  pod.metadata.uid === previous.metadata.uid && pod.spec.nodeName === previous.spec.nodeName
  && (pod.spec.ephemeralContainers?.length ?? 0) === (previous.spec.ephemeralContainers?.length ?? 0)
  && claimTargets(pod).join() === claimTargets(previous).join()
