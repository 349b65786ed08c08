// Resources of a pod as a whole: defaults of its requests (what its containers ask for, or else its limits), and checks.
import type { Quantity } from '../../api/quantity.ts'
import { addQuantities, compareQuantities, formatQuantity, isQuantity, parseQuantity, zeroQuantity } from '../../api/quantity.ts'
import type { Container, PodSpec } from '../../api/types-pod.ts'
import { checkResources } from './container-resources.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid } from './rules.ts'

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

const wholeOf = (list: Readonly<Record<string, string>> | undefined, name: string): string => list?.[name] ?? '0'

/** Containers together ask for no more than the pod, and none may use more than the pod. */
export function checkPodResources(out: Errors, path: string, spec: PodSpec): void {
  const { resources, containers = [] } = spec
  if (!resources) return
  if (resources.claims?.length) out.push(forbiddenField(`${path}.claims`, 'claims cannot be set for Resources at pod-level'))
  checkResources(out, path, { limits: resources.limits, requests: resources.requests })
  for (const name of mayOvercommit) {
    const asked = containersAsk(spec, name)
    const whole = wholeOf(resources.requests, name)
    if (asked && isQuantity(whole) && compareQuantities(asked, parseQuantity(whole)) > 0) {
      out.push(invalid(`${path}.requests[${name}]`, whole, `must be greater than or equal to aggregate container requests of ${formatQuantity(asked)}`))
    }
  }
  for (const [index, container] of containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const most = resources.limits?.[name]
      if (most === undefined || !isQuantity(limit) || !isQuantity(most) || compareQuantities(parseQuantity(limit), parseQuantity(most)) <= 0) continue
      out.push(invalid(`${path}.containers[${index}][${name}].limits`, limit, `must be less than or equal to pod limits of ${most}`))
    }
  }
}
