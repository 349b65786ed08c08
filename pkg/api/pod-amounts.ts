// What a pod asks for, or is bound to, as a whole: its containers together, or one of its init containers where that is more.
import { addQuantities, compareQuantities, parseQuantity, type Quantity } from './quantity.ts'
import type { Container, ContainerStatus, Pod, ResourceRequirements } from './types-pod.ts'

export type Amounts = Readonly<Record<string, Quantity>>
type Texts = Readonly<Record<string, string>>
type Which = 'requests' | 'limits'

export interface PodAmountOptions {
  /** What the node still gives, until a resize is done. */
  readonly status?: boolean
  readonly overhead?: boolean
  /** Of what the pod as a whole may state, instead of its containers. */
  readonly isWhole: (resource: string) => boolean
}

export function sumOf(total: Amounts, more: Amounts | undefined): Record<string, Quantity> {
  const sum: Record<string, Quantity> = { ...total }
  for (const [name, amount] of Object.entries(more ?? {})) sum[name] = sum[name] ? addQuantities(sum[name], amount) : amount
  return sum
}

function largestOf(lists: readonly (Amounts | undefined)[]): Record<string, Quantity> {
  const largest: Record<string, Quantity> = {}
  for (const list of lists) {
    for (const [name, amount] of Object.entries(list ?? {})) {
      const other = largest[name]
      if (!other || compareQuantities(other, amount) < 0) largest[name] = amount
    }
  }
  return largest
}

export const amountsOf = (texts: Texts | undefined): Record<string, Quantity> =>
  Object.fromEntries(Object.entries(texts ?? {}).map(([name, text]) => [name, parseQuantity(text)]))

const isImpossible = ({ status }: Pod): boolean => status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible'

/** What is wished or what is given, whichever is more; a wish that cannot be fulfilled does not count. */
function effective(pod: Pod, which: Which, wished: Texts | undefined, given: ContainerStatus | undefined): Record<string, Quantity> {
  if (!given?.resources) return amountsOf(wished)
  return largestOf([
    amountsOf(given.resources[which]), ...which === 'requests' ? [amountsOf(given.allocatedResources)] : [], ...isImpossible(pod) ? [] : [amountsOf(wished)],
  ])
}

export function podAmounts(pod: Pod, which: Which, { status = false, overhead = false, isWhole }: PodAmountOptions): Record<string, Quantity> {
  const { spec } = pod
  const given = new Map((status ? [...pod.status?.containerStatuses ?? [], ...pod.status?.initContainerStatuses ?? []] : []).map((one) => [one.name, one]))
  const of = (container: Container): Amounts => effective(pod, which, container.resources?.[which], given.get(container.name))
  let total: Record<string, Quantity> = {}
  for (const container of spec.containers) total = sumOf(total, of(container))
  let sidecars: Amounts = {}
  const starting: Amounts[] = []
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      const own = of(container)
      total = sumOf(total, own)
      starting.push(sidecars = sumOf(sidecars, own))
    } else starting.push(sumOf(sidecars, amountsOf(container.resources?.[which])))
  }
  total = largestOf([total, ...starting])
  const whole = (spec as { resources?: ResourceRequirements }).resources?.[which]
  for (const [name, text] of Object.entries(whole ?? {})) if (isWhole(name)) total[name] = parseQuantity(text)
  if (!overhead) return total
  const more = Object.entries(amountsOf(spec.overhead)).filter(([name]) => which === 'requests' || (total[name]?.nanos ?? 0n) !== 0n)
  return sumOf(total, Object.fromEntries(more))
}
