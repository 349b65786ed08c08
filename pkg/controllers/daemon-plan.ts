// Which daemon pods to create and delete on which nodes: pure.
import { scaledValue } from '../api/int-or-string.ts'
import type { Node } from '../api/types-node.ts'
import type { Pod, PodSpec, Toleration } from '../api/types-pod.ts'
import type { DaemonSet, DaemonSetStatus } from '../api/types-workload.ts'
import { toleratesTaints, wantsNode } from './node-fit.ts'
import { isAvailable, isReady, isTerminal } from './pod-facts.ts'
import { revisionHashLabel } from './revision-history.ts'

const exists = (key: string, effect: string): Toleration => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect })

/** Daemons stay on nodes in trouble. */
export function daemonTolerations(spec: PodSpec): readonly Toleration[] {
  return [
    ...(spec.tolerations ?? []), exists('not-ready', 'NoExecute'), exists('unreachable', 'NoExecute'),
    exists('disk-pressure', 'NoSchedule'), exists('memory-pressure', 'NoSchedule'), exists('pid-pressure', 'NoSchedule'), exists('unschedulable', 'NoSchedule'),
    ...(spec.hostNetwork ? [exists('network-unavailable', 'NoSchedule')] : []),
  ]
}

/** `run`: a pod belongs there; `stay`: one that is there may stay. */
export function fit(set: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const spec = set.spec.template.spec ?? { containers: [] }
  if (!wantsNode(spec, node)) return { run: false, stay: false }
  const tolerations = daemonTolerations(spec)
  const stay = toleratesTaints(tolerations, node, ['NoExecute'])
  return { run: stay && toleratesTaints(tolerations, node, ['NoSchedule']), stay }
}

/** The node that the scheduler is told to put a daemon pod on. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  return terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === 'metadata.name')?.values?.[0]
}

/** The template's spec, bound to one node by affinity so that the scheduler still checks it. */
export function daemonPodSpec(spec: PodSpec, node: string): PodSpec {
  const { requiredDuringSchedulingIgnoredDuringExecution: _, ...nodeAffinity } = spec.affinity?.nodeAffinity ?? {}
  const required = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }] }
  return {
    ...spec, tolerations: [...daemonTolerations(spec)],
    affinity: { ...spec.affinity, nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required } },
  }
}

export interface DaemonPlan {
  readonly create: readonly string[]
  readonly remove: readonly Pod[]
}

export interface DaemonState {
  readonly set: DaemonSet
  readonly nodes: readonly Node[]
  /** All pods that the set owns. */
  readonly pods: readonly Pod[]
  /** The hash label of pods that are up to date. */
  readonly hash: string
  readonly nowMs: number
}

export function podsByTarget(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const map = new Map<string, Pod[]>()
  for (const pod of pods) {
    const node = targetNode(pod)
    if (node !== undefined) map.set(node, [...(map.get(node) ?? []), pod])
  }
  return map
}

export function planDaemons(state: DaemonState): DaemonPlan {
  const { set, nodes, pods, hash } = state
  const targets = podsByTarget(pods)
  const create: string[] = []
  const remove: Pod[] = pods.filter((pod) => !pod.spec.nodeName && !pod.metadata.deletionTimestamp && !nodes.some((node) => node.metadata.name === targetNode(pod)))
  for (const node of nodes) {
    const name = node.metadata.name ?? ''
    const here = targets.get(name) ?? []
    const standing = here.filter((pod) => !pod.metadata.deletionTimestamp)
    const { run, stay } = fit(set, node)
    if (!stay) {
      remove.push(...standing)
      continue
    }
    remove.push(...standing.filter(isTerminal))
    const alive = standing.filter((pod) => !isTerminal(pod)).sort(byAge)
    // One of each template at most, and two only while a surge is under way.
    for (const group of boundsOf(state).surge > 0 ? [alive.filter((pod) => isCurrent(pod, hash)), alive.filter((pod) => !isCurrent(pod, hash))] : [alive]) remove.push(...group.slice(1))
    if (run && here.length === 0) create.push(name)
  }
  return { create, remove }
}

/** One step of a rolling update, after `planDaemons` has nothing left to do on the nodes concerned. */
export function planDaemonUpdate(state: DaemonState): DaemonPlan {
  const { set, pods, hash, nowMs } = state
  const wanted = wantedNodes(state)
  const { unavailable, surge } = boundsOf(state)
  const minReadySeconds = set.spec.minReadySeconds ?? 0
  const available = (pod: Pod): boolean => isAvailable(pod, minReadySeconds, nowMs)
  const targets = podsByTarget(pods)
  const create: string[] = []
  const remove: Pod[] = []
  const candidates: { name: string; old: Pod }[] = []
  let busy = 0
  for (const name of wanted) {
    const here = (targets.get(name) ?? []).filter((pod) => !pod.metadata.deletionTimestamp && !isTerminal(pod))
    const fresh = here.find((pod) => isCurrent(pod, hash))
    const old = here.find((pod) => !isCurrent(pod, hash))
    if (surge > 0) {
      if (fresh && old) {
        if (available(fresh)) remove.push(old)
        else busy++
      } else if (old && !available(old)) create.push(name)
      else if (old) candidates.push({ name, old })
      continue
    }
    if (!old) busy += fresh && available(fresh) ? 0 : 1
    else if (!available(old)) {
      remove.push(old)
      busy++
    } else candidates.push({ name, old })
  }
  const chosen = candidates.slice(0, Math.max(0, (surge > 0 ? surge : unavailable) - busy))
  if (surge > 0) create.push(...chosen.map(({ name }) => name))
  else remove.push(...chosen.map(({ old }) => old))
  return { create, remove }
}

function boundsOf({ set, ...state }: DaemonState): { unavailable: number; surge: number } {
  const { maxUnavailable = 1, maxSurge = 0 } = set.spec.updateStrategy?.rollingUpdate ?? {}
  const desired = wantedNodes({ set, ...state }).length
  const surge = scaledValue(maxSurge, desired, 'up') ?? 0
  const unavailable = scaledValue(maxUnavailable, desired, 'up') ?? 1
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

const wantedNodes = ({ set, nodes }: DaemonState): string[] => nodes.filter((node) => fit(set, node).run).map(({ metadata }) => metadata.name ?? '')
const isCurrent = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[revisionHashLabel] === hash
const byAge = (a: Pod, b: Pod): number => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1)

export function daemonStatus(state: DaemonState): DaemonSetStatus {
  const { set, nodes, pods, hash, nowMs } = state
  const targets = podsByTarget(pods)
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 }
  for (const node of nodes) {
    const here = (targets.get(node.metadata.name ?? '') ?? []).filter((pod) => !isTerminal(pod) || pod.metadata.deletionTimestamp === undefined)
    const { run } = fit(set, node)
    if (!run) {
      counts.misscheduled += here.length > 0 ? 1 : 0
      continue
    }
    counts.desired++
    if (here.length === 0) continue
    counts.current++
    const ready = here.find(isReady)
    if (ready) counts.ready++
    if (here.some((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs))) counts.available++
    if (here.some((pod) => isCurrent(pod, hash))) counts.updated++
  }
  const { collisionCount, conditions } = set.status ?? {}
  return {
    desiredNumberScheduled: counts.desired, currentNumberScheduled: counts.current, numberMisscheduled: counts.misscheduled,
    numberReady: counts.ready, numberAvailable: counts.available, numberUnavailable: counts.desired - counts.available,
    updatedNumberScheduled: counts.updated, observedGeneration: set.metadata.generation ?? 0,
    ...(collisionCount === undefined ? {} : { collisionCount }), ...(conditions ? { conditions } : {}),
  }
}
