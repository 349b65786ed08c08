// Which pod goes first when the node runs short, and what its status says of it. Pure.
import type { Container, Pod } from '../api/types-pod.ts'
import { podRequests, qosClass } from './container-resources.ts'
import { refusal, type PodVerdict } from './pod-ending.ts'
import { tolerates } from './pod-admission.ts'
import { isCritical } from './pod-importance.ts'
import { signals, type Threshold } from './eviction-signals.ts'
import { wholeValue } from './quantity-values.ts'

export interface ContainerConsumption {
  readonly memoryBytes: number
  /** Its own layer and its logs. */
  readonly diskBytes: number
  readonly diskInodes: number
}

export interface PodConsumption {
  readonly pod: Pod
  /** undefined when nothing could be measured. */
  readonly used?: {
    readonly memoryBytes: number
    /** With its volumes on the node's disk. */
    readonly diskBytes: number
    readonly diskInodes: number
    readonly processes: number
    readonly containers: ReadonlyMap<string, ContainerConsumption>
  }
}

const containersOf = (pod: Pod): readonly Container[] => [...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...pod.spec.containers]

const diskRequest = (pod: Pod): number => containersOf(pod).reduce((sum, { resources }) => sum + wholeValue(resources?.requests?.['ephemeral-storage']), 0)

type Resource = (typeof signals)[Threshold['signal']]['resource']

const usageOf: Record<Resource, (used: NonNullable<PodConsumption['used']>) => number> = {
  memory: (used) => used.memoryBytes, 'ephemeral-storage': (used) => used.diskBytes, inodes: (used) => used.diskInodes, pids: (used) => used.processes,
}
const requestOf: Record<Resource, (pod: Pod) => number> = {
  memory: (pod) => podRequests(pod).memoryBytes, 'ephemeral-storage': diskRequest, inodes: () => 0, pids: () => 0,
}

/** Those above their request first, then the less important, then those that are the furthest above it. What could not be measured is first of all. */
export function rankForEviction(pods: readonly PodConsumption[], resource: Resource): PodConsumption[] {
  const over = ({ pod, used }: PodConsumption): number => (used ? usageOf[resource](used) - requestOf[resource](pod) : Infinity)
  const exceeds = (each: PodConsumption): number => (resource === 'inodes' || resource === 'pids' ? 0 : Number(over(each) > 0))
  return [...pods].sort((a, b) =>
    Number(a.used !== undefined) - Number(b.used !== undefined) || exceeds(b) - exceeds(a)
    || (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0) || (over(b) === over(a) ? 0 : over(b) - over(a)))
}

const suffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** As a quantity of bytes is written: with the largest suffix that leaves a whole number. */
export function bytesText(bytes: number): string {
  let [value, index] = [Math.floor(bytes), 0]
  while (value !== 0 && value % 1024 === 0 && index < suffixes.length - 1) {
    value /= 1024
    index++
  }
  return `${value}${suffixes[index]}`
}

export interface Shortage {
  readonly threshold: Threshold
  readonly least: number
  readonly available: number
}

/** Hard thresholds leave no time to end. */
export function evictionVerdict({ pod, used }: PodConsumption, { threshold, least, available }: Shortage, graceSeconds: number): PodVerdict {
  const { resource } = signals[threshold.signal]
  const shown = (amount: number): string => (resource === 'memory' || resource === 'ephemeral-storage' ? bytesText(amount) : `${Math.floor(amount)}`)
  let message = `The node was low on resource: ${resource}. Threshold quantity: ${shown(least)}, available: ${shown(available)}. `
  if (resource === 'memory' || resource === 'ephemeral-storage') {
    for (const { name, resources } of containersOf(pod)) {
      const consumed = used?.containers.get(name)
      if (!consumed) continue
      const amount = resource === 'memory' ? consumed.memoryBytes : consumed.diskBytes
      const request = resources?.requests?.[resource]
      if (amount > wholeValue(request)) message += `Container ${name} was using ${bytesText(amount)}, request is ${request ?? '0'}, has larger consumption of ${resource}. `
    }
  }
  return { reason: 'Evicted', message, graceSeconds, disruption: true }
}

export interface StorageVerdict {
  /** The limit that is exceeded, in the kubelet's word for it. */
  readonly limit: 'emptydirfs.limit' | 'ephemeralpodfs.limit' | 'ephemeralcontainerfs.limit'
  readonly verdict: PodVerdict
}

/** A pod that has more on the node's disk than it may: its volumes, its containers, all together. undefined while it keeps within. */
export function storageVerdict({ pod, used }: PodConsumption, volumeBytes: ReadonlyMap<string, number>): StorageVerdict | undefined {
  const verdict = (limit: StorageVerdict['limit'], message: string): StorageVerdict => ({ limit, verdict: { reason: 'Evicted', message, graceSeconds: 1, disruption: true } })
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const limit = wholeValue(emptyDir?.sizeLimit)
    if (limit > 0 && (volumeBytes.get(name) ?? 0) > limit) return verdict('emptydirfs.limit', `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir?.sizeLimit}". `)
  }
  const limits = new Map(containersOf(pod).flatMap(({ name, resources }) => {
    const limit = resources?.limits?.['ephemeral-storage']
    return limit === undefined ? [] : [[name, limit] as const]
  }))
  if (limits.size === 0 || !used) return undefined
  const total = [...limits.values()].reduce((sum, limit) => sum + wholeValue(limit), 0)
  if (limits.size === containersOf(pod).length && used.diskBytes > total) return verdict('ephemeralpodfs.limit', `Pod ephemeral local storage usage exceeds the total limit of containers ${limits.size === 1 ? [...limits.values()][0] : bytesText(total)}. `)
  for (const [name, limit] of limits) {
    if ((used.containers.get(name)?.diskBytes ?? 0) > wholeValue(limit)) return verdict('ephemeralcontainerfs.limit', `Container ${name} exceeded its local ephemeral storage limit "${limit}". `)
  }
  return undefined
}

/** Whether the disk that a pod uses has to be watched. */
export const hasStorageLimits = ({ spec }: Pod): boolean =>
  (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== 'Memory')
  || [...(spec.initContainers ?? []), ...spec.containers].some(({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined)

const pressureTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const

/** Whether a node in distress takes a pod: memory is only kept from those that ask for none of it. */
export function pressureVerdict(pod: Pod, pressures: ReadonlySet<string>): PodVerdict | undefined {
  if (pressures.size === 0 || isCritical(pod)) return undefined
  if (pressures.size === 1 && pressures.has('MemoryPressure')) {
    if (qosClass(pod) !== 'BestEffort' || (pod.spec.tolerations ?? []).some((each) => tolerates(each, pressureTaint))) return undefined
  }
  return refusal('Evicted', `The node had condition: [${[...pressures].join(' ')}]. `)
}
