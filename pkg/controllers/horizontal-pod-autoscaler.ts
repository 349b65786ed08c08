// HorizontalPodAutoscaler: sizes Deployments and all else that has a scale, by what their pods use and by metrics that others serve.
import { parseGoDuration } from '../api/go-duration.ts'
import { equalJson } from '../api/json.ts'
import { selectorMatcher, type LabelMatcher } from '../api/label-selector.ts'
import { groupResource, keyText, type KubeObject, type ObjectKey, type Resource } from '../api/object.ts'
import { formatTime } from '../api/times.ts'
import type { LabelSelector } from '../api/types-common.ts'
import { horizontalPodAutoscalers, type HorizontalPodAutoscaler, type HorizontalPodAutoscalerCondition, type MetricSpec, type MetricStatus } from '../api/types-config.ts'
import { podMetrics } from '../api/types-metrics.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { deployments, replicaSets, replicationControllers, statefulSets } from '../api/types-workload.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { messageOf } from '../controller/refusals.ts'
import { begun, historyMs, scalingStep, type ScalingHistory } from './autoscaler-behavior.ts'
import { customProposal, metricPath, readingsOf, selectorText, type CustomFacts, type ReadMetrics } from './autoscaler-custom.ts'
import { metricProposal, type Measured, type MetricProposal } from './autoscaler-metric.ts'
import { millisOf } from './pod-facts.ts'
import { readScale, resourceOf, type Scale } from './scale-target.ts'

export interface AutoscalerOptions {
  /** Namespaced kinds that are served, custom ones among them: each may have a scale. */
  readonly resources?: () => readonly Resource[]
  /** Asks aggregated metrics APIs; without it there are metrics of resources only. */
  readonly readMetrics?: ReadMetrics
  /** How often each autoscaler looks at its metrics. Default 15 s. */
  readonly periodMs?: number
}

type Sized = KubeObject & { spec: { replicas?: number; selector?: unknown }; status?: { replicas?: number } }
const targets = [deployments, replicaSets, statefulSets, replicationControllers] as readonly Resource[] as readonly Resource<Sized>[]

interface Target {
  readonly resource: Resource
  readonly key: ObjectKey
  readonly wished: number
  readonly current: number
  readonly matcher: LabelMatcher
  readonly selector: string
}

type Served = Required<Pick<AutoscalerOptions, 'resources'>> & Pick<AutoscalerOptions, 'readMetrics'>

export function autoscalerController({ periodMs = 15_000, resources = () => [], readMetrics }: AutoscalerOptions = {}): Controller {
  const served: Served = { resources, readMetrics }
  /** With the uid: another one may take the name. */
  const histories = new Map<string, { readonly uid: string; readonly history: ScalingHistory }>()
  // Its own status is news to it; without this, each look would lead to the next at once.
  const looked = new Map<string, { sign: string; atMs: number }>()
  return controller<HorizontalPodAutoscaler>({
    name: 'horizontal-pod-autoscaler',
    eventSource: 'horizontal-pod-autoscaler',
    for: horizontalPodAutoscalers,
    // Only read from caches: a change of size waits for the next look.
    watches: [watches(pods, () => []), ...targets.map((resource) => watches(resource, () => []))],
    async reconcile(key, autoscaler, context) {
      const text = keyText(key)
      if (!autoscaler || autoscaler.metadata.deletionTimestamp) {
        looked.delete(text)
        return void histories.delete(text)
      }
      const sign = `${autoscaler.metadata.uid} ${JSON.stringify(autoscaler.spec)}`
      const last = looked.get(text)
      const now = context.clock.monotonic()
      const leftMs = last?.sign === sign ? last.atMs + periodMs - now : 0
      if (leftMs > 0) return { requeueAfterMs: leftMs }
      looked.set(text, { sign, atMs: now })
      const { uid = '' } = autoscaler.metadata
      const known = histories.get(text)
      const history = known?.uid === uid ? known.history : { recommendations: [], changes: [] }
      histories.set(text, { uid, history: await look(autoscaler, history, { ...context, ...served }) })
      return { requeueAfterMs: periodMs }
    },
  })
}

type Condition = Omit<HorizontalPodAutoscalerCondition, 'lastTransitionTime'>
const condition = (type: string, status: 'True' | 'False', reason: string, message: string): Condition => ({ type, status, reason, message })

type LookContext = ReconcileContext & Served

async function targetOf({ metadata: { namespace }, spec: { scaleTargetRef } }: HorizontalPodAutoscaler, { client, informers, resources }: LookContext): Promise<Target | undefined> {
  const key = { namespace, name: scaleTargetRef.name }
  const builtin = resourceOf(targets, scaleTargetRef)
  if (builtin) {
    const object = informers.for(builtin as Resource<Sized>).get(key)
    if (!object) return undefined
    const stated = object.spec.selector as LabelSelector | undefined
    const selector = builtin.plural === 'replicationcontrollers' ? { matchLabels: object.spec.selector as Record<string, string> } : stated
    const { replicas: wished = 1 } = object.spec
    return { resource: builtin, key, wished, current: object.status?.replicas ?? wished, matcher: selectorMatcher(selector), selector: selectorText(selector) }
  }
  const resource = resourceOf(resources(), scaleTargetRef)
  if (!resource) return undefined
  const scale = await readScale(client, resource, key)
  // Without a selector nobody can tell whose use is to be measured.
  return scale?.matcher && { resource, key, wished: scale.wished, current: scale.current, matcher: scale.matcher, selector: scale.selector ?? '' }
}

/** One look at the metrics; returns the history as it is afterwards. */
async function look(autoscaler: HorizontalPodAutoscaler, before: ScalingHistory, context: LookContext): Promise<ScalingHistory> {
  const { events, clock } = context
  const { scaleTargetRef, minReplicas = 1, maxReplicas } = autoscaler.spec
  const target = await targetOf(autoscaler, context)
  if (!target) {
    const message = `the HPA controller was unable to get the target's current scale: ${scaleTargetRef.kind} "${scaleTargetRef.name}" not found`
    events.record(autoscaler, { type: 'Warning', reason: 'FailedGetScale', message })
    await writeStatus(autoscaler, [condition('AbleToScale', 'False', 'FailedGetScale', message)], {}, context)
    return before
  }
  const nowMs = clock.now()
  const { wished, current } = target
  const history = begun(before, wished, nowMs)
  const found = condition('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
  if (wished === 0 && minReplicas !== 0) {
    const off = condition('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero')
    await writeStatus(autoscaler, [found, off], { currentReplicas: current, desiredReplicas: 0 }, context)
    return history
  }
  if (wished > maxReplicas) return rescale(autoscaler, target, { to: maxReplicas, why: 'Current number of replicas above Spec.MaxReplicas', current, conditions: [found], history }, context)
  if (wished < minReplicas) return rescale(autoscaler, target, { to: minReplicas, why: 'Current number of replicas below Spec.MinReplicas', current, conditions: [found], history }, context)
  const { proposals, failures } = await measure(autoscaler, target, context)
  const best = proposals.reduce<MetricProposal | undefined>((most, one) => (most && most.replicas >= one.replicas ? most : one), undefined)
  for (const { reason, text } of failures) events.record(autoscaler, { type: 'Warning', reason, message: text })
  const [failure] = failures
  // What could not be measured might need more than the rest: nothing shrinks then.
  if (!best || (failure !== undefined && best.replicas < wished)) {
    const { reason, text, what } = failure ?? { reason: 'InvalidMetricSourceType', text: 'no metrics', what: 'no metrics' }
    const message = `invalid metrics (${failures.length} invalid out of ${autoscaler.spec.metrics?.length ?? 0}), first error is: ${what}: ${text}`
    events.record(autoscaler, { type: 'Warning', reason: 'FailedComputeMetricsReplicas', message })
    const unable = condition('ScalingActive', 'False', reason, `the HPA was unable to compute the replica count: ${text}`)
    await writeStatus(autoscaler, [found, unable], { currentReplicas: current, desiredReplicas: wished }, context)
    return history
  }
  const recent = { ...history, recommendations: [...history.recommendations.filter(({ atMs }) => atMs > nowMs - historyMs), { replicas: best.replicas, atMs: nowMs }] }
  const step = scalingStep({ spec: autoscaler.spec, wanted: best.replicas, current: wished, history, nowMs })
  const conditions = [
    condition('AbleToScale', 'True', step.ableToScale.reason, step.ableToScale.message),
    condition('ScalingActive', 'True', 'ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${best.name}`),
    condition('ScalingLimited', step.limited.status, step.limited.reason, step.limited.message),
  ]
  const metrics = proposals.map(({ status }) => status)
  const why = step.replicas > wished ? `${best.name} above target` : 'All metrics below target'
  return rescale(autoscaler, target, { to: step.replicas, why, current, conditions, history: recent, metrics }, context)
}

interface Failure {
  readonly reason: string
  /** What was not had; the text says why. */
  readonly what: string
  readonly text: string
}

const metricWords = ({ type, resource, containerResource }: MetricSpec): string =>
  resource ? `${resource.name} resource` : containerResource ? `${containerResource.name} container` : type.toLowerCase()

const resourceTypes = new Set(['Resource', 'ContainerResource'])

async function measure(autoscaler: HorizontalPodAutoscaler, target: Target, context: LookContext): Promise<{ proposals: MetricProposal[]; failures: Failure[] }> {
  const { informers, clock } = context
  const { namespace = '' } = target.key
  const metrics = autoscaler.spec.metrics ?? []
  const own: readonly Pod[] = informers.for(pods).list(namespace).filter(({ metadata }) => target.matcher.matches(metadata.labels))
  const facts = { pods: own, current: target.wished, counted: target.current, nowMs: clock.now() }
  const usage = metrics.some(({ type }) => resourceTypes.has(type)) ? await usageOf(own, namespace, context) : []
  const proposals: MetricProposal[] = []
  const failures: Failure[] = []
  for (const metric of metrics) {
    const result = resourceTypes.has(metric.type)
      ? (typeof usage === 'string' ? usage : metricProposal(metric, { ...facts, usage }))
      : await customResult(metric, target, facts, context)
    if (typeof result === 'string') failures.push({ reason: `FailedGet${metric.type}Metric`, what: `failed to get ${metricWords(metric)} metric value`, text: result })
    else proposals.push(result)
  }
  return { proposals, failures }
}

/** What the pods use; a text says why that is not known. */
async function usageOf(own: readonly Pod[], namespace: string, { client, clock }: LookContext): Promise<Measured[] | string> {
  try {
    const { items } = await client.list(podMetrics, { namespace })
    const names = new Set(own.map(({ metadata }) => metadata.name))
    return items.filter(({ metadata }) => names.has(metadata.name))
      .map((one) => ({ ...one, atMs: millisOf(one.timestamp) ?? clock.now(), windowMs: parseGoDuration(one.window) ?? 0 }))
  } catch (error) {
    return `unable to get metrics: unable to fetch metrics from resource metrics API: ${messageOf(error)}`
  }
}

async function customResult(metric: MetricSpec, target: Target, facts: CustomFacts, { readMetrics, resources }: LookContext): Promise<MetricProposal | string> {
  const path = metricPath(metric, {
    namespace: target.key.namespace ?? '', podSelector: target.selector,
    resourceName: (reference) => {
      const resource = reference.kind === 'Namespace' ? { plural: 'namespaces', group: '' } : resourceOf(resources(), reference)
      return resource && groupResource(resource)
    },
  })
  if (path === undefined || !readMetrics) return `invalid metrics: metrics of type ${metric.type} are not served by this cluster`
  try {
    return customProposal(metric, readingsOf(await readMetrics(path), facts.nowMs), facts)
  } catch (error) {
    const api = metric.type === 'External' ? 'external' : 'custom'
    return `unable to get metric: unable to fetch metrics from ${api} metrics API: ${messageOf(error)}`
  }
}

async function rescale(autoscaler: HorizontalPodAutoscaler, { resource, key, wished: from }: Target, plan: {
  to: number; why: string; current: number; conditions: readonly Condition[]; history: ScalingHistory; metrics?: MetricStatus[]
}, context: ReconcileContext): Promise<ScalingHistory> {
  const { to, why, current, metrics, history } = plan
  const { client, clock, events } = context
  const facts = { currentReplicas: current, desiredReplicas: to, ...(metrics ? { currentMetrics: metrics } : {}) }
  if (to === from) {
    await writeStatus(autoscaler, plan.conditions, facts, context)
    return history
  }
  const scale = await client.getSubresource<Scale>(resource, key, 'scale')
  await client.update(resource as Resource<Scale>, { ...scale, spec: { ...scale.spec, replicas: to } }, { subresource: 'scale' })
  events.record(autoscaler, { type: 'Normal', reason: 'SuccessfulRescale', message: `New size: ${to}; reason: ${why}` })
  const rescaled = condition('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${to}`)
  const others = plan.conditions.filter(({ type }) => type !== rescaled.type)
  const nowMs = clock.now()
  await writeStatus(autoscaler, [rescaled, ...others], { ...facts, lastScaleTime: formatTime(nowMs) }, context)
  return { ...history, changes: [...history.changes.filter(({ atMs }) => atMs > nowMs - historyMs), { by: to - from, atMs: nowMs }] }
}

async function writeStatus(autoscaler: HorizontalPodAutoscaler, next: readonly Condition[], facts: Partial<NonNullable<HorizontalPodAutoscaler['status']>>, { client, clock }: ReconcileContext): Promise<void> {
  const before = autoscaler.status
  const conditions = next.map((one) => {
    const known = before?.conditions?.find(({ type }) => type === one.type)
    return { ...one, lastTransitionTime: known?.status === one.status ? known.lastTransitionTime : formatTime(clock.now()) }
  })
  const kept = (before?.conditions ?? []).filter(({ type }) => !next.some((one) => one.type === type))
  const status = { currentMetrics: [], desiredReplicas: 0, ...before, ...facts, conditions: [...kept, ...conditions] }
  if (!equalJson(status, before)) await client.update(horizontalPodAutoscalers, { ...autoscaler, status }, { subresource: 'status' })
}
