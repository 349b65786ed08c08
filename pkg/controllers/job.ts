// Job: runs pods until enough of them have succeeded; every end of a pod is counted once, by its finalizer.
import { equalJson } from '../api/json.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import { controllerOf, keyOf, keyText, type ObjectKey } from '../api/object.ts'
import { formatTime } from '../api/times.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { jobs, type Job, type JobStatus } from '../api/types-workload.ts'
import { controller, type Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts'
import { claim, claimCandidates } from '../controller/ownership.ts'
import { isGone } from '../controller/removal.ts'
import {
  countPods, deadlineOf, failureCountAnnotation, failuresBefore, freeIndexes, hasCondition, indexAnnotation, indexOf, isFinished, isIndexed, isTracked,
  judge, trackingFinalizer, wantedActive, withJobCondition, type JobCount,
} from './job-plan.ts'
import { createPod, deletePod, podFromTemplate } from './new-pod.ts'
import { podsToDelete } from './pod-ranking.ts'
import { slowStart } from './slow-start.ts'

const firstRetryMs = 10_000
const lastRetryMs = 600_000
const burst = 500

/** Failures in a row, since the last success, of the Job of this uid: another one may have taken the name. */
interface Streak {
  readonly uid: string
  readonly failures: number
  readonly atMs: number
}

export function jobController(): Controller {
  const streaks = new Map<string, Streak>()
  return controller<Job>({
    name: 'job',
    for: jobs,
    owns: [pods],
    async reconcile(key, job, context) {
      if (!job || job.metadata.deletionTimestamp) {
        streaks.delete(keyText(key))
        return releaseLeft(key, context)
      }
      if (job.spec.managedBy !== undefined && job.spec.managedBy !== 'kubernetes.io/job-controller') return
      return new JobRun(job, streaks, context).run()
    },
  })
}

/** Pods of a Job that is gone, or going, need not be counted. */
async function releaseLeft({ namespace, name }: ObjectKey, { client, informers }: ReconcileContext): Promise<void> {
  const job = informers.for(jobs).get({ namespace, name })
  const left = informers.for(pods).list(namespace).filter((pod) => {
    const owner = controllerOf(pod)
    return owner?.kind === 'Job' && owner.name === name && isTracked(pod) && (!job || owner.uid !== job.metadata.uid || job.metadata.deletionTimestamp)
  })
  await Promise.all(left.map((pod) => release(pod, client)))
}

async function release(pod: Pod, client: ReconcileContext['client']): Promise<void> {
  const { uid, resourceVersion, finalizers = [] } = pod.metadata
  const body = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((name) => name !== trackingFinalizer) } }
  await client.patch(pods, keyOf(pod), { type: 'merge', body }).catch(async (error: unknown) => {
    if (!await isGone(error, client, pods, pod)) throw error
  })
}

class JobRun {
  readonly #job: Job
  readonly #streaks: Map<string, Streak>
  readonly #context: ReconcileContext
  readonly #nowMs: number

  constructor(job: Job, streaks: Map<string, Streak>, context: ReconcileContext) {
    this.#job = job
    this.#streaks = streaks
    this.#context = context
    this.#nowMs = context.clock.now()
  }

  async run(): Promise<ReconcileResult> {
    const { client, informers } = this.#context
    const job = this.#job
    const selector = selectorMatcher(job.spec.selector)
    const owned = await claim(client, {
      owner: job, ownerResource: jobs, resource: pods, candidates: claimCandidates(informers.for(pods), job),
      matches: ({ metadata }) => selector.matches(metadata.labels),
    })
    if (isFinished(job)) {
      await Promise.all(owned.filter(isTracked).map((pod) => release(pod, client)))
      return {}
    }
    const count = countPods(job, owned)
    const streak = this.#streakAfter(count)
    const verdict = judge(job, count, this.#nowMs)
    const suspended = job.spec.suspend === true && !verdict
    const { failure, waitMs, created, removed } = verdict || suspended ? await this.#removeAll(count) : await this.#scale(count, owned, streak)
    const status = this.#nextStatus(count, { verdict, suspended, change: created - removed, drained: count.active.length === 0 && count.terminating.length === 0 })
    if (!equalJson(status, job.status)) await client.update(jobs, { ...job, status }, { subresource: 'status' })
    // Not earlier: what could not be told is counted once more.
    this.#keepStreak(streak)
    this.#tell(status)
    // Only what the stored status tells of may be let go.
    await Promise.all(count.release.map((pod) => release(pod, client)))
    if (failure !== undefined) throw failure
    // A Job that is decided waits for its pods only.
    const deadlineMs = verdict ? undefined : deadlineOf({ ...job, status })
    const waits = [waitMs, deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - this.#nowMs)].filter((wait) => wait !== undefined)
    return waits.length > 0 && !isFinished({ ...job, status }) ? { requeueAfterMs: Math.min(...waits) } : {}
  }

  #streakAfter({ newlySucceeded, newlyFailed }: JobCount): Streak | undefined {
    const { uid = '' } = this.#job.metadata
    const known = this.#streaks.get(keyText(keyOf(this.#job)))
    const before = newlySucceeded.length > 0 || known?.uid !== uid ? undefined : known
    return newlyFailed.length > 0 ? { uid, failures: (before?.failures ?? 0) + newlyFailed.length, atMs: this.#nowMs } : before
  }

  #keepStreak(streak: Streak | undefined): void {
    const key = keyText(keyOf(this.#job))
    if (streak) this.#streaks.set(key, streak)
    else this.#streaks.delete(key)
  }

  async #removeAll({ active }: JobCount): Promise<{ failure?: unknown; waitMs?: number; created: number; removed: number }> {
    return { ...(await this.#remove(active)), created: 0 }
  }

  async #remove(surplus: readonly Pod[]): Promise<{ failure?: unknown; removed: number }> {
    const results = await Promise.allSettled(surplus.map((pod) => deletePod(pod, this.#job, this.#context)))
    return { removed: results.filter(({ status }) => status === 'fulfilled').length, failure: results.find((result) => result.status === 'rejected')?.reason }
  }

  async #scale(count: JobCount, owned: readonly Pod[], streak: Streak | undefined): Promise<{ failure?: unknown; waitMs?: number; created: number; removed: number }> {
    const wanted = wantedActive(this.#job, count)
    const { active } = count
    if (active.length > wanted) {
      const surplus = podsToDelete(active, active.length - wanted, { related: [], nowMs: this.#nowMs })
      return { ...(await this.#remove(surplus)), created: 0 }
    }
    const leaving = this.#job.spec.podReplacementPolicy === 'Failed' ? count.terminating.length : 0
    const missing = Math.min(burst, wanted - active.length - leaving)
    if (missing <= 0) return { created: 0, removed: 0 }
    const waitMs = streak ? streak.atMs + Math.min(lastRetryMs, firstRetryMs * 2 ** (streak.failures - 1)) - this.#nowMs : 0
    if (waitMs > 0) return { waitMs, created: 0, removed: 0 }
    const indexes = isIndexed(this.#job) ? freeIndexes(this.#job, count, missing) : undefined
    const { done, error } = await slowStart(indexes?.length ?? missing, () => createPod(this.#newPod(indexes?.shift(), owned), this.#job, this.#context))
    return { created: done, removed: 0, failure: error }
  }

  #newPod(index: number | undefined, owned: readonly Pod[]): Pod {
    const pod = podFromTemplate(this.#job.spec.template, this.#job, jobs)
    const { metadata, spec } = pod
    const finalizers = [...(metadata.finalizers ?? []), trackingFinalizer]
    if (index === undefined) return { ...pod, metadata: { ...metadata, finalizers } }
    const earlier = owned.filter((other) => indexOf(other) === index).map((other) => failuresBefore(other) + 1)
    const failures: Record<string, string> = this.#job.spec.backoffLimitPerIndex === undefined ? {} : { [failureCountAnnotation]: String(Math.max(0, ...earlier)) }
    const env = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexAnnotation}']` } } }
    const withIndex = <C extends { env?: { name: string }[] }>(container: C): C =>
      (container.env?.some(({ name }) => name === env.name) ? container : { ...container, env: [...(container.env ?? []), env] })
    return {
      ...pod,
      metadata: {
        ...metadata, finalizers, generateName: `${this.#job.metadata.name}-${index}-`,
        labels: { ...metadata.labels, [indexAnnotation]: String(index) }, annotations: { ...metadata.annotations, ...failures, [indexAnnotation]: String(index) },
      },
      spec: {
        ...spec, hostname: `${this.#job.metadata.name}-${index}`, containers: spec.containers.map(withIndex),
        ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
      },
    }
  }

  #nextStatus(count: JobCount, { verdict, suspended, change, drained }: { verdict: ReturnType<typeof judge>; suspended: boolean; change: number; drained: boolean }): JobStatus {
    const time = formatTime(this.#nowMs)
    const { startTime = suspended ? undefined : time, ...counted } = count.status
    let conditions = counted.conditions ?? []
    const add = (condition: Parameters<typeof withJobCondition>[1]): void => void (conditions = withJobCondition(conditions, condition, this.#nowMs))
    if (suspended) add({ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' })
    const resumes = !suspended && hasCondition(count.status, 'Suspended')
    if (resumes) add({ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' })
    if (verdict) add({ ...verdict, status: 'True' })
    const settled = verdict && drained && !counted.uncountedTerminatedPods?.failed && !counted.uncountedTerminatedPods?.succeeded && count.release.length === 0
    if (settled) add({ type: verdict.type === 'FailureTarget' ? 'Failed' : 'Complete', status: 'True', reason: verdict.reason, message: verdict.message })
    const begun = suspended ? undefined : resumes ? time : startTime
    return {
      ...counted, active: Math.max(0, (counted.active ?? 0) + change),
      ...(begun ? { startTime: begun } : {}), ...(conditions.length > 0 ? { conditions } : {}),
      ...(settled && verdict.type === 'SuccessCriteriaMet' ? { completionTime: time } : {}),
    }
  }

  #tell(status: JobStatus): void {
    const { events } = this.#context
    const became = (type: Parameters<typeof hasCondition>[1]): boolean => hasCondition(status, type) && !hasCondition(this.#job.status, type)
    if (became('Complete')) events.record(this.#job, { type: 'Normal', reason: 'Completed', message: 'Job completed' })
    if (became('Suspended')) events.record(this.#job, { type: 'Normal', reason: 'Suspended', message: 'Job suspended' })
    if (!hasCondition(status, 'Suspended') && hasCondition(this.#job.status, 'Suspended')) events.record(this.#job, { type: 'Normal', reason: 'Resumed', message: 'Job resumed' })
    const failed = became('FailureTarget') ? status.conditions?.find(({ type }) => type === 'FailureTarget') : undefined
    if (failed) events.record(this.#job, { type: 'Warning', reason: failed.reason ?? '', message: failed.message ?? '' })
  }
}
