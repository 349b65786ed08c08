// Which volumes a claim may have. Pure.
import { selectorMatcher } from '../api/label-selector.ts'
import { compareQuantities, parseQuantity, zeroQuantity, type Quantity } from '../api/quantity.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../api/types-volume.ts'

export const bindCompleted = 'pv.kubernetes.io/bind-completed'
export const boundByController = 'pv.kubernetes.io/bound-by-controller'
export const provisionedBy = 'pv.kubernetes.io/provisioned-by'
export const selectedNode = 'volume.kubernetes.io/selected-node'
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner'
export const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner'
const betaClass = 'volume.beta.kubernetes.io/storage-class'

/** undefined where the claim leaves the choice to the default class; '' asks for none. */
export const namedClass = ({ metadata, spec }: PersistentVolumeClaim): string | undefined => metadata.annotations?.[betaClass] ?? spec.storageClassName

export const classOf = (claim: PersistentVolumeClaim): string => namedClass(claim) ?? ''

export const classOfVolume = ({ metadata, spec }: PersistentVolume): string => metadata.annotations?.[betaClass] ?? spec.storageClassName ?? ''

export const storageOf = (amounts: Readonly<Record<string, string>> | undefined): Quantity => {
  const storage = amounts?.['storage']
  return storage === undefined ? zeroQuantity : parseQuantity(storage)
}

/** The volume names this claim, perhaps before the claim was there. */
export function isFor({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  return claimRef !== undefined && claimRef.namespace === metadata.namespace && claimRef.name === metadata.name && (!claimRef.uid || claimRef.uid === metadata.uid)
}

// Objects of the cache do not change, and each is compared with many.
const capacities = new WeakMap<PersistentVolume, Quantity>()

function capacityOf(volume: PersistentVolume): Quantity {
  let capacity = capacities.get(volume)
  if (!capacity) capacities.set(volume, capacity = storageOf(volume.spec.capacity))
  return capacity
}

/** Nobody has it, nor is it meant for anybody. */
export const isFree = ({ spec, status }: PersistentVolume): boolean => !spec.claimRef && status?.phase === 'Available'

const modeOf = ({ spec }: PersistentVolume | PersistentVolumeClaim): string => spec.volumeMode ?? 'Filesystem'
const tooSmall = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  compareQuantities(capacityOf(volume), storageOf(claim.spec.resources?.requests)) < 0
const offersModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode))

/** Why a claim can't have the volume that it names; undefined when it can. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (tooSmall(volume, claim)) return 'requested PV is too small'
  if (classOfVolume(volume) !== classOf(claim)) return 'storageClassName does not match'
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode'
  if (!offersModes(volume, claim)) return 'incompatible accessMode'
  return undefined
}

export interface MatchOptions {
  /** The claim waits for its first pod: only a volume that names the claim will do. */
  readonly delayed: boolean
}

/** The volume that names the claim; else of those with the fewest further access modes the smallest. */
export function bestVolume(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[], { delayed }: MatchOptions): PersistentVolume | undefined {
  const size = storageOf(claim.spec.resources?.requests)
  const does = (volume: PersistentVolume): boolean =>
    !volume.metadata.deletionTimestamp && modeOf(volume) === modeOf(claim) && offersModes(volume, claim) && compareQuantities(capacityOf(volume), size) >= 0
  const meant = volumes.find((volume) => isFor(volume, claim) && does(volume))
  if (meant || delayed) return meant
  const labels = claim.spec.selector ? selectorMatcher(claim.spec.selector) : undefined
  let best: PersistentVolume | undefined
  for (const volume of volumes) {
    if (!isFree(volume) || classOfVolume(volume) !== classOf(claim) || !does(volume)) continue
    if ((!labels || labels.matches(volume.metadata.labels)) && (!best || preferred(volume, best) < 0)) best = volume
  }
  return best
}

function preferred(a: PersistentVolume, b: PersistentVolume): number {
  const modes = (a.spec.accessModes?.length ?? 0) - (b.spec.accessModes?.length ?? 0)
  if (modes !== 0) return modes
  const size = compareQuantities(capacityOf(a), capacityOf(b))
  return size !== 0 ? size : (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
}
