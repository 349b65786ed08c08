// Requests of a pod as a whole, where it has limits as a whole: what its containers ask for, or else the limits.
import type { Quantity } from '../../api/quantity.ts'
import { addQuantities, compareQuantities, formatQuantity, isQuantity, parseQuantity, zeroQuantity } from '../../api/quantity.ts'
import type { Container, PodSpec } from '../../api/types-pod.ts'

const mayOvercommit = ['cpu', 'memory']

function requestOf({ resources }: Container, name: string): Quantity | undefined {
  const value = resources?.requests?.[name]
  return value !== undefined && isQuantity(value) ? parseQuantity(value) : undefined
}

/** The most that the containers ask for at one time: sidecars run beside all that start after them. */
function containersAsk({ containers = [], initContainers = [] }: PodSpec, name: string): Quantity | undefined {
  const asked = [...containers, ...initContainers].some((container) => requestOf(container, name) !== undefined)
  if (!asked) return undefined
  let sidecars = zeroQuantity
  let peak = zeroQuantity
  for (const container of initContainers) {
    const now = addQuantities(sidecars, requestOf(container, name) ?? zeroQuantity)
    if (container.restartPolicy === 'Always') sidecars = now
    if (compareQuantities(now, peak) > 0) peak = now
  }
  const together = containers.reduce((sum, container) => addQuantities(sum, requestOf(container, name) ?? zeroQuantity), sidecars)
  return compareQuantities(together, peak) > 0 ? together : peak
}

/** Runs after the containers' own requests are defaulted. */
export function defaultPodRequests(spec: PodSpec): void {
  const { resources } = spec
  const limits = Object.entries(resources?.limits ?? {})
  if (!resources || limits.length === 0) return
  const requests = { ...resources.requests }
  for (const name of mayOvercommit) {
    const asked = containersAsk(spec, name)
    if (asked && requests[name] === undefined) requests[name] = formatQuantity(asked)
  }
  for (const [name, limit] of limits) requests[name] ??= limit
  resources.requests = requests
}
