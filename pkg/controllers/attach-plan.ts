// Which volumes have to be attached to a node and which detached. Pure.
import { attachmentName, uniqueVolumeName } from '../api/csi-names.ts'
import type { AttachedVolume, Node } from '../api/types-node.ts'
import type { Pod } from '../api/types-pod.ts'
import type { VolumeAttachment } from '../api/types-storage.ts'
import type { PersistentVolume } from '../api/types-volume.ts'

/** A volume that pods of the node use, and that has to be attached for it. */
export interface WantedVolume {
  readonly volume: PersistentVolume
  readonly pods: readonly Pod[]
}

export interface AttachInput {
  readonly nodeName: string
  /** Undefined when the node is gone. */
  readonly node: Node | undefined
  readonly wanted: readonly WantedVolume[]
  /** Of this node. */
  readonly attachments: readonly VolumeAttachment[]
  /** Of the volume on other nodes. */
  readonly elsewhere: (volumeName: string) => readonly VolumeAttachment[]
  /** Since when nobody here has wanted what is attached; by the attachment's name. */
  readonly unwantedSinceMs: (attachment: string) => number
  readonly nowMs: number
}

export interface AttachPlan {
  readonly attach: readonly VolumeAttachment[]
  /** Volumes that may not be attached here while they are attached there. */
  readonly held: readonly WantedVolume[]
  /** Attachments that nobody uses any more, with the name that the node's status has for them. */
  readonly detach: readonly { readonly attachment: VolumeAttachment; readonly unique?: string; readonly force: boolean }[]
  /** What the node's status is to say. */
  readonly attached: readonly AttachedVolume[]
  /** Those of them that it does not say yet. */
  readonly arrived: readonly WantedVolume[]
  readonly failed: readonly { readonly wanted: WantedVolume; readonly attachment: VolumeAttachment }[]
  /** When a node that does not answer loses what it does not need. */
  readonly lookAgainMs?: number
}

const managedAnnotation = 'volumes.kubernetes.io/controller-managed-attach-detach'
const outOfService = 'node.kubernetes.io/out-of-service'
/** How long a node that is not healthy is waited for before its volumes are taken from it. */
export const unmountPatienceMs = 360_000

const ownName = /^csi-[0-9a-f]{64}$/
const uniqueOf = ({ spec: { csi } }: PersistentVolume): string => uniqueVolumeName(csi?.driver ?? '', csi?.volumeHandle ?? '')

/** Only one node at a time may have it. */
function isExclusive({ spec: { accessModes = [] } }: PersistentVolume): boolean {
  return accessModes.length > 0 && accessModes.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod')
}

const isHealthy = ({ status }: Node): boolean => status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ?? false

export function planAttachments(input: AttachInput): AttachPlan {
  const { nodeName, node, wanted, attachments, elsewhere } = input
  const byName = new Map(attachments.map((attachment) => [attachment.metadata.name ?? '', attachment]))
  const names = new Map(wanted.map((each) => [attachmentName({ handle: each.volume.spec.csi?.volumeHandle ?? '', driver: each.volume.spec.csi?.driver ?? '', nodeName }), each]))
  const managed = node !== undefined && node.metadata.deletionTimestamp === undefined && node.metadata.annotations?.[managedAnnotation] === 'true'
  const attach: VolumeAttachment[] = []
  const held: WantedVolume[] = []
  const arrived: WantedVolume[] = []
  const failed: { wanted: WantedVolume; attachment: VolumeAttachment }[] = []
  const attached: AttachedVolume[] = []
  const told = new Set(node?.status?.volumesAttached?.map(({ name }) => name))
  for (const [name, each] of names) {
    const found = byName.get(name)
    const unique = uniqueOf(each.volume)
    if (!found) {
      if (!managed) continue
      if (isExclusive(each.volume) && elsewhere(each.volume.metadata.name ?? '').length > 0) held.push(each)
      else attach.push(newAttachment(name, each.volume, nodeName))
    } else if (found.status?.attached && !found.metadata.deletionTimestamp) {
      attached.push({ name: unique, devicePath: '' })
      if (!told.has(unique)) arrived.push(each)
    } else if (found.status?.attachError) failed.push({ wanted: each, attachment: found })
  }
  const { detach, kept, lookAgainMs } = planDetachments(input, names)
  return { attach, held, arrived, failed, detach, attached: [...attached, ...kept].sort((a, b) => (a.name < b.name ? -1 : 1)), ...(lookAgainMs === undefined ? {} : { lookAgainMs }) }
}

function planDetachments({ node, attachments, unwantedSinceMs, nowMs }: AttachInput, wanted: ReadonlyMap<string, WantedVolume>): Pick<AttachPlan, 'detach' | 'lookAgainMs'> & { kept: AttachedVolume[] } {
  const inUse = new Set(node?.status?.volumesInUse)
  const lost = node === undefined || (node.spec?.taints?.some(({ key }) => key === outOfService) ?? false)
  const detach: { attachment: VolumeAttachment; unique?: string; force: boolean }[] = []
  const kept: AttachedVolume[] = []
  let lookAgainMs: number | undefined
  for (const attachment of attachments) {
    const name = attachment.metadata.name ?? ''
    if (wanted.has(name) || !ownName.test(name) || attachment.metadata.deletionTimestamp !== undefined) continue
    // The names in the status hold the handle, which an attachment does not.
    const unique = [...inUse, ...(node?.status?.volumesAttached ?? []).map((each) => each.name)].find((each) => isNameOf(each, attachment))
    const patienceMs = unwantedSinceMs(name) + unmountPatienceMs - nowMs
    const given = node !== undefined && !isHealthy(node) && patienceMs <= 0
    if (unique === undefined || !inUse.has(unique) || lost || given) detach.push({ attachment, force: lost || given, ...(unique === undefined ? {} : { unique }) })
    else {
      kept.push({ name: unique, devicePath: '' })
      if (node !== undefined && !isHealthy(node)) lookAgainMs = Math.min(lookAgainMs ?? Infinity, patienceMs)
    }
  }
  return { detach, kept, ...(lookAgainMs === undefined ? {} : { lookAgainMs }) }
}

/** Whether a unique name is that of the attachment's volume. */
export function isNameOf(unique: string, { metadata, spec }: VolumeAttachment): boolean {
  const prefix = uniqueVolumeName(spec.attacher, '')
  return unique.startsWith(prefix) && attachmentName({ handle: unique.slice(prefix.length), driver: spec.attacher, nodeName: spec.nodeName }) === metadata.name
}

function newAttachment(name: string, { metadata, spec: { csi } }: PersistentVolume, nodeName: string): VolumeAttachment {
  return {
    apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name },
    spec: { attacher: csi?.driver ?? '', nodeName, source: { persistentVolumeName: metadata.name ?? '' } },
  }
}

/** Why an exclusive volume is not attached, for the pods that wait for it. */
export function heldMessage({ volume, pods }: WantedVolume, users: readonly Pod[]): string {
  const namespace = pods[0]?.metadata.namespace
  const here = users.filter((pod) => pod.metadata.namespace === namespace).map((pod) => pod.metadata.name)
  const others = users.length - here.length
  const words = here.length > 0
    ? `Volume is already used by pod(s) ${here.join(', ')}${others > 0 ? ` and ${others} pod(s) in different namespaces` : ''}`
    : others > 0 ? `Volume is already used by ${others} pod(s) in different namespaces` : 'Volume is already exclusively attached to one node and can\'t be attached to another'
  return `Multi-Attach error for volume "${volume.metadata.name}" ${words}`
}
