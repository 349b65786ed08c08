// The contract of a scheduler plugin: what it may say about a pod and nodes, and when its "no" is worth another look.
import type { KubeObject } from '../api/object.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

/** What can happen in the cluster that lets a waiting pod be scheduled. */
export type ChangeKind =
  | 'node-added' | 'node-gone' | 'node-allocatable' | 'node-labels' | 'node-taints'
  /** A pod came to a node, or one there changed its labels. */
  | 'pod-placed'
  /** A pod left its node, ended, asks for less, has lost labels, or gave back what was kept for it. */
  | 'pod-gone'
  | 'namespace' | 'claim' | 'volume' | 'storage-class' | 'csi-node' | 'attachment' | 'storage-capacity' | 'resource-claim' | 'device-class'

export interface ClusterChange {
  readonly kind: ChangeKind
  /** What changed, as it is now (or was last). */
  readonly object: KubeObject
  /** What happened to it, where the kind does not say. */
  readonly action?: 'Add' | 'Update' | 'Delete'
}

/** Why a pod can't go to a node. */
export interface Refusal {
  /** Counted a node each in the message: `2 Insufficient cpu`. */
  readonly reasons: readonly string[]
  /** False when it would not help to remove pods from the node. */
  readonly resolvable: boolean
}

export type Filter = (node: NodeInfo) => Refusal | undefined

export interface Checks {
  /** The only nodes that come into question. */
  readonly nodeNames?: ReadonlySet<string>
  /** Asked for each node until one plugin refuses; undefined means that the pod may go there. */
  readonly filter?: Filter
}

export interface Scorer {
  /** The higher the better. 0 to 100, unless `normalize` brings it there. */
  score(node: NodeInfo): number
  normalize?(scores: number[]): number[]
}

/** A cycle that found no node. */
export interface Failure {
  readonly pod: PodInfo
  readonly snapshot: Snapshot
  /** By node name; nodes that are not in it were refused in a way that can't be helped. */
  readonly refusals: ReadonlyMap<string, Refusal>
  /** Whether the plugin's own `preFilter` was asked: the plugins behind one that refuses all nodes are not. */
  readonly prepared: boolean
  /** The plugin that refused all nodes. */
  readonly refuser?: string | undefined
  /** Asks all plugins about a node that is not quite as it is in the snapshot. */
  fits(node: NodeInfo): Refusal | undefined
}

export interface Remedy {
  /** No other plugin is asked. */
  readonly final?: boolean
  /** Shown behind the reasons. */
  readonly message?: string
  /** Undefined leaves the nomination as it is, '' ends it. */
  readonly nominate?: string
  readonly victims?: readonly PodInfo[]
}

/**
 * Everything but `preBind` is called within one cycle, never waits, and changes nothing but the plugin's own
 * reservations. All methods are optional.
 */
export interface Plugin {
  readonly name: string
  /** Of the score. Default 1. */
  readonly weight?: number
  readonly enqueueOn: readonly ChangeKind[]
  /** Whether this very change can help the pod; asked for kinds in `enqueueOn` only. Without it every one can. */
  mayHelp?(pod: PodInfo, change: ClusterChange): boolean
  /** Whether the pod may be tried at all; asked when it comes to wait, and when a change may help it. */
  mayEnter?(pod: PodInfo): boolean
  /** Undefined when the plugin has nothing to say about this pod; a Refusal refuses all nodes. */
  preFilter?(pod: PodInfo, snapshot: Snapshot): Checks | Refusal | undefined
  /** Undefined when the plugin likes all nodes equally. */
  preScore?(pod: PodInfo, snapshot: Snapshot, feasible: readonly NodeInfo[]): Scorer | undefined
  /** Called when no node was found; the first plugin that nominates a node ends it. */
  postFilter?(failure: Failure): Remedy
  /** The pod is about to be bound to the node. `unreserve` takes it back. */
  reserve?(pod: PodInfo, node: NodeInfo): void
  unreserve?(pod: PodInfo): void
  /** What must be true before the pod is bound; rejecting sends it back to the queue. */
  preBind?(pod: PodInfo, nodeName: string, signal: AbortSignal): Promise<void>
}

export function isRefusal(result: Checks | Refusal): result is Refusal {
  return 'reasons' in result
}

/** Brings the highest score to 100; `reversed` makes the lowest the best. */
export function scaleScores(scores: readonly number[], reversed = false): number[] {
  const most = Math.max(0, ...scores)
  if (most === 0) return scores.map(() => (reversed ? 100 : 0))
  return scores.map((score) => {
    const scaled = Math.floor((score * 100) / most)
    return reversed ? 100 - scaled : scaled
  })
}
