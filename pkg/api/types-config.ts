// Configuration, namespaces, events, leases, quotas and policies.
import type { KubeObject, Resource } from './object.ts'
import type { Condition, LabelSelector } from './types-common.ts'
import type { Toleration } from './types-pod.ts'
import type { LocalObjectReference, ObjectReference } from './types-volume.ts'

export const configMaps: Resource<ConfigMap> = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }
export const secrets: Resource<Secret> = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true }
export const serviceAccounts: Resource<ServiceAccount> = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true }
export const namespaces: Resource<Namespace> = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false }
export const events: Resource<Event> = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }
export const limitRanges: Resource<LimitRange> = { group: '', version: 'v1', plural: 'limitranges', kind: 'LimitRange', namespaced: true }
export const resourceQuotas: Resource<ResourceQuota> = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true }
export const leases: Resource<Lease> = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true }
export const priorityClasses: Resource<PriorityClass> = { group: 'scheduling.k8s.io', version: 'v1', plural: 'priorityclasses', kind: 'PriorityClass', namespaced: false }
export const runtimeClasses: Resource<RuntimeClass> = { group: 'node.k8s.io', version: 'v1', plural: 'runtimeclasses', kind: 'RuntimeClass', namespaced: false }
export const podDisruptionBudgets: Resource<PodDisruptionBudget> = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget', namespaced: true }
export const horizontalPodAutoscalers: Resource<HorizontalPodAutoscaler> = { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers', kind: 'HorizontalPodAutoscaler', namespaced: true }
export const storageClasses: Resource<StorageClass> = { group: 'storage.k8s.io', version: 'v1', plural: 'storageclasses', kind: 'StorageClass', namespaced: false }

export interface ConfigMap extends KubeObject {
  binaryData?: Record<string, string>
  data?: Record<string, string>
  immutable?: boolean
}

export interface Secret extends KubeObject {
  data?: Record<string, string>
  immutable?: boolean
  stringData?: Record<string, string>
  type?: string
}

export interface ServiceAccount extends KubeObject {
  automountServiceAccountToken?: boolean
  imagePullSecrets?: LocalObjectReference[]
  secrets?: ObjectReference[]
}

export interface Namespace extends KubeObject {
  spec: NamespaceSpec
  status?: NamespaceStatus
}

export interface NamespaceSpec {
  finalizers?: string[]
}

export interface NamespaceStatus {
  conditions?: NamespaceCondition[]
  phase?: string
}

export interface NamespaceCondition {
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface Event extends KubeObject {
  action?: string
  count?: number
  eventTime?: string
  firstTimestamp?: string
  involvedObject: ObjectReference
  lastTimestamp?: string
  message?: string
  reason?: string
  related?: ObjectReference
  reportingComponent: string
  reportingInstance: string
  series?: EventSeries
  source?: EventSource
  type?: string
}

export interface EventSeries {
  count?: number
  lastObservedTime?: string
}

export interface EventSource {
  component?: string
  host?: string
}

export interface LimitRange extends KubeObject {
  spec: LimitRangeSpec
}

export interface LimitRangeSpec {
  limits: LimitRangeItem[]
}

export interface LimitRangeItem {
  default?: Record<string, string>
  defaultRequest?: Record<string, string>
  max?: Record<string, string>
  maxLimitRequestRatio?: Record<string, string>
  min?: Record<string, string>
  type: string
}

export interface ResourceQuota extends KubeObject {
  spec: ResourceQuotaSpec
  status?: ResourceQuotaStatus
}

export interface ResourceQuotaSpec {
  hard?: Record<string, string>
  scopeSelector?: ScopeSelector
  scopes?: string[]
}

export interface ScopeSelector {
  matchExpressions?: ScopedResourceSelectorRequirement[]
}

export interface ScopedResourceSelectorRequirement {
  operator: string
  scopeName: string
  values?: string[]
}

export interface ResourceQuotaStatus {
  hard?: Record<string, string>
  used?: Record<string, string>
}

export interface Lease extends KubeObject {
  spec: LeaseSpec
}

export interface LeaseSpec {
  acquireTime?: string
  holderIdentity?: string
  leaseDurationSeconds?: number
  leaseTransitions?: number
  preferredHolder?: string
  renewTime?: string
  strategy?: string
}

export interface PriorityClass extends KubeObject {
  description?: string
  globalDefault?: boolean
  preemptionPolicy?: string
  value: number
}

export interface RuntimeClass extends KubeObject {
  handler: string
  overhead?: Overhead
  scheduling?: Scheduling
}

export interface Overhead {
  podFixed?: Record<string, string>
}

export interface Scheduling {
  nodeSelector?: Record<string, string>
  tolerations?: Toleration[]
}

export interface PodDisruptionBudget extends KubeObject {
  spec: PodDisruptionBudgetSpec
  status?: PodDisruptionBudgetStatus
}

export interface PodDisruptionBudgetSpec {
  maxUnavailable?: number | string
  minAvailable?: number | string
  selector?: LabelSelector
  unhealthyPodEvictionPolicy?: string
}

export interface PodDisruptionBudgetStatus {
  conditions?: Condition[]
  currentHealthy: number
  desiredHealthy: number
  disruptedPods?: Record<string, string>
  disruptionsAllowed: number
  expectedPods: number
  observedGeneration?: number
}

export interface Eviction extends KubeObject {
  deleteOptions?: DeleteOptions
}

export interface DeleteOptions {
  dryRun?: string[]
  gracePeriodSeconds?: number
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean
  orphanDependents?: boolean
  preconditions?: Preconditions
  propagationPolicy?: string
}

export interface Preconditions {
  resourceVersion?: string
  uid?: string
}

export interface HorizontalPodAutoscaler extends KubeObject {
  spec: HorizontalPodAutoscalerSpec
  status?: HorizontalPodAutoscalerStatus
}

export interface HorizontalPodAutoscalerSpec {
  behavior?: HorizontalPodAutoscalerBehavior
  maxReplicas: number
  metrics?: MetricSpec[]
  minReplicas?: number
  scaleTargetRef: CrossVersionObjectReference
}

export interface HorizontalPodAutoscalerBehavior {
  scaleDown?: HPAScalingRules
  scaleUp?: HPAScalingRules
}

export interface HPAScalingRules {
  policies?: HPAScalingPolicy[]
  selectPolicy?: string
  stabilizationWindowSeconds?: number
  tolerance?: string
}

export interface HPAScalingPolicy {
  periodSeconds: number
  type: string
  value: number
}

export interface MetricSpec {
  containerResource?: ContainerResourceMetricSource
  external?: ExternalMetricSource
  object?: ObjectMetricSource
  pods?: PodsMetricSource
  resource?: ResourceMetricSource
  type: string
}

export interface ContainerResourceMetricSource {
  container: string
  name: string
  target: MetricTarget
}

export interface MetricTarget {
  averageUtilization?: number
  averageValue?: string
  type: string
  value?: string
}

export interface ExternalMetricSource {
  metric: MetricIdentifier
  target: MetricTarget
}

export interface MetricIdentifier {
  name: string
  selector?: LabelSelector
}

export interface ObjectMetricSource {
  describedObject: CrossVersionObjectReference
  metric: MetricIdentifier
  target: MetricTarget
}

export interface CrossVersionObjectReference {
  apiVersion?: string
  kind: string
  name: string
}

export interface PodsMetricSource {
  metric: MetricIdentifier
  target: MetricTarget
}

export interface ResourceMetricSource {
  name: string
  target: MetricTarget
}

export interface HorizontalPodAutoscalerStatus {
  conditions?: HorizontalPodAutoscalerCondition[]
  currentMetrics: MetricStatus[]
  currentReplicas?: number
  desiredReplicas: number
  lastScaleTime?: string
  observedGeneration?: number
}

export interface HorizontalPodAutoscalerCondition {
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface MetricStatus {
  containerResource?: ContainerResourceMetricStatus
  external?: ExternalMetricStatus
  object?: ObjectMetricStatus
  pods?: PodsMetricStatus
  resource?: ResourceMetricStatus
  type: string
}

export interface ContainerResourceMetricStatus {
  container: string
  current: MetricValueStatus
  name: string
}

export interface MetricValueStatus {
  averageUtilization?: number
  averageValue?: string
  value?: string
}

export interface ExternalMetricStatus {
  current: MetricValueStatus
  metric: MetricIdentifier
}

export interface ObjectMetricStatus {
  current: MetricValueStatus
  describedObject: CrossVersionObjectReference
  metric: MetricIdentifier
}

export interface PodsMetricStatus {
  current: MetricValueStatus
  metric: MetricIdentifier
}

export interface ResourceMetricStatus {
  current: MetricValueStatus
  name: string
}

export interface StorageClass extends KubeObject {
  allowVolumeExpansion?: boolean
  allowedTopologies?: TopologySelectorTerm[]
  mountOptions?: string[]
  parameters?: Record<string, string>
  provisioner: string
  reclaimPolicy?: string
  volumeBindingMode?: string
}

const defaultMarks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

/** Claims that name no class get it. */
export const isDefaultClass = ({ metadata }: StorageClass): boolean => defaultMarks.some((mark) => metadata.annotations?.[mark] === 'true')

export interface TopologySelectorTerm {
  matchLabelExpressions?: TopologySelectorLabelRequirement[]
}

export interface TopologySelectorLabelRequirement {
  key: string
  values: string[]
}
