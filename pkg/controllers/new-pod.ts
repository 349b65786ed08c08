// A pod as a workload's template describes it.
import type { KubeObject, Resource } from '../api/object.ts'
import { pods, type Pod, type PodTemplateSpec } from '../api/types-pod.ts'
import type { ReconcileContext } from '../controller/controller.ts'
import { ownerReferenceOf } from '../controller/ownership.ts'
import { isNamespaceTerminating, messageOf } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'

/** The server completes the name: `<owner>-<5 characters>`, unless the caller sets one. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject, resource: Resource): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`, namespace: owner.metadata.namespace,
      ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}), ...(finalizers ? { finalizers } : {}),
      ownerReferences: [ownerReferenceOf(owner, resource)],
    },
    spec: template.spec ?? { containers: [] },
  }
}

/** Creates a pod and tells of it on its owner. Does nothing in a namespace that is going away. */
export async function createPod(pod: Pod, owner: KubeObject, { client, events }: ReconcileContext): Promise<void> {
  try {
    const created = await client.create(pods, pod)
    events.record(owner, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${created.metadata.name}` })
  } catch (error) {
    if (isNamespaceTerminating(error)) return
    events.record(owner, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${messageOf(error)}` })
    throw error
  }
}

/** Deletes a pod and tells of it on its owner. A pod that is gone already is as good. */
export async function deletePod(pod: Pod, owner: KubeObject, { client, events }: ReconcileContext): Promise<void> {
  try {
    if (await removeObject(client, pods, pod)) events.record(owner, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` })
  } catch (error) {
    events.record(owner, { type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${messageOf(error)}` })
    throw error
  }
}
