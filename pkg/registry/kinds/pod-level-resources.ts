// Resources of a pod as a whole: defaults of its requests (what its containers ask for, or else its limits), and checks.
import type { Quantity } from '../../api/quantity.ts'
import { addQuantities, compareQuantities, formatQuantity, isQuantity, parseQuantity, zeroQuantity } from '../../api/quantity.ts'
import type { Container, PodSpec } from '../../api/types-pod.ts'
import { checkResources } from './container-resources.ts'
import { checkKnownResourceName, isHugePages } from './resource-names.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid, notSupported } from './rules.ts'

const mayOvercommit = ['cpu', 'memory']

type List = 'requests' | 'limits'

function amountOf({ resources }: Container, name: string, list: List): Quantity | undefined {
  const value = resources?.[list]?.[name]
  return value !== undefined && isQuantity(value) ? parseQuantity(value) : undefined
}

/** The most that the containers ask for at one time: sidecars run beside all that start after them. */
function containersAsk({ containers = [], initContainers = [] }: PodSpec, name: string, list: List = 'requests'): Quantity | undefined {
  const requestOf = (container: Container): Quantity | undefined => amountOf(container, name, list)
  const asked = [...containers, ...initContainers].some((container) => requestOf(container) !== undefined)
  if (!asked) return undefined
  let sidecars = zeroQuantity
  let peak = zeroQuantity
  for (const container of initContainers) {
    const now = addQuantities(sidecars, requestOf(container) ?? zeroQuantity)
    if (container.restartPolicy === 'Always') sidecars = now
    if (compareQuantities(now, peak) > 0) peak = now
  }
  const together = containers.reduce((sum, container) => addQuantities(sum, requestOf(container) ?? zeroQuantity), sidecars)
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

const ofPods = ['cpu', 'hugepages-', 'memory']

function checkName(out: Errors, path: string, name: string): void {
  const before = out.length
  checkKnownResourceName(out, path, name)
  if (out.length === before && name !== 'cpu' && name !== 'memory' && !isHugePages(name)) out.push(notSupported(path, name, ofPods))
}

const exceeds = (value: Quantity, most: string): boolean => isQuantity(most) && compareQuantities(value, parseQuantity(most)) > 0

/** Containers together ask for no more than the pod, and none may use more than the pod. */
export function checkPodResources(out: Errors, path: string, spec: PodSpec, claims: ReadonlySet<string>): void {
  const { resources } = spec
  if (!resources) return
  if (spec.os?.name === 'windows') return void out.push(forbiddenField(path, 'may not be set for a windows pod'))
  if (resources.claims?.length) out.push(forbiddenField(`${path}.claims`, 'claims may not be set for Resources at pod-level'))
  checkResources(out, path, resources, claims, checkName)
  for (const [name, whole] of Object.entries(resources.requests ?? {})) {
    const asked = containersAsk(spec, name)
    if (asked && exceeds(asked, whole)) out.push(invalid(`${path}.requests[${name}]`, whole, `must be greater than or equal to aggregate container requests of ${formatQuantity(asked)}`))
  }
  for (const [name, whole] of Object.entries(resources.limits ?? {})) {
    const used = isHugePages(name) ? containersAsk(spec, name, 'limits') : undefined
    if (used && exceeds(used, whole)) out.push(invalid(`${path}.limits[${name}]`, whole, `must be greater than or equal to aggregate container limits of ${formatQuantity(used)}`))
  }
  checkEachLimit(out, path, spec)
}

function checkEachLimit(out: Errors, path: string, { resources, containers = [] }: PodSpec): void {
  for (const [index, container] of containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const most = resources?.limits?.[name]
      if (most === undefined || !isQuantity(limit) || !exceeds(parseQuantity(limit), most)) continue
      out.push(invalid(`${path}.containers[${index}][${name}].limits`, limit, `must be less than or equal to pod limits of ${most}`))
    }
  }
}
