// What one metric of an autoscaler proposes, and how it is shown in the status. Pure.
import { formatQuantity, milliValue, parseQuantity, quantityOfMilli } from '../api/quantity.ts'
import type { MetricSpec, MetricStatus, MetricTarget } from '../api/types-config.ts'
import type { PodMetrics } from '../api/types-metrics.ts'
import type { Pod } from '../api/types-pod.ts'
import { replicasFor, type Sample } from './autoscaler-replicas.ts'

export type Measured = PodMetrics & { readonly atMs: number; readonly windowMs: number }

export interface MetricFacts {
  readonly pods: readonly Pod[]
  readonly usage: readonly Measured[]
  readonly current: number
  readonly nowMs: number
}

export interface MetricProposal {
  readonly replicas: number
  /** As events and conditions call the metric. */
  readonly name: string
  readonly status: MetricStatus
}

interface Source {
  readonly resource: string
  readonly container?: string
  readonly target: MetricTarget
}

const milliOf = (amount: string | undefined): number => (amount === undefined ? 0 : milliValue(parseQuantity(amount)))

function sourceOf({ type, resource, containerResource }: MetricSpec): Source | undefined {
  if (type === 'Resource' && resource) return { resource: resource.name, target: resource.target }
  if (type === 'ContainerResource' && containerResource) return { resource: containerResource.name, container: containerResource.container, target: containerResource.target }
  return undefined
}

/** A text says why there is none. */
export function metricProposal(metric: MetricSpec, facts: MetricFacts): MetricProposal | string {
  const source = sourceOf(metric)
  if (!source) return `invalid metrics: metrics of type ${metric.type} are not served by this cluster`
  const { resource, container, target } = source
  const samples = samplesOf(facts.usage, source)
  const byShare = target.averageUtilization !== undefined
  const failed = `failed to get ${resource} ${byShare ? 'utilization' : 'usage'}`
  if (samples.size === 0) return `${failed}: unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`
  const requests = byShare ? requestsOf(facts.pods, source) : undefined
  if (typeof requests === 'string') return `${failed}: ${requests}`
  const answer = replicasFor({ ...facts, resource, samples, target: target.averageUtilization ?? milliOf(target.averageValue), ...(requests ? { requests } : {}) })
  if (!answer) return `${failed}: did not receive metrics for targeted pods (pods might be unready)`
  const averageValue = formatQuantity(quantityOfMilli(answer.average))
  const current = { averageValue, ...(byShare ? { averageUtilization: answer.utilization } : {}) }
  const what = `${resource} ${container === undefined ? 'resource' : 'container resource'}`
  return {
    replicas: answer.replicas,
    name: byShare ? `${what} utilization (percentage of request)` : what,
    status: container === undefined ? { type: 'Resource', resource: { name: resource, current } } : { type: 'ContainerResource', containerResource: { name: resource, container, current } },
  }
}

function samplesOf(usage: readonly Measured[], { resource, container }: Source): Map<string, Sample> {
  const samples = new Map<string, Sample>()
  for (const { metadata, containers, atMs, windowMs } of usage) {
    const chosen = containers.filter((one) => (container === undefined || one.name === container) && one.usage[resource] !== undefined)
    if (chosen.length > 0) samples.set(metadata.name ?? '', { milli: chosen.reduce((total, one) => total + milliOf(one.usage[resource]), 0), atMs, windowMs })
  }
  return samples
}

function requestsOf(pods: readonly Pod[], { resource, container }: Source): Map<string, number> | string {
  const requests = new Map<string, number>()
  for (const { metadata, spec } of pods) {
    const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
    let total = 0
    for (const one of [...spec.containers, ...sidecars]) {
      if (container !== undefined && one.name !== container) continue
      const request = one.resources?.requests?.[resource]
      if (request === undefined) return `missing request for ${resource} in container ${one.name} of Pod ${metadata.name}`
      total += milliOf(request)
    }
    requests.set(metadata.name ?? '', total)
  }
  return requests
}
