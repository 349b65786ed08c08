// Defaults and checks of a job's spec, for jobs and for the templates of cron jobs.
import type { JobSpec } from '../../api/types-workload.ts'
import { checkFailurePolicy, checkSuccessPolicy } from './job-policies.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import type { Errors } from './rules.ts'
import { checkDnsSubdomain, checkLabelSelector, checkNonNegative, checkOptionalOneOf, forbiddenField, invalid, notSupported, required, tooLong } from './rules.ts'

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

/** `path` is `spec` or `spec.jobTemplate.spec`. */
export function checkJobSpec(out: Errors, path: string, spec: JobSpec): void {
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    checkNonNegative(out, `${path}.${field}`, spec[field])
  }
  checkOptionalOneOf(out, `${path}.completionMode`, spec.completionMode, ['Indexed', 'NonIndexed'])
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) out.push(required(`${path}.completions`, 'when completion mode is Indexed'))
    checkIndexLimits(out, path, spec)
    if ((spec.parallelism ?? 0) > maxParallelPerIndex) out.push(invalid(`${path}.parallelism`, spec.parallelism, `must be less than or equal to ${maxParallelPerIndex} when completion mode is Indexed`))
  } else {
    if (spec.backoffLimitPerIndex !== undefined) out.push(invalid(`${path}.backoffLimitPerIndex`, spec.backoffLimitPerIndex, 'requires indexed completion mode'))
    if (spec.maxFailedIndexes !== undefined) out.push(invalid(`${path}.maxFailedIndexes`, spec.maxFailedIndexes, 'requires indexed completion mode'))
    if (spec.successPolicy) out.push(invalid(`${path}.successPolicy`, spec.successPolicy, 'requires indexed completion mode'))
  }
  checkManager(out, `${path}.managedBy`, spec.managedBy)
  checkOptionalOneOf(out, `${path}.podReplacementPolicy`, spec.podReplacementPolicy, spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'])
  checkPodTemplate(out, `${path}.template`, spec.template ?? {})
  checkRestartPolicy(out, path, spec)
  checkFailurePolicy(out, `${path}.podFailurePolicy`, spec)
  checkSuccessPolicy(out, `${path}.successPolicy`, spec)
  checkLabelSelector(out, `${path}.selector`, spec.selector)
}

const manyCompletions = 100_000
const fewWithMany = 10_000
const manyText = `must be less than or equal to ${fewWithMany} when completions are above ${manyCompletions} and used with backoff limit per index`

// What fails is kept index by index in the status, which has to stay small.
function checkIndexLimits(out: Errors, path: string, { completions = 0, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes }: JobSpec): void {
  if (backoffLimitPerIndex === undefined) {
    if (maxFailedIndexes !== undefined) out.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
    return
  }
  const at = `${path}.maxFailedIndexes`
  if (maxFailedIndexes !== undefined && maxFailedIndexes > completions) out.push(invalid(at, maxFailedIndexes, 'must be less than or equal to completions'))
  if (maxFailedIndexes !== undefined && maxFailedIndexes > manyCompletions) out.push(invalid(at, maxFailedIndexes, `must be less than or equal to ${manyCompletions}`))
  if (completions <= manyCompletions) return
  if (parallelism > fewWithMany) out.push(invalid(`${path}.parallelism`, parallelism, manyText))
  if (maxFailedIndexes === undefined) out.push(required(at, `must be specified when completions is above ${manyCompletions}`))
  else if (maxFailedIndexes > fewWithMany) out.push(invalid(at, maxFailedIndexes, manyText))
}

/** Another controller that looks after the job: `example.com/name`. */
function checkManager(out: Errors, path: string, name: string | undefined): void {
  if (name === undefined) return
  const [domain = '', ...rest] = name.split('/')
  if (name === '') out.push(required(path))
  else if (domain === '' || rest.join('/') === '') out.push(invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  else checkDnsSubdomain(out, path, domain)
  if (name.length > 63) out.push(tooLong(path, 63))
}

function checkRestartPolicy(out: Errors, path: string, spec: JobSpec): void {
  const policy = spec.template?.spec?.restartPolicy
  if (policy === 'Always') out.push({ ...required(`${path}.template.spec.restartPolicy`), text: 'Required value: valid values: "OnFailure", "Never"' })
  else if (policy !== undefined && policy !== 'Never' && policy !== 'OnFailure') out.push(notSupported(`${path}.template.spec.restartPolicy`, policy, ['OnFailure', 'Never']))
  if (spec.podFailurePolicy && policy !== 'Never') {
    out.push(invalid(`${path}.template.spec.restartPolicy`, policy, 'only "Never" is supported when podFailurePolicy is specified'))
  }
  if (spec.template?.spec?.ephemeralContainers?.length) out.push(forbiddenField(`${path}.template.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
}
