// How many replicas a metric asks for. Pure.
import type { Pod } from '../api/types-pod.ts'
import { isTerminal, millisOf, podCondition } from './pod-facts.ts'

/** What is measured of one pod, in thousandths, and when. */
export interface Sample {
  readonly milli: number
  readonly atMs: number
  readonly windowMs: number
}

export interface ReplicaQuestion {
  readonly resource: string
  readonly pods: readonly Pod[]
  /** By pod's name. */
  readonly samples: ReadonlyMap<string, Sample>
  /** By pod's name, in thousandths: with it, `target` is a percentage of it. */
  readonly requests?: ReadonlyMap<string, number>
  /** A percentage with `requests`, else thousandths a pod. */
  readonly target: number
  /** Pods that are wished for: what it has may lag behind. */
  readonly current: number
  readonly nowMs: number
}

export interface ReplicaAnswer {
  readonly replicas: number
  /** In the unit of the target. */
  readonly utilization: number
  /** Thousandths a pod. */
  readonly average: number
}

const tolerance = 0.1
const cpuWarmUpMs = 300_000
const firstReadyMs = 30_000

/** A pod that warms up says nothing of what pods need later. */
function warmsUp(pod: Pod, sample: Sample, nowMs: number): boolean {
  const ready = podCondition(pod, 'Ready')
  const startMs = millisOf(pod.status?.startTime)
  if (!ready || startMs === undefined) return true
  const sinceMs = millisOf(ready.lastTransitionTime) ?? startMs
  if (startMs + cpuWarmUpMs > nowMs) return ready.status === 'False' || sample.atMs < sinceMs + sample.windowMs
  return ready.status === 'False' && startMs + firstReadyMs > sinceMs
}

interface Groups {
  readonly ready: string[]
  readonly unready: string[]
  readonly missing: string[]
}

function grouped({ pods, samples, resource, nowMs }: ReplicaQuestion): Groups {
  const groups: Groups = { ready: [], unready: [], missing: [] }
  for (const pod of pods) {
    const name = pod.metadata.name ?? ''
    const sample = samples.get(name)
    if (pod.metadata.deletionTimestamp || isTerminal(pod)) continue
    if (pod.status?.phase === 'Pending') groups.unready.push(name)
    else if (!sample) groups.missing.push(name)
    else if (resource === 'cpu' && warmsUp(pod, sample, nowMs)) groups.unready.push(name)
    else groups.ready.push(name)
  }
  return groups
}

/** Undefined where nothing is measured. */
export function replicasFor(question: ReplicaQuestion): ReplicaAnswer | undefined {
  const { samples, requests, target, current } = question
  const { ready, unready, missing } = grouped(question)
  if (ready.length === 0) return undefined
  const values = new Map(ready.map((name) => [name, samples.get(name)?.milli ?? 0]))
  const first = ratioOf(values, requests, target)
  const answer = { utilization: first.utilization, average: Math.ceil(sum(values.values()) / values.size) }
  const countUnready = unready.length > 0 && first.ratio > 1
  if (!countUnready && missing.length === 0) {
    return { ...answer, replicas: Math.abs(1 - first.ratio) <= tolerance ? current : Math.ceil(first.ratio * ready.length) }
  }
  // What is not known is taken to be what moves least: full use when shrinking, none when growing.
  if (first.ratio < 1) for (const name of missing) values.set(name, requests ? ((requests.get(name) ?? 0) * Math.max(100, target)) / 100 : target)
  else if (first.ratio > 1) for (const name of missing) values.set(name, 0)
  if (countUnready) for (const name of unready) values.set(name, 0)
  const { ratio } = ratioOf(values, requests, target)
  const turned = (first.ratio < 1 && ratio > 1) || (first.ratio > 1 && ratio < 1)
  if (Math.abs(1 - ratio) <= tolerance || turned) return { ...answer, replicas: current }
  const replicas = Math.ceil(ratio * values.size)
  const against = (ratio < 1 && replicas > current) || (ratio > 1 && replicas < current)
  return { ...answer, replicas: against ? current : replicas }
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)

function ratioOf(values: ReadonlyMap<string, number>, requests: ReadonlyMap<string, number> | undefined, target: number): { ratio: number; utilization: number } {
  const total = sum(values.values())
  const utilization = requests ? Math.trunc((total * 100) / (sum([...values.keys()].map((name) => requests.get(name) ?? 0)) || 1)) : Math.trunc(total / values.size)
  return { utilization, ratio: utilization / target }
}
