// Whether this node can give a pod what it asks for by now, who comes first when several wait for it, and what is said of it. Pure.
import type { Pod, ResourceRequirements } from '../api/types-pod.ts'
import { podRequests, qosClass } from './container-resources.ts'
import { shortage } from './pod-admission.ts'
import { isStatic } from './pod-importance.ts'
import { milliValue, wholeValue } from './quantity-values.ts'

export interface ResizeRefusal {
  readonly reason: 'Deferred' | 'Infeasible'
  readonly message: string
}

export interface ResizeInput {
  /** As it asks. */
  readonly pod: Pod
  /** The others that use the node, with what they have been allocated. */
  readonly others: readonly Pod[]
  readonly allocatable: Readonly<Record<string, string>>
}

/** undefined when it fits. */
export function resizeRefusal({ pod, others, allocatable }: ResizeInput): ResizeRefusal | undefined {
  if (isStatic(pod)) return { reason: 'Infeasible', message: 'In-place resize of static-pods is not supported' }
  const own = podRequests(pod)
  const memory = wholeValue(allocatable['memory'])
  const cpu = milliValue(allocatable['cpu'])
  const infeasible = (text: string): ResizeRefusal => ({ reason: 'Infeasible', message: `Node didn't have enough capacity: ${text}` })
  if (own.memoryBytes > memory) return infeasible(`memory, requested: ${own.memoryBytes}, capacity: ${memory}`)
  if (own.cpuMilli > cpu) return infeasible(`cpu, requested: ${own.cpuMilli}, capacity: ${cpu}`)
  const short = shortage({ pod, others, allocatable })
  return short ? { reason: 'Deferred', message: short.message } : undefined
}

export interface WaitingResize {
  readonly asked: Pod
  readonly allocated: Pod
  /** Since when it has waited. */
  readonly sinceMs: number
}

/** Those first that ask for no more than they have; then by priority, by class, and by how long they have waited. */
export function compareResizes(a: WaitingResize, b: WaitingResize): number {
  const grows = ({ asked, allocated }: WaitingResize): number => {
    const [after, before] = [podRequests(asked), podRequests(allocated)]
    return Number(after.cpuMilli > before.cpuMilli || after.memoryBytes > before.memoryBytes)
  }
  const guaranteed = ({ asked }: WaitingResize): number => Number(qosClass(asked) === 'Guaranteed')
  return grows(a) - grows(b) || (b.asked.spec.priority ?? 0) - (a.asked.spec.priority ?? 0) || guaranteed(b) - guaranteed(a) || a.sinceMs - b.sinceMs
}

/** As the events about resizes end: what each container asks for. */
export function resizeSummary(pod: Pod, error?: string): string {
  // In the order in which a kubelet writes it.
  const sorted = (list: Readonly<Record<string, string>> = {}): object => Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)))
  const summary = ({ name, resources: { limits, requests } = {} }: { name: string; resources?: ResourceRequirements }): object =>
    ({ name, resources: { ...(limits ? { limits: sorted(limits) } : {}), ...(requests ? { requests: sorted(requests) } : {}) } })
  const { initContainers = [], containers } = pod.spec
  return JSON.stringify({
    ...(initContainers.length > 0 ? { initContainers: initContainers.map(summary) } : {}), containers: containers.map(summary), generation: pod.metadata.generation ?? 0,
    ...(error ? { error } : {}),
  })
}
