// How large a pod is as a whole, as its sandbox is told: for runtimes that make a machine of it, and for plugins. Pure.
import type { Pod, ResourceRequirements } from '../api/types-pod.ts'
import { cpuPeriodUs, cpuQuotaOf, cpuSharesOf, podRequest } from './container-resources.ts'
import { limitTotal } from './pod-cgroup-limits.ts'
import { milliValue, wholeValue } from './quantity-values.ts'
import type { SandboxSize, SandboxSizes } from './runtime-service.ts'

const size = (requestMilli: number, limitMilli: number, memoryBytes: number): SandboxSize =>
  ({ cpuShares: cpuSharesOf(requestMilli), cpuQuota: cpuQuotaOf(limitMilli), cpuPeriod: cpuPeriodUs, memoryBytes })

/** Of the limits those count that there are. */
export function sandboxSizes(pod: Pod): SandboxSizes {
  const { overhead, resources: own } = pod.spec
  const limit = (name: string, value: (text: string | undefined) => number): number =>
    (own?.limits?.[name] === undefined ? limitTotal(pod, (resources: ResourceRequirements | undefined) => value(resources?.limits?.[name]), 0) : value(own.limits[name]))
  const ownRequest = own?.requests?.['cpu'] ?? own?.limits?.['cpu']
  const request = ownRequest === undefined ? podRequest(pod, 'cpu', milliValue) - milliValue(overhead?.['cpu']) : milliValue(ownRequest)
  const overheadMilli = milliValue(overhead?.['cpu'])
  return {
    pod: size(request, limit('cpu', milliValue), limit('memory', wholeValue)),
    ...(overhead ? { overhead: size(overheadMilli, overheadMilli, wholeValue(overhead['memory'])) } : {}),
  }
}
