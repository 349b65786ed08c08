// The cluster as the scheduler believes it to be: nodes, their pods, and pods whose binding is still under way.
import type { Node } from '../api/types-node.ts'
import type { Pod } from '../api/types-pod.ts'
import { NodeInfo } from './node-info.ts'
import { isTerminal, podInfo, type PodInfo } from './pod-info.ts'

/** What a cycle reads. Nothing changes while one runs, for a cycle never waits. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[]
  node(name: string): NodeInfo | undefined
  /** Whether any pod in the cluster has affinity or anti-affinity to pods; most clusters have none. */
  readonly affinityPods: number
  readonly antiAffinityPods: number
  /** How many nodes have the image. */
  imageSpread(image: string): number
  /** Pods that were promised room on the node by preemption. */
  nominated(nodeName: string): readonly PodInfo[]
  /** The node that the pod was promised room on. */
  nominationOf(uid: string): string | undefined
}

/** The snapshot with one node replaced. */
export function withNode(snapshot: Snapshot, node: NodeInfo): Snapshot {
  const before = snapshot.node(node.name)
  let nodes: readonly NodeInfo[] | undefined
  return {
    get nodes() {
      return (nodes ??= snapshot.nodes.map((other) => (other === before ? node : other)))
    },
    node: (name) => (name === node.name ? node : snapshot.node(name)),
    affinityPods: snapshot.affinityPods + node.affinityPods - (before?.affinityPods ?? 0),
    antiAffinityPods: snapshot.antiAffinityPods + node.antiAffinityPods - (before?.antiAffinityPods ?? 0),
    imageSpread: (image) => snapshot.imageSpread(image),
    nominated: (name) => snapshot.nominated(name),
    nominationOf: (uid) => snapshot.nominationOf(uid),
  }
}

/**
 * Invariant: a pod is on at most one node. An assumed pod is one that a cycle has placed and the informer has not shown
 * on its node yet; the informer's word replaces the assumption, and `forget` takes it back.
 */
export class ClusterSnapshot implements Snapshot {
  readonly #infos = new Map<string, NodeInfo>()
  readonly #places = new Map<string, string>()
  readonly #assumed = new Set<string>()
  readonly #nominated = new Map<string, { node: string; pod: PodInfo }>()
  readonly #images = new Map<string, number>()
  #nodes: NodeInfo[] | undefined
  affinityPods = 0
  antiAffinityPods = 0

  get nodes(): readonly NodeInfo[] {
    return (this.#nodes ??= [...this.#infos.values()].filter(({ node }) => node !== undefined))
  }

  /** Pods that have a node, and those of them that are assumed to. */
  get podCount(): number {
    return this.#places.size
  }

  get assumedCount(): number {
    return this.#assumed.size
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#infos.get(name)
    return info?.node ? info : undefined
  }

  setNode(node: Node): void {
    const info = this.#infoOf(node.metadata.name ?? '')
    if (!info.node) this.#nodes = undefined
    const before = info.images
    info.setNode(node)
    if (info.images !== before) this.#countImages(before, info.images)
  }

  removeNode(name: string): void {
    const info = this.#infos.get(name)
    if (!info) return
    this.#countImages(info.images, new Map())
    info.setNode(undefined)
    info.images = new Map()
    if (info.pods.size === 0) this.#infos.delete(name)
    this.#nodes = undefined
  }

  /** What the informer shows of a pod that has a node. Ended pods hold nothing. */
  setPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    this.#assumed.delete(uid)
    if (isTerminal(pod)) this.#take(uid)
    else this.#put(podInfo(pod), pod.spec.nodeName ?? '')
  }

  /** The pod is gone, or will never run. True when it held room, or was promised some. */
  release(uid: string): boolean {
    const held = this.#places.has(uid)
    this.#assumed.delete(uid)
    this.#take(uid)
    return this.#nominated.delete(uid) || held
  }

  /** Counts the pod on a node although its binding is still to be written. */
  assume(pod: PodInfo, nodeName: string): void {
    this.#put(pod, nodeName)
    this.#assumed.add(pod.uid)
  }

  /** Takes an assumption back; false when the informer has confirmed it or the pod is gone. */
  forget(uid: string): boolean {
    if (!this.#assumed.delete(uid)) return false
    this.#take(uid)
    return true
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid)
  }

  nominate(pod: PodInfo, nodeName: string | undefined): void {
    if (nodeName) this.#nominated.set(pod.uid, { node: nodeName, pod })
    else this.#nominated.delete(pod.uid)
  }

  nominated(nodeName: string): readonly PodInfo[] {
    if (this.#nominated.size === 0) return []
    return [...this.#nominated.values()].filter(({ node }) => node === nodeName).map(({ pod }) => pod)
  }

  nominationOf(uid: string): string | undefined {
    return this.#nominated.get(uid)?.node
  }

  imageSpread(image: string): number {
    return this.#images.get(image) ?? 0
  }

  #infoOf(name: string): NodeInfo {
    let info = this.#infos.get(name)
    if (!info) this.#infos.set(name, (info = new NodeInfo(name)))
    return info
  }

  #put(pod: PodInfo, nodeName: string): void {
    this.#take(pod.uid)
    this.#nominated.delete(pod.uid)
    this.#infoOf(nodeName).add(pod)
    this.#places.set(pod.uid, nodeName)
    this.#countAffinity(pod, 1)
  }

  #take(uid: string): void {
    const place = this.#places.get(uid)
    if (place === undefined) return
    this.#places.delete(uid)
    const info = this.#infos.get(place)
    const pod = info?.remove(uid)
    if (pod) this.#countAffinity(pod, -1)
    if (info && !info.node && info.pods.size === 0) this.#infos.delete(place)
  }

  #countAffinity(pod: PodInfo, sign: 1 | -1): void {
    if (pod.hasAffinity) this.affinityPods += sign
    if (pod.requiredAntiAffinity.length > 0) this.antiAffinityPods += sign
  }

  #countImages(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
    for (const image of before.keys()) this.#images.set(image, (this.#images.get(image) ?? 0) - 1)
    for (const image of after.keys()) this.#images.set(image, (this.#images.get(image) ?? 0) + 1)
    for (const image of before.keys()) if (this.#images.get(image) === 0) this.#images.delete(image)
  }
}
