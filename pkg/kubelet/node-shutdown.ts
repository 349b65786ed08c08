// A node that is about to go down: in which order its pods end, and how long each may take. Pure but for `shutDownPods`.
import type { Pod } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { refusal, type PodVerdict } from './pod-ending.ts'
import { podUid } from './pod-names.ts'

/** Pods of at least this priority, and less than the next one's, get this long. Sorted; the first also takes those below it. */
export interface ShutdownStep {
  readonly priority: number
  readonly graceSeconds: number
}

const systemCriticalPriority = 2_000_000_000

/** The last `criticalSeconds` of the whole belong to critical pods; no steps without a whole. */
export function shutdownSteps(totalSeconds: number, criticalSeconds: number): ShutdownStep[] {
  if (totalSeconds === 0) return []
  if (criticalSeconds > totalSeconds) throw new Error(`expected a grace for critical pods of at most ${totalSeconds} s, found ${criticalSeconds} s`)
  return [{ priority: 0, graceSeconds: totalSeconds - criticalSeconds }, { priority: systemCriticalPriority, graceSeconds: criticalSeconds }]
}

export function podsByStep(pods: readonly Pod[], steps: readonly ShutdownStep[]): { step: ShutdownStep; pods: Pod[] }[] {
  const groups = steps.map((step) => ({ step, pods: [] as Pod[] }))
  for (const pod of pods) {
    const fitting = groups.filter(({ step }) => (pod.spec.priority ?? 0) >= step.priority)
    const group = fitting.at(-1) ?? groups[0]
    group?.pods.push(pod)
  }
  return groups
}

export const shutdownRefusal = refusal('NodeShutdown', 'Pod was rejected as the node is shutting down.')

const shutdownVerdict = (graceSeconds: number): PodVerdict =>
  ({ reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.', graceSeconds, disruption: true })

export interface ShutdownNode {
  active(): readonly Pod[]
  end(uid: string, verdict: PodVerdict): void
}

const lookMs = 100

/** Resolves when all pods have ended, or their time is over. */
export async function shutDownPods(node: ShutdownNode, steps: readonly ShutdownStep[], { clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<void> {
  for (const { step, pods } of podsByStep(node.active(), steps)) {
    await endPods(node, pods, shutdownVerdict(Math.max(1, step.graceSeconds)), { clock, signal, untilMs: clock.monotonic() + step.graceSeconds * 1000 })
  }
}

/** Resolves when they have ended, or their time is over. */
export async function endPods(node: ShutdownNode, pods: readonly Pod[], verdict: PodVerdict, { clock, signal, untilMs }: { clock: Clock; signal: AbortSignal; untilMs: number }): Promise<void> {
  for (const pod of pods) node.end(podUid(pod), verdict)
  const uids = new Set(pods.map(podUid))
  while (clock.monotonic() < untilMs && node.active().some((pod) => uids.has(podUid(pod)))) await sleep(clock, lookMs, signal)
}
