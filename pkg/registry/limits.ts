// The arithmetic of limit ranges: what each item says about requests and limits, in Kubernetes' words.
import type { Quantity } from '../api/quantity.ts'
import { compareQuantities, formatQuantity, parseQuantity } from '../api/quantity.ts'
import type { LimitRangeItem } from '../api/types-config.ts'

export type Amounts = Readonly<Record<string, string | number>>

export interface Usage {
  readonly requests: Amounts
  readonly limits: Amounts
}

const amountOf = (amounts: Amounts, resource: string): Quantity | undefined => {
  const value = amounts[resource]
  return value === undefined ? undefined : parseQuantity(value)
}

function belowMinimum(type: string, resource: string, minimum: Quantity, request: Quantity | undefined, limit: Quantity | undefined): string | undefined {
  const head = `minimum ${resource} usage per ${type} is ${formatQuantity(minimum)}`
  if (!request) return `${head}.  No request is specified`
  if (compareQuantities(request, minimum) < 0) return `${head}, but request is ${formatQuantity(request)}`
  if (limit && compareQuantities(limit, minimum) < 0) return `${head}, but limit is ${formatQuantity(limit)}`
  return undefined
}

function aboveMaximum(type: string, resource: string, maximum: Quantity, request: Quantity | undefined, limit: Quantity | undefined): string | undefined {
  const head = `maximum ${resource} usage per ${type} is ${formatQuantity(maximum)}`
  if (!limit) return `${head}.  No limit is specified`
  if (compareQuantities(limit, maximum) > 0) return `${head}, but limit is ${formatQuantity(limit)}`
  if (request && compareQuantities(request, maximum) > 0) return `${head}, but request is ${formatQuantity(request)}`
  return undefined
}

function aboveRatio(type: string, resource: string, ratio: Quantity, request: Quantity | undefined, limit: Quantity | undefined): string | undefined {
  const head = `${resource} max limit to request ratio per ${type} is ${formatQuantity(ratio)}`
  if (!request || request.nanos === 0n) return `${head}, but no request is specified or request is 0`
  if (!limit || limit.nanos === 0n) return `${head}, but no limit is specified or limit is 0`
  if (limit.nanos * 1_000_000_000n <= ratio.nanos * request.nanos) return undefined
  return `${head}, but provided ratio is ${(Number(limit.nanos) / Number(request.nanos)).toFixed(6)}`
}

/** Of claims only requests count. */
function requestAboveMaximum(type: string, resource: string, maximum: Quantity, request: Quantity | undefined): string | undefined {
  const head = `maximum ${resource} usage per ${type} is ${formatQuantity(maximum)}`
  if (!request) return `${head}.  No request is specified`
  return compareQuantities(request, maximum) > 0 ? `${head}, but request is ${formatQuantity(request)}` : undefined
}

/** What this usage does against the item's bounds. */
export function limitFaults(item: LimitRangeItem, usage: Usage): string[] {
  const faults: (string | undefined)[] = []
  const each = (bounds: Amounts | undefined, fault: typeof belowMinimum): void => {
    for (const [resource, bound] of Object.entries(bounds ?? {})) {
      faults.push(fault(item.type, resource, parseQuantity(bound), amountOf(usage.requests, resource), amountOf(usage.limits, resource)))
    }
  }
  each(item.min, belowMinimum)
  if (item.type === 'PersistentVolumeClaim') each(item.max, requestAboveMaximum)
  else {
    each(item.max, aboveMaximum)
    each(item.maxLimitRequestRatio, aboveRatio)
  }
  return faults.filter((fault) => fault !== undefined)
}
