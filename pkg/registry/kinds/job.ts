// Job: pods that run until enough of them succeeded.
import { humanDuration } from '../../api/human-duration.ts'
import { dnsLabelFaults } from '../../api/names.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import type { PodTemplateSpec } from '../../api/types-pod.ts'
import { jobs } from '../../api/types-workload.ts'
import type { Job, JobSpec } from '../../api/types-workload.ts'
import { ageColumn, nameColumn, selectorQuery, text } from './columns.ts'
import { define } from './define.ts'
import type { GoShape } from './go-values.ts'
import { goForm, goTemplate } from './go-values.ts'
import { checkJobSpec, defaultJobSpec, jobSpecWarnings } from './job-spec.ts'
import { isTrue, jobStatusSubresource } from './job-status.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { nameWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkLabelSelector, immutableText, invalid, required, same, selectorMatches } from './rules.ts'
import { templateColumns } from './workload.ts'
import { sortedMap } from '../../util/go-text.ts'

const uidLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid']
const nameLabels = ['batch.kubernetes.io/job-name', 'job-name']

/** A job finds its pods by its own uid, so the selector is made here; the engine has set name and uid before. What was written stays, for validation to refuse. */
function generateSelector(draft: Job): void {
  const { metadata: { name = '', uid = '' }, spec } = draft
  if (spec.manualSelector) return
  const metadata = (spec.template.metadata ??= {})
  metadata.labels = {
    ...Object.fromEntries(uidLabels.map((label) => [label, uid])),
    ...Object.fromEntries(nameLabels.map((label) => [label, name])),
    ...metadata.labels,
  }
  const matchLabels = { ...spec.selector?.matchLabels }
  matchLabels['batch.kubernetes.io/controller-uid'] ??= uid
  spec.selector = { ...spec.selector, matchLabels }
}

function labelLikeTemplate(draft: Job): void {
  const labels = draft.spec.template.metadata?.labels
  if (labels && Object.keys(draft.metadata.labels ?? {}).length === 0) draft.metadata.labels = { ...labels }
}

const generatedLabels = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name'] as const

/** A selector that is made here fits the labels that are, and these are in the template; very old jobs lack the longer ones. */
function checkGenerated(out: Errors, { metadata: { uid = '', name = '' }, spec }: Job, old: Job | undefined): void {
  if (spec.manualSelector || !spec.selector) return
  const [, , ...longer] = generatedLabels
  const before = old?.spec.template.metadata?.labels
  const labels = old && !longer.every((label) => before?.[label] !== undefined) ? generatedLabels.slice(0, 2) : generatedLabels
  const expected = Object.fromEntries(labels.map((label) => [label, label.endsWith('name') ? name : uid]))
  const actual = spec.template.metadata?.labels
  if (uid === '') out.push(required('metadata.uid'))
  for (const [label, value] of Object.entries(expected)) {
    const path = `spec.template.metadata.labels[${label}]`
    if (actual?.[label] === undefined) out.push(required(path, `must be '${value}'`))
    else if (actual[label] !== value) out.push(invalid(path, actual, `must be '${value}'`))
  }
  if (isReadable(spec.selector) && !selectorMatches(spec.selector, expected)) out.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'))
}

function isReadable(selector: LabelSelector): boolean {
  const faults: Errors = []
  checkLabelSelector(faults, '', selector)
  return faults.length === 0
}

/** A missing selector matches nothing. */
function checkSelector(out: Errors, { selector, template }: JobSpec): void {
  if (!selector) out.push(required('spec.selector'))
  checkLabelSelector(out, 'spec.selector', selector)
  const labels = template.metadata?.labels
  if (selector && !isReadable(selector)) return
  if (!selectorMatches(selector, labels)) out.push(invalid('spec.template.metadata.labels', labels ? sortedMap(labels) : null, '`selector` does not match template `labels`'))
}

// Pods of an indexed job have its name and their index as host names.
function checkHostNames(out: Errors, { metadata: { name = '' }, spec }: Job): void {
  if (spec.completionMode !== 'Indexed' || !spec.completions || spec.completions < 0) return
  const longest = `${name}-${spec.completions - 1}`
  if (dnsLabelFaults(longest).length > 0) out.push(invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`))
}

// A job that is suspended and has not started may still be moved to other nodes, by a queue.
function comparedTemplate(template: PodTemplateSpec, movable: boolean): unknown {
  if (!movable) return template
  const { nodeSelector: _selector, tolerations: _tolerations, schedulingGates: _gates, affinity, ...spec } = template.spec ?? { containers: [] }
  const { nodeAffinity: _node, ...others } = affinity ?? {}
  return {
    metadata: { ...template.metadata, labels: undefined, annotations: undefined },
    spec: { ...spec, affinity: Object.keys(others).length > 0 ? others : undefined },
  }
}

/** Completions of an indexed job follow its parallelism; of others they stay. */
function checkCompletions(out: Errors, { completions, completionMode, parallelism }: JobSpec, before: JobSpec): void {
  if (completionMode !== 'Indexed') checkImmutable(out, 'spec.completions', completions, before.completions)
  else if (completions !== undefined && completions !== before.completions && completions !== parallelism) {
    out.push(invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism'))
  }
}

function checkUpdate(out: Errors, { spec }: Job, old: Job): void {
  const movable = old.spec.suspend === true && old.status?.startTime === undefined
  checkCompletions(out, spec, old.spec)
  checkImmutable(out, 'spec.selector', spec.selector, old.spec.selector)
  if (!same(comparedTemplate(spec.template, movable), comparedTemplate(old.spec.template, movable))) out.push(invalid('spec.template', goTemplate(spec.template), immutableText))
  for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) {
    if (same(spec[field], old.spec[field])) continue
    const shape = policyShapes[field]
    const value = spec[field] ?? null
    out.push(invalid(`spec.${field}`, shape && typeof value === 'object' && value ? goForm(value, shape) : value, immutableText))
  }
}

/** Policies as Kubernetes' server holds them. */
const policyShapes: Readonly<Record<string, GoShape>> = {
  podFailurePolicy: {
    Rules: ['rules', null, {
      Action: ['action', ''], OnExitCodes: ['onExitCodes', null, { ContainerName: ['containerName', null], Operator: ['operator', ''], Values: ['values', null] }],
      OnPodConditions: ['onPodConditions', null, { Type: ['type', ''], Status: ['status', ''] }],
    }],
  },
  successPolicy: { Rules: ['rules', null, { SucceededIndexes: ['succeededIndexes', null], SucceededCount: ['succeededCount', null] }] },
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
    checkGenerated(out, job, old)
    checkJobSpec(out, 'spec', job.spec, old?.spec)
    checkSelector(out, job.spec)
    checkHostNames(out, job)
    if (old) checkUpdate(out, job, old)
    return out
  },
  warnings: (object, old) => [...nameWarnings(object, old), ...jobSpecWarnings(object, old, 'spec', object.spec)],
  subresources: [jobStatusSubresource],
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
