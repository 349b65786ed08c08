// A node with the sum of what runs there.
import type { Node, Taint } from '../api/types-node.ts'
import type { HostPort, PodInfo } from './pod-info.ts'
import { addTo, resourcesOf, type Resources } from './resources.ts'

export const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/**
 * Invariant: the sums are those of `pods`. A node that is gone, or not seen yet, keeps the pods that name it:
 * then `node` is undefined and the snapshot does not offer it.
 */
export class NodeInfo {
  readonly name: string
  node: Node | undefined
  allocatable: Resources = new Map()
  labels: Readonly<Record<string, string>> = {}
  taints: readonly Taint[] = []
  /** Bytes by image name. */
  images: ReadonlyMap<string, number> = new Map()
  readonly pods = new Map<string, PodInfo>()
  readonly requested = new Map<string, number>()
  readonly comparable = { milliCpu: 0, memory: 0 }
  affinityPods = 0
  antiAffinityPods = 0

  constructor(name: string) {
    this.name = name
  }

  setNode(node: Node | undefined): void {
    if (node?.status?.allocatable !== this.node?.status?.allocatable) this.allocatable = resourcesOf(node?.status?.allocatable)
    if (node?.status?.images !== this.node?.status?.images) {
      this.images = new Map((node?.status?.images ?? []).flatMap(({ names, sizeBytes = 0 }) => (names ?? []).map((name) => [name, sizeBytes] as const)))
    }
    this.labels = node?.metadata.labels ?? {}
    this.taints = node?.spec?.taints ?? []
    this.node = node
  }

  add(pod: PodInfo): void {
    this.remove(pod.uid)
    this.pods.set(pod.uid, pod)
    this.#count(pod, 1)
  }

  remove(uid: string): PodInfo | undefined {
    const pod = this.pods.get(uid)
    if (!pod) return undefined
    this.pods.delete(uid)
    this.#count(pod, -1)
    return pod
  }

  /** A copy that can be changed to try something out. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.name)
    copy.node = this.node
    copy.allocatable = this.allocatable
    copy.labels = this.labels
    copy.taints = this.taints
    copy.images = this.images
    for (const pod of this.pods.values()) copy.add(pod)
    return copy
  }

  *usedPorts(): Generator<HostPort> {
    for (const pod of this.pods.values()) yield* pod.hostPorts
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    addTo(this.requested, pod.requests, sign)
    this.comparable.milliCpu += sign * pod.comparable.milliCpu
    this.comparable.memory += sign * pod.comparable.memory
    if (pod.hasAffinity) this.affinityPods += sign
    if (pod.requiredAntiAffinity.length > 0) this.antiAffinityPods += sign
  }
}

