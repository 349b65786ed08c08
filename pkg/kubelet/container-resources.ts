// From a pod's requests and limits to its QoS class and to what the kernel enforces. Pure.
import type { Container, Pod } from '../api/types-pod.ts'
import { isNodeCritical } from './pod-importance.ts'
import { milliValue, wholeValue } from './quantity-values.ts'
import type { ContainerLimits } from './runtime-service.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

export function qosClass(pod: Pod): QosClass {
  if (pod.status?.qosClass) return pod.status.qosClass as QosClass
  let any = false
  let guaranteed = true
  // The pod's own resources decide alone.
  const asking = pod.spec.resources ? [pod.spec.resources] : [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => container.resources)
  for (const resources of asking) {
    for (const resource of ['cpu', 'memory']) {
      const limit = milliValue(resources?.limits?.[resource])
      const request = milliValue(resources?.requests?.[resource] ?? resources?.limits?.[resource])
      if (limit > 0 || request > 0) any = true
      if (limit === 0 || limit !== request) guaranteed = false
    }
  }
  return any ? (guaranteed ? 'Guaranteed' : 'Burstable') : 'BestEffort'
}

export const cpuPeriodUs = 100_000
const leastShares = 2
const mostShares = 262_144
const leastQuota = 1000

export const cpuSharesOf = (milli: number): number => Math.min(mostShares, Math.max(leastShares, Math.floor((milli * 1024) / 1000)))

/** 0, no limit, for 0. */
export const cpuQuotaOf = (milli: number): number => (milli === 0 ? 0 : Math.max(leastQuota, Math.floor((milli * cpuPeriodUs) / 1000)))

export function containerLimits(pod: Pod, container: Pick<Container, 'name' | 'resources'>, nodeMemoryBytes: number): ContainerLimits {
  const { limits, requests } = container.resources ?? {}
  // What has no limit of its own has its pod's.
  const limit = (name: string, value: (text: string | undefined) => number): number => value(limits?.[name]) || value(pod.spec.resources?.limits?.[name])
  const cpuLimit = limit('cpu', milliValue)
  const cpuRequest = requests?.['cpu'] === undefined ? cpuLimit : milliValue(requests['cpu'])
  return {
    cpuShares: cpuSharesOf(cpuRequest),
    cpuQuota: cpuQuotaOf(cpuLimit),
    cpuPeriod: cpuPeriodUs,
    memoryBytes: limit('memory', wholeValue),
    oomScoreAdjust: oomScoreAdjust(pod, memoryClaim(pod, container), nodeMemoryBytes),
    ...hugePagesOf(limits),
  }
}

/** Nothing when none are asked for: the kernel may not limit them at all. */
function hugePagesOf(limits: Readonly<Record<string, string>> = {}): Pick<ContainerLimits, 'hugePages'> {
  const asked = Object.entries(limits).filter(([name]) => name.startsWith('hugepages-'))
  if (asked.length === 0) return {}
  return { hugePages: Object.fromEntries(asked.map(([name, amount]) => [`${name.slice('hugepages-'.length).replace(/i$/, '')}B`, wholeValue(amount)])) }
}

const memoryRequest = ({ resources }: Pick<Container, 'resources'>): number => wholeValue(resources?.requests?.['memory'])

/** What counts as requested by a container: with its share of what the pod asks for beyond its containers; by a sidecar, no less than by the least of those it serves. */
function memoryClaim(pod: Pod, container: Pick<Container, 'name' | 'resources'>): number {
  const { initContainers = [], containers, resources } = pod.spec
  const whole = wholeValue(resources?.requests?.['memory'])
  const share = whole === 0 ? 0 : Math.floor((whole - containerRequests(pod, 'memory', wholeValue)) / (containers.length + initContainers.length))
  const sidecar = initContainers.some(({ name, restartPolicy }) => restartPolicy === 'Always' && name === container.name)
  return Math.max(memoryRequest(container), sidecar ? Math.min(...containers.map(memoryRequest)) : 0) + share
}

/** The more of the node a Burstable container asks for, the later it is killed; always between the other two classes. */
export function oomScoreAdjust(pod: Pod, memoryRequestBytes: number, nodeMemoryBytes: number): number {
  const qos = qosClass(pod)
  if (qos === 'Guaranteed' || isNodeCritical(pod)) return -997
  if (qos === 'BestEffort') return 1000
  const adjust = 1000 - Math.floor((1000 * memoryRequestBytes) / nodeMemoryBytes)
  return Math.min(999, Math.max(3, adjust))
}

export type CgroupDriver = 'cgroupfs' | 'systemd'

/** The cgroup that a pod's containers are in, in the words of the driver. `root` is empty or like `/name`. */
export function podCgroup(pod: Pod, driver: CgroupDriver, root = ''): string {
  const qos = qosClass(pod)
  const uid = pod.metadata.uid ?? ''
  const parts = ['kubepods', ...(qos === 'Guaranteed' ? [] : [qos.toLowerCase()])]
  if (driver === 'cgroupfs') return `${root}/${parts.join('/')}/pod${uid}`
  return `${parts.join('-')}-pod${uid.replaceAll('-', '_')}.slice`
}

export interface PodRequests {
  readonly cpuMilli: number
  readonly memoryBytes: number
}

/** What the pod asks of the node: the larger of the running phase and each step of the start, and the overhead. */
export function podRequests(pod: Pod): PodRequests {
  return { cpuMilli: podRequest(pod, 'cpu', milliValue), memoryBytes: podRequest(pod, 'memory', wholeValue) }
}

/** The same of any resource. */
export const podRequest = (pod: Pod, resource: string, value: (text: string | undefined) => number): number =>
  (own(pod, resource, value) ?? containerRequests(pod, resource, value)) + value(pod.spec.overhead?.[resource])

function own({ spec: { resources } }: Pod, resource: string, value: (text: string | undefined) => number): number | undefined {
  const text = resources?.requests?.[resource] ?? resources?.limits?.[resource]
  return text === undefined ? undefined : value(text)
}

function containerRequests(pod: Pod, resource: string, value: (text: string | undefined) => number): number {
  const request = (container: Pick<Container, 'resources'>): number =>
    value(container.resources?.requests?.[resource] ?? container.resources?.limits?.[resource])
  let sidecars = 0
  let starting = 0
  for (const container of pod.spec.initContainers ?? []) {
    const own = request(container)
    if (container.restartPolicy === 'Always') sidecars += own
    starting = Math.max(starting, sidecars + (container.restartPolicy === 'Always' ? 0 : own))
  }
  const running = pod.spec.containers.reduce((sum, container) => sum + request(container), sidecars)
  return Math.max(starting, running)
}
