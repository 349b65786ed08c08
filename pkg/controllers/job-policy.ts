// What a Job's pod failure policy and success policy say: pure.
import type { ContainerStatus, Pod } from '../api/types-pod.ts'
import type { Job, PodFailurePolicyRule } from '../api/types-workload.ts'
import { parseIndexes } from './job-indexes.ts'

export type FailureAction = 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'

/** The first rule that matches decides; a failure that no rule knows counts. */
export function failureAction({ spec }: Job, pod: Pod): { action: FailureAction; message?: string } {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const message = ruleMatch(rule, index, pod)
    if (message !== undefined) return { action: rule.action as FailureAction, message }
  }
  return { action: 'Count' }
}

function ruleMatch(rule: PodFailurePolicyRule, index: number, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata
  if (rule.onExitCodes) {
    const { containerName, operator, values } = rule.onExitCodes
    const statuses: readonly ContainerStatus[] = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
    for (const status of statuses) {
      const code = status.state?.terminated?.exitCode
      if (code === undefined || code === 0 || (containerName !== undefined && containerName !== status.name)) continue
      if (values.includes(code) === (operator === 'In')) {
        return `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${code} matching ${rule.action} rule at index ${index}`
      }
    }
    return undefined
  }
  const condition = rule.onPodConditions?.find((pattern) => pod.status?.conditions?.some(({ type, status }) => type === pattern.type && status === (pattern.status || 'True')))
  return condition && `Pod ${namespace}/${name} has condition ${condition.type} matching ${rule.action} rule at index ${index}`
}

/** The message of the first rule that the succeeded indexes meet. */
export function successMatch({ spec }: Job, succeeded: ReadonlySet<number>): string | undefined {
  for (const [index, { succeededIndexes, succeededCount }] of (spec.successPolicy?.rules ?? []).entries()) {
    const wanted = succeededIndexes === undefined ? undefined : [...parseIndexes(succeededIndexes)]
    const met = wanted ? wanted.filter((one) => succeeded.has(one)).length : succeeded.size
    const needed = succeededCount ?? wanted?.length ?? Infinity
    if (met >= needed) return `Matched rules at index ${index}`
  }
  return undefined
}
