// Ends a pod from outside: says on it why, then deletes it.
import { keyOf } from '../api/object.ts'
import type { DeleteOptions } from '../api/request.ts'
import { formatTime } from '../api/times.ts'
import { pods, type Pod, type PodCondition } from '../api/types-pod.ts'
import type { ReconcileContext } from '../controller/controller.ts'
import { isGone, removeObject } from '../controller/removal.ts'

export interface DisruptionOptions {
  readonly reason: string
  readonly message: string
  /** Its node can't report its end any more. */
  readonly failed?: boolean
  readonly deletion?: DeleteOptions
}

export async function disruptPod(pod: Pod, { client, clock }: ReconcileContext, { reason, message, failed, deletion }: DisruptionOptions): Promise<void> {
  const condition: PodCondition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: formatTime(clock.now()) }
  const known = pod.status?.conditions?.some(({ type, status }) => type === condition.type && status === 'True')
  const status = { ...(known ? {} : { conditions: [condition] }), ...(failed && pod.status?.phase !== 'Failed' ? { phase: 'Failed' } : {}) }
  try {
    if (Object.keys(status).length > 0) await client.patch(pods, keyOf(pod), { type: 'strategic', body: { metadata: { uid: pod.metadata.uid }, status } }, { subresource: 'status' })
    await removeObject(client, pods, pod, deletion)
  } catch (error) {
    if (!await isGone(error, client, pods, pod)) throw error
  }
}
