// Volume expansion: tells who waits that a claim that has grown is for the driver's own resizer.
import { compareQuantities, parseQuantity } from '../api/quantity.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolumeClaim } from '../api/types-volume.ts'
import { controller } from '../controller/controller.ts'

const begun = new Set(['Resizing', 'FileSystemResizePending'])

/** Nobody has begun to give it what it asks for. */
export function isToExpand({ spec, status }: PersistentVolumeClaim): boolean {
  const [wanted, has] = [spec.resources?.requests?.['storage'], status?.capacity?.['storage']]
  if (status?.phase !== 'Bound' || wanted === undefined || has === undefined) return false
  if (status.conditions?.some(({ type }) => begun.has(type)) || status.allocatedResourceStatuses?.['storage'] !== undefined) return false
  return compareQuantities(parseQuantity(wanted), parseQuantity(has)) > 0
}

export default controller<PersistentVolumeClaim>({
  name: 'volume-expand',
  eventSource: 'volume_expand',
  for: persistentVolumeClaims,
  async reconcile(_, claim, { informers, events }) {
    if (!claim || !isToExpand(claim) || !informers.for(persistentVolumes).get({ name: claim.spec.volumeName ?? '' })?.spec.csi) return
    events.record(claim, { type: 'Normal', reason: 'ExternalExpanding', message: 'waiting for an external controller to expand this PVC' })
  },
})
