// Pods, nodes and snapshots for the scheduler's tests.
import type { Node, Taint } from '../api/types-node.ts'
import type { Pod, PodSpec } from '../api/types-pod.ts'
import { NodeInfo } from './node-info.ts'
import { podInfo, type PodInfo } from './pod-info.ts'
import { isRefusal, type Plugin } from './plugin.ts'
import { ClusterSnapshot } from './snapshot.ts'

export interface NodeParts {
  readonly labels?: Record<string, string>
  readonly taints?: Taint[]
  readonly unschedulable?: boolean
  readonly allocatable?: Record<string, string>
  readonly images?: { names: string[]; sizeBytes: number }[]
}

export function testNode(name: string, { labels, taints, unschedulable, allocatable, images }: NodeParts = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }, ...(images ? { images } : {}) },
  }
}

export interface PodParts {
  readonly requests?: Record<string, string>
  readonly labels?: Record<string, string>
  readonly namespace?: string
  readonly spec?: Partial<PodSpec>
  readonly status?: Pod['status']
  readonly deleted?: boolean
}

export function testPod(name: string, { requests, labels, namespace = 'default', spec, status, deleted }: PodParts = {}): Pod {
  return {
    metadata: { name, namespace, uid: `uid-${namespace}-${name}`, ...(labels ? { labels } : {}), ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { schedulerName: 'default-scheduler', containers: [{ name: 'c', image: 'web', ...(requests ? { resources: { requests } } : {}) }], ...spec },
    ...(status ? { status } : {}),
  }
}

export function testInfo(name: string, parts: PodParts = {}): PodInfo {
  return podInfo(testPod(name, parts))
}

/** Nodes by name, and pods by the name of their node. */
export function testSnapshot(nodes: readonly Node[], pods: Readonly<Record<string, readonly Pod[]>> = {}): ClusterSnapshot {
  const snapshot = new ClusterSnapshot()
  for (const node of nodes) snapshot.setNode(node)
  for (const [nodeName, list] of Object.entries(pods)) {
    for (const pod of list) snapshot.setPod({ ...pod, spec: { ...pod.spec, nodeName } })
  }
  return snapshot
}

export function testNodeInfo(node: Node): NodeInfo {
  const info = new NodeInfo(node.metadata.name ?? '')
  info.setNode(node)
  return info
}

/** What the plugin says of each node: its reasons, or 'ok'. */
export function verdicts(plugin: Plugin, pod: PodInfo, snapshot: ClusterSnapshot): Record<string, string> {
  const checks = plugin.preFilter?.(pod, snapshot)
  return Object.fromEntries(snapshot.nodes.map((node) => {
    const refusal = !checks ? undefined : isRefusal(checks) ? checks : checks.nodeNames && !checks.nodeNames.has(node.name) ? { reasons: ['not named'] } : checks.filter?.(node)
    return [node.name, refusal ? refusal.reasons.join('; ') : 'ok']
  }))
}

/** What the plugin gives each node; empty when it does not care. */
export function scoresOf(plugin: Plugin, pod: PodInfo, snapshot: ClusterSnapshot): Record<string, number> {
  const scorer = plugin.preScore?.(pod, snapshot, snapshot.nodes)
  if (!scorer) return {}
  const raw = snapshot.nodes.map((node) => scorer.score(node))
  const scores = scorer.normalize?.(raw) ?? raw
  return Object.fromEntries(snapshot.nodes.map(({ name }, index) => [name, scores[index] ?? NaN]))
}
