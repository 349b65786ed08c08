// Checks of HorizontalPodAutoscalers, in their stored form: what is scaled, by which metrics, how fast.
import type { CrossVersionObjectReference, HPAScalingRules, HorizontalPodAutoscaler, MetricSpec, MetricTarget } from '../../api/types-config.ts'
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import type { Errors } from './rules.ts'
import { checkContainerResourceName, checkDnsLabel, checkNonNegative, checkPathSegment, checkQuantity, forbiddenField, invalid, notSupported, required } from './rules.ts'

/** What is wrong with an API version; an object metric may describe something of the core group. */
function versionFault(version = '', coreGroup: boolean): string | undefined {
  const parts = version.split('/')
  if (parts.length > 2) return `unexpected GroupVersion string: ${version}`
  return coreGroup || (parts.length === 2 && parts[0] !== '') ? undefined : 'apiVersion must specify API group'
}

interface ReferenceRules {
  readonly coreGroup: boolean
  readonly anyVersion: boolean
}

function checkReference(out: Errors, path: string, reference: Partial<CrossVersionObjectReference> | undefined, { coreGroup, anyVersion }: ReferenceRules): void {
  const { kind, name, apiVersion } = reference ?? {}
  for (const [field, value] of [['kind', kind], ['name', name]] as const) {
    if (!value) out.push(required(`${path}.${field}`))
    else checkPathSegment(out, `${path}.${field}`, value)
  }
  const fault = anyVersion ? undefined : versionFault(apiVersion, coreGroup)
  if (fault !== undefined) out.push(invalid(`${path}.apiVersion`, apiVersion ?? '', fault))
}

const isAboveZero = (value: string): boolean => isQuantity(value) && parseQuantity(value).nanos > 0n

const targetTypes = ['Utilization', 'Value', 'AverageValue']

function checkTarget(out: Errors, path: string, { type = '', value, averageValue, averageUtilization }: Partial<MetricTarget>): void {
  if (type === '') out.push(required(`${path}.type`, 'must specify a metric target type'))
  if (!targetTypes.includes(type)) out.push(invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'))
  if (value !== undefined && !isAboveZero(value)) out.push(invalid(`${path}.value`, value, 'must be positive'))
  if (averageValue !== undefined && !isAboveZero(averageValue)) out.push(invalid(`${path}.averageValue`, averageValue, 'must be positive'))
  if (averageUtilization !== undefined && averageUtilization < 1) out.push(invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'))
}

function checkIdentifier(out: Errors, path: string, metric: { readonly name?: string } | undefined): void {
  if (!metric?.name) out.push(required(`${path}.name`, 'must specify a metric name'))
  else checkPathSegment(out, `${path}.name`, metric.name)
}

function checkUtilization(out: Errors, path: string, target: Partial<MetricTarget>): void {
  checkTarget(out, path, target)
  const { averageUtilization, averageValue } = target
  if (averageUtilization === undefined && averageValue === undefined) out.push(required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'))
  if (averageUtilization !== undefined && averageValue !== undefined) out.push(forbiddenField(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'))
}

interface Source {
  readonly name?: string
  readonly container?: string
  readonly metric?: { readonly name?: string }
  readonly target?: Partial<MetricTarget>
  readonly describedObject?: Partial<CrossVersionObjectReference>
}

type SourceField = 'object' | 'external' | 'pods' | 'resource' | 'containerResource'

/** What each source of metrics must say, in the order in which they are looked at. */
const sourceChecks: Readonly<Record<SourceField, (out: Errors, path: string, source: Source, described: ReferenceRules) => void>> = {
  object(out, path, { describedObject, metric, target = {} }, described) {
    checkReference(out, `${path}.describedObject`, describedObject, described)
    checkIdentifier(out, `${path}.metric`, metric)
    checkTarget(out, `${path}.target`, target)
    if (target.value === undefined && target.averageValue === undefined) out.push(required(`${path}.target.averageValue`, 'must set either a target value or averageValue'))
  },
  external(out, path, { metric, target = {} }) {
    checkIdentifier(out, `${path}.metric`, metric)
    checkTarget(out, `${path}.target`, target)
    const { value, averageValue } = target
    if (value === undefined && averageValue === undefined) out.push(required(`${path}.target.averageValue`, 'must set either a target value for metric or a per-pod target'))
    if (value !== undefined && averageValue !== undefined) out.push(forbiddenField(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target'))
  },
  pods(out, path, { metric, target = {} }) {
    checkIdentifier(out, `${path}.metric`, metric)
    checkTarget(out, `${path}.target`, target)
    if (target.averageValue === undefined) out.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'))
  },
  resource(out, path, { name, target = {} }) {
    if (!name) out.push(required(`${path}.name`, 'must specify a resource name'))
    checkUtilization(out, `${path}.target`, target)
  },
  containerResource(out, path, { name, container, target = {} }) {
    if (!name) out.push(required(`${path}.name`, 'must specify a resource name'))
    else checkContainerResourceName(out, `${path}.name`, name)
    if (!container) out.push(required(`${path}.container`, 'must specify a container'))
    else checkDnsLabel(out, `${path}.container`, container)
    checkUtilization(out, `${path}.target`, target)
  },
}

const sourceFields = Object.keys(sourceChecks) as SourceField[]

/** The field that holds the source of each type. */
export const sourcesOfTypes: Readonly<Record<string, SourceField>> = { ContainerResource: 'containerResource', External: 'external', Object: 'object', Pods: 'pods', Resource: 'resource' }
const types = Object.keys(sourcesOfTypes)

function checkMetric(out: Errors, path: string, metric: MetricSpec, described: ReferenceRules): void {
  const { type = '' } = metric
  if (type === '') out.push(required(`${path}.type`, 'must specify a metric source type'))
  if (!types.includes(type)) out.push(notSupported(`${path}.type`, type, types))
  const present = sourceFields.filter((field) => metric[field] !== undefined)
  const [first] = present
  if (first) sourceChecks[first](out, `${path}.${first}`, metric[first] as Source, described)
  const expected = sourcesOfTypes[type]
  if (!expected) out.push(notSupported(`${path}.type`, type, types))
  else if (metric[expected] === undefined) out.push(required(`${path}.${expected}`, 'must populate information for the given metric source'))
  if (present.length === 1) return
  for (const field of present.filter((name) => name !== expected).sort()) out.push(forbiddenField(`${path}.${field}`, 'must populate the given metric source only'))
}

const longestWindow = 3600
const longestPeriod = 1800

function checkScaling(out: Errors, path: string, rules: HPAScalingRules | undefined): void {
  if (!rules) return
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules
  if (window < 0) out.push(invalid(`${path}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero'))
  if (window > longestWindow) out.push(invalid(`${path}.stabilizationWindowSeconds`, window, `must be less than or equal to ${longestWindow}`))
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy)) out.push(notSupported(`${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']))
  if (policies.length === 0) out.push(required(`${path}.policies`, 'must specify at least one Policy'))
  for (const [index, { type = '', value = 0, periodSeconds = 0 }] of policies.entries()) {
    const at = `${path}.policies[${index}]`
    if (type !== 'Percent' && type !== 'Pods') out.push(notSupported(`${at}.type`, type, ['Percent', 'Pods']))
    if (value <= 0) out.push(invalid(`${at}.value`, value, 'must be greater than zero'))
    if (periodSeconds <= 0) out.push(invalid(`${at}.periodSeconds`, periodSeconds, 'must be greater than zero'))
    if (periodSeconds > longestPeriod) out.push(invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${longestPeriod}`))
  }
  if (tolerance !== undefined) checkQuantity(out, `${path}.tolerance`, tolerance)
}

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): Errors {
  const out: Errors = []
  const { minReplicas, maxReplicas = 0, scaleTargetRef: target, metrics = [], behavior } = spec
  // Zero stays where it was let in once.
  const fewest = old?.spec.minReplicas === 0 ? 0 : 1
  if (minReplicas !== undefined && minReplicas < fewest) out.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${fewest}`))
  if (maxReplicas < 1) out.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'))
  if (minReplicas !== undefined && maxReplicas < minReplicas) out.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  const before = old?.spec.scaleTargetRef
  const anyVersion = before !== undefined && (before.apiVersion ?? '') === (target?.apiVersion ?? '') && before.kind === target?.kind
  checkReference(out, 'spec.scaleTargetRef', target, { anyVersion, coreGroup: target?.kind === 'ReplicationController' })
  const described = { coreGroup: true, anyVersion: (old?.spec.metrics ?? []).some(({ type, object }) => type === 'Object' && object && versionFault(object.describedObject?.apiVersion, true) !== undefined) }
  for (const [index, metric] of metrics.entries()) checkMetric(out, `spec.metrics[${index}]`, metric, described)
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    out.push(forbiddenField('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas'))
  }
  checkScaling(out, 'spec.behavior.scaleUp', behavior?.scaleUp)
  checkScaling(out, 'spec.behavior.scaleDown', behavior?.scaleDown)
  return out
}

export function validateAutoscalerStatus({ status }: { readonly status?: { readonly currentReplicas?: number; readonly desiredReplicas?: number } }): Errors {
  const out: Errors = []
  checkNonNegative(out, 'status.currentReplicas', status?.currentReplicas)
  checkNonNegative(out, 'status.desiredReplicas', status?.desiredReplicas)
  return out
}
