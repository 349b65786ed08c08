// Defaults and checks of a job's spec, for jobs and for the templates of cron jobs.
import type { KubeObject } from '../../api/object.ts'
import type { JobSpec } from '../../api/types-workload.ts'
import { checkFailurePolicy, checkSuccessPolicy } from './job-policies.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkDnsSubdomain, checkNonNegative, checkOptionalOneOf, invalid, notSupported, required, tooLong } from './rules.ts'

const maxParallelPerIndex = 100_000

export function defaultJobSpec(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex !== undefined ? 2147483647 : 6
  spec.completionMode ||= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  for (const { onPodConditions = [] } of spec.podFailurePolicy?.rules ?? []) for (const pattern of onPodConditions) pattern.status ||= 'True'
}

const counts = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const

/** What jobs and the templates of cron jobs share; `path` is `spec` or `spec.jobTemplate.spec`. */
export function checkJobSpec(out: Errors, path: string, spec: JobSpec, old?: JobSpec): void {
  for (const field of counts) checkNonNegative(out, `${path}.${field}`, spec[field])
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) out.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  checkManager(out, `${path}.managedBy`, spec.managedBy)
  checkOptionalOneOf(out, `${path}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed'])
  if (spec.completionMode === 'Indexed') checkIndexed(out, path, spec)
  else if (spec.completionMode === undefined || spec.completionMode === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[field] !== undefined) out.push(invalid(`${path}.${field}`, spec[field], 'requires indexed completion mode'))
    }
  }
  checkFailurePolicy(out, `${path}.podFailurePolicy`, spec)
  checkSuccessPolicy(out, `${path}.successPolicy`, spec)
  checkOptionalOneOf(out, `${path}.podReplacementPolicy`, spec.podReplacementPolicy, spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'])
  checkPodTemplate(out, `${path}.template`, spec.template ?? {}, old?.template)
  checkRestartPolicy(out, `${path}.template.spec.restartPolicy`, spec)
}

const manyCompletions = 100_000
const fewWithMany = 10_000
const manyText = `must be less than or equal to ${fewWithMany} when completions are above ${manyCompletions} and used with backoff limit per index`

// What fails is kept index by index in the status, which has to stay small.
function checkIndexed(out: Errors, path: string, { completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes }: JobSpec): void {
  const failed = `${path}.maxFailedIndexes`
  if (completions === undefined) out.push(required(`${path}.completions`, 'when completion mode is Indexed'))
  if (parallelism > maxParallelPerIndex) out.push(invalid(`${path}.parallelism`, parallelism, `must be less than or equal to ${maxParallelPerIndex} when completion mode is Indexed`))
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) out.push(invalid(failed, maxFailedIndexes, 'must be less than or equal to completions'))
  if (maxFailedIndexes !== undefined && maxFailedIndexes > manyCompletions) out.push(invalid(failed, maxFailedIndexes, `must be less than or equal to ${manyCompletions}`))
  if ((completions ?? 0) <= manyCompletions || backoffLimitPerIndex === undefined) return
  if (maxFailedIndexes === undefined) out.push(required(failed, `must be specified when completions is above ${manyCompletions}`))
  if (parallelism > fewWithMany) out.push(invalid(`${path}.parallelism`, parallelism, manyText))
  if (maxFailedIndexes !== undefined && maxFailedIndexes > fewWithMany) out.push(invalid(failed, maxFailedIndexes, manyText))
}

const pathText = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const pathForm = new RegExp(`^${pathText}$`)

/** Another controller that looks after the job: `example.com/name`. */
function checkManager(out: Errors, path: string, name: string | undefined): void {
  if (name === undefined) return
  const slash = name.indexOf('/')
  const rest = name.slice(slash + 1)
  if (name === '') out.push(required(path))
  else if (slash <= 0 || rest === '') out.push(invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  else {
    checkDnsSubdomain(out, path, name.slice(0, slash))
    if (!pathForm.test(rest)) out.push(invalid(path, rest, `Invalid path (regex used for validation is '${pathText}')`))
  }
  if (name.length > 63) out.push(tooLong(path, 63))
}

// Always is what a template gets that says nothing, so that it counts as nothing.
function checkRestartPolicy(out: Errors, path: string, spec: JobSpec): void {
  const policy = spec.template?.spec?.restartPolicy ?? ''
  if (policy === '' || policy === 'Always') out.push(required(path, 'valid values: "OnFailure", "Never"'))
  else if (policy !== 'Never' && policy !== 'OnFailure') out.push(notSupported(path, policy, ['OnFailure', 'Never']))
  else if (spec.podFailurePolicy && policy !== 'Never') out.push(invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified'))
}

const longTail = 'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, '
  + 'Kubernetes might not be able to track completedIndexes when a big number of indexes fail'

/** Beside those of the template; none when an update leaves what is wanted as it was. */
export function jobSpecWarnings(object: KubeObject, old: KubeObject | undefined, path: string, spec: JobSpec): string[] {
  if (old && old.metadata.generation === object.metadata.generation) return []
  const many = spec.completionMode === 'Indexed' && (spec.completions ?? 0) > manyCompletions && (spec.parallelism ?? 0) > fewWithMany
  return [...(many ? [`${path}: ${longTail}`] : []), ...templateWarnings(object, old, `${path}.template`, spec.template)]
}
