// How a Job stands and what it does next: pure.
//
//   running --enough succeeded--> SuccessCriteriaMet --all pods ended and counted--> Complete
//      `-----limit, deadline or policy--> FailureTarget --all pods ended and counted--> Failed
import type { Pod } from '../api/types-pod.ts'
import { formatTime } from '../api/times.ts'
import type { Job, JobCondition, JobStatus } from '../api/types-workload.ts'
import { formatIndexes, parseIndexes } from './job-indexes.ts'
import { failureAction, successMatch } from './job-policy.ts'
import { isReady, isTerminal, millisOf } from './pod-facts.ts'

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index'
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count'

export type JobConditionType = 'Complete' | 'Failed' | 'SuccessCriteriaMet' | 'FailureTarget' | 'Suspended'
export interface Verdict {
  readonly type: 'SuccessCriteriaMet' | 'FailureTarget'
  readonly reason: string
  readonly message: string
}

export const hasCondition = (status: JobStatus | undefined, type: JobConditionType): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false
export const isFinished = ({ status }: Job): boolean => hasCondition(status, 'Complete') || hasCondition(status, 'Failed')
export const isTracked = ({ metadata }: Pod): boolean => metadata.finalizers?.includes(trackingFinalizer) ?? false
export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed'

export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexAnnotation] ?? metadata.labels?.[indexAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** A pod on its way out counts as failed at once, unless the Job wants to see how it ends. */
export function hasFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true
  const waits = job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy !== undefined
  return !waits && pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded'
}

export interface JobCount {
  readonly active: readonly Pod[]
  readonly terminating: readonly Pod[]
  /** Everything counted, to be counted, or seen to have ended. */
  readonly succeeded: number
  readonly failed: number
  readonly succeededIndexes: ReadonlySet<number>
  readonly failedIndexes: ReadonlySet<number>
  /** The next status as far as counting goes: pods whose finalizer is gone are in the numbers, others wait in `uncountedTerminatedPods`. */
  readonly status: JobStatus
  /** Pods that ended in this run: they bear on the back-off. */
  readonly newlyFailed: readonly Pod[]
  readonly newlySucceeded: readonly Pod[]
  /** Pods that the stored status counts: they may lose their finalizer now. */
  readonly release: readonly Pod[]
  readonly failJob?: string
}

export function countPods(job: Job, pods: readonly Pod[]): JobCount {
  const old = job.status ?? {}
  const tracked = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? '', pod]))
  const waiting = { succeeded: old.uncountedTerminatedPods?.succeeded ?? [], failed: old.uncountedTerminatedPods?.failed ?? [] }
  const still = { succeeded: waiting.succeeded.filter((uid) => tracked.has(uid)), failed: waiting.failed.filter((uid) => tracked.has(uid)) }
  const known = new Set([...waiting.succeeded, ...waiting.failed])
  const candidates = [...tracked.values()].filter(({ metadata }) => !known.has(metadata.uid ?? ''))
  const completed = parseIndexes(old.completedIndexes)
  const newlySucceeded = candidates.filter((pod) => pod.status?.phase === 'Succeeded' && !(isIndexed(job) && completed.has(indexOf(pod) ?? -1)))
  const ended = candidates.filter((pod) => hasFailed(job, pod))
  const judged = ended.map((pod) => ({ pod, ...failureAction(job, pod) }))
  const newlyFailed = judged.filter(({ action }) => action !== 'Ignore').map(({ pod }) => pod)
  for (const pod of newlySucceeded) if (isIndexed(job)) completed.add(indexOf(pod) ?? 0)
  const failedIndexes = new Set([...parseIndexes(old.failedIndexes), ...judged.flatMap(({ pod, action }) => (failsIndex(job, pod, action) ? [indexOf(pod) ?? 0] : []))])
  const uncounted = {
    ...nonEmpty('succeeded', [...still.succeeded, ...newlySucceeded.map(uidOf)]), ...nonEmpty('failed', [...still.failed, ...newlyFailed.map(uidOf)]),
  }
  const flushed = {
    succeeded: (old.succeeded ?? 0) + waiting.succeeded.length - still.succeeded.length, failed: (old.failed ?? 0) + waiting.failed.length - still.failed.length,
  }
  const active = pods.filter((pod) => !isTerminal(pod) && !pod.metadata.deletionTimestamp)
  const terminating = pods.filter((pod) => !isTerminal(pod) && pod.metadata.deletionTimestamp)
  return {
    active, terminating, newlyFailed, newlySucceeded, succeededIndexes: completed, failedIndexes,
    succeeded: isIndexed(job) ? completed.size : flushed.succeeded + (uncounted.succeeded?.length ?? 0),
    failed: flushed.failed + (uncounted.failed?.length ?? 0),
    // Ended pods that are not counted (ignored failures, second successes of an index) go without a record.
    release: [...tracked.values()].filter((pod) => known.has(uidOf(pod)) || ((isTerminal(pod) || hasFailed(job, pod)) && !newlySucceeded.includes(pod) && !newlyFailed.includes(pod))),
    failJob: judged.find(({ action }) => action === 'FailJob')?.message,
    status: {
      ...old, ...flushed, active: active.length, ready: active.filter(isReady).length, terminating: terminating.length, uncountedTerminatedPods: uncounted,
      ...(isIndexed(job) ? { completedIndexes: formatIndexes(completed) } : {}),
      ...(job.spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(failedIndexes) }),
    },
  }
}

const uidOf = ({ metadata }: Pod): string => metadata.uid ?? ''
const nonEmpty = <K extends string>(name: K, list: string[]): Partial<Record<K, string[]>> => (list.length > 0 ? { [name]: list } as Record<K, string[]> : {})

function failsIndex(job: Job, pod: Pod, action: string): boolean {
  if (job.spec.backoffLimitPerIndex === undefined || action === 'Ignore') return false
  return action === 'FailIndex' || failuresBefore(pod) + 1 > job.spec.backoffLimitPerIndex
}

export const failuresBefore = ({ metadata }: Pod): number => Number(metadata.annotations?.[failureCountAnnotation] ?? 0)

/** Whether the Job is decided, and how. */
export function judge(job: Job, count: JobCount, nowMs: number): Verdict | undefined {
  const { spec, status } = job
  const standing = status?.conditions?.find(({ type, status: value }) => value === 'True' && (type === 'SuccessCriteriaMet' || type === 'FailureTarget'))
  if (standing) return { type: standing.type as Verdict['type'], reason: standing.reason ?? '', message: standing.message ?? '' }
  const fail = (reason: string, message: string): Verdict => ({ type: 'FailureTarget', reason, message })
  if (count.failJob !== undefined) return fail('PodFailurePolicy', count.failJob)
  if (count.failed > (spec.backoffLimit ?? 6) || restartsBeyondLimit(job, count)) return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  const deadlineMs = deadlineOf(job)
  if (deadlineMs !== undefined && nowMs >= deadlineMs) return fail('DeadlineExceeded', 'Job was active longer than specified deadline')
  const indexes = isIndexed(job) ? (spec.completions ?? 0) : undefined
  if (spec.maxFailedIndexes !== undefined && count.failedIndexes.size > spec.maxFailedIndexes) {
    return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  }
  if (indexes !== undefined && count.failedIndexes.size > 0 && count.failedIndexes.size + count.succeededIndexes.size >= indexes) {
    return fail('FailedIndexes', 'Job has failed indexes')
  }
  const matched = successMatch(job, count.succeededIndexes)
  if (matched !== undefined) return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: matched }
  const done = spec.completions === undefined
    ? count.succeeded > 0 && count.active.length === 0 && count.terminating.length === 0
    : count.succeeded >= spec.completions
  return done ? { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : undefined
}

export function deadlineOf({ spec, status }: Job): number | undefined {
  const startMs = millisOf(status?.startTime)
  return spec.activeDeadlineSeconds === undefined || startMs === undefined || spec.suspend ? undefined : startMs + spec.activeDeadlineSeconds * 1000
}

function restartsBeyondLimit({ spec }: Job, { active }: JobCount): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false
  const restarts = active.flatMap(({ status }) => [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0)
  const limit = spec.backoffLimit ?? 6
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** How many pods should be running. */
export function wantedActive({ spec }: Job, count: JobCount): number {
  const parallelism = spec.parallelism ?? 1
  if (spec.completions === undefined) return count.succeeded > 0 ? Math.min(count.active.length, parallelism) : parallelism
  return Math.max(0, Math.min(parallelism, spec.completions - count.succeeded - count.failedIndexes.size))
}

/** The lowest indexes that nobody has finished, failed or is at work on. */
export function freeIndexes(job: Job, count: JobCount, howMany: number): number[] {
  const taken = new Set([...count.succeededIndexes, ...count.failedIndexes])
  for (const pod of [...count.active, ...(job.spec.podReplacementPolicy === 'Failed' ? count.terminating : [])]) taken.add(indexOf(pod) ?? -1)
  const free: number[] = []
  for (let index = 0; index < (job.spec.completions ?? 0) && free.length < howMany; index++) if (!taken.has(index)) free.push(index)
  return free
}

export function withJobCondition(conditions: readonly JobCondition[], next: { type: JobConditionType; status: 'True' | 'False'; reason: string; message: string }, nowMs: number): JobCondition[] {
  const current = conditions.find(({ type }) => type === next.type)
  if (current?.status === next.status && current.reason === next.reason) return [...conditions]
  const time = formatTime(nowMs)
  return [...conditions.filter(({ type }) => type !== next.type), { ...next, lastProbeTime: time, lastTransitionTime: time }]
}
