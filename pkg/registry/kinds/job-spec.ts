// Defaults and checks of a job's spec, for jobs and for the templates of cron jobs.
import type { JobSpec, PodFailurePolicyRule } from '../../api/types-workload.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import type { Errors } from './rules.ts'
import { checkLabelSelector, checkNonNegative, checkOneOf, checkOptionalOneOf, checkRequired, forbiddenField, invalid, notSupported, required } from './rules.ts'

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

function checkFailureRule(out: Errors, path: string, rule: PodFailurePolicyRule, spec: JobSpec): void {
  checkOneOf(out, `${path}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore'])
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    out.push(invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'))
  }
  const { onExitCodes, onPodConditions = [] } = rule
  if (!onExitCodes && onPodConditions.length === 0) out.push(invalid(path, rule, 'specifying one of OnExitCodes and OnPodConditions is required'))
  if (onExitCodes && onPodConditions.length > 0) out.push(invalid(path, rule, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  if (!onExitCodes) return
  checkOneOf(out, `${path}.onExitCodes.operator`, onExitCodes.operator, ['In', 'NotIn'])
  if (checkRequired(out, `${path}.onExitCodes.values`, onExitCodes.values) && onExitCodes.operator === 'In' && onExitCodes.values.includes(0)) {
    out.push(invalid(`${path}.onExitCodes.values[${onExitCodes.values.indexOf(0)}]`, 0, 'must not be 0 for the In operator'))
  }
  const known = [...spec.template.spec?.containers ?? [], ...spec.template.spec?.initContainers ?? []].some(({ name }) => name === onExitCodes.containerName)
  if (onExitCodes.containerName !== undefined && !known) out.push(invalid(`${path}.onExitCodes.containerName`, onExitCodes.containerName, 'must be one of the container or initContainer names in the pod template'))
}

/** `path` is `spec` or `spec.jobTemplate.spec`. */
export function checkJobSpec(out: Errors, path: string, spec: JobSpec): void {
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    checkNonNegative(out, `${path}.${field}`, spec[field])
  }
  checkOptionalOneOf(out, `${path}.completionMode`, spec.completionMode, ['Indexed', 'NonIndexed'])
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) out.push(required(`${path}.completions`, 'when completion mode is Indexed'))
    if ((spec.parallelism ?? 0) > maxParallelPerIndex) out.push(invalid(`${path}.parallelism`, spec.parallelism, `must be less than or equal to ${maxParallelPerIndex} when completion mode is Indexed`))
  } else {
    if (spec.backoffLimitPerIndex !== undefined) out.push(invalid(`${path}.backoffLimitPerIndex`, spec.backoffLimitPerIndex, 'requires indexed completion mode'))
    if (spec.maxFailedIndexes !== undefined) out.push(invalid(`${path}.maxFailedIndexes`, spec.maxFailedIndexes, 'requires indexed completion mode'))
    if (spec.successPolicy) out.push(invalid(`${path}.successPolicy`, spec.successPolicy, 'requires indexed completion mode'))
  }
  checkOptionalOneOf(out, `${path}.podReplacementPolicy`, spec.podReplacementPolicy, spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'])
  checkPodTemplate(out, `${path}.template`, spec.template ?? {})
  checkRestartPolicy(out, path, spec)
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) checkFailureRule(out, `${path}.podFailurePolicy.rules[${index}]`, rule, spec)
  if (spec.successPolicy && !spec.successPolicy.rules?.length) out.push(required(`${path}.successPolicy.rules`, 'at least one rules must be specified when the successPolicy is specified'))
  checkLabelSelector(out, `${path}.selector`, spec.selector)
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
