// CronJob: starts a Job at each scheduled time, and forgets old ones.
import { equalJson } from '../api/json.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import { cronJobs, jobs, type CronJob, type CronJobStatus, type Job } from '../api/types-workload.ts'
import { controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts'
import { ownerReferenceOf } from '../controller/ownership.ts'
import { isNamespaceTerminating, messageOf } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { dueAt, jobName, jobsToForget } from './cron-job-plan.ts'
import { hasCondition, isFinished } from './job-plan.ts'

export default controller<CronJob>({
  name: 'cronjob',
  for: cronJobs,
  owns: [jobs],
  async reconcile(_, cron, context) {
    if (!cron || cron.metadata.deletionTimestamp) return
    const { client, informers } = context
    const owned = informers.for(jobs).ownedBy(cron.metadata.uid ?? '')
    await Promise.all(jobsToForget(cron, owned).map((job) => deleteJob(job, cron, context)))
    const settled = withFinished(cron, owned, context)
    const { started, result } = await start(cron, settled, owned, context)
    const status = started ?? settled
    if (!equalJson(status, cron.status ?? {})) await client.update(cronJobs, { ...cron, status }, { subresource: 'status' })
    return result
  },
})

/** Jobs that have ended, or are gone, are not active any more. */
function withFinished(cron: CronJob, owned: readonly Job[], { events }: ReconcileContext): CronJobStatus {
  const active = (cron.status?.active ?? []).filter(({ uid, name }) => {
    const job = owned.find(({ metadata }) => metadata.uid === uid)
    if (job && isFinished(job)) events.record(cron, { type: 'Normal', reason: 'SawCompletedJob', message: `Saw completed job: ${name}, condition: ${hasCondition(job.status, 'Complete') ? 'Complete' : 'Failed'}` })
    return job && !isFinished(job)
  })
  const successes = owned.flatMap(({ status }) => (hasCondition(status, 'Complete') && status?.completionTime ? [status.completionTime] : []))
  const lastSuccessfulTime = [cron.status?.lastSuccessfulTime ?? '', ...successes].sort().at(-1)
  const { active: _, ...rest } = cron.status ?? {}
  return { ...rest, ...(active.length > 0 ? { active } : {}), ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}) }
}

async function start(cron: CronJob, status: CronJobStatus, owned: readonly Job[], context: ReconcileContext): Promise<{ started?: CronJobStatus; result: ReconcileResult }> {
  const { clock, events } = context
  if (cron.spec.suspend) return { result: {} }
  const nowMs = clock.now()
  const { missedMs, tooManyMissed, nextMs } = dueAt(cron, nowMs)
  const result = nextMs === undefined ? {} : { requeueAfterMs: nextMs - nowMs + 100 }
  if (tooManyMissed) events.record(cron, { type: 'Warning', reason: 'TooManyMissedTimes', message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew' })
  if (missedMs === undefined) return { result }
  const active = status.active ?? []
  // The status that would tell of it may have been refused.
  const begun = owned.find(({ metadata }) => metadata.name === jobName(cron, missedMs) && !metadata.deletionTimestamp)
  const running = owned.filter((job) => !isFinished(job) && job !== begun)
  if (!begun && running.length > 0 && cron.spec.concurrencyPolicy === 'Forbid') {
    events.record(cron, { type: 'Normal', reason: 'JobAlreadyActive', message: 'Not starting job because prior execution is running and concurrency policy is Forbid' })
    return { result }
  }
  const replaced = cron.spec.concurrencyPolicy === 'Replace'
  if (replaced) await Promise.all(running.map((job) => deleteJob(job, cron, context)))
  const job = begun ?? await createJob(cron, missedMs, context)
  if (!job) return { result }
  const { name, namespace, uid, resourceVersion } = job.metadata
  const reference = { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion }
  const kept = replaced ? [] : active.filter((other) => other.uid !== uid)
  const counted = isFinished(job) ? kept : [...kept, reference]
  const { active: _, ...rest } = status
  return { started: { ...rest, ...(counted.length > 0 ? { active: counted } : {}), lastScheduleTime: formatTime(missedMs) }, result }
}

async function createJob(cron: CronJob, scheduledMs: number, { client, events }: ReconcileContext): Promise<Job | undefined> {
  const { metadata = {}, spec } = cron.spec.jobTemplate
  const { namespace } = cron.metadata
  const name = jobName(cron, scheduledMs)
  const job: Job = {
    apiVersion: 'batch/v1', kind: 'Job', spec: spec ?? { template: {} },
    metadata: {
      name, namespace, ...(metadata.labels ? { labels: metadata.labels } : {}), ownerReferences: [ownerReferenceOf(cron, cronJobs)],
      annotations: { ...metadata.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(scheduledMs) },
    },
  }
  try {
    const created = await client.create(jobs, job)
    events.record(cron, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${name}` })
    return created
  } catch (error) {
    if (isAlreadyExists(error)) {
      const found = await client.get(jobs, { namespace, name })
      return found.metadata.ownerReferences?.some(({ uid }) => uid === cron.metadata.uid) ? found : undefined
    }
    if (isNamespaceTerminating(error)) return undefined
    events.record(cron, { type: 'Warning', reason: 'FailedCreate', message: `Error creating job: ${messageOf(error)}` })
    throw error
  }
}

async function deleteJob(job: Job, cron: CronJob, { client, events }: ReconcileContext): Promise<void> {
  if (await removeObject(client, jobs, job, { propagationPolicy: 'Background' })) events.record(cron, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${job.metadata.name}` })
}
