// HorizontalPodAutoscaler: sizes Deployments and the like by what their pods use. Metrics of resources only.
import { parseGoDuration } from '../api/go-duration.ts'
import { equalJson } from '../api/json.ts'
import { selectorMatcher, type LabelMatcher } from '../api/label-selector.ts'
import { keyText, type KubeObject, type Resource } from '../api/object.ts'
import { formatTime } from '../api/times.ts'
import { horizontalPodAutoscalers, type HorizontalPodAutoscaler, type HorizontalPodAutoscalerCondition, type MetricStatus } from '../api/types-config.ts'
import { podMetrics, type PodMetrics } from '../api/types-metrics.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { deployments, replicaSets, replicationControllers, statefulSets } from '../api/types-workload.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { messageOf } from '../controller/refusals.ts'
import { historyMs, scalingStep, type ScalingHistory } from './autoscaler-behavior.ts'
import { metricProposal, type MetricProposal } from './autoscaler-metric.ts'
import { millisOf } from './pod-facts.ts'

export interface AutoscalerOptions {
  /** How often each autoscaler looks at its metrics. Default 15 s. */
  readonly periodMs?: number
}

type Sized = KubeObject & { spec: { replicas?: number; selector?: unknown }; status?: { replicas?: number } }
const targets = [deployments, replicaSets, statefulSets, replicationControllers] as readonly Resource[] as readonly Resource<Sized>[]

interface Target {
  readonly resource: Resource<Sized>
  readonly object: Sized
  readonly matcher: LabelMatcher
}

export function autoscalerController({ periodMs = 15_000 }: AutoscalerOptions = {}): Controller {
  const histories = new Map<string, ScalingHistory>()
  // Its own status is news to it; without this, each look would lead to the next at once.
  const looked = new Map<string, { sign: string; atMs: number }>()
  return controller<HorizontalPodAutoscaler>({
    name: 'horizontal-pod-autoscaler',
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
      const history = histories.get(text) ?? { recommendations: [], changes: [] }
      histories.set(text, await look(autoscaler, history, context))
      return { requeueAfterMs: periodMs }
    },
  })
}

type Condition = Omit<HorizontalPodAutoscalerCondition, 'lastTransitionTime'>
const condition = (type: string, status: 'True' | 'False', reason: string, message: string): Condition => ({ type, status, reason, message })

function targetOf({ metadata: { namespace }, spec: { scaleTargetRef } }: HorizontalPodAutoscaler, { informers }: ReconcileContext): Target | undefined {
  const group = scaleTargetRef.apiVersion?.includes('/') ? scaleTargetRef.apiVersion.split('/')[0] : ''
  const resource = targets.find(({ kind, group: own }) => kind === scaleTargetRef.kind && own === group)
  const object = resource && informers.for(resource).get({ namespace, name: scaleTargetRef.name })
  if (!resource || !object) return undefined
  const { selector } = object.spec
  return { resource, object, matcher: selectorMatcher((resource.plural === 'replicationcontrollers' ? { matchLabels: selector } : selector) as Parameters<typeof selectorMatcher>[0]) }
}

/** One look at the metrics; returns the history as it is afterwards. */
async function look(autoscaler: HorizontalPodAutoscaler, history: ScalingHistory, context: ReconcileContext): Promise<ScalingHistory> {
  const { events, clock } = context
  const { scaleTargetRef, minReplicas = 1, maxReplicas } = autoscaler.spec
  const target = targetOf(autoscaler, context)
  if (!target) {
    const message = `the HPA controller was unable to get the target's current scale: ${scaleTargetRef.kind} "${scaleTargetRef.name}" not found`
    events.record(autoscaler, { type: 'Warning', reason: 'FailedGetScale', message })
    await writeStatus(autoscaler, [condition('AbleToScale', 'False', 'FailedGetScale', message)], {}, context)
    return history
  }
  const nowMs = clock.now()
  const { replicas: wished = 1 } = target.object.spec
  const current = target.object.status?.replicas ?? wished
  const found = condition('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
  if (wished === 0 && minReplicas !== 0) {
    const off = condition('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero')
    await writeStatus(autoscaler, [found, off], { currentReplicas: current, desiredReplicas: 0 }, context)
    return history
  }
  if (wished > maxReplicas) return rescale(autoscaler, target, { to: maxReplicas, why: 'Current number of replicas above Spec.MaxReplicas', current, conditions: [found], history }, context)
  if (wished < minReplicas) return rescale(autoscaler, target, { to: minReplicas, why: 'Current number of replicas below Spec.MinReplicas', current, conditions: [found], history }, context)
  const { proposals, failures } = await measure(autoscaler, target, current, context)
  const best = proposals.reduce<MetricProposal | undefined>((most, one) => (most && most.replicas >= one.replicas ? most : one), undefined)
  const [failure] = failures
  // What could not be measured might need more than the rest: nothing shrinks then.
  if (!best || (failure !== undefined && best.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${failure ?? 'no metrics'}`
    events.record(autoscaler, { type: 'Warning', reason: 'FailedGetResourceMetric', message: failure ?? 'no metrics' })
    await writeStatus(autoscaler, [found, condition('ScalingActive', 'False', 'FailedGetResourceMetric', message)], { currentReplicas: current, desiredReplicas: wished }, context)
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

async function measure(autoscaler: HorizontalPodAutoscaler, { object, matcher }: Target, current: number, { client, informers, clock }: ReconcileContext): Promise<{ proposals: MetricProposal[]; failures: string[] }> {
  const { namespace = '' } = object.metadata
  const own: readonly Pod[] = informers.for(pods).list(namespace).filter(({ metadata }) => matcher.matches(metadata.labels))
  let measured: readonly PodMetrics[]
  try {
    measured = (await client.list(podMetrics, { namespace })).items
  } catch (error) {
    return { proposals: [], failures: [`unable to get metrics: unable to fetch metrics from resource metrics API: ${messageOf(error)}`] }
  }
  const names = new Set(own.map(({ metadata }) => metadata.name))
  const usage = measured.filter(({ metadata }) => names.has(metadata.name))
  const proposals: MetricProposal[] = []
  const failures: string[] = []
  for (const metric of autoscaler.spec.metrics ?? []) {
    const times = (one: PodMetrics): { atMs: number; windowMs: number } => ({ atMs: millisOf(one.timestamp) ?? clock.now(), windowMs: (parseGoDuration(one.window) ?? 0) })
    const result = metricProposal(metric, { pods: own, usage: usage.map((one) => ({ ...one, ...times(one) })), current, nowMs: clock.now() })
    if (typeof result === 'string') failures.push(result)
    else proposals.push(result)
  }
  return { proposals, failures }
}

async function rescale(autoscaler: HorizontalPodAutoscaler, { resource, object }: Target, plan: {
  to: number; why: string; current: number; conditions: readonly Condition[]; history: ScalingHistory; metrics?: MetricStatus[]
}, context: ReconcileContext): Promise<ScalingHistory> {
  const { to, why, current, metrics, history } = plan
  const { client, clock, events } = context
  const { namespace, name = '' } = object.metadata
  const from = object.spec.replicas ?? 1
  const facts = { currentReplicas: current, desiredReplicas: to, ...(metrics ? { currentMetrics: metrics } : {}) }
  if (to === from) {
    await writeStatus(autoscaler, plan.conditions, facts, context)
    return history
  }
  await client.patch(resource, { namespace, name }, { type: 'merge', body: { spec: { replicas: to } } }, { subresource: 'scale' })
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
