// Workloads: deployments, sets and jobs.
import type { KubeObject, ObjectMeta, Resource } from './object.ts'
import type { LabelSelector } from './types-common.ts'
import type { PodTemplateSpec } from './types-pod.ts'
import type { ObjectReference, PersistentVolumeClaim } from './types-volume.ts'

export const replicationControllers: Resource<ReplicationController> = { group: '', version: 'v1', plural: 'replicationcontrollers', kind: 'ReplicationController', namespaced: true }
export const deployments: Resource<Deployment> = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true }
export const replicaSets: Resource<ReplicaSet> = { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true }
export const statefulSets: Resource<StatefulSet> = { group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet', namespaced: true }
export const daemonSets: Resource<DaemonSet> = { group: 'apps', version: 'v1', plural: 'daemonsets', kind: 'DaemonSet', namespaced: true }
export const controllerRevisions: Resource<ControllerRevision> = { group: 'apps', version: 'v1', plural: 'controllerrevisions', kind: 'ControllerRevision', namespaced: true }
export const jobs: Resource<Job> = { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true }
export const cronJobs: Resource<CronJob> = { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob', namespaced: true }

export interface ReplicationController extends KubeObject {
  spec: ReplicationControllerSpec
  status?: ReplicationControllerStatus
}

export interface ReplicationControllerSpec {
  minReadySeconds?: number
  replicas?: number
  selector?: Record<string, string>
  template?: PodTemplateSpec
}

export interface ReplicationControllerStatus {
  availableReplicas?: number
  conditions?: ReplicationControllerCondition[]
  fullyLabeledReplicas?: number
  observedGeneration?: number
  readyReplicas?: number
  replicas: number
}

export interface ReplicationControllerCondition {
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface Deployment extends KubeObject {
  spec: DeploymentSpec
  status?: DeploymentStatus
}

export interface DeploymentSpec {
  minReadySeconds?: number
  paused?: boolean
  progressDeadlineSeconds?: number
  replicas?: number
  revisionHistoryLimit?: number
  selector?: LabelSelector
  strategy?: DeploymentStrategy
  template: PodTemplateSpec
}

export interface DeploymentStrategy {
  rollingUpdate?: RollingUpdateDeployment
  type?: string
}

export interface RollingUpdateDeployment {
  maxSurge?: number | string
  maxUnavailable?: number | string
}

export interface DeploymentStatus {
  availableReplicas?: number
  collisionCount?: number
  conditions?: DeploymentCondition[]
  observedGeneration?: number
  readyReplicas?: number
  replicas?: number
  terminatingReplicas?: number
  unavailableReplicas?: number
  updatedReplicas?: number
}

export interface DeploymentCondition {
  lastTransitionTime?: string
  lastUpdateTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface ReplicaSet extends KubeObject {
  spec: ReplicaSetSpec
  status?: ReplicaSetStatus
}

export interface ReplicaSetSpec {
  minReadySeconds?: number
  replicas?: number
  selector?: LabelSelector
  template?: PodTemplateSpec
}

export interface ReplicaSetStatus {
  availableReplicas?: number
  conditions?: ReplicaSetCondition[]
  fullyLabeledReplicas?: number
  observedGeneration?: number
  readyReplicas?: number
  replicas: number
  terminatingReplicas?: number
}

export interface ReplicaSetCondition {
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface StatefulSet extends KubeObject {
  spec: StatefulSetSpec
  status?: StatefulSetStatus
}

export interface StatefulSetSpec {
  minReadySeconds?: number
  ordinals?: StatefulSetOrdinals
  persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy
  podManagementPolicy?: string
  replicas?: number
  revisionHistoryLimit?: number
  selector?: LabelSelector
  serviceName: string
  template: PodTemplateSpec
  updateStrategy?: StatefulSetUpdateStrategy
  volumeClaimTemplates?: PersistentVolumeClaim[]
}

export interface StatefulSetOrdinals {
  start: number
}

export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  whenDeleted?: string
  whenScaled?: string
}

export interface StatefulSetUpdateStrategy {
  rollingUpdate?: RollingUpdateStatefulSetStrategy
  type?: string
}

export interface RollingUpdateStatefulSetStrategy {
  maxUnavailable?: number | string
  partition?: number
}

export interface StatefulSetStatus {
  availableReplicas: number
  collisionCount?: number
  conditions?: StatefulSetCondition[]
  currentReplicas?: number
  currentRevision?: string
  observedGeneration?: number
  readyReplicas?: number
  replicas: number
  updateRevision?: string
  updatedReplicas?: number
}

export interface StatefulSetCondition {
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface DaemonSet extends KubeObject {
  spec: DaemonSetSpec
  status?: DaemonSetStatus
}

export interface DaemonSetSpec {
  minReadySeconds?: number
  revisionHistoryLimit?: number
  selector?: LabelSelector
  template: PodTemplateSpec
  updateStrategy?: DaemonSetUpdateStrategy
}

export interface DaemonSetUpdateStrategy {
  rollingUpdate?: RollingUpdateDaemonSet
  type?: string
}

export interface RollingUpdateDaemonSet {
  maxSurge?: number | string
  maxUnavailable?: number | string
}

export interface DaemonSetStatus {
  collisionCount?: number
  conditions?: DaemonSetCondition[]
  currentNumberScheduled: number
  desiredNumberScheduled: number
  numberAvailable?: number
  numberMisscheduled: number
  numberReady: number
  numberUnavailable?: number
  observedGeneration?: number
  updatedNumberScheduled?: number
}

export interface DaemonSetCondition {
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface ControllerRevision extends KubeObject {
  data?: unknown
  revision: number
}

export interface Job extends KubeObject {
  spec: JobSpec
  status?: JobStatus
}

export interface JobSpec {
  activeDeadlineSeconds?: number
  backoffLimit?: number
  backoffLimitPerIndex?: number
  completionMode?: string
  completions?: number
  managedBy?: string
  manualSelector?: boolean
  maxFailedIndexes?: number
  parallelism?: number
  podFailurePolicy?: PodFailurePolicy
  podReplacementPolicy?: string
  selector?: LabelSelector
  successPolicy?: SuccessPolicy
  suspend?: boolean
  template: PodTemplateSpec
  ttlSecondsAfterFinished?: number
}

export interface PodFailurePolicy {
  rules: PodFailurePolicyRule[]
}

export interface PodFailurePolicyRule {
  action: string
  onExitCodes?: PodFailurePolicyOnExitCodesRequirement
  onPodConditions?: PodFailurePolicyOnPodConditionsPattern[]
}

export interface PodFailurePolicyOnExitCodesRequirement {
  containerName?: string
  operator: string
  values: number[]
}

export interface PodFailurePolicyOnPodConditionsPattern {
  status: string
  type: string
}

export interface SuccessPolicy {
  rules: SuccessPolicyRule[]
}

export interface SuccessPolicyRule {
  succeededCount?: number
  succeededIndexes?: string
}

export interface JobStatus {
  active?: number
  completedIndexes?: string
  completionTime?: string
  conditions?: JobCondition[]
  failed?: number
  failedIndexes?: string
  ready?: number
  startTime?: string
  succeeded?: number
  terminating?: number
  uncountedTerminatedPods?: UncountedTerminatedPods
}

export interface JobCondition {
  lastProbeTime?: string
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface UncountedTerminatedPods {
  failed?: string[]
  succeeded?: string[]
}

export interface CronJob extends KubeObject {
  spec: CronJobSpec
  status?: CronJobStatus
}

export interface CronJobSpec {
  concurrencyPolicy?: string
  failedJobsHistoryLimit?: number
  jobTemplate: JobTemplateSpec
  schedule: string
  startingDeadlineSeconds?: number
  successfulJobsHistoryLimit?: number
  suspend?: boolean
  timeZone?: string
}

export interface JobTemplateSpec {
  metadata?: ObjectMeta
  spec?: JobSpec
}

export interface CronJobStatus {
  active?: ObjectReference[]
  lastScheduleTime?: string
  lastSuccessfulTime?: string
}
