// Makes a volume's file system on this node as large as the volume has become, and tells its claim.
import { compareQuantities, parseQuantity } from '../api/quantity.ts'
import { keyOf } from '../api/object.ts'
import type { Pod } from '../api/types-pod.ts'
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../api/types-volume.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { CsiDriverConnection, ExpandRequest } from './csi-driver.ts'

export interface Expansion {
  readonly pod: Pod
  readonly claim: PersistentVolumeClaim
  readonly volume: string
  /** As the persistent volume says. */
  readonly capacity: string
  readonly driver: CsiDriverConnection
  readonly request: Omit<ExpandRequest, 'capacityRange'>
}

/** Whether the claim is not told yet of what the volume holds. */
export function hasGrown(capacity: string | undefined, claim: PersistentVolumeClaim | undefined): boolean {
  const told = claim?.status?.capacity?.['storage']
  return capacity !== undefined && told !== undefined && compareQuantities(parseQuantity(capacity), parseQuantity(told)) > 0
}

const resizeConditions = new Set(['FileSystemResizePending', 'Resizing', 'NodeResizeError'])

/** The claim's status once the node is done. */
export function resizedStatus({ status = {} }: PersistentVolumeClaim, capacity: string): NonNullable<PersistentVolumeClaim['status']> {
  const { allocatedResourceStatuses: { storage: _done, ...others } = {}, ...rest } = status
  return {
    ...rest, capacity: { ...status.capacity, storage: capacity },
    conditions: (status.conditions ?? []).filter(({ type }) => !resizeConditions.has(type)),
    ...(Object.keys(others).length > 0 ? { allocatedResourceStatuses: others } : {}),
  }
}

export class CsiExpander {
  readonly #client: Client
  readonly #events: EventRecorder
  readonly #nodeName: string

  constructor({ client, events, nodeName }: { client: Client; events: EventRecorder; nodeName: string }) {
    this.#client = client
    this.#events = events
    this.#nodeName = nodeName
  }

  /** False when the driver could not. */
  async expand({ pod, claim, volume, capacity, driver, request }: Expansion): Promise<boolean> {
    // Of two pods with the volume, one was first.
    if (!hasGrown(capacity, await this.#client.get(persistentVolumeClaims, keyOf(claim)))) return true
    const requiredBytes = Number(parseQuantity(capacity).nanos / 1_000_000_000n)
    try {
      await driver.expand({ ...request, capacityRange: { requiredBytes } })
    } catch (error) {
      const message = `NodeExpandVolume.NodeExpandVolume failed for volume "${volume}" : Expander.NodeExpand failed to expand the volume : ${(error as Error).message}`
      this.#events.record(pod, { type: 'Warning', reason: 'VolumeResizeFailed', message })
      return false
    }
    const current = await this.#client.get(persistentVolumeClaims, keyOf(claim))
    await this.#client.update(persistentVolumeClaims, { ...current, status: resizedStatus(current, capacity) }, { subresource: 'status' })
    const event = { type: 'Normal', reason: 'FileSystemResizeSuccessful', message: `MountVolume.NodeExpandVolume succeeded for volume "${volume}" ${this.#nodeName}` } as const
    this.#events.record(pod, event)
    this.#events.record(current, event)
    return true
  }
}
