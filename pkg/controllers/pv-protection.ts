// PV protection: a volume stays while it is bound to a claim.
import { persistentVolumes, type PersistentVolume } from '../api/types-volume.ts'
import { controller } from '../controller/controller.ts'

const finalizer = 'kubernetes.io/pv-protection'

export default controller<PersistentVolume>({
  name: 'pv-protection',
  for: persistentVolumes,
  async reconcile(_, volume, { client }) {
    if (!volume) return
    const { metadata, status } = volume
    const finalizers = metadata.finalizers ?? []
    const has = finalizers.includes(finalizer)
    const leaving = metadata.deletionTimestamp !== undefined
    if (leaving && has && status?.phase !== 'Bound') {
      await client.update(persistentVolumes, { ...volume, metadata: { ...metadata, finalizers: finalizers.filter((one) => one !== finalizer) } })
    } else if (!leaving && !has) await client.update(persistentVolumes, { ...volume, metadata: { ...metadata, finalizers: [...finalizers, finalizer] } })
  },
})
