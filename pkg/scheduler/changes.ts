// Which changes of the cluster matter to pods that wait.
import { equalJson } from '../api/json.ts'
import type { Node } from '../api/types-node.ts'
import type { Pod } from '../api/types-pod.ts'
import { isTerminal } from './pod-info.ts'
import type { ChangeKind } from './plugin.ts'
import { podRequests } from './resources.ts'

const differ = (a: unknown, b: unknown): boolean => !equalJson(a, b)

/** Heartbeats change nothing that matters. */
export function nodeChanges(previous: Node | undefined, node: Node): ChangeKind[] {
  if (!previous) return ['node-added']
  const kinds: ChangeKind[] = []
  if (differ(previous.status?.allocatable, node.status?.allocatable)) kinds.push('node-allocatable')
  if (differ(previous.metadata.labels, node.metadata.labels)) kinds.push('node-labels')
  if (differ(previous.spec?.taints, node.spec?.taints) || (previous.spec?.unschedulable ?? false) !== (node.spec?.unschedulable ?? false)) kinds.push('node-taints')
  return kinds
}

/** Of a pod that has a node. */
export function placedPodChanges(previous: Pod | undefined, pod: Pod): ChangeKind[] {
  if (isTerminal(pod)) return previous && !isTerminal(previous) && previous.spec.nodeName ? ['pod-gone'] : []
  if (!previous?.spec.nodeName) return ['pod-placed']
  const kinds: ChangeKind[] = []
  const relabelled = differ(previous.metadata.labels, pod.metadata.labels)
  if (relabelled) kinds.push('pod-placed')
  let left = relabelled
  if (differ(previous.spec, pod.spec) || previous.status?.containerStatuses !== pod.status?.containerStatuses) {
    const now = podRequests(pod)
    left ||= [...podRequests(previous)].some(([name, amount]) => amount > (now.get(name) ?? 0))
  }
  if (left) kinds.push('pod-gone')
  return kinds
}

/** Whether a waiting pod's own change may make it schedulable. */
export function isOwnChange(previous: Pod, pod: Pod): boolean {
  return differ(previous.spec, pod.spec) || differ(previous.metadata.labels, pod.metadata.labels) || differ(previous.status?.resourceClaimStatuses, pod.status?.resourceClaimStatuses)
}
