// Daemon sets of web servers, and where their pods are.
import type { ObjectKey } from '../../../pkg/api/object.ts'
import { nodes } from '../../../pkg/api/types-node.ts'
import type { Pod } from '../../../pkg/api/types-pod.ts'
import { controllerRevisions, daemonSets, type ControllerRevision, type DaemonSet, type DaemonSetSpec } from '../../../pkg/api/types-workload.ts'
import { client, eventually } from '../framework.ts'
import { keyOf, updateWith } from '../operations.ts'
import { images, isReady } from '../pods.ts'
import { isOwnedBy, minuteMs, podsBy } from './workloads.ts'

export const daemonMs = 5 * minuteMs
export const label = { 'daemonset-name': 'daemon-set' }
export const labelSelector = 'daemonset-name=daemon-set'
export const colour = 'daemonset-color'

export interface DaemonOptions {
  readonly labels?: Record<string, string>
  readonly podLabels?: Record<string, string>
  readonly nodeSelector?: Record<string, string>
  readonly spec?: Partial<DaemonSetSpec>
}

export const daemonSetOf = (namespace: string, { labels, podLabels = label, nodeSelector, spec }: DaemonOptions = {}): DaemonSet => ({
  apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'daemon-set', namespace, ...(labels ? { labels } : {}) },
  spec: {
    selector: { matchLabels: podLabels },
    template: { metadata: { labels: podLabels }, spec: { ...(nodeSelector ? { nodeSelector } : {}), containers: [{ name: 'app', image: images.nginx, ports: [{ containerPort: 9376 }] }] } },
    ...spec,
  },
})

export async function schedulableNodes(): Promise<string[]> {
  const { items } = await client.list(nodes)
  return items.filter(({ spec }) => spec?.unschedulable !== true && !(spec?.taints ?? []).some(({ effect }) => effect !== 'PreferNoSchedule')).map(({ metadata: { name = '' } }) => name)
}

export async function daemonPods(set: DaemonSet): Promise<readonly Pod[]> {
  return (await podsBy(set.metadata.namespace ?? '', set.spec.selector?.matchLabels ?? {})).filter((pod) => !pod.metadata.deletionTimestamp && isOwnedBy(pod, set))
}

/** One pod is available on each of these nodes, and none elsewhere. */
export async function waitOnNodes(set: DaemonSet, wanted: readonly string[]): Promise<void> {
  let all: readonly Pod[] = []
  await eventually(async () => {
    all = await daemonPods(set)
    return all.every(isReady) && JSON.stringify(all.map(({ spec }) => spec?.nodeName).sort()) === JSON.stringify([...wanted].sort())
  }, () => `the pods of ${set.metadata.name} are on ${wanted.join(', ') || 'no node'}: ${JSON.stringify(all.map(({ metadata, spec, status }) => [metadata.name, spec?.nodeName, status]))}`, daemonMs)
}

/** On every node, and the status says so. */
export async function waitEverywhere(set: DaemonSet): Promise<void> {
  await waitOnNodes(set, await schedulableNodes())
  await waitCounted(set)
}

export const waitCounted = (set: DaemonSet): Promise<unknown> => eventually(async () => {
  const { status } = await client.get(daemonSets, keyOf(set))
  return status !== undefined && status.desiredNumberScheduled === status.currentNumberScheduled && status.currentNumberScheduled === status.numberReady
}, `the status of ${set.metadata.name} counts its pods`, daemonMs)

/** The node has these labels of the tests, and no others. */
export const setNodeLabels = (key: ObjectKey, labels: Record<string, string>): Promise<unknown> => updateWith(nodes, key, (node) => ({
  ...node, metadata: { ...node.metadata, labels: { ...Object.fromEntries(Object.entries(node.metadata.labels ?? {}).filter(([name]) => !name.startsWith('daemonset-'))), ...labels } },
}))

export const revisionsOf = async (namespace: string, selector: string): Promise<readonly ControllerRevision[]> =>
  (await client.list(controllerRevisions, { namespace, labelSelector: selector })).items

export const waitRevisions = (namespace: string, selector: string, count: number): Promise<readonly ControllerRevision[]> => eventually(async () => {
  const all = await revisionsOf(namespace, selector)
  return all.length === count ? all : undefined
}, `there are ${count} revisions`, daemonMs)
