// CronJob: a job made anew on a schedule.
import { cronJobs } from '../../api/types-workload.ts'
import type { CronJob, CronJobSpec } from '../../api/types-workload.ts'
import { ageColumn, integer, nameColumn, none, selectorQuery, since, text } from './columns.ts'
import { scheduleFault, zoneFault } from './cron-schedule.ts'
import { define } from './define.ts'
import { checkJobSpec, jobSpecWarnings } from './job-spec.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { nameWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, checkOneOf, invalid, notSupported, required } from './rules.ts'
import { templateColumns } from './workload.ts'

// A job's name is the cron job's and 11 more characters, and may have 63.
const maxNameLength = 52

const zonePart = /^[A-Za-z.\-_0-9+]{1,14}$/

function checkTimeZone(out: Errors, timeZone: string | undefined): void {
  if (timeZone === undefined) return
  const refuse = (text: string): number => out.push(invalid('spec.timeZone', timeZone, text))
  if (timeZone === '') return void refuse('timeZone must be nil or non-empty string')
  if (timeZone.split('/').some((part) => part === '.' || part === '..' || part.startsWith('-') || !zonePart.test(part))) return void refuse(`unknown time zone ${timeZone}`)
  if (timeZone.toLowerCase() === 'local') refuse('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')
  const fault = zoneFault(timeZone)
  if (fault !== undefined) refuse(fault)
}

/** Schedules with a zone in them are refused but where they are old. */
function checkSchedule(out: Errors, { schedule, timeZone }: CronJobSpec, before: CronJobSpec | undefined): void {
  if (!schedule) return void out.push(required('spec.schedule'))
  const fault = scheduleFault(schedule)
  if (fault !== undefined) out.push(invalid('spec.schedule', schedule, fault))
  if (!schedule.includes('TZ')) return
  if (!before?.schedule.includes('TZ')) out.push(invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  else if (timeZone !== undefined) out.push(invalid('spec.schedule', schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
}

function validate({ metadata, spec }: CronJob, old?: CronJob): Errors {
  const out: Errors = []
  checkSchedule(out, spec, old?.spec)
  checkNonNegative(out, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds)
  if (!old || old.spec.timeZone !== spec.timeZone) checkTimeZone(out, spec.timeZone)
  checkOneOf(out, 'spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'])
  const job = spec.jobTemplate?.spec ?? { template: {} }
  checkJobSpec(out, 'spec.jobTemplate.spec', job, old?.spec.jobTemplate?.spec)
  if (job.selector) out.push(invalid('spec.jobTemplate.spec.selector', job.selector, '`selector` will be auto-generated'))
  if (job.manualSelector) out.push(notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']))
  checkNonNegative(out, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit)
  checkNonNegative(out, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit)
  if (!old && (metadata.name ?? '').length > maxNameLength) out.push(invalid('metadata.name', metadata.name, `must be no more than ${maxNameLength} characters`))
  return out
}

function warnings(object: CronJob, old?: CronJob): string[] {
  const { schedule, jobTemplate } = object.spec
  return [
    ...nameWarnings(object, old), ...jobSpecWarnings(object, old, 'spec.jobTemplate.spec', jobTemplate.spec ?? { template: {} }),
    ...(old && schedule.includes('TZ') ? [zoneWarning] : []),
  ]
}

const zoneWarning = 'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'

export default define(cronJobs, {
  defaults(draft) {
    draft.spec ??= { jobTemplate: {}, schedule: '' }
    const { spec } = draft
    spec.concurrencyPolicy ||= 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    spec.jobTemplate ??= {}
    spec.jobTemplate.metadata ??= {}
    spec.jobTemplate.spec ??= { template: {} }
    spec.jobTemplate.spec.template ??= {}
    defaultPodTemplate(spec.jobTemplate.spec.template)
  },
  validate,
  warnings,
  columns: [
    nameColumn,
    text('Schedule', 'When jobs are made, in cron form.', ({ spec }) => spec.schedule),
    text('Timezone', 'Time zone of the schedule.', ({ spec }) => spec.timeZone ?? none),
    { name: 'Suspend', type: 'boolean', description: 'Whether no more jobs are made.', value: ({ spec }) => `${spec.suspend ?? false}` === 'true' ? 'True' : 'False' },
    integer('Active', 'Jobs that run now.', ({ status }) => (status?.active ?? []).length),
    text('Last Schedule', 'Time since a job was made last.', ({ status }, { now }) => (status?.lastScheduleTime === undefined ? none : since(status.lastScheduleTime, now))),
    ageColumn,
    ...templateColumns<CronJob>(({ spec }) => spec.jobTemplate.spec?.template, ({ spec }) => selectorQuery(spec.jobTemplate.spec?.selector)),
  ],
})
