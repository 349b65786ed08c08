// When a CronJob is due, and which of its Jobs are kept: pure.
import { Cron } from 'croner'
import type { CronJob, Job } from '../api/types-workload.ts'
import { hasCondition } from './job-plan.ts'
import { millisOf } from './pod-facts.ts'

/** Older missed times than this many are not looked for one by one. */
const tooMany = 100

export interface Due {
  /** The newest time that is over and has not been served. */
  readonly missedMs?: number
  readonly tooManyMissed: boolean
  /** The time after now. */
  readonly nextMs?: number
}

const words: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
}

export function dueAt({ metadata, spec, status }: CronJob, nowMs: number): Due {
  const cron = new Cron(words[spec.schedule] ?? spec.schedule, { paused: true, timezone: spec.timeZone ?? 'UTC' })
  const next = (afterMs: number): number | undefined => cron.nextRun(new Date(afterMs))?.getTime()
  let earliestMs = millisOf(status?.lastScheduleTime) ?? millisOf(metadata.creationTimestamp) ?? nowMs
  if (spec.startingDeadlineSeconds !== undefined) earliestMs = Math.max(earliestMs, nowMs - spec.startingDeadlineSeconds * 1000)
  let missedMs: number | undefined
  let missed = 0
  for (let time = next(earliestMs); time !== undefined && time <= nowMs; time = next(time)) {
    missedMs = time
    if (++missed > tooMany) {
      missedMs = cron.previousRuns(1, new Date(nowMs + 1000))[0]?.getTime() ?? time
      break
    }
  }
  const nextMs = next(nowMs)
  return { ...(missedMs === undefined ? {} : { missedMs }), tooManyMissed: missed > tooMany, ...(nextMs === undefined ? {} : { nextMs }) }
}

/** The name of the Job of one scheduled time: the same for the same time, so that none is started twice. */
export const jobName = ({ metadata }: CronJob, scheduledMs: number): string => `${metadata.name}-${Math.floor(scheduledMs / 60_000)}`

/** Finished Jobs beyond the history limits, oldest first. */
export function jobsToForget({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const startOf = (job: Job): string => job.status?.startTime ?? job.metadata.creationTimestamp ?? ''
  const surplus = (type: 'Complete' | 'Failed', limit: number): Job[] => {
    const finished = jobs.filter(({ status }) => hasCondition(status, type)).sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1))
    return finished.slice(0, Math.max(0, finished.length - limit))
  }
  return [...surplus('Complete', spec.successfulJobsHistoryLimit ?? 3), ...surplus('Failed', spec.failedJobsHistoryLimit ?? 1)]
}
