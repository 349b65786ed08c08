// What a pod asks for and what a node has, as numbers: CPU in thousandths, everything else in whole units.
import { milliValue, parseQuantity, wholeValue } from '../api/quantity.ts'
import type { Container, ContainerStatus, Pod } from '../api/types-pod.ts'

export type Resources = ReadonlyMap<string, number>

/** What a container that asks for nothing counts as when nodes are compared. */
const assumedCpu = 100
const assumedMemory = 200 * 1024 * 1024
/** Different quantity texts that are remembered. */
const memory = 10_000

const parsed = new Map<string, number>()

function amountOf(name: string, text: string | number): number {
  const key = `${name === 'cpu' ? 'm' : ''} ${text}`
  let amount = parsed.get(key)
  if (amount === undefined) {
    const quantity = parseQuantity(text)
    amount = name === 'cpu' ? milliValue(quantity) : wholeValue(quantity)
    if (parsed.size >= memory) parsed.clear()
    parsed.set(key, amount)
  }
  return amount
}

export function resourcesOf(list: Readonly<Record<string, string>> | undefined): Map<string, number> {
  const amounts = new Map<string, number>()
  if (list) for (const name in list) amounts.set(name, amountOf(name, list[name] ?? '0'))
  return amounts
}

/** Adds `other` to `sum`, or takes it away with `sign` -1. */
export function addTo(sum: Map<string, number>, other: Resources, sign: 1 | -1 = 1): void {
  for (const [name, amount] of other) sum.set(name, (sum.get(name) ?? 0) + sign * amount)
}

function raiseTo(most: Map<string, number>, other: Resources): void {
  for (const [name, amount] of other) if (amount > (most.get(name) ?? -1)) most.set(name, amount)
}

type Asks = (container: Container) => Map<string, number>

/**
 * Init containers run one after the other, before the containers: a pod needs the larger of the two.
 * Sidecars (init containers that always restart) stay, so they count beside everything that starts after them.
 */
function totalOf(pod: Pod, asks: Asks): Map<string, number> {
  const { containers, initContainers = [], overhead, resources } = pod.spec
  const total = new Map<string, number>()
  for (const container of containers) addTo(total, asks(container))
  if (initContainers.length > 0) {
    const sidecars = new Map<string, number>()
    const starting = new Map<string, number>()
    for (const container of initContainers) {
      const own = asks(container)
      if (container.restartPolicy === 'Always') {
        addTo(sidecars, own)
        raiseTo(starting, sidecars)
      } else {
        addTo(own, sidecars)
        raiseTo(starting, own)
      }
    }
    addTo(total, sidecars)
    raiseTo(total, starting)
  }
  // What is asked for the pod as a whole stands above what its containers ask.
  if (resources?.requests) for (const [name, amount] of resourcesOf(resources.requests)) total.set(name, amount)
  if (overhead) addTo(total, resourcesOf(overhead))
  return total
}

/** While a resize is under way a container holds the larger of what it has and what it wants. */
function heldBy(pod: Pod): Asks {
  const statuses = new Map<string, ContainerStatus>()
  const { containerStatuses = [], initContainerStatuses = [], conditions } = pod.status ?? {}
  for (const status of [...containerStatuses, ...initContainerStatuses]) if (status.resources || status.allocatedResources) statuses.set(status.name, status)
  if (statuses.size === 0) return (container) => resourcesOf(container.resources?.requests)
  const infeasible = conditions?.some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible') ?? false
  return (container) => {
    const status = statuses.get(container.name)
    const asked = infeasible && status ? new Map<string, number>() : resourcesOf(container.resources?.requests)
    if (status) {
      raiseTo(asked, resourcesOf(status.resources?.requests))
      raiseTo(asked, resourcesOf(status.allocatedResources))
    }
    return asked
  }
}

export function podRequests(pod: Pod): Resources {
  return totalOf(pod, heldBy(pod))
}

/** CPU and memory, where no container counts as nothing. */
export function comparableRequests(pod: Pod): { milliCpu: number; memory: number } {
  const held = heldBy(pod)
  const total = totalOf(pod, (container) => {
    const asked = held(container)
    if (!asked.has('cpu')) asked.set('cpu', assumedCpu)
    if (!asked.has('memory')) asked.set('memory', assumedMemory)
    return asked
  })
  return { milliCpu: total.get('cpu') ?? 0, memory: total.get('memory') ?? 0 }
}
