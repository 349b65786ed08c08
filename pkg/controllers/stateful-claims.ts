// The claims of a StatefulSet's pods: whom they belong to, as persistentVolumeClaimRetentionPolicy says.
import { controllerOf, type OwnerReference } from '../api/object.ts'
import { isAlreadyExists, isNotFound } from '../api/status-error.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../api/types-volume.ts'
import { statefulSets, type StatefulSet } from '../api/types-workload.ts'
import type { ReconcileContext } from '../controller/controller.ts'
import { ownerReferenceOf } from '../controller/ownership.ts'
import { claimName, ordinalOf } from './stateful-plan.ts'

type Owner = 'set' | 'pod' | undefined

/** Who takes the claim along: the set when it is deleted, or the pod that is scaled away; nobody keeps it. */
export function wantedOwner({ spec }: StatefulSet, ordinal: number): Owner {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = spec.persistentVolumeClaimRetentionPolicy ?? {}
  const start = spec.ordinals?.start ?? 0
  const condemned = ordinal < start || ordinal >= start + (spec.replicas ?? 1)
  if (condemned && whenScaled === 'Delete') return 'pod'
  return whenDeleted === 'Delete' ? 'set' : undefined
}

/** The claim's owners as the policy wants them; undefined when they are so, or when the claim is somebody else's. */
export function ownersOfClaim(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): OwnerReference[] | undefined {
  const controller = controllerOf(claim)
  if (controller && controller.uid !== set.metadata.uid && controller.uid !== pod.metadata.uid) return undefined
  const present = claim.metadata.ownerReferences ?? []
  const others = present.filter(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid)
  const owner = wantedOwner(set, ordinalOf(set, pod))
  const mine = owner === 'set' ? [ownerReferenceOf(set, statefulSets)] : owner === 'pod' ? [ownerReferenceOf(pod, pods)] : []
  const wanted = [...others, ...mine]
  const shown = (references: readonly OwnerReference[]): string => references.map(({ uid, controller: controls }) => `${uid} ${controls === true}`).sort().join()
  return shown(wanted) === shown(present) ? undefined : wanted
}

/** The claim goes, perhaps with an earlier pod of the same name: a new pod must not be given it. */
export const isStale = ({ metadata }: PersistentVolumeClaim, podName: string): boolean =>
  metadata.deletionTimestamp !== undefined || (metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'Pod' && name === podName)

const claimsOf = (set: StatefulSet, ordinal: number, { informers }: ReconcileContext): PersistentVolumeClaim[] =>
  (set.spec.volumeClaimTemplates ?? []).flatMap((template) => informers.for(persistentVolumeClaims).get({ namespace: set.metadata.namespace, name: claimName(set, template, ordinal) }) ?? [])

/** Before any pod goes: the collector must find the owner while it is there. */
export async function keepClaimOwners(set: StatefulSet, owned: readonly Pod[], context: ReconcileContext): Promise<void> {
  for (const pod of owned) {
    for (const claim of claimsOf(set, ordinalOf(set, pod), context)) {
      const ownerReferences = claim.metadata.deletionTimestamp ? undefined : ownersOfClaim(claim, set, pod)
      if (!ownerReferences) continue
      await context.client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, ownerReferences } }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
    }
  }
}

/** Some claim of the place still goes with the pod that had it last. */
export const hasStaleClaims = (set: StatefulSet, ordinal: number, context: ReconcileContext): boolean =>
  claimsOf(set, ordinal, context).some((claim) => isStale(claim, `${set.metadata.name}-${ordinal}`))

export async function createClaims(ordinal: number, set: StatefulSet, { client, informers, events }: ReconcileContext): Promise<void> {
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const name = claimName(set, template, ordinal)
    const { namespace } = set.metadata
    if (informers.for(persistentVolumeClaims).get({ namespace, name })) continue
    const { labels, annotations } = template.metadata
    await client.create(persistentVolumeClaims, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: template.spec,
      metadata: { namespace, name, labels: { ...labels, ...set.spec.selector?.matchLabels }, ...(annotations ? { annotations } : {}) },
    }).then(() => {
      events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message: `create Claim ${name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name} success` })
    }, (error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
  }
}
