// Protection of volume attributes classes: a class stays while a claim or a volume names it.
import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses, type PersistentVolume, type PersistentVolumeClaim, type VolumeAttributesClass } from '../api/types-volume.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches } from '../controller/controller.ts'

const finalizer = 'kubernetes.io/vac-protection'
const keysOf = (names: readonly string[]): { name: string }[] => names.map((name) => ({ name }))

/** What the claim wants, what its volume has, and what it is being changed to. */
export function classesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [spec.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName]
  return [...new Set(names.filter((name): name is string => Boolean(name)))]
}

const classesOfVolume = ({ spec }: PersistentVolume): string[] => (spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [])

const claimsByClass: Index<PersistentVolumeClaim> = { name: 'attributes classes', values: classesOfClaim }
const volumesByClass: Index<PersistentVolume> = { name: 'attributes classes', values: classesOfVolume }

export default controller<VolumeAttributesClass>({
  name: 'volumeattributesclass-protection',
  for: volumeAttributesClasses,
  watches: [
    watches(persistentVolumeClaims, (claim) => keysOf(classesOfClaim(claim))),
    watches(persistentVolumes, (volume) => keysOf(classesOfVolume(volume))),
  ],
  async reconcile({ name }, found, { client, informers }) {
    if (!found) return
    const finalizers = found.metadata.finalizers ?? []
    const has = finalizers.includes(finalizer)
    const withFinalizers = (list: string[]) => client.update(volumeAttributesClasses, { ...found, metadata: { ...found.metadata, finalizers: list } })
    if (!found.metadata.deletionTimestamp) {
      if (!has) await withFinalizers([...finalizers, finalizer])
      return
    }
    if (!has) return
    if (informers.for(persistentVolumeClaims).byIndex(claimsByClass, name).length > 0 || informers.for(persistentVolumes).byIndex(volumesByClass, name).length > 0) return
    // The cache may not show a claim that was made a moment ago.
    const { items } = await client.list(persistentVolumeClaims)
    if (items.some((claim) => classesOfClaim(claim).includes(name))) return { requeueAfterMs: 1000 }
    await withFinalizers(finalizers.filter((one) => one !== finalizer))
  },
})
