// What metrics of pods, objects and the world outside propose: asked of the metrics APIs that somebody aggregates. The sums are pure.
import type { LabelSelector } from '../api/types-common.ts'
import { addQuantities, formatQuantity, milliValue, parseQuantity, quantityOfMilli, zeroQuantity } from '../api/quantity.ts'
import type { MetricSpec, MetricStatus, MetricTarget } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import type { MetricProposal } from './autoscaler-metric.ts'
import { replicasFor } from './autoscaler-replicas.ts'
import { isReady, millisOf } from './pod-facts.ts'

/** Answers a GET of an aggregated API with its JSON. */
export type ReadMetrics = (path: string) => Promise<unknown>

export interface Reading {
  /** The object's name; empty for external metrics. */
  readonly name: string
  readonly milli: number
  readonly atMs: number
}

const tolerance = 0.1
const customApi = '/apis/custom.metrics.k8s.io/v1beta2'
const externalApi = '/apis/external.metrics.k8s.io/v1beta1'

/** `a=b,c in (d)`, as queries have selectors. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): string {
  const words: Record<string, (key: string, values: string[]) => string> = {
    In: (key, values) => `${key} in (${values.join(',')})`, NotIn: (key, values) => `${key} notin (${values.join(',')})`,
    Exists: (key) => key, DoesNotExist: (key) => `!${key}`,
  }
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => words[operator]?.(key, values) ?? ''),
  ].join(',')
}

export interface Asking {
  readonly namespace: string
  /** Of the target's pods. */
  readonly podSelector: string
  /** `plural.group` of a kind, for metrics of objects. */
  readonly resourceName: (reference: { readonly apiVersion?: string; readonly kind: string }) => string | undefined
}

/** Where the metric is asked for; undefined for metrics of resources and for kinds that nobody knows. */
export function metricPath(metric: MetricSpec, { namespace, podSelector, resourceName }: Asking): string | undefined {
  const query = (values: Record<string, string>): string => {
    const given = Object.entries(values).filter(([, value]) => value !== '')
    return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
  }
  if (metric.type === 'Pods' && metric.pods) {
    const { name, selector } = metric.pods.metric
    return `${customApi}/namespaces/${namespace}/pods/*/${encodeURIComponent(name)}${query({ labelSelector: podSelector, metricLabelSelector: selectorText(selector) })}`
  }
  if (metric.type === 'Object' && metric.object) {
    const { describedObject, metric: { name, selector } } = metric.object
    const kind = resourceName(describedObject)
    if (kind === undefined) return undefined
    const place = kind === 'namespaces' ? `namespaces/${describedObject.name}/metrics` : `namespaces/${namespace}/${kind}/${describedObject.name}`
    return `${customApi}/${place}/${encodeURIComponent(name)}${query({ metricLabelSelector: selectorText(selector) })}`
  }
  if (metric.type === 'External' && metric.external) {
    const { name, selector } = metric.external.metric
    return `${externalApi}/namespaces/${namespace}/${encodeURIComponent(name)}${query({ labelSelector: selectorText(selector) })}`
  }
  return undefined
}

/** A MetricValueList or an ExternalMetricValueList. */
export function readingsOf(list: unknown, nowMs: number): Reading[] {
  const { items = [] } = list as { items?: { describedObject?: { name?: string }; timestamp?: string; value: string }[] }
  return items.map(({ describedObject, timestamp, value }) => ({ name: describedObject?.name ?? '', milli: milliValue(parseQuantity(value)), atMs: millisOf(timestamp) ?? nowMs }))
}

export interface CustomFacts {
  readonly pods: readonly Pod[]
  /** Pods that are wished for. */
  readonly current: number
  /** Pods that the target says it has. */
  readonly counted: number
  readonly nowMs: number
}

/** A text says why there is none. */
export function customProposal(metric: MetricSpec, readings: readonly Reading[], facts: CustomFacts): MetricProposal | string {
  if (metric.type === 'Pods' && metric.pods) {
    const { metric: identity, target } = metric.pods
    if (readings.length === 0) return `unable to get metric ${identity.name}: no metrics returned from custom metrics API`
    const samples = new Map(readings.map(({ name, milli, atMs }) => [name, { milli, atMs, windowMs: 0 }]))
    const answer = replicasFor({ ...facts, resource: '', samples, target: milliOf(target.averageValue) })
    if (!answer) return 'did not receive metrics for targeted pods (pods might be unready)'
    return {
      replicas: answer.replicas, name: `pods metric ${identity.name}`,
      status: { type: 'Pods', pods: { metric: identity, current: { averageValue: formatMilli(answer.average) } } },
    }
  }
  if (metric.type === 'Object' && metric.object) {
    const { metric: identity, target, describedObject } = metric.object
    const [reading] = readings
    if (!reading) return `unable to get metric ${identity.name}: ${describedObject.kind} on ${describedObject.name}: no metrics returned from custom metrics API`
    const { replicas, current } = wholeProposal(reading.milli, target, facts)
    return { replicas, name: `${describedObject.kind} metric ${identity.name}`, status: { type: 'Object', object: { metric: identity, describedObject, current } } }
  }
  if (metric.type === 'External' && metric.external) {
    const { metric: identity, target } = metric.external
    if (readings.length === 0) return `unable to get external metric ${identity.name}: no metrics returned from external metrics API`
    const total = readings.reduce((sum, { milli }) => sum + milli, 0)
    const { replicas, current } = wholeProposal(total, target, facts)
    return { replicas, name: `external metric ${identity.name}`, status: { type: 'External', external: { metric: identity, current } } }
  }
  return `invalid metrics: metrics of type ${metric.type} are not known`
}

const milliOf = (amount: string | undefined): number => (amount === undefined ? 0 : milliValue(parseQuantity(amount)))
const formatMilli = (milli: number): string => formatQuantity(addQuantities(zeroQuantity, quantityOfMilli(milli)))

type Current = NonNullable<NonNullable<MetricStatus['external']>['current']>

/** One amount for all pods together: shared among them, or held against a value of its own. */
function wholeProposal(milli: number, target: MetricTarget, { pods, current, counted }: CustomFacts): { replicas: number; current: Current } {
  if (target.averageValue !== undefined) {
    const each = milliOf(target.averageValue)
    const ratio = milli / (each * Math.max(1, counted))
    return {
      replicas: Math.abs(1 - ratio) <= tolerance ? counted : Math.ceil(milli / each),
      current: { averageValue: formatMilli(Math.ceil(milli / Math.max(1, counted))) },
    }
  }
  const ratio = milli / milliOf(target.value)
  const ready = pods.filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp).length
  return { replicas: current > 0 && Math.abs(1 - ratio) <= tolerance ? current : Math.ceil(ratio * (current > 0 ? ready : 1)), current: { value: formatMilli(milli) } }
}
