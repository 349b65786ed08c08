// What the kernel enforces on a pod as a whole, from its containers' resources. Pure.
import type { Container, Pod, ResourceRequirements } from '../api/types-pod.ts'
import { cpuPeriodUs, cpuQuotaOf, cpuSharesOf, podRequests } from './container-resources.ts'
import { milliValue, wholeValue } from './quantity-values.ts'

export interface CgroupLimits {
  readonly cpuShares: number
  /** 0 means no limit, here and below. */
  readonly cpuQuota: number
  readonly cpuPeriod: number
  readonly memoryBytes: number
  readonly pids: number
}

/** As for requests: the larger of the running phase and each step of the start, and the overhead. */
export function limitTotal(pod: Pod, value: (resources: ResourceRequirements | undefined) => number, overhead: number): number {
  let sidecars = 0
  let starting = 0
  for (const container of pod.spec.initContainers ?? []) {
    const own = value(container.resources)
    if (container.restartPolicy === 'Always') sidecars += own
    starting = Math.max(starting, sidecars + (container.restartPolicy === 'Always' ? 0 : own))
  }
  const running = pod.spec.containers.reduce((sum, container) => sum + value(container.resources), sidecars)
  return Math.max(starting, running) + overhead
}

/** A limit holds for the pod only when all its containers have one, or the pod has its own. */
export function podCgroupLimits(pod: Pod, pidsLimit = 0): CgroupLimits {
  const containers: readonly Container[] = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const own = pod.spec.resources
  const limit = (name: string, value: (text: string | undefined) => number): number => {
    const overhead = value(pod.spec.overhead?.[name])
    if (own?.limits?.[name] !== undefined) return value(own.limits[name]) + overhead
    if (!containers.every((container) => value(container.resources?.limits?.[name]) > 0)) return 0
    return limitTotal(pod, (resources) => value(resources?.limits?.[name]), overhead)
  }
  const asked = own?.requests?.['cpu'] ?? own?.limits?.['cpu']
  return {
    cpuShares: cpuSharesOf(asked === undefined ? podRequests(pod).cpuMilli : milliValue(asked) + milliValue(pod.spec.overhead?.['cpu'])),
    cpuQuota: cpuQuotaOf(limit('cpu', milliValue)), cpuPeriod: cpuPeriodUs,
    memoryBytes: limit('memory', wholeValue), pids: pidsLimit,
  }
}

/** What holds while a pod goes from one to the other: the looser of both, so that its containers fit in before and after. */
export function looserLimits(a: CgroupLimits, b: CgroupLimits): CgroupLimits {
  const looser = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : Math.max(x, y))
  return {
    cpuShares: Math.max(a.cpuShares, b.cpuShares), cpuPeriod: b.cpuPeriod, cpuQuota: looser(a.cpuQuota, b.cpuQuota),
    memoryBytes: looser(a.memoryBytes, b.memoryBytes), pids: looser(a.pids, b.pids),
  }
}

export const cpuPeriodOf = ({ cpuPeriod = cpuPeriodUs }: Partial<CgroupLimits>): number => cpuPeriod

/** The CPU weight of cgroup version 2 for shares of version 1. */
export const cpuWeightOf = (shares: number): number => 1 + Math.floor(((shares - 2) * 9999) / 262_142)

/** The files of a cgroup and what to write to them, by controller (version 1) or without one (version 2). Only `changed` fields. */
export function cgroupFiles(limits: Partial<CgroupLimits>, version: 'v1' | 'v2'): { controller: string; file: string; text: string }[] {
  const { cpuShares, cpuQuota, cpuPeriod = cpuPeriodUs, memoryBytes, pids } = limits
  const out: { controller: string; file: string; text: string }[] = []
  const add = (controller: string, file: string, text: string | number): void => void out.push({ controller: version === 'v1' ? controller : '', file, text: String(text) })
  if (version === 'v1') {
    if (cpuShares !== undefined) add('cpu', 'cpu.shares', cpuShares)
    if (cpuQuota !== undefined) {
      add('cpu', 'cpu.cfs_period_us', cpuPeriod)
      add('cpu', 'cpu.cfs_quota_us', cpuQuota === 0 ? -1 : cpuQuota)
    }
    if (memoryBytes !== undefined) add('memory', 'memory.limit_in_bytes', memoryBytes === 0 ? -1 : memoryBytes)
  } else {
    if (cpuShares !== undefined) add('', 'cpu.weight', cpuWeightOf(cpuShares))
    if (cpuQuota !== undefined) add('', 'cpu.max', `${cpuQuota === 0 ? 'max' : cpuQuota} ${cpuPeriod}`)
    if (memoryBytes !== undefined) add('', 'memory.max', memoryBytes === 0 ? 'max' : memoryBytes)
  }
  if (pids !== undefined) add('pids', 'pids.max', pids === 0 ? 'max' : pids)
  return out
}

/** What the kernel gives a new cgroup: need not be written. */
const initialFiles = new Set(['cpu.cfs_period_us 100000', 'cpu.cfs_quota_us -1', 'memory.limit_in_bytes -1', 'cpu.max max 100000', 'memory.max max', 'pids.max max'])
export const isInitial = ({ file, text }: { file: string; text: string }): boolean => initialFiles.has(`${file} ${text}`)
