// Names that both halves of CSI make from a volume: the control plane, which attaches, and the node, which mounts.
import { createHash } from 'node:crypto'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The name of the VolumeAttachment. */
export const attachmentName = ({ handle, driver, nodeName }: { handle: string; driver: string; nodeName: string }): string => `csi-${sha256(`${handle}${driver}${nodeName}`)}`

/** The handle of a volume that lives and dies with its pod. */
export const inlineHandle = (podUid: string, volume: string): string => `csi-${sha256(`${podUid}${volume}`)}`

/** As the node's status names it. */
export const uniqueVolumeName = (driver: string, handle: string): string => `kubernetes.io/csi/${driver}^${handle}`
