// Checks of when a job counts as failed or as done before all of its pods have said so.
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../../api/types-workload.ts'
import { inGo } from './go-values.ts'
import { countIndexes } from './index-intervals.ts'
import type { Errors } from './rules.ts'
import { checkLabelKey, checkNonNegative, duplicate, invalid, invalidUnshown, notSupported, repeats, required, tooLong, tooMany } from './rules.ts'
import { goQuotedList } from '../../util/go-text.ts'

const maxRules = 20
const maxExitCodes = 255
const maxPatterns = 20
const maxIndexesBytes = 64 * 1024

/** A word of a list; an error for a missing one names them too. */
function checkChoice(out: Errors, path: string, value: string | undefined, words: readonly string[]): void {
  if (!value) out.push(required(path, `valid values: ${goQuotedList(words)}`))
  else if (!words.includes(value)) out.push(notSupported(path, value, words))
}

function checkFailureRule(out: Errors, path: string, rule: PodFailurePolicyRule, spec: JobSpec): void {
  checkChoice(out, `${path}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore'])
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    out.push(invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'))
  }
  const { onExitCodes, onPodConditions = [] } = rule
  if (onExitCodes) checkExitCodes(out, `${path}.onExitCodes`, onExitCodes, spec)
  if (onPodConditions.length > maxPatterns) out.push(tooMany(`${path}.onPodConditions`, onPodConditions.length, maxPatterns))
  for (const [index, { type, status }] of onPodConditions.entries()) {
    checkLabelKey(out, `${path}.onPodConditions[${index}].type`, type ?? '')
    checkChoice(out, `${path}.onPodConditions[${index}].status`, status, ['False', 'True', 'Unknown'])
  }
  if (onExitCodes && onPodConditions.length > 0) out.push(invalidUnshown(path, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  if (!onExitCodes && onPodConditions.length === 0) out.push(invalidUnshown(path, 'specifying one of OnExitCodes and OnPodConditions is required'))
}

function checkExitCodes(out: Errors, path: string, { operator, values = [], containerName }: NonNullable<PodFailurePolicyRule['onExitCodes']>, spec: JobSpec): void {
  checkChoice(out, `${path}.operator`, operator, ['In', 'NotIn'])
  const { containers = [], initContainers = [] } = spec.template.spec ?? {}
  if (containerName !== undefined && ![...containers, ...initContainers].some(({ name }) => name === containerName)) {
    out.push(invalid(`${path}.containerName`, containerName, 'must be one of the container or initContainer names in the pod template'))
  }
  if (values.length === 0) out.push(invalid(`${path}.values`, values, 'at least one value is required'))
  else if (values.length > maxExitCodes) out.push(tooMany(`${path}.values`, values.length, maxExitCodes))
  const again = new Set(repeats(values))
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0) out.push(invalid(`${path}.values[${index}]`, value, 'must not be 0 for the In operator'))
    if (again.has(index)) out.push(duplicate(`${path}.values[${index}]`, value))
  }
  if (values.some((value, index) => index > 0 && value < (values[index - 1] ?? value))) out.push(invalid(`${path}.values`, values, 'must be ordered'))
}

export function checkFailurePolicy(out: Errors, path: string, spec: JobSpec): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  if (rules.length > maxRules) out.push(tooMany(`${path}.rules`, rules.length, maxRules))
  for (const [index, rule] of rules.entries()) checkFailureRule(out, `${path}.rules[${index}]`, rule, spec)
}

function checkSuccessRule(out: Errors, path: string, { succeededCount, succeededIndexes }: SuccessPolicyRule, completions: number): void {
  if (succeededCount === undefined && succeededIndexes === undefined) {
    out.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  if (succeededIndexes !== undefined && succeededIndexes.length > maxIndexesBytes) out.push(tooLong(`${path}.succeededIndexes`, maxIndexesBytes))
  const indexes = countIndexes(succeededIndexes ?? '', completions)
  if (typeof indexes !== 'number') out.push(invalid(`${path}.succeededIndexes`, succeededIndexes, `error parsing succeededIndexes: ${indexes.fault}`))
  if (succeededCount !== undefined) checkSuccessCount(out, `${path}.succeededCount`, succeededCount, [
    [completions, 'the number of specified completions'],
    ...(succeededIndexes === undefined ? [] : [[typeof indexes === 'number' ? indexes : 0, 'the number of indexes in the specified succeededIndexes field'] as const]),
  ])
}

function checkSuccessCount(out: Errors, path: string, count: number, limits: readonly (readonly [most: number, what: string])[]): void {
  checkNonNegative(out, path, count)
  for (const [most, what] of limits) if (count > most) out.push(invalid(path, count, `must be less than or equal to ${most} (${what})`))
}

export function checkSuccessPolicy(out: Errors, path: string, { successPolicy, completions = 0, completionMode }: JobSpec): void {
  if (!successPolicy) return
  const rules = successPolicy.rules ?? []
  if (completionMode !== 'Indexed') {
    out.push(invalid(path, { Rules: rules.map((rule) => inGo(rule, { SucceededIndexes: null, SucceededCount: null })) }, 'requires indexed completion mode'))
    return
  }
  if (rules.length === 0) out.push(required(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified'))
  if (rules.length > maxRules) out.push(tooMany(`${path}.rules`, rules.length, maxRules))
  for (const [index, rule] of rules.entries()) checkSuccessRule(out, `${path}.rules[${index}]`, rule, completions)
}
