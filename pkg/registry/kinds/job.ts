// Job: pods that run until enough of them succeeded.
import { humanDuration } from '../../api/human-duration.ts'
import { dnsLabelFaults } from '../../api/names.ts'
import { jobs } from '../../api/types-workload.ts'
import type { Job } from '../../api/types-workload.ts'
import { ageColumn, nameColumn, selectorQuery, text } from './columns.ts'
import { define } from './define.ts'
import { checkJobSpec, defaultJobSpec } from './job-spec.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, invalid, required, same, selectorMatches } from './rules.ts'
import { templateColumns } from './workload.ts'

const uidLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid']
const nameLabels = ['batch.kubernetes.io/job-name', 'job-name']

/** A job finds its pods by its own uid, so the selector is made here; the engine has set name and uid before. */
function generateSelector(draft: Job): void {
  const { metadata: { name = '', uid = '' }, spec } = draft
  if (spec.manualSelector) return
  const metadata = (spec.template.metadata ??= {})
  metadata.labels = {
    ...metadata.labels,
    ...Object.fromEntries(uidLabels.map((label) => [label, uid])),
    ...Object.fromEntries(nameLabels.map((label) => [label, name])),
  }
  const matchLabels = { ...spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid }
  spec.selector = { ...spec.selector, matchLabels }
}

function labelLikeTemplate(draft: Job): void {
  const labels = draft.spec.template.metadata?.labels
  if (labels && Object.keys(draft.metadata.labels ?? {}).length === 0) draft.metadata.labels = { ...labels }
}

function checkSelector(out: Errors, { metadata, spec }: Job): void {
  const labels = spec.template.metadata?.labels ?? {}
  if (!spec.selector) out.push(required('spec.selector'))
  else if (!selectorMatches(spec.selector, labels)) {
    out.push(invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  }
  if (spec.manualSelector || !spec.selector) return
  const generated = same(spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': metadata.uid } })
    || same(spec.selector, { matchLabels: { 'controller-uid': metadata.uid } })
  if (!generated) out.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'))
}

// Pods of an indexed job have its name and their index as host names.
function checkHostNames(out: Errors, { metadata: { name = '' }, spec }: Job): void {
  if (spec.completionMode !== 'Indexed' || !spec.completions || spec.completions < 0) return
  const longest = `${name}-${spec.completions - 1}`
  if (dnsLabelFaults(longest).length > 0) out.push(invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`))
}

const suspendedTemplateFields = ['nodeSelector', 'tolerations', 'schedulingGates', 'affinity'] as const

// A job that is suspended and has not started may still be moved to other nodes, by a queue.
function fixedTemplate(job: Job, old: Job): unknown {
  const movable = old.spec.suspend && old.status?.startTime === undefined
  if (!movable) return job.spec.template
  const { spec = {}, metadata } = job.spec.template
  const kept = Object.fromEntries(Object.entries(spec).filter(([field]) => !(suspendedTemplateFields as readonly string[]).includes(field)))
  return { spec: kept, metadata: { ...metadata, labels: undefined, annotations: undefined } }
}

function checkUpdate(out: Errors, job: Job, old: Job): void {
  const { spec } = job
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism && old.spec.completions === old.spec.parallelism
  if (!same(spec.completions, old.spec.completions)) {
    if (spec.completionMode !== 'Indexed') checkImmutable(out, 'spec.completions', spec.completions, old.spec.completions)
    else if (!elastic) out.push(invalid('spec.completions', spec.completions ?? null, 'can only be modified in tandem with spec.parallelism'))
  }
  checkImmutable(out, 'spec.selector', spec.selector, old.spec.selector)
  if (!same(fixedTemplate(job, old), fixedTemplate(old, old))) out.push(invalid('spec.template', spec.template, 'field is immutable'))
  for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) {
    checkImmutable(out, `spec.${field}`, spec[field], old.spec[field])
  }
}

function isTrue(job: Job, wanted: string): boolean {
  return job.status?.conditions?.some(({ type, status }) => type === wanted && status === 'True') ?? false
}

/** What STATUS shows. */
export function jobStatus(job: Job): string {
  if (isTrue(job, 'Complete')) return 'Complete'
  if (isTrue(job, 'Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  if (isTrue(job, 'Suspended')) return 'Suspended'
  if (isTrue(job, 'FailureTarget')) return 'FailureTarget'
  return isTrue(job, 'SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running'
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`
  return (spec.parallelism ?? 0) > 1 ? `${succeeded}/1 of ${spec.parallelism}` : `${succeeded}/1`
}

function duration({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return ''
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime)
  return humanDuration(end - Date.parse(status.startTime))
}

export default define(jobs, {
  defaultPropagation: 'Orphan',
  defaults(draft) {
    draft.spec ??= { template: {} }
    draft.spec.template ??= {}
    defaultPodTemplate(draft.spec.template)
    defaultJobSpec(draft.spec)
    labelLikeTemplate(draft)
  },
  prepareCreate(draft) {
    generateSelector(draft)
    labelLikeTemplate(draft)
  },
  validate(job, old) {
    const out: Errors = []
    checkSelector(out, job)
    checkHostNames(out, job)
    checkJobSpec(out, 'spec', job.spec)
    if (old) checkUpdate(out, job, old)
    return out
  },
  warnings: ({ spec }, old) => templateWarnings('spec.template', spec.template, old?.spec.template),
  fields: { 'status.successful': ({ status }) => `${status?.succeeded ?? 0}` },
  columns: [
    nameColumn,
    text('Status', 'How the job as a whole is doing.', jobStatus),
    text('Completions', 'Pods that succeeded, of those wanted.', completions),
    text('Duration', 'How long the job took, or has been running.', (job, { now }) => duration(job, now)),
    ageColumn,
    ...templateColumns<Job>(({ spec }) => spec.template, ({ spec }) => selectorQuery(spec.selector)),
  ],
})
