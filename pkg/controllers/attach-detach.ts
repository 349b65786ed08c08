// Attach-detach: has volumes attached to the nodes whose pods use them, by VolumeAttachments that the drivers' attachers carry out.
import { keyOf, type ObjectKey } from '../api/object.ts'
import { isAlreadyExists, isNotFound } from '../api/status-error.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { csiDrivers, volumeAttachments, type VolumeAttachment } from '../api/types-storage.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../api/types-volume.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { heldMessage, isNameOf, planAttachments, type AttachPlan, type WantedVolume } from './attach-plan.ts'
import { claimNames, podsByClaim } from './pods-by-claim.ts'
import { podsByNode } from './pods-by-node.ts'
import { isTerminal } from './pod-facts.ts'

const attachmentsByNode: Index<VolumeAttachment> = { name: 'spec.nodeName', values: ({ spec }) => [spec.nodeName] }
const attachmentsByVolume: Index<VolumeAttachment> = { name: 'spec.source.persistentVolumeName', values: ({ spec }) => (spec.source.persistentVolumeName ? [spec.source.persistentVolumeName] : []) }

export function attachDetachController(): Controller {
  /** Since when attachments have been without use; by name. */
  const unwanted = new Map<string, number>()
  /** What pods have been told, by node: it is said once. */
  const told = new Map<string, Set<string>>()
  return controller<Node>({
    name: 'attachdetach',
    for: nodes,
    watches: [
      watches(pods, ({ spec }) => (spec.nodeName ? [{ name: spec.nodeName }] : [])),
      watches(persistentVolumeClaims, (claim, context) => nodesOfClaim(`${claim.metadata.namespace}/${claim.metadata.name}`, context)),
      watches(persistentVolumes, nodesOfVolume),
      watches(volumeAttachments, ({ spec: { nodeName, source } }, context) => {
        const volume = context.informers.for(persistentVolumes).get({ name: source.persistentVolumeName ?? '' })
        return [{ name: nodeName }, ...(volume ? nodesOfVolume(volume, context) : [])]
      }),
      watches(csiDrivers, (_, { informers }) => informers.for(nodes).list().map(keyOf)),
    ],
    async reconcile({ name: nodeName }, node, context) {
      const { informers, clock } = context
      const wanted = wantedVolumes(nodeName, context)
      const attachments = informers.for(volumeAttachments).byIndex(attachmentsByNode, nodeName)
      const nowMs = clock.now()
      const plan = planAttachments({
        nodeName, node, wanted, attachments, nowMs,
        elsewhere: (name) => informers.for(volumeAttachments).byIndex(attachmentsByVolume, name).filter(({ spec }) => spec.nodeName !== nodeName),
        unwantedSinceMs: (name) => unwanted.get(name) ?? unwanted.set(name, nowMs).get(name)!,
      })
      for (const { volume } of wanted) for (const { metadata, spec } of attachments) if (spec.source.persistentVolumeName === volume.metadata.name) unwanted.delete(metadata.name ?? '')
      for (const attachment of plan.attach) {
        await context.client.create(volumeAttachments, attachment).catch((error: unknown) => {
          if (!isAlreadyExists(error)) throw error
        })
      }
      if (node) await tellNode(node, plan, context)
      told.set(nodeName, tellPods(plan, told.get(nodeName) ?? new Set(), context))
      for (const each of plan.detach) {
        if (await mayDetach(each, nodeName, context)) await detach(each.attachment, context)
        unwanted.delete(each.attachment.metadata.name ?? '')
      }
      if (!node && attachments.length === 0) told.delete(nodeName)
      if (plan.lookAgainMs !== undefined) return { requeueAfterMs: plan.lookAgainMs }
    },
  })
}

function nodesOfClaim(claim: string, { informers }: ReconcileContext): ObjectKey[] {
  return informers.for(pods).byIndex(podsByClaim, claim).flatMap(({ spec }) => (spec.nodeName ? [{ name: spec.nodeName }] : []))
}

function nodesOfVolume({ spec: { csi, claimRef } }: PersistentVolume, context: ReconcileContext): ObjectKey[] {
  return csi && claimRef ? nodesOfClaim(`${claimRef.namespace}/${claimRef.name}`, context) : []
}

/** What of it may still run counts; what a kubelet has not unmounted yet is in the node's volumesInUse. */
function usesVolumes({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp === undefined) return true
  const statuses = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []]
  return statuses.some(({ state }) => state?.running !== undefined)
}

function wantedVolumes(nodeName: string, { informers }: ReconcileContext): WantedVolume[] {
  const found = new Map<string, { volume: PersistentVolume; pods: Pod[] }>()
  for (const pod of informers.for(pods).byIndex(podsByNode, nodeName)) {
    if (isTerminal(pod) || !usesVolumes(pod)) continue
    for (const name of claimNames(pod)) {
      const claim = informers.for(persistentVolumeClaims).get({ namespace: pod.metadata.namespace ?? '', name })
      const volume = claim && boundVolume(claim, informers)
      if (!volume?.spec.csi || informers.for(csiDrivers).get({ name: volume.spec.csi.driver })?.spec.attachRequired === false) continue
      const known = found.get(volume.metadata.name ?? '')
      if (known) known.pods.push(pod)
      else found.set(volume.metadata.name ?? '', { volume, pods: [pod] })
    }
  }
  return [...found.values()]
}

function boundVolume(claim: PersistentVolumeClaim, informers: ReconcileContext['informers']): PersistentVolume | undefined {
  const volume = claim.status?.phase === 'Bound' ? informers.for(persistentVolumes).get({ name: claim.spec.volumeName ?? '' }) : undefined
  return volume?.spec.claimRef?.uid === claim.metadata.uid ? volume : undefined
}

/** Before anything is detached: a kubelet uses only what the status says. */
async function tellNode(node: Node, { attached }: AttachPlan, { client }: ReconcileContext): Promise<void> {
  const before = [...node.status?.volumesAttached ?? []].map(({ name }) => name).sort()
  if (before.join('\n') === attached.map(({ name }) => name).join('\n')) return
  await client.patch(nodes, keyOf(node), { type: 'merge', body: { status: { volumesAttached: attached.length > 0 ? attached : null } } }, { subresource: 'status' })
}

/** Resolves with what they have been told by now. */
function tellPods({ arrived, held, failed }: AttachPlan, before: ReadonlySet<string>, { informers, events }: ReconcileContext): Set<string> {
  const now = new Set<string>()
  const tell = (wanted: WantedVolume, event: { type: 'Normal' | 'Warning'; reason: string; message: string }, occasion = ''): void => {
    for (const pod of wanted.pods) {
      const key = `${pod.metadata.uid} ${event.message} ${occasion}`
      now.add(key)
      if (!before.has(key)) events.record(pod, event)
    }
  }
  for (const each of arrived) tell(each, { type: 'Normal', reason: 'SuccessfulAttachVolume', message: `AttachVolume.Attach succeeded for volume "${each.volume.metadata.name}" ` })
  for (const each of held) {
    const { claimRef } = each.volume.spec
    const users = informers.for(pods).byIndex(podsByClaim, `${claimRef?.namespace}/${claimRef?.name}`).filter((pod) => pod.spec.nodeName !== undefined && !each.pods.includes(pod))
    tell(each, { type: 'Warning', reason: 'FailedAttachVolume', message: heldMessage(each, users) })
  }
  for (const { wanted, attachment } of failed) {
    const { message = '', time } = attachment.status?.attachError ?? {}
    tell(wanted, { type: 'Warning', reason: 'FailedAttachVolume', message: `AttachVolume.Attach failed for volume "${wanted.volume.metadata.name}" : ${message}` }, time)
  }
  return now
}

/** Asks the server: the kubelet may have begun to use the volume since, and says so before it looks at what is attached. */
async function mayDetach({ attachment, force }: AttachPlan['detach'][number], nodeName: string, { client }: ReconcileContext): Promise<boolean> {
  if (force) return true
  try {
    const { status } = await client.get(nodes, { name: nodeName })
    return !status?.volumesInUse?.some((unique) => isNameOf(unique, attachment))
  } catch (error) {
    if (isNotFound(error)) return true
    throw error
  }
}

async function detach(attachment: VolumeAttachment, { client }: ReconcileContext): Promise<void> {
  await client.delete(volumeAttachments, keyOf(attachment), { preconditions: { uid: attachment.metadata.uid ?? '' } }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}
