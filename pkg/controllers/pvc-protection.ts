// PVC protection: a claim stays while a pod on a node uses it.
import { pods, type Pod } from '../api/types-pod.ts'
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../api/types-volume.ts'
import { controller, watches } from '../controller/controller.ts'
import { claimNames, podsByClaim } from './pods-by-claim.ts'

const finalizer = 'kubernetes.io/pvc-protection'

/** Its node may still have the volume mounted. A pod that has ended counts too: it can be read until it is deleted. */
export function holdsClaims({ metadata, spec }: Pod): boolean {
  return Boolean(spec.nodeName) && !(metadata.deletionTimestamp && metadata.deletionGracePeriodSeconds === 0)
}

export default controller<PersistentVolumeClaim>({
  name: 'pvc-protection',
  for: persistentVolumeClaims,
  watches: [watches(pods, (pod) => claimNames(pod).map((name) => ({ namespace: pod.metadata.namespace, name })))],
  async reconcile({ namespace = '', name }, claim, { client, informers }) {
    if (!claim) return
    const finalizers = claim.metadata.finalizers ?? []
    if (!claim.metadata.deletionTimestamp) {
      if (!finalizers.includes(finalizer)) await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, finalizers: [...finalizers, finalizer] } })
      return
    }
    if (!finalizers.includes(finalizer)) return
    if (informers.for(pods).byIndex(podsByClaim, `${namespace}/${name}`).some(holdsClaims)) return
    // The cache may not show a pod that was bound a moment ago.
    const { items } = await client.list(pods, { namespace })
    if (items.some((pod) => holdsClaims(pod) && claimNames(pod).includes(name))) return { requeueAfterMs: 1000 }
    await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, finalizers: finalizers.filter((one) => one !== finalizer) } })
  },
})
