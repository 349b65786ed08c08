import type { CronJob, Job } from '../api/types-workload.ts'
import { dueAt, jobName, jobsToForget } from './cron-job-plan.ts'

const at = (time: string): number => Date.parse(`2026-01-01T${time}Z`)
const text = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString().slice(11, 19))
const cron = (schedule: string, { last, ...spec }: { last?: string; startingDeadlineSeconds?: number; timeZone?: string } = {}): CronJob => ({
  metadata: { name: 'c', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { schedule, jobTemplate: {}, ...spec }, status: last ? { lastScheduleTime: `2026-01-01T${last}Z` } : {},
})

describe('dueAt', () => {
  it.each<[string, CronJob, string, { missed?: string; next?: string; many?: boolean }]>([
    ['not yet', cron('*/10 * * * *'), '00:05:00', { next: '00:10:00' }],
    ['due this second', cron('*/10 * * * *'), '00:10:00', { missed: '00:10:00', next: '00:20:00' }],
    ['served already', cron('*/10 * * * *', { last: '00:10:00' }), '00:10:30', { next: '00:20:00' }],
    ['only the newest of several missed', cron('*/10 * * * *', { last: '00:10:00' }), '00:45:00', { missed: '00:40:00', next: '00:50:00' }],
    ['missed for longer than its deadline', cron('0 * * * *', { startingDeadlineSeconds: 60 }), '01:02:00', { next: '02:00:00' }],
    ['a great many missed', cron('* * * * *'), '03:00:30', { missed: '03:00:00', next: '03:01:00', many: true }],
    ['in another zone', cron('0 3 * * *', { timeZone: 'Europe/Berlin' }), '01:00:00', { next: '02:00:00' }],
    ['by a word', cron('@hourly'), '00:30:00', { next: '01:00:00' }],
  ])('%s', (_, subject, now, { missed, next, many = false }) => {
    const due = dueAt(subject, at(now))
    expect({ missed: text(due.missedMs), next: text(due.nextMs), many: due.tooManyMissed }).toEqual({ missed, next, many })
  })
  it('names the job of a time always the same', () => {
    expect(jobName(cron('@hourly'), 60_000 * 29_452_320)).toBe('c-29452320')
  })
})

describe('jobsToForget', () => {
  it('keeps the newest of each outcome', () => {
    const job = (name: string, type: string, startTime: string): Job => ({ metadata: { name }, spec: { template: {} }, status: { startTime, conditions: [{ type, status: 'True' }] } })
    const jobs = [job('s2', 'Complete', '2'), job('f1', 'Failed', '1'), job('s1', 'Complete', '1'), job('f2', 'Failed', '2'), job('s3', 'Complete', '3'), job('r', 'Suspended', '0')]
    const owner = { ...cron('@hourly'), spec: { schedule: '@hourly', jobTemplate: {}, successfulJobsHistoryLimit: 1 } }
    expect(jobsToForget(owner, jobs).map(({ metadata }) => metadata.name)).toEqual(['s1', 's2', 'f1'])
  })
})
