// CronJob: a job made anew on a schedule.
import { cronJobs } from '../../api/types-workload.ts'
import type { CronJob } from '../../api/types-workload.ts'
import { ageColumn, integer, nameColumn, none, selectorQuery, since, text } from './columns.ts'
import { scheduleFault } from './cron-schedule.ts'
import { define } from './define.ts'
import { checkJobSpec } from './job-spec.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, checkOneOf, forbiddenField, invalid, required } from './rules.ts'
import { templateColumns } from './workload.ts'

// A job's name is the cron job's and 11 more characters, and may have 63.
const maxNameLength = 52

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function checkTimeZone(out: Errors, timeZone: string | undefined): void {
  if (timeZone === undefined) return
  if (timeZone === '') out.push(invalid('spec.timeZone', timeZone, 'timeZone must be nil or non-empty string'))
  else if (timeZone.toLowerCase() === 'local') out.push(invalid('spec.timeZone', timeZone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'))
  else if (!isTimeZone(timeZone)) out.push(invalid('spec.timeZone', timeZone, `unknown time zone ${timeZone}`))
}

function validate({ metadata, spec }: CronJob, old?: CronJob): Errors {
  const out: Errors = []
  if (!old && (metadata.name ?? '').length > maxNameLength) out.push(invalid('metadata.name', metadata.name, `must be no more than ${maxNameLength} characters`))
  if (!spec.schedule) out.push(required('spec.schedule'))
  else {
    const fault = scheduleFault(spec.schedule)
    if (fault !== undefined && spec.schedule !== old?.spec.schedule) out.push(invalid('spec.schedule', spec.schedule, fault))
    if (/TZ/.test(spec.schedule) && spec.timeZone !== undefined) out.push(invalid('spec.schedule', spec.schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  }
  checkNonNegative(out, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds)
  checkNonNegative(out, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit)
  checkNonNegative(out, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit)
  checkOneOf(out, 'spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'])
  checkTimeZone(out, spec.timeZone)
  const job = spec.jobTemplate?.spec
  if (job?.selector) out.push(forbiddenField('spec.jobTemplate.spec.selector', '`selector` will be auto-generated'))
  if (job?.manualSelector) out.push(forbiddenField('spec.jobTemplate.spec.manualSelector', '`manualSelector` not allowed'))
  checkJobSpec(out, 'spec.jobTemplate.spec', job ?? { template: {} })
  return out
}

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
  warnings: ({ spec }, old) => templateWarnings('spec.jobTemplate.spec.template', spec.jobTemplate.spec?.template, old?.spec.jobTemplate.spec?.template),
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
