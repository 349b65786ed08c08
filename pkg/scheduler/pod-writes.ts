// What the scheduler writes about a pod: its binding, its condition, its nomination, its preemption.
import type { Client } from '../client/client.ts'
import { keyOf, type KubeObject } from '../api/object.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import { pods, type Binding, type Pod, type PodCondition } from '../api/types-pod.ts'

export function bindingOf({ metadata: { name = '', namespace, uid } }: Pod, nodeName: string): Binding {
  return {
    apiVersion: 'v1', kind: 'Binding',
    metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
    target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
  }
}

export function writeBinding(client: Client, pod: Pod, nodeName: string): Promise<KubeObject> {
  return client.createSubresource(pods, keyOf(pod), 'binding', bindingOf(pod, nodeName))
}

export interface StatusChange {
  readonly condition: Omit<PodCondition, 'lastTransitionTime' | 'observedGeneration'>
  /** Undefined leaves it; '' ends it. */
  readonly nominatedNodeName?: string
}

/** The status patch, or undefined when the pod says so already. */
export function statusPatch(pod: Pod, { condition, nominatedNodeName }: StatusChange, nowMs: number): object | undefined {
  const known = pod.status?.conditions?.find(({ type }) => type === condition.type)
  const { generation, uid } = pod.metadata
  const sameCondition = known?.status === condition.status && known.reason === condition.reason && known.message === condition.message
  const sameNomination = nominatedNodeName === undefined || nominatedNodeName === (pod.status?.nominatedNodeName ?? '')
  if (sameCondition && sameNomination) return undefined
  const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : formatTime(nowMs)
  return {
    // The patch is for this very pod, not for another that took its name.
    metadata: { uid },
    status: {
      conditions: [{ ...condition, lastProbeTime: null, lastTransitionTime, ...(generation ? { observedGeneration: generation } : {}) }],
      ...(sameNomination ? {} : { nominatedNodeName: nominatedNodeName || null }),
    },
  }
}

/** Resolves at once when nothing would change. */
export async function writeStatus(client: Client, pod: Pod, change: StatusChange & { readonly nowMs: number }): Promise<void> {
  const body = statusPatch(pod, change, change.nowMs)
  if (body) await client.patch(pods, keyOf(pod), { type: 'strategic', body }, { subresource: 'status' })
}

/** Says why, then deletes; a pod that is gone is what was wanted. */
export async function deleteVictim(client: Client, pod: Pod, { schedulerName, nowMs }: { schedulerName: string; nowMs: number }): Promise<void> {
  const message = `${schedulerName}: preempting to accommodate a higher priority pod`
  try {
    await writeStatus(client, pod, { condition: { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message }, nowMs })
    await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}
