// metrics.k8s.io: nodes and pods as they are stored, each with what its node measures of it now.
import { formatGoDuration } from '../api/go-duration.ts'
import type { KubeObject, ObjectList } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { formatQuantity, quantityOf } from '../api/quantity.ts'
import type { ApiRequest } from '../api/request.ts'
import { notFound } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import type { NodeMetrics, PodMetrics, UsageList } from '../api/types-metrics.ts'
import { nodeMetrics, podMetrics } from '../api/types-metrics.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Registry } from '../registry/registry.ts'
import type { SpecialRequest } from './handle.ts'
import type { NodeConnections, NodeUsageReport, PodUsageReport } from '../api/node-connection.ts'

export interface MetricsRequestsOptions {
  readonly registry: Registry
  readonly nodeConnections: NodeConnections
  readonly log: (text: string) => void
}

/** What is not measured (yet) is missing in lists, and 404 by its name. */
export function metricsRequests(options: MetricsRequestsOptions): [string, SpecialRequest][] {
  const { registry } = options
  const stored = (plural: string, { user, namespace, warn, options: { labelSelector, fieldSelector } }: ApiRequest): ObjectList =>
    registry.list(registry.definition('', 'v1', plural)!, { user, namespace, warn, options: { labelSelector, fieldSelector } })
  const one = (plural: string, { namespace, name = '' }: ApiRequest): KubeObject =>
    registry.get(registry.definition('', 'v1', plural)!, { namespace, name, options: {} })
  const listOf = (kind: string, items: readonly KubeObject[], { metadata }: ObjectList): { type: 'list'; code: number; list: ObjectList } =>
    ({ type: 'list', code: 200, list: { kind: `${kind}List`, apiVersion: apiVersionOf(nodeMetrics), metadata: { resourceVersion: metadata.resourceVersion }, items } })
  return [
    ['list metrics.k8s.io/nodes', async (request) => {
      const list = stored('nodes', request)
      return listOf('NodeMetrics', await measuredNodes(list.items, options), list)
    }],
    ['get metrics.k8s.io/nodes', async (request) => {
      const [object] = await measuredNodes([one('nodes', request)], options)
      if (!object) throw notFound({ group: nodeMetrics.group, plural: 'nodemetrics' }, request.name ?? '')
      return { type: 'object', code: 200, object }
    }],
    ['list metrics.k8s.io/pods', async (request) => {
      const list = stored('pods', request)
      return listOf('PodMetrics', await measuredPods(list.items as readonly Pod[], options), list)
    }],
    ['get metrics.k8s.io/pods', async (request) => {
      const [object] = await measuredPods([one('pods', request) as Pod], options)
      if (!object) throw notFound({ group: podMetrics.group, plural: 'podmetrics' }, `${request.namespace}/${request.name}`)
      return { type: 'object', code: 200, object }
    }],
  ]
}

/** By node's name; a node that can't be asked is missing. */
async function reports(names: Iterable<string>, { nodeConnections, log }: MetricsRequestsOptions): Promise<ReadonlyMap<string, NodeUsageReport>> {
  const found = await Promise.all([...new Set(names)].map(async (name): Promise<[string, NodeUsageReport][]> => {
    const connection = nodeConnections(name)
    if (!connection?.usage) return []
    try {
      return [[name, await connection.usage()]]
    } catch (error) {
      log(`usage of node ${name}: ${(error as Error).message}`)
      return []
    }
  }))
  return new Map(found.flat())
}

async function measuredNodes(nodes: readonly KubeObject[], options: MetricsRequestsOptions): Promise<NodeMetrics[]> {
  const measured = await reports(nodes.map(({ metadata }) => metadata.name ?? ''), options)
  return nodes.flatMap((node) => {
    const report = measured.get(node.metadata.name ?? '')
    return report ? [{ ...header(node, 'NodeMetrics', report, report.windowMs), usage: usageList(report.node) }] : []
  })
}

async function measuredPods(pods: readonly Pod[], options: MetricsRequestsOptions): Promise<PodMetrics[]> {
  const running = pods.filter(({ spec, status }) => spec.nodeName && status?.phase === 'Running')
  const measured = await reports(running.map(({ spec }) => spec.nodeName ?? ''), options)
  const byPod = new Map<string, { report: NodeUsageReport; pod: PodUsageReport }>()
  for (const report of measured.values()) for (const pod of report.pods) byPod.set(`${pod.namespace}/${pod.name}`, { report, pod })
  return running.flatMap((pod) => {
    const found = byPod.get(`${pod.metadata.namespace}/${pod.metadata.name}`)
    if (!found) return []
    return [{ ...header(pod, 'PodMetrics', found.report, found.pod.windowMs), containers: found.pod.containers.map((container) => ({ name: container.name, usage: usageList(container) })) }]
  })
}

function header({ metadata: { name, namespace, labels } }: KubeObject, kind: string, { atMs }: NodeUsageReport, windowMs: number): Omit<NodeMetrics, 'usage'> {
  const timestamp = formatTime(atMs)
  return {
    kind, apiVersion: apiVersionOf(nodeMetrics), metadata: { name, ...(namespace ? { namespace } : {}), creationTimestamp: timestamp, ...(labels ? { labels } : {}) },
    timestamp, window: formatGoDuration(BigInt(Math.round(windowMs)) * 1_000_000n),
  }
}

const usageList = ({ cpuNanoCores, memoryBytes }: { readonly cpuNanoCores: number; readonly memoryBytes: number }): UsageList => ({
  cpu: formatQuantity({ nanos: BigInt(Math.round(cpuNanoCores)), format: 'decimal' }), memory: formatQuantity(quantityOf(memoryBytes, 'binary')),
})
