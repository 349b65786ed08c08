// Ephemeral volumes: makes the claims that pods bring with them; the pod owns its claims.
import { ownerReferenceOf } from '../controller/ownership.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { persistentVolumeClaims } from '../api/types-volume.ts'
import { controller } from '../controller/controller.ts'
import { isNamespaceTerminating, messageOf } from '../controller/refusals.ts'

export default controller<Pod>({
  name: 'ephemeral-volume',
  eventSource: 'ephemeral_volume',
  for: pods,
  owns: [persistentVolumeClaims],
  async reconcile({ namespace = '' }, pod, { client, informers, events }) {
    if (!pod || pod.metadata.deletionTimestamp) return
    for (const { name: volume, ephemeral } of pod.spec.volumes ?? []) {
      const template = ephemeral?.volumeClaimTemplate
      if (!template) continue
      const name = `${pod.metadata.name}-${volume}`
      const existing = informers.for(persistentVolumeClaims).get({ namespace, name })
      if (existing) {
        if (!existing.metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid)) {
          events.record(pod, { type: 'Warning', reason: 'FailedEphemeralVolume', message: `PVC "${name}" already exists and is not owned by the pod` })
        }
        continue
      }
      const { labels, annotations } = template.metadata ?? {}
      const metadata = { name, namespace, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}), ownerReferences: [ownerReferenceOf(pod, pods)] }
      try {
        await client.create(persistentVolumeClaims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: template.spec })
      } catch (error) {
        if (isAlreadyExists(error) || isNamespaceTerminating(error)) continue
        events.record(pod, { type: 'Warning', reason: 'FailedCreate', message: `ephemeral volume controller: ${messageOf(error)}` })
        throw error
      }
    }
  },
})
