// HorizontalPodAutoscaler, as autoscaling/v2 (which is stored) and as autoscaling/v1.
import type { AnyObject, KubeObject } from '../../api/object.ts'
import { horizontalPodAutoscalers } from '../../api/types-config.ts'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget } from '../../api/types-config.ts'
import type { Column, Definition } from '../definition.ts'
import { sourcesOfTypes, validateAutoscaler, validateAutoscalerStatus } from './autoscaler-validation.ts'
import { ageColumn, nameColumn, number, none, text, unknown, unset } from './columns.ts'
import { define, named, subresource } from './define.ts'
import { fromV2, toV2 } from './hpa-conversion.ts'

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

interface MetricValue {
  averageUtilization?: number
  averageValue?: string
  value?: string
}

// Current value and target of one metric: `cpu: 12%/80%`.
function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const field = sourcesOfTypes[metric.type]
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
  number('MaxPods', 'Most pods.', ({ spec }) => spec.maxReplicas),
  number('Replicas', 'Pods that exist.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
]

const storage = 'autoscaling/horizontalpodautoscalers'
const initialStatus = (): unknown => ({ desiredReplicas: 0 })

const v2 = define(horizontalPodAutoscalers, { generation: false, storage, initialStatus, defaults, validate: validateAutoscaler, subresources: [subresource<HorizontalPodAutoscaler>('status', { validate: validateAutoscalerStatus })], columns })

const stored = (object: AutoscalerV1): HorizontalPodAutoscaler => toV2(object as unknown as AnyObject) as unknown as HorizontalPodAutoscaler

const v1 = define(named<AutoscalerV1>('autoscaling/v1', 'horizontalpodautoscalers'), {
  generation: false,
  storage,
  initialStatus: () => ({ currentReplicas: 0, desiredReplicas: 0 }),
  convert: { fromStored: fromV2, toStored: toV2 },
  defaults(draft) {
    draft.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } }
    draft.spec.minReplicas ??= 1
  },
  validate: (object, old) => validateAutoscaler(stored(object), old && stored(old)),
  subresources: [subresource<AutoscalerV1>('status', { validate: validateAutoscalerStatus })],
  columns: columns.map((column) => ({ ...column, value: (object, context) => column.value(stored(object), context) })),
})

const both: readonly Definition[] = [v2, v1]
export default both
