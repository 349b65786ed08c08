// Which pod of a StatefulSet is made, replaced or removed next: pure.
import { scaledValue } from '../api/int-or-string.ts'
import type { KubeObject } from '../api/object.ts'
import type { Pod } from '../api/types-pod.ts'
import type { StatefulSet, StatefulSetStatus } from '../api/types-workload.ts'
import type { PersistentVolumeClaim } from '../api/types-volume.ts'
import { isAvailable, isReady, isTerminal } from './pod-facts.ts'
import { revisionHashLabel } from './revision-history.ts'

const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

export interface StatefulState {
  readonly set: StatefulSet
  /** All pods that the set owns. */
  readonly pods: readonly Pod[]
  /** Names of the revisions that pods are made from. */
  readonly currentRevision: string
  readonly updateRevision: string
  readonly nowMs: number
}

export interface StatefulPlan {
  readonly create: readonly { readonly ordinal: number; readonly revision: string }[]
  readonly remove: readonly Pod[]
}

/** -1 for pods that are not named like the set's. */
export function ordinalOf(set: KubeObject, pod: Pod): number {
  const { name = '' } = pod.metadata
  const prefix = `${set.metadata.name}-`
  const tail = name.startsWith(prefix) ? name.slice(prefix.length) : ''
  return /^\d+$/.test(tail) ? Number(tail) : -1
}

export const revisionOfPod = (pod: Pod): string | undefined => pod.metadata.labels?.[revisionHashLabel]

/**
 * One step. In order (OrderedReady): ordinals are made upwards, each when those below are ready; removed downwards, each
 * when those above are gone; updated downwards from the highest, each when those above are ready.
 */
export function planStateful(state: StatefulState): StatefulPlan {
  const { set, pods, updateRevision } = state
  const start = set.spec.ordinals?.start ?? 0
  const end = start + (set.spec.replicas ?? 1)
  const ordered = set.spec.podManagementPolicy !== 'Parallel'
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]))
  const create: { ordinal: number; revision: string }[] = []
  const remove: Pod[] = []
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal)
    if (pod && !pod.metadata.deletionTimestamp && !isTerminal(pod)) {
      if (ordered && !isHealthy(pod, state)) return { create, remove }
      continue
    }
    if (!pod) create.push({ ordinal, revision: revisionFor(ordinal, state) })
    else if (!pod.metadata.deletionTimestamp) remove.push(pod)
    if (ordered) return { create, remove }
  }
  const condemned = [...byOrdinal].filter(([ordinal]) => ordinal < start || ordinal >= end).sort(([a], [b]) => b - a).map(([, pod]) => pod)
  if (condemned.length > 0) return { create, remove: [...remove, ...planRemoval(condemned, ordered, [...byOrdinal.values()], state)] }
  if (create.length > 0 || remove.length > 0 || set.spec.updateStrategy?.type === 'OnDelete') return { create, remove }
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
  const replicas = [...byOrdinal].filter(([ordinal]) => ordinal >= start && ordinal < end).sort(([a], [b]) => b - a)
  let left = maxUnavailable(set)
  for (const [ordinal, pod] of replicas) {
    if (ordinal < start + partition || left <= 0) break
    const outdated = revisionOfPod(pod) !== updateRevision
    if (outdated && !pod.metadata.deletionTimestamp) remove.push(pod)
    if (outdated || !isHealthy(pod, state)) left--
  }
  return { create, remove }
}

function planRemoval(condemned: readonly Pod[], ordered: boolean, all: readonly Pod[], state: StatefulState): Pod[] {
  if (!ordered) return condemned.filter((pod) => !pod.metadata.deletionTimestamp)
  const [highest] = condemned
  if (!highest || highest.metadata.deletionTimestamp) return []
  // One that is unhealthy may go unless another one is unhealthy too: then that one comes first.
  const firstUnhealthy = [...all].sort((a, b) => ordinalOf(state.set, a) - ordinalOf(state.set, b)).find((pod) => !isHealthy(pod, state))
  return !isHealthy(highest, state) && firstUnhealthy !== highest ? [] : [highest]
}

const isHealthy = (pod: Pod, { set, nowMs }: StatefulState): boolean =>
  pod.metadata.deletionTimestamp === undefined && isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)

function maxUnavailable({ spec }: StatefulSet): number {
  const asked = spec.updateStrategy?.rollingUpdate?.maxUnavailable
  return asked === undefined ? 1 : Math.max(1, scaledValue(asked, spec.replicas ?? 1, 'up') ?? 1)
}

// While an update is under way, a pod that is lost comes back in the version that it had.
function revisionFor(ordinal: number, { set, currentRevision, updateRevision }: StatefulState): string {
  const start = set.spec.ordinals?.start ?? 0
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  if (type === 'OnDelete') return updateRevision
  const partition = rollingUpdate?.partition ?? 0
  const old = partition === 0 ? ordinal < start + (set.status?.currentReplicas ?? 0) : ordinal < start + partition
  return old ? currentRevision : updateRevision
}

export const claimName = (set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string => `${template.metadata.name}-${set.metadata.name}-${ordinal}`

/** A pod with its place's identity: name, host name, claims. `pod` is what the template gives. */
export function withIdentity(pod: Pod, set: StatefulSet, { ordinal, revision }: { ordinal: number; revision: string }): Pod {
  const name = `${set.metadata.name}-${ordinal}`
  const { generateName: _, ...metadata } = pod.metadata
  const claims = (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    name: template.metadata.name ?? '', persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }))
  const volumes = [...(pod.spec.volumes ?? []).filter((volume) => !claims.some((claim) => claim.name === volume.name)), ...claims]
  return {
    ...pod,
    metadata: { ...metadata, name, labels: { ...metadata.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal), [revisionHashLabel]: revision } },
    spec: { ...pod.spec, hostname: name, subdomain: set.spec.serviceName, ...(volumes.length > 0 ? { volumes } : {}) },
  }
}

/** Pods that this run removes count no more as current: whether their successors are old or new is told by that number. */
export function statefulStatus(state: StatefulState, removed: readonly Pod[]): StatefulSetStatus {
  const { set, pods, currentRevision, updateRevision, nowMs } = state
  const standing = pods.filter((pod) => !isTerminal(pod))
  const live = standing.filter((pod) => !pod.metadata.deletionTimestamp && !removed.includes(pod))
  const counts = {
    replicas: standing.length,
    readyReplicas: standing.filter(isReady).length,
    availableReplicas: standing.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length,
    currentReplicas: live.filter((pod) => revisionOfPod(pod) === currentRevision).length,
    updatedReplicas: live.filter((pod) => revisionOfPod(pod) === updateRevision).length,
  }
  const done = counts.updatedReplicas === counts.replicas && counts.readyReplicas === counts.replicas && counts.replicas === (set.spec.replicas ?? 1)
    && set.spec.updateStrategy?.type !== 'OnDelete'
  const { conditions } = set.status ?? {}
  return {
    ...counts, observedGeneration: set.metadata.generation ?? 0, collisionCount: set.status?.collisionCount ?? 0, updateRevision,
    currentRevision: done ? updateRevision : currentRevision, currentReplicas: done ? counts.updatedReplicas : counts.currentReplicas,
    ...(conditions ? { conditions } : {}),
  }
}
