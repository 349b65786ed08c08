// autoscaling/v1 and autoscaling/v2 of one autoscaler: v1 knows the CPU target, the rest of v2 travels in annotations.
import type { AnyObject } from '../../api/object.ts'
import type { HorizontalPodAutoscaler, MetricSpec } from '../../api/types-config.ts'
import { goForm, type GoShape } from './go-values.ts'

const annotation = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const

interface V1Fields {
  spec?: { targetCPUUtilizationPercentage?: number } & Record<string, unknown>
  status?: { currentCPUUtilizationPercentage?: number } & Record<string, unknown>
}

const isCpuTarget = (metric: MetricSpec): boolean =>
  metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.averageUtilization !== undefined

function withoutUndefined(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))
}

const policyShape: GoShape = { Type: ['type', ''], Value: ['value', 0], PeriodSeconds: ['periodSeconds', 0] }
const rulesShape: GoShape = {
  StabilizationWindowSeconds: ['stabilizationWindowSeconds', null], SelectPolicy: ['selectPolicy', null], Policies: ['policies', null, policyShape], Tolerance: ['tolerance', null],
}
/** Behavior stands in its annotation as Kubernetes has it inside. */
const behaviorShape: GoShape = { ScaleUp: ['scaleUp', null, rulesShape], ScaleDown: ['scaleDown', null, rulesShape] }

/** Go reads names in any case; null is nothing. */
function inApiNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inApiNames)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([name, field]) => (field === null ? [] : [[`${name.charAt(0).toLowerCase()}${name.slice(1)}`, inApiNames(field)]])))
}

/** Stored form to autoscaling/v1. */
export function fromV2(object: AnyObject): AnyObject {
  const { spec, status, metadata } = object as unknown as HorizontalPodAutoscaler
  const cpu = spec.metrics?.find(isCpuTarget)
  const cpuNow = status?.currentMetrics?.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')
  const others = spec.metrics?.filter((metric) => metric !== cpu) ?? []
  const othersNow = status?.currentMetrics?.filter((metric) => metric !== cpuNow) ?? []
  const annotations = withoutUndefined({
    [annotation.metrics]: others.length > 0 ? JSON.stringify(others) : undefined,
    [annotation.currentMetrics]: othersNow.length > 0 ? JSON.stringify(othersNow) : undefined,
    [annotation.conditions]: status?.conditions?.length ? JSON.stringify(status.conditions) : undefined,
    [annotation.behavior]: spec.behavior ? JSON.stringify(goForm(spec.behavior, behaviorShape)) : undefined,
  })
  const all = { ...metadata.annotations, ...annotations }
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(all).length > 0 ? { annotations: all as Record<string, string> } : {}) },
    spec: withoutUndefined({
      scaleTargetRef: spec.scaleTargetRef, minReplicas: spec.minReplicas, maxReplicas: spec.maxReplicas,
      targetCPUUtilizationPercentage: cpu?.resource?.target.averageUtilization,
    }),
    ...(status ? {
      status: withoutUndefined({
        observedGeneration: status.observedGeneration, lastScaleTime: status.lastScaleTime,
        currentReplicas: status.currentReplicas ?? 0, desiredReplicas: status.desiredReplicas,
        currentCPUUtilizationPercentage: cpuNow?.resource?.current.averageUtilization,
      }),
    } : {}),
  }
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listed(text: string | undefined): unknown[] {
  const value = parsed(text)
  return Array.isArray(value) ? value : []
}

/** autoscaling/v1 to the stored form. What the annotations say is taken out of them; text that cannot be read is dropped. */
export function toV2(object: AnyObject): AnyObject {
  const { spec = {}, status } = object as unknown as V1Fields
  const { targetCPUUtilizationPercentage: target, ...restOfSpec } = spec
  const annotations: Record<string, string | undefined> = { ...object.metadata.annotations }
  const behavior = inApiNames(parsed(annotations[annotation.behavior]))
  const metrics = [
    ...listed(annotations[annotation.metrics]),
    ...(target === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }]),
  ]
  const fallback = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }
  const kept = Object.entries(annotations).filter(([key]) => !(Object.values(annotation) as string[]).includes(key))
  const { annotations: _, ...metadata } = object.metadata
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: { ...metadata, ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) as Record<string, string> } : {}) },
    spec: { ...restOfSpec, metrics: metrics.length > 0 ? metrics : [fallback], ...(behavior ? { behavior } : {}) },
    ...(status ? { status: statusToV2(status, annotations) } : {}),
  }
}

function statusToV2(status: NonNullable<V1Fields['status']>, annotations: Record<string, string | undefined>): Record<string, unknown> {
  const { currentCPUUtilizationPercentage: cpu, ...rest } = status
  const metrics = [
    ...listed(annotations[annotation.currentMetrics]),
    ...(cpu === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }]),
  ]
  const conditions = listed(annotations[annotation.conditions])
  return { ...rest, ...(metrics.length > 0 ? { currentMetrics: metrics } : {}), ...(conditions.length > 0 ? { conditions } : {}) }
}
