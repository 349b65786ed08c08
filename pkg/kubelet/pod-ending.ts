// Why and by when a pod has to end. Pure.
import type { Pod } from '../api/types-pod.ts'

export interface PodVerdict {
  readonly reason: string
  readonly message: string
  /** Less time to end than the pod's own. */
  readonly graceSeconds?: number
  /** The node ends it for its own sake: others are told so by a condition. */
  readonly disruption?: boolean
  /** What the condition says when that is not the message. */
  readonly disruptionMessage?: string
  /** The node never took it; the event says why in these words. */
  readonly refused?: string
}

/** The verdict on a pod that this node does not take. */
export const refusal = (reason: string, message: string): PodVerdict => ({ reason, message: `Pod was rejected: ${message}`, refused: message })

export interface Ending {
  readonly graceSeconds: number
}

export const isTerminal = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed'

export interface EndingInput {
  readonly pod: Pod
  /** The API object is gone. */
  readonly removed: boolean
  readonly verdict?: PodVerdict
  readonly phase: string | undefined
}

/** undefined while the pod is to run. */
export function podEnding({ pod, removed, verdict, phase }: EndingInput): Ending | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  const own = pod.spec.terminationGracePeriodSeconds ?? 30
  if (deletionTimestamp !== undefined) return { graceSeconds: Math.max(1, Math.min(deletionGracePeriodSeconds ?? own, verdict?.graceSeconds ?? Infinity)) }
  if (removed || verdict || isTerminal(phase)) return { graceSeconds: Math.min(own, verdict?.graceSeconds ?? own) }
  return undefined
}

export const deadlineVerdict: PodVerdict = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }

/** When activeDeadlineSeconds are over; undefined without them, or before the pod has started. */
export function activeDeadlineMs(pod: Pod, startedMs: number | undefined): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  return seconds === undefined || startedMs === undefined ? undefined : startedMs + seconds * 1000
}
