// The state that a volume is in, and what follows when its claim is gone. Pure.
//
//   Available --claim--> Bound --claim deleted--> Released --policy Delete--> deleted by its provisioner
//       ^----its claim has another volume----'        `--no one can reclaim it--> Failed
import type { PersistentVolume, PersistentVolumeClaim } from '../api/types-volume.ts'
import type { Notice } from './claim-plan.ts'
import { boundByController, provisionedBy } from './volume-match.ts'

export type VolumePlan =
  | { readonly do: 'phase'; readonly phase: 'Available' | 'Bound' | 'Released' }
  /** The claim of the volume has another one: the volume is free again. */
  | { readonly do: 'unbind' }
  | { readonly do: 'fail'; readonly notice: Notice }
  | { readonly do: 'nothing' }

/** `claim` is the one that the volume names, whatever its uid. */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  const { claimRef } = volume.spec
  if (!claimRef?.uid) return { do: 'phase', phase: 'Available' }
  if (!claim || claim.metadata.uid !== claimRef.uid) return planReleased(volume)
  if (!claim.spec.volumeName) return { do: 'nothing' }
  if (claim.spec.volumeName === volume.metadata.name) return { do: 'phase', phase: 'Bound' }
  const { annotations } = volume.metadata
  if (annotations?.[provisionedBy] !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete') return planReleased(volume)
  return { do: 'unbind' }
}

function planReleased(volume: PersistentVolume): VolumePlan {
  const { phase } = volume.status ?? {}
  if (phase === 'Failed') return { do: 'nothing' }
  // Released first: those who watch see why it failed.
  if (phase !== 'Released') return { do: 'phase', phase: 'Released' }
  const { persistentVolumeReclaimPolicy: policy } = volume.spec
  if (policy === 'Recycle') return { do: 'fail', notice: { type: 'Warning', reason: 'VolumeFailedRecycle', message: 'No recycler plugin found for the volume!' } }
  if (policy === 'Delete' && volume.metadata.annotations?.[provisionedBy] === undefined) {
    const message = `error getting deleter volume plugin for volume "${volume.metadata.name}": no deletable volume plugin matched`
    return { do: 'fail', notice: { type: 'Warning', reason: 'VolumeFailedDelete', message } }
  }
  return { do: 'nothing' }
}

/** The volume without its claim; what a person wrote stays. */
export function withoutClaim(volume: PersistentVolume): PersistentVolume {
  const { claimRef, ...spec } = volume.spec
  const { [boundByController]: ours, ...annotations } = volume.metadata.annotations ?? {}
  if (ours === undefined && claimRef) {
    const { uid: _uid, resourceVersion: _resourceVersion, ...named } = claimRef
    return { ...volume, spec: { ...spec, claimRef: named } }
  }
  return { ...volume, metadata: { ...volume.metadata, annotations }, spec }
}
