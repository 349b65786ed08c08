// PersistentVolume binder: brings claims and volumes together, and tells of both what state they are in.
import { equalJson } from '../api/json.ts'
import { keyOf, type ObjectKey } from '../api/object.ts'
import { formatTime } from '../api/times.ts'
import { isDefaultClass, storageClasses, type StorageClass } from '../api/types-config.ts'
import { pods } from '../api/types-pod.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../api/types-volume.ts'
import { isNotFound } from '../api/status-error.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { planClaim } from './claim-plan.ts'
import { podsByClaim } from './pods-by-claim.ts'
import { betaStorageProvisioner, bindCompleted, boundByController, classOf, classOfVolume, isFree, namedClass, storageProvisioner } from './volume-match.ts'
import { planVolume, withoutClaim } from './volume-phase.ts'

const volumesByClaim: Index<PersistentVolume> = {
  name: 'spec.claimRef', values: ({ spec: { claimRef } }) => (claimRef ? [`${claimRef.namespace}/${claimRef.name}`] : []),
}

const freeVolumesByClass: Index<PersistentVolume> = { name: 'free, by class', values: (volume) => (isFree(volume) ? [classOfVolume(volume)] : []) }
const openClaimsByClass: Index<PersistentVolumeClaim> = { name: 'open, by class', values: (claim) => (claim.status?.phase === 'Bound' ? [] : [classOf(claim)]) }
const openClaimsByVolume: Index<PersistentVolumeClaim> = {
  name: 'open, by spec.volumeName', values: ({ spec, status }) => (spec.volumeName && status?.phase !== 'Bound' ? [spec.volumeName] : []),
}

/** After that a volume that was given to a claim is the claim's, as a rule. */
const givenMs = 1000

/** The two halves write of the same events' source, which is how people know them. */
const name = 'persistentvolume'

export const claimBinder = (): Controller => {
  /** As the cache had them when they were given to a claim: it does not show that yet, and the next claim looks for another. */
  const given = new WeakSet<PersistentVolume>()
  return controller<PersistentVolumeClaim>({
    name,
    for: persistentVolumeClaims,
    watches: [
      watches(persistentVolumes, claimsFor),
      watches(storageClasses, ({ metadata }, context) => openClaims(context, (claim) => (namedClass(claim) ?? metadata.name) === metadata.name)),
    ],
    async reconcile(_, claim, context) {
      if (!claim) return
      const { client, informers, events } = context
      const free = informers.for(persistentVolumes).byIndex(freeVolumesByClass, classOf(claim))
      const left = free.filter((volume) => !given.has(volume))
      const plan = planClaim(claim, {
        volumes: () => [...informers.for(persistentVolumes).byIndex(volumesByClaim, `${claim.metadata.namespace}/${claim.metadata.name}`), ...left],
        volume: (name) => informers.for(persistentVolumes).get({ name }),
        storageClass: (name) => informers.for(storageClasses).get({ name }),
        defaultClass: () => defaultClass(informers.for(storageClasses).list()),
        waitingPod: () => informers.for(pods).byIndex(podsByClaim, `${claim.metadata.namespace}/${claim.metadata.name}`).find(({ spec }) => !spec.nodeName)?.metadata.name,
      })
      if (plan.do === 'bind') {
        given.add(plan.volume)
        return bind(claim, plan.volume, context).catch((error: unknown) => {
          given.delete(plan.volume)
          throw error
        })
      }
      if (plan.do === 'name-class') return void (await client.update(persistentVolumeClaims, { ...claim, spec: { ...claim.spec, storageClassName: plan.className } }))
      if (plan.do === 'lose') {
        if (claim.status?.phase === 'Lost') return
        events.record(claim, plan.notice)
        return void (await client.update(persistentVolumeClaims, { ...claim, status: { ...claim.status, phase: 'Lost' } }, { subresource: 'status' }))
      }
      if (plan.notice) events.record(claim, plan.notice)
      if (plan.do === 'provision') await nameProvisioner(claim, plan.provisioner, context)
      else if (claim.status?.phase !== 'Pending') await client.update(persistentVolumeClaims, { ...claim, status: { phase: 'Pending' } }, { subresource: 'status' })
      // Another claim may not get after all what it was given.
      return left.length < free.length ? { requeueAfterMs: givenMs } : undefined
    },
  })
}

export const volumeBinder: Controller = controller<PersistentVolume>({
  name,
  for: persistentVolumes,
  watches: [watches(persistentVolumeClaims, ({ metadata, spec }, { informers }) => [
    ...(spec.volumeName ? [{ name: spec.volumeName }] : []),
    ...informers.for(persistentVolumes).byIndex(volumesByClaim, `${metadata.namespace}/${metadata.name}`).map(keyOf),
  ])],
  async reconcile(_, volume, context) {
    if (!volume) return
    const { client, events } = context
    const plan = planVolume(volume, await claimOf(volume, context))
    if (plan.do === 'phase') await setPhase(volume, plan.phase, context)
    else if (plan.do === 'unbind') await setPhase(await client.update(persistentVolumes, withoutClaim(volume)), 'Available', context)
    else if (plan.do === 'fail') {
      events.record(volume, plan.notice)
      await setPhase(volume, 'Failed', context, plan.notice.message)
    }
  },
})

/** A volume concerns the claim that it names, and those that name it; one that is free now, every open claim of its class. */
function claimsFor(volume: PersistentVolume, context: ReconcileContext): readonly ObjectKey[] {
  const { claimRef } = volume.spec
  if (claimRef?.name) return [{ namespace: claimRef.namespace ?? '', name: claimRef.name }]
  const { name = '' } = volume.metadata
  const claims = context.informers.for(persistentVolumeClaims)
  const isFreeNow = isFree(volume) && context.informers.for(persistentVolumes).get({ name }) === volume
  return [...claims.byIndex(openClaimsByVolume, name), ...(isFreeNow ? claims.byIndex(openClaimsByClass, classOfVolume(volume)) : [])].map(keyOf)
}

function openClaims({ informers }: ReconcileContext, concerned: (claim: PersistentVolumeClaim) => boolean): ObjectKey[] {
  return informers.for(persistentVolumeClaims).list().filter((claim) => claim.status?.phase !== 'Bound' && concerned(claim)).map(keyOf)
}

function defaultClass(classes: readonly StorageClass[]): string | undefined {
  const marked = classes.filter(isDefaultClass)
  const newest = (a: StorageClass, b: StorageClass): number => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '')
  return marked.sort((a, b) => newest(a, b) || (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''))[0]?.metadata.name
}

/** Asks the server where the cache knows of no claim: a volume that is released by mistake is deleted by mistake. */
async function claimOf({ spec: { claimRef } }: PersistentVolume, { client, informers }: ReconcileContext): Promise<PersistentVolumeClaim | undefined> {
  if (!claimRef?.uid || !claimRef.name) return undefined
  const key = { namespace: claimRef.namespace ?? '', name: claimRef.name }
  const cached = informers.for(persistentVolumeClaims).get(key)
  if (cached?.metadata.uid === claimRef.uid) return cached
  return client.get(persistentVolumeClaims, key).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}

async function setPhase(volume: PersistentVolume, phase: string, { client, clock }: ReconcileContext, message?: string): Promise<void> {
  if (volume.status?.phase === phase) return
  const status = { phase, lastPhaseTransitionTime: formatTime(clock.now()), ...(message ? { message } : {}) }
  await client.update(persistentVolumes, { ...volume, status }, { subresource: 'status' })
}

async function nameProvisioner(claim: PersistentVolumeClaim, provisioner: string, { client }: ReconcileContext): Promise<void> {
  const { annotations } = claim.metadata
  if (annotations?.[storageProvisioner] === provisioner && annotations[betaStorageProvisioner] === provisioner) return
  const named = { ...annotations, [betaStorageProvisioner]: provisioner, [storageProvisioner]: provisioner }
  await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations: named } })
}

/** Volume first: its version decides who gets it. Each step is left out when it is done already, so a half-way bind is finished. */
async function bind(claim: PersistentVolumeClaim, volume: PersistentVolume, context: ReconcileContext): Promise<void> {
  const { client } = context
  const { namespace, name, uid, resourceVersion } = claim.metadata
  let ours = volume
  if (volume.spec.claimRef?.uid !== uid) {
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion }
    const annotations = volume.spec.claimRef ? volume.metadata.annotations : { ...volume.metadata.annotations, [boundByController]: 'yes' }
    ours = await client.update(persistentVolumes, { ...volume, metadata: { ...volume.metadata, ...(annotations ? { annotations } : {}) }, spec: { ...volume.spec, claimRef } })
  }
  await setPhase(ours, 'Bound', context)
  const volumeName = ours.metadata.name ?? ''
  let bound = claim
  if (claim.spec.volumeName !== volumeName || claim.metadata.annotations?.[bindCompleted] === undefined) {
    const annotations = { ...claim.metadata.annotations, [bindCompleted]: 'yes', ...(claim.spec.volumeName ? {} : { [boundByController]: 'yes' }) }
    bound = await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations }, spec: { ...claim.spec, volumeName } })
  }
  const { accessModes = [], capacity = {} } = ours.spec
  const { phase, conditions } = bound.status ?? {}
  if (phase === 'Bound' && equalJson(bound.status?.accessModes ?? [], accessModes) && bound.status?.capacity) return
  await client.update(persistentVolumeClaims, { ...bound, status: { phase: 'Bound', accessModes, capacity, ...(conditions ? { conditions } : {}) } }, { subresource: 'status' })
}
