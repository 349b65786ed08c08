// Waits until a volume is attached to this node, as its VolumeAttachment and the node's status say.
import { attachmentName, uniqueVolumeName } from '../api/csi-names.ts'
import { isNotFound } from '../api/status-error.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { volumeAttachments } from '../api/types-storage.ts'
import type { Client } from '../client/client.ts'
import type { CsiVolume } from './csi-request.ts'
import { type VolumeContext, VolumePending } from './volume.ts'
import type { VolumesInUse } from './volumes-in-use.ts'

export class CsiAttachments {
  readonly #client: Client
  readonly #nodeName: string
  readonly #inUse: VolumesInUse

  constructor({ client, nodeName, inUse }: { client: Client; nodeName: string; inUse: VolumesInUse }) {
    this.#client = client
    this.#nodeName = nodeName
    this.#inUse = inUse
  }

  /** What the driver's other half had to say of the attachment. Throws VolumePending until there is one. */
  async contextOf({ name, driver, handle }: CsiVolume, context: Pick<VolumeContext, 'pod' | 'volume' | 'watch'>): Promise<Record<string, string>> {
    const unique = uniqueVolumeName(driver, handle)
    const attachment = attachmentName({ handle, driver, nodeName: this.#nodeName })
    context.watch({ resource: volumeAttachments, name: attachment })
    // In this order: whoever detaches takes the volume from `volumesAttached`, and then looks whether it is in use.
    await this.#inUse.add(unique, context.pod.metadata.uid ?? '')
    const [node, found] = await Promise.all([
      this.#client.get(nodes, { name: this.#nodeName }),
      this.#client.get(volumeAttachments, { name: attachment }).catch((error: unknown) => {
        if (isNotFound(error)) return undefined
        throw error
      }),
    ])
    const isNoted = ({ status }: Node): boolean => status?.volumesAttached?.some(({ name: each }) => each === unique) ?? false
    if (!found) throw new VolumePending(context.volume.name, `volume ${name} has no VolumeAttachment yet`)
    if (found.metadata.deletionTimestamp !== undefined) throw new VolumePending(context.volume.name, `VolumeAttachment ${attachment} is being deleted`)
    if (!found.status?.attached) throw new VolumePending(context.volume.name, `volume ${name} is not attached yet`)
    if (!isNoted(node)) {
      // The node's status is told after the attachment's; perhaps before we listen to it.
      context.watch({ resource: nodes, name: this.#nodeName })
      if (!isNoted(await this.#client.get(nodes, { name: this.#nodeName }))) throw new VolumePending(context.volume.name, `volume ${name} is not in the node's volumesAttached yet`)
    }
    return { ...found.status.attachmentMetadata }
  }
}
