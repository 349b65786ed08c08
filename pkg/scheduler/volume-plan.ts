// Which volumes a pod's claims would get on a node. Pure.
import { selectorMatcher } from '../api/label-selector.ts'
import { compareQuantities, parseQuantity } from '../api/quantity.ts'
import type { StorageClass, TopologySelectorTerm } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import type { CSIStorageCapacity } from '../api/types-storage.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../api/types-volume.ts'
import type { NodeInfo } from './node-info.ts'
import { nodeSelectorMatcher } from './node-selector.ts'
import { resourcesOf } from './resources.ts'

export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed'
const noProvisioner = 'kubernetes.io/no-provisioner'

export interface VolumePlan {
  /** Volumes that exist, for claims that wait for one. */
  readonly bind: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[]
  /** Claims whose volume is still to be made, for the node. */
  readonly provision: readonly PersistentVolumeClaim[]
}

export interface VolumeFacts {
  readonly volumes: readonly PersistentVolume[]
  volume(name: string): PersistentVolume | undefined
  storageClass(name: string): StorageClass | undefined
  /** What is free where, for a class whose driver tells of it; undefined where it does not. */
  capacities?(storageClass: StorageClass): readonly CSIStorageCapacity[] | undefined
  /** The claim that a pod on its way has been given the volume for, as `namespace/name`. */
  takenBy(volumeName: string): string | undefined
  /** The node that a pod on its way has chosen for the claim. */
  chosenNode(claimKey: string): string | undefined
}

export const claimKey = ({ metadata: { namespace, name } }: PersistentVolumeClaim): string => `${namespace}/${name}`

export function isBound({ metadata, spec, status }: PersistentVolumeClaim): boolean {
  return Boolean(spec.volumeName) && (metadata.annotations?.[bindCompletedAnnotation] !== undefined || status?.phase === 'Bound')
}

export const classNameOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? ''

const reachable = (volume: PersistentVolume, node: NodeInfo): boolean => {
  const required = volume.spec.nodeAffinity?.required
  return !required || nodeSelectorMatcher(required)(node)
}

const storageOf = (list: Record<string, string> | undefined): number => resourcesOf(list).get('storage') ?? 0

/** The smallest volume that would do, or the one that is meant for the claim. */
export function findVolume(claim: PersistentVolumeClaim, node: NodeInfo, facts: VolumeFacts, used: ReadonlySet<string>): PersistentVolume | undefined {
  const { accessModes = [], selector, volumeMode = 'Filesystem', resources } = claim.spec
  const wanted = storageOf(resources?.requests)
  const labels = selector ? selectorMatcher(selector) : undefined
  let best: PersistentVolume | undefined
  for (const volume of facts.volumes) {
    const { metadata: { name = '', labels: volumeLabels, deletionTimestamp }, spec, status } = volume
    const { claimRef } = spec
    const taken = facts.takenBy(name)
    if (deletionTimestamp || used.has(name) || (taken !== undefined && taken !== claimKey(claim))) continue
    if (claimRef && (claimRef.namespace !== claim.metadata.namespace || claimRef.name !== claim.metadata.name || (claimRef.uid && claimRef.uid !== claim.metadata.uid))) continue
    if (!claimRef && status?.phase !== undefined && status.phase !== 'Available') continue
    if ((spec.storageClassName ?? '') !== classNameOf(claim) || (spec.volumeMode ?? 'Filesystem') !== volumeMode) continue
    if (storageOf(spec.capacity) < wanted || !accessModes.every((mode) => spec.accessModes?.includes(mode))) continue
    if (labels && !labels.matches(volumeLabels)) continue
    if (!reachable(volume, node)) continue
    if (claimRef) return volume
    if (!best || storageOf(spec.capacity) < storageOf(best.spec.capacity)) best = volume
  }
  return best
}

const topologyAllows = (terms: readonly TopologySelectorTerm[] = [], node: NodeInfo): boolean =>
  terms.length === 0 || terms.some(({ matchLabelExpressions = [] }) => matchLabelExpressions.every(({ key, values }) => values.includes(node.labels[key] ?? '')))

/** Whether the class can make a volume of the claim's size that the node reaches, as far as its driver tells. */
export function hasRoom(claim: PersistentVolumeClaim, storageClass: StorageClass, node: NodeInfo, facts: Pick<VolumeFacts, 'capacities'>): boolean {
  const wanted = claim.spec.resources?.requests?.['storage']
  const told = facts.capacities?.(storageClass)
  if (wanted === undefined || !told) return true
  return told.some(({ storageClassName, capacity, maximumVolumeSize, nodeTopology }) => {
    const largest = maximumVolumeSize ?? capacity
    if (storageClassName !== storageClass.metadata.name || largest === undefined || !nodeTopology) return false
    return compareQuantities(parseQuantity(largest), parseQuantity(wanted)) >= 0 && selectorMatcher(nodeTopology).matches(node.labels)
  })
}

/** The plan for the node, or why there is none. */
export function planVolumes(claims: readonly PersistentVolumeClaim[], node: NodeInfo, facts: VolumeFacts): VolumePlan | string[] {
  const bind: VolumePlan['bind'][number][] = []
  const provision: PersistentVolumeClaim[] = []
  const reasons = new Set<string>()
  const used = new Set<string>()
  const noneFound = "node(s) didn't find available persistent volumes to bind"
  for (const claim of claims) {
    if (isBound(claim)) {
      const volume = facts.volume(claim.spec.volumeName ?? '')
      if (!volume) reasons.add('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)')
      else if (!reachable(volume, node)) reasons.add('node(s) had volume node affinity conflict')
      continue
    }
    const chosen = claim.metadata.annotations?.[selectedNodeAnnotation] ?? facts.chosenNode(claimKey(claim))
    if (chosen !== undefined && chosen !== node.name) {
      reasons.add(noneFound)
      continue
    }
    const volume = chosen === undefined ? findVolume(claim, node, facts, used) : undefined
    if (volume) {
      used.add(volume.metadata.name ?? '')
      bind.push({ claim, volume })
      continue
    }
    const storageClass = facts.storageClass(classNameOf(claim))
    if (!storageClass || storageClass.provisioner === noProvisioner || !topologyAllows(storageClass.allowedTopologies, node)) reasons.add(noneFound)
    else if (!hasRoom(claim, storageClass, node, facts)) reasons.add('node(s) did not have enough free storage')
    else provision.push(claim)
  }
  return reasons.size > 0 ? [...reasons] : { bind, provision }
}

export interface ClaimUse {
  readonly name: string
  readonly ephemeral: boolean
}

/** The claims of the pod, those that are made for it among them. */
export function claimsUsed({ metadata, spec }: Pod): ClaimUse[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }): ClaimUse[] => {
    if (persistentVolumeClaim) return [{ name: persistentVolumeClaim.claimName, ephemeral: false }]
    return ephemeral ? [{ name: `${metadata.name}-${name}`, ephemeral: true }] : []
  })
}
