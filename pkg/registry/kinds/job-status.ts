// Checks of what a controller says of a job: counts, times, indexes, and conditions that are final.
import type { Job, JobStatus } from '../../api/types-workload.ts'
import type { Subresource } from '../definition.ts'
import { subresource } from './define.ts'
import { inGo } from './go-values.ts'
import { commonIndex, countIndexes } from './index-intervals.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, duplicate, invalid, invalidUnshown, required, same } from './rules.ts'

export function isTrue(job: Job, wanted: string): boolean {
  return job.status?.conditions?.some(({ type, status }) => type === wanted && status === 'True') ?? false
}

const isFinished = (job: Job): boolean => isTrue(job, 'Complete') || isTrue(job, 'Failed')

function checkCounts(out: Errors, status: JobStatus): void {
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) checkNonNegative(out, `status.${field}`, status[field])
  const seen = new Set<string>()
  for (const list of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of (status.uncountedTerminatedPods?.[list] ?? []).entries()) {
      const path = `status.uncountedTerminatedPods.${list}[${index}]`
      if (uid === '') out.push(invalid(path, uid, 'must not be empty'))
      else if (seen.has(uid)) out.push(duplicate(path, uid))
      seen.add(uid)
    }
  }
}

/** What has changed of a job, of which the rules below look at no more than that: a controller may not yet have mended what a user did to the spec. */
interface Changes {
  of(...fields: (keyof JobStatus)[]): boolean
  condition(type: string): boolean
  readonly finished: boolean
}

function changesOf(job: Job, old: Job): Changes {
  return {
    of: (...fields) => fields.some((field) => !same(job.status?.[field], old.status?.[field])),
    condition: (type) => isTrue(job, type) !== isTrue(old, type),
    finished: isFinished(job) !== isFinished(old),
  }
}

const conditions = 'status.conditions'
const isBefore = (time: string, other: string): boolean => Date.parse(time) < Date.parse(other)

function checkEnd(out: Errors, job: Job, changes: Changes): void {
  const { startTime, completionTime } = job.status ?? {}
  const complete = isTrue(job, 'Complete')
  if (changes.condition('Complete') || changes.condition('Failed')) {
    if (complete && isTrue(job, 'Failed')) out.push(invalidUnshown(conditions, 'cannot set Complete=True and Failed=true conditions'))
  }
  if (changes.condition('Complete') || changes.condition('FailureTarget')) {
    if (complete && isTrue(job, 'FailureTarget')) out.push(invalidUnshown(conditions, 'cannot set Complete=True and FailureTarget=true conditions'))
  }
  if (changes.condition('Complete') || changes.of('completionTime')) {
    if (completionTime !== undefined && !complete) out.push(invalid('status.completionTime', completionTime, 'cannot set completionTime when there is no Complete=True condition'))
    if (completionTime === undefined && complete) out.push(required('status.completionTime', 'completionTime is required for Complete jobs'))
  }
  if (changes.of('startTime', 'completionTime') && startTime !== undefined && completionTime !== undefined && isBefore(completionTime, startTime)) {
    out.push(invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`'))
  }
  if ((changes.condition('Failed') || changes.of('failedIndexes')) && isTrue(job, 'Failed') && !isTrue(job, 'FailureTarget')) {
    out.push(invalidUnshown(conditions, 'cannot set Failed=True condition without the FailureTarget=true condition'))
  }
  if ((changes.condition('Complete') || changes.of('completedIndexes')) && complete && !isTrue(job, 'SuccessCriteriaMet')) {
    out.push(invalidUnshown(conditions, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'))
  }
}

function checkFinished(out: Errors, job: Job, changes: Changes): void {
  const { active = 0, startTime, uncountedTerminatedPods } = job.status ?? {}
  if (!isFinished(job)) return
  if ((changes.finished || changes.of('active')) && active > 0) out.push(invalid('status.active', active, 'active>0 is invalid for finished job'))
  if ((changes.finished || changes.of('startTime')) && startTime === undefined) out.push(required('status.startTime', 'startTime is required for finished job'))
  const uncounted = [...uncountedTerminatedPods?.succeeded ?? [], ...uncountedTerminatedPods?.failed ?? []]
  if ((changes.finished || changes.of('uncountedTerminatedPods')) && uncounted.length > 0) {
    out.push(invalid('status.uncountedTerminatedPods', inGo(uncountedTerminatedPods, { Succeeded: null, Failed: null }), 'must be empty for finished job'))
  }
}

function checkIndexes(out: Errors, { spec, status = {} }: Job, changes: Changes): void {
  const { completions, backoffLimitPerIndex, completionMode } = spec
  const { completedIndexes = '', failedIndexes } = status
  const completed = changes.of('completedIndexes')
  const failed = changes.of('failedIndexes')
  const checkForm = (field: 'completedIndexes' | 'failedIndexes', text: string): void => {
    const read = countIndexes(text, completions ?? 0)
    if (typeof read !== 'number') out.push(invalid(`status.${field}`, text, `error parsing ${field}: ${read.fault}`))
  }
  if (completed && completions !== undefined) checkForm('completedIndexes', completedIndexes)
  if (failed && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) checkForm('failedIndexes', failedIndexes)
  if (completed && completedIndexes !== '' && completionMode !== 'Indexed') {
    out.push(invalid('status.completedIndexes', completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode'))
  }
  if (failed && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    out.push(invalid('status.failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'))
  }
  const common = (completed || failed) && completions !== undefined ? commonIndex(completedIndexes, failedIndexes ?? '', completions) : undefined
  if (common !== undefined) out.push(invalid('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`))
}

function checkPods(out: Errors, job: Job, changes: Changes): void {
  const { active = 0, ready, terminating = 0 } = job.status ?? {}
  if ((changes.finished || changes.of('terminating')) && terminating > 0 && isFinished(job)) {
    out.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'))
  }
  if (changes.of('ready', 'active') && ready !== undefined && ready > active) out.push(invalid('status.ready', ready, 'cannot set more ready pods than active'))
}

function checkSuccess(out: Errors, job: Job): void {
  const met = isTrue(job, 'SuccessCriteriaMet')
  if (met && isTrue(job, 'Failed')) out.push(invalidUnshown(conditions, 'cannot set SuccessCriteriaMet=True and Failed=true conditions'))
  if (met && isTrue(job, 'FailureTarget')) out.push(invalidUnshown(conditions, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'))
  if (job.spec.successPolicy && !met && isTrue(job, 'Complete')) {
    out.push(invalidUnshown(conditions, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'))
  }
}

/** What may not go back. */
function checkProgress(out: Errors, job: Job, old: Job): void {
  const { status = {}, spec } = job
  const { status: before = {} } = old
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (isTrue(old, type) && !isTrue(job, type)) out.push(invalidUnshown(conditions, `cannot disable the terminal ${type}=True condition`))
  }
  if ((status.failed ?? 0) < (before.failed ?? 0)) out.push(invalid('status.failed', status.failed ?? 0, 'cannot decrease the failed counter'))
  const scalable = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  if (!scalable && (status.succeeded ?? 0) < (before.succeeded ?? 0)) out.push(invalid('status.succeeded', status.succeeded ?? 0, 'cannot decrease the succeeded counter'))
  if (status.completionTime !== undefined && before.completionTime !== undefined && status.completionTime !== before.completionTime) {
    out.push(invalid('status.completionTime', status.completionTime, 'field is immutable'))
  }
  if (before.startTime !== undefined && before.startTime !== status.startTime && !spec.suspend) {
    out.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'))
  }
  if (isTrue(old, 'SuccessCriteriaMet') && !isTrue(job, 'SuccessCriteriaMet')) out.push(invalidUnshown(conditions, 'cannot disable the SuccessCriteriaMet=True condition'))
  if (isTrue(old, 'Complete') && !isTrue(old, 'SuccessCriteriaMet') && isTrue(job, 'SuccessCriteriaMet')) {
    out.push(invalidUnshown(conditions, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'))
  }
}

export const jobStatusSubresource: Subresource<Job> = subresource<Job>('status', {
  validate(job, old) {
    const out: Errors = []
    const changes = changesOf(job, old)
    checkCounts(out, job.status ?? {})
    for (const check of [checkEnd, checkFinished, checkIndexes, checkPods]) check(out, job, changes)
    checkSuccess(out, job)
    checkProgress(out, job, old)
    return out
  },
})
