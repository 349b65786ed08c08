// The quality of service class of a pod, which follows from its requests and limits and never changes.
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import type { Pod, ResourceRequirements } from '../../api/types-pod.ts'

const counted = ['cpu', 'memory'] as const

function positive(value: string | undefined): bigint {
  return value !== undefined && isQuantity(value) ? parseQuantity(value).nanos : 0n
}

/** Guaranteed: all limits set, requests the same. BestEffort: none of either. Burstable: the rest. */
export function qosClass({ spec }: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all: (ResourceRequirements | undefined)[] = spec.resources?.requests || spec.resources?.limits
    ? [spec.resources]
    : [...spec.containers, ...spec.initContainers ?? []].map(({ resources }) => resources)
  const asksFor = (resources: ResourceRequirements | undefined): boolean =>
    counted.some((name) => positive(resources?.requests?.[name]) > 0n || positive(resources?.limits?.[name]) > 0n)
  if (!all.some(asksFor)) return 'BestEffort'
  const guaranteed = all.every((resources) => counted.every((name) => {
    const limit = positive(resources?.limits?.[name])
    return limit > 0n && positive(resources?.requests?.[name] ?? resources?.limits?.[name]) === limit
  }))
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
