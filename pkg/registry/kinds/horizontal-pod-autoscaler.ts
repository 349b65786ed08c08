// HorizontalPodAutoscaler, as autoscaling/v2 (which is stored) and as autoscaling/v1.
import type { AnyObject, KubeObject } from '../../api/object.ts'
import { horizontalPodAutoscalers } from '../../api/types-config.ts'
import type { HPAScalingRules, HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget } from '../../api/types-config.ts'
import type { Column, Definition } from '../definition.ts'
import { ageColumn, integer, nameColumn, none, text, unknown, unset } from './columns.ts'
import { define, named } from './define.ts'
import { fromV2, toV2 } from './hpa-conversion.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, checkOneOf, checkOptionalOneOf, checkPositive, checkQuantity, checkRange, invalid, required } from './rules.ts'

interface AutoscalerV1 extends KubeObject {
  spec: { minReplicas?: number; maxReplicas: number; targetCPUUtilizationPercentage?: number; scaleTargetRef: HorizontalPodAutoscaler['spec']['scaleTargetRef'] }
  status?: { currentReplicas?: number; desiredReplicas?: number; currentCPUUtilizationPercentage?: number }
}

const defaultUtilization = 80
const percentPolicy = { type: 'Percent', value: 100, periodSeconds: 15 }

function defaults(draft: HorizontalPodAutoscaler): void {
  draft.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } }
  const { spec } = draft
  spec.minReplicas ??= 1
  if (!spec.metrics?.length) spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: defaultUtilization } } }]
  if (!spec.behavior) return
  const up = (spec.behavior.scaleUp ??= {})
  up.stabilizationWindowSeconds ??= 0
  up.selectPolicy ??= 'Max'
  up.policies ??= [{ type: 'Pods', value: 4, periodSeconds: 15 }, percentPolicy]
  const down = (spec.behavior.scaleDown ??= {})
  down.selectPolicy ??= 'Max'
  down.policies ??= [percentPolicy]
}

const targetFields = { Utilization: 'averageUtilization', AverageValue: 'averageValue', Value: 'value' } as const

function checkTarget(out: Errors, path: string, target: MetricTarget | undefined): void {
  if (!target?.type) {
    out.push(required(`${path}.type`, 'must specify a metric target type'))
    return
  }
  checkOneOf(out, `${path}.type`, target.type, ['Utilization', 'Value', 'AverageValue'])
  checkPositive(out, `${path}.averageUtilization`, target.averageUtilization)
  if (target.averageValue !== undefined) checkQuantity(out, `${path}.averageValue`, target.averageValue)
  if (target.value !== undefined) checkQuantity(out, `${path}.value`, target.value)
}

const sources: Readonly<Record<string, keyof MetricSpec>> = { ContainerResource: 'containerResource', External: 'external', Object: 'object', Pods: 'pods', Resource: 'resource' }

function checkMetric(out: Errors, path: string, metric: MetricSpec): void {
  checkOneOf(out, `${path}.type`, metric.type, Object.keys(sources))
  const field = sources[metric.type]
  if (!field) return
  const source = metric[field] as { target?: MetricTarget; name?: string; container?: string; metric?: { name?: string } } | undefined
  if (!source) {
    out.push(required(`${path}.${field}`, `must populate information for the given metric source`))
    return
  }
  const at = `${path}.${field}`
  if (field === 'resource' || field === 'containerResource') {
    if (!source.name) out.push(required(`${at}.name`, 'must specify a resource name'))
    if (field === 'containerResource' && !source.container) out.push(required(`${at}.container`, 'must specify a container'))
    const { target } = source
    if (target && target.averageUtilization !== undefined && target.averageValue !== undefined) {
      out.push({ ...invalid(`${at}.target`, null, ''), reason: 'FieldValueForbidden', text: 'Forbidden: may not set both a target raw value and a target utilization' })
    }
    if (target && target.averageUtilization === undefined && target.averageValue === undefined) {
      out.push(required(`${at}.target.averageUtilization`, 'must set either a target raw value or a target utilization'))
    }
  } else if (!source.metric?.name) out.push(required(`${at}.metric.name`, 'must specify a metric name'))
  checkTarget(out, `${at}.target`, source.target)
}

function checkScaling(out: Errors, path: string, rules: HPAScalingRules | undefined): void {
  if (!rules) return
  checkOptionalOneOf(out, `${path}.selectPolicy`, rules.selectPolicy, ['Disabled', 'Max', 'Min'])
  if (rules.stabilizationWindowSeconds !== undefined) {
    checkNonNegative(out, `${path}.stabilizationWindowSeconds`, rules.stabilizationWindowSeconds)
    if (rules.stabilizationWindowSeconds > 3600) out.push(invalid(`${path}.stabilizationWindowSeconds`, rules.stabilizationWindowSeconds, 'must be less than or equal to 3600'))
  }
  if (rules.policies?.length === 0) out.push(required(`${path}.policies`, 'must specify at least one Policy'))
  for (const [index, { type, value, periodSeconds }] of (rules.policies ?? []).entries()) {
    checkOneOf(out, `${path}.policies[${index}].type`, type, ['Percent', 'Pods'])
    checkPositive(out, `${path}.policies[${index}].value`, value ?? 0)
    checkPositive(out, `${path}.policies[${index}].periodSeconds`, periodSeconds ?? 0)
    if ((periodSeconds ?? 0) > 1800) out.push(invalid(`${path}.policies[${index}].periodSeconds`, periodSeconds, 'must be less than or equal to 1800'))
  }
}

function validate({ spec }: HorizontalPodAutoscaler): Errors {
  const out: Errors = []
  const { minReplicas, maxReplicas = 0, scaleTargetRef, behavior } = spec
  if (minReplicas !== undefined && minReplicas < 1) out.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'))
  if (maxReplicas < 1) out.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'))
  if (minReplicas !== undefined && maxReplicas < minReplicas) out.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  if (!scaleTargetRef?.kind) out.push(required('spec.scaleTargetRef.kind'))
  if (!scaleTargetRef?.name) out.push(required('spec.scaleTargetRef.name'))
  for (const [index, metric] of (spec.metrics ?? []).entries()) checkMetric(out, `spec.metrics[${index}]`, metric)
  checkScaling(out, 'spec.behavior.scaleUp', behavior?.scaleUp)
  checkScaling(out, 'spec.behavior.scaleDown', behavior?.scaleDown)
  return out
}

interface MetricValue {
  averageUtilization?: number
  averageValue?: string
  value?: string
}

// Current value and target of one metric: `cpu: 12%/80%`.
function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const field = sources[metric.type]
  const source = field && metric[field] as { name?: string; target: MetricTarget } | undefined
  if (!field || !source) return '<unknown type>'
  const current = (status?.[field as keyof MetricStatus] as { current?: MetricValue } | undefined)?.current
  const key = targetFields[source.target.type as keyof typeof targetFields] ?? 'averageValue'
  const percent = key === 'averageUtilization' ? '%' : ''
  const now = current?.[key] === undefined ? unknown : `${current[key]}${percent}`
  const average = key === 'averageValue' && field !== 'resource' && field !== 'containerResource' && field !== 'pods' ? ' (avg)' : ''
  const label = field === 'resource' || field === 'containerResource' ? `${source.name}: ` : ''
  return `${label}${now}/${source.target[key] ?? unset}${percent}${average}`
}

const shownMetrics = 2

function targetsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? []
  if (metrics.length === 0) return none
  const texts = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]))
  const more = texts.length - shownMetrics
  return more > 0 ? `${texts.slice(0, shownMetrics).join(', ')} + ${more} more...` : texts.join(', ')
}

const columns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn,
  text('Reference', 'Object that is scaled.', ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
  text('Targets', 'Current values and targets of the metrics.', targetsText),
  text('MinPods', 'Fewest pods.', ({ spec }) => (spec.minReplicas === undefined ? unset : `${spec.minReplicas}`)),
  integer('MaxPods', 'Most pods.', ({ spec }) => spec.maxReplicas),
  integer('Replicas', 'Pods that exist.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
]

const storage = 'autoscaling/horizontalpodautoscalers'
const initialStatus = (): unknown => ({ desiredReplicas: 0 })

const v2 = define(horizontalPodAutoscalers, { generation: false, storage, initialStatus, defaults, validate, columns })

const v1 = define(named<AutoscalerV1>('autoscaling/v1', 'horizontalpodautoscalers'), {
  generation: false,
  storage,
  initialStatus: () => ({ currentReplicas: 0, desiredReplicas: 0 }),
  convert: { fromStored: fromV2, toStored: toV2 },
  defaults(draft) {
    draft.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } }
    draft.spec.minReplicas ??= 1
  },
  validate(object) {
    const out = validate(toV2(object as unknown as AnyObject) as unknown as HorizontalPodAutoscaler)
    checkRange(out, 'spec.targetCPUUtilizationPercentage', object.spec.targetCPUUtilizationPercentage, 1, 2147483647)
    return out
  },
  columns: columns.map((column) => ({ ...column, value: (object, context) => column.value(toV2(object as unknown as AnyObject) as unknown as HorizontalPodAutoscaler, context) })),
})

const both: readonly Definition[] = [v2, v1]
export default both
