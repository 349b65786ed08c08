// What a claim needs next: a volume, patience, or the news that its volume is lost. Pure.
//
//   Pending --volume found or made--> Bound --volume or its reference gone--> Lost
import type { StorageClass } from '../api/types-config.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../api/types-volume.ts'
import { bestVolume, bindCompleted, boundByController, classOf, isFor, mismatch, namedClass, selectedNode } from './volume-match.ts'

export interface Notice {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export type ClaimPlan =
  | { readonly do: 'bind'; readonly volume: PersistentVolume }
  | { readonly do: 'wait'; readonly notice?: Notice }
  | { readonly do: 'provision'; readonly provisioner: string; readonly notice: Notice }
  | { readonly do: 'name-class'; readonly className: string }
  | { readonly do: 'lose'; readonly notice: Notice }

export interface ClaimFacts {
  /** All volumes that might do. */
  readonly volumes: () => readonly PersistentVolume[]
  volume(name: string): PersistentVolume | undefined
  storageClass(name: string): StorageClass | undefined
  /** The class that is marked as default. */
  readonly defaultClass: () => string | undefined
  /** A pod that uses the claim and has no node yet. */
  readonly waitingPod: () => string | undefined
}

const noProvisioner = 'kubernetes.io/no-provisioner'
const normal = (reason: string, message: string): Notice => ({ type: 'Normal', reason, message })
const warning = (reason: string, message: string): Notice => ({ type: 'Warning', reason, message })

export function planClaim(claim: PersistentVolumeClaim, facts: ClaimFacts): ClaimPlan {
  if (claim.metadata.annotations?.[bindCompleted] !== undefined) return planBound(claim, facts)
  return claim.spec.volumeName ? planNamed(claim, claim.spec.volumeName, facts) : planOpen(claim, facts)
}

function planBound(claim: PersistentVolumeClaim, facts: ClaimFacts): ClaimPlan {
  const { volumeName } = claim.spec
  if (!volumeName) return { do: 'lose', notice: warning('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!') }
  const volume = facts.volume(volumeName)
  if (!volume) return { do: 'lose', notice: warning('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!') }
  if (!volume.spec.claimRef || volume.spec.claimRef.uid === claim.metadata.uid) return { do: 'bind', volume }
  return { do: 'lose', notice: warning('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly') }
}

function planNamed(claim: PersistentVolumeClaim, name: string, facts: ClaimFacts): ClaimPlan {
  const volume = facts.volume(name)
  if (!volume) return { do: 'wait' }
  if (volume.spec.claimRef && !isFor(volume, claim)) {
    // What the controller chose is put right by the volume's side.
    if (claim.metadata.annotations?.[boundByController] !== undefined) return { do: 'wait' }
    return { do: 'wait', notice: warning('FailedBinding', `volume "${name}" already bound to a different claim.`) }
  }
  const fault = volume.spec.claimRef ? undefined : mismatch(volume, claim)
  return fault ? { do: 'wait', notice: warning('VolumeMismatch', `Cannot bind to requested volume "${name}": ${fault}`) } : { do: 'bind', volume }
}

function planOpen(claim: PersistentVolumeClaim, facts: ClaimFacts): ClaimPlan {
  const className = classOf(claim)
  const storageClass = className === '' ? undefined : facts.storageClass(className)
  const chosen = claim.metadata.annotations?.[selectedNode] !== undefined
  const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !chosen
  const volume = bestVolume(claim, facts.volumes(), { delayed })
  if (volume) return { do: 'bind', volume }
  if (namedClass(claim) === undefined) {
    const defaultClass = facts.defaultClass()
    if (defaultClass !== undefined) return { do: 'name-class', className: defaultClass }
  }
  if (delayed) {
    const pod = facts.waitingPod()
    return { do: 'wait', notice: pod ? normal('WaitForPodScheduled', `waiting for pod ${pod} to be scheduled`) : normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding') }
  }
  if (className === '') return { do: 'wait', notice: normal('FailedBinding', 'no persistent volumes available for this claim and no storage class is set') }
  if (!storageClass) return { do: 'wait', notice: warning('ProvisioningFailed', `storageclass.storage.k8s.io "${className}" not found`) }
  const { provisioner } = storageClass
  if (provisioner === noProvisioner) return { do: 'wait', notice: warning('ProvisioningFailed', `no volume plugin matched name: ${noProvisioner}`) }
  return {
    do: 'provision', provisioner,
    notice: normal('ExternalProvisioning', `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`),
  }
}
