// Pod and its parts.
import type { KubeObject, ObjectMeta, Resource } from './object.ts'
import type { LabelSelector } from './types-common.ts'
import type { LocalObjectReference, NodeSelector, NodeSelectorTerm, ObjectFieldSelector, ObjectReference, ResourceFieldSelector, Volume } from './types-volume.ts'

export const pods: Resource<Pod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }
export const podTemplates: Resource<PodTemplate> = { group: '', version: 'v1', plural: 'podtemplates', kind: 'PodTemplate', namespaced: true }
export const bindings: Resource<Binding> = { group: '', version: 'v1', plural: 'bindings', kind: 'Binding', namespaced: true }

export interface Pod extends KubeObject {
  spec: PodSpec
  status?: PodStatus
}

export interface PodSpec {
  activeDeadlineSeconds?: number
  affinity?: Affinity
  automountServiceAccountToken?: boolean
  containers: Container[]
  dnsConfig?: PodDNSConfig
  dnsPolicy?: string
  enableServiceLinks?: boolean
  ephemeralContainers?: EphemeralContainer[]
  hostAliases?: HostAlias[]
  hostIPC?: boolean
  hostNetwork?: boolean
  hostPID?: boolean
  hostUsers?: boolean
  hostname?: string
  hostnameOverride?: string
  imagePullSecrets?: LocalObjectReference[]
  initContainers?: Container[]
  nodeName?: string
  nodeSelector?: Record<string, string>
  os?: PodOS
  overhead?: Record<string, string>
  preemptionPolicy?: string
  priority?: number
  priorityClassName?: string
  readinessGates?: PodReadinessGate[]
  resourceClaims?: PodResourceClaim[]
  resources?: ResourceRequirements
  restartPolicy?: string
  runtimeClassName?: string
  schedulerName?: string
  schedulingGates?: PodSchedulingGate[]
  securityContext?: PodSecurityContext
  serviceAccount?: string
  serviceAccountName?: string
  setHostnameAsFQDN?: boolean
  shareProcessNamespace?: boolean
  subdomain?: string
  terminationGracePeriodSeconds?: number
  tolerations?: Toleration[]
  topologySpreadConstraints?: TopologySpreadConstraint[]
  volumes?: Volume[]
  workloadRef?: WorkloadReference
}

export interface Affinity {
  nodeAffinity?: NodeAffinity
  podAffinity?: PodAffinity
  podAntiAffinity?: PodAntiAffinity
}

export interface NodeAffinity {
  preferredDuringSchedulingIgnoredDuringExecution?: PreferredSchedulingTerm[]
  requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector
}

export interface PreferredSchedulingTerm {
  preference: NodeSelectorTerm
  weight: number
}

export interface PodAffinity {
  preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[]
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[]
}

export interface WeightedPodAffinityTerm {
  podAffinityTerm: PodAffinityTerm
  weight: number
}

export interface PodAffinityTerm {
  labelSelector?: LabelSelector
  matchLabelKeys?: string[]
  mismatchLabelKeys?: string[]
  namespaceSelector?: LabelSelector
  namespaces?: string[]
  topologyKey: string
}

export interface PodAntiAffinity {
  preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[]
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[]
}

export interface Container {
  args?: string[]
  command?: string[]
  env?: EnvVar[]
  envFrom?: EnvFromSource[]
  image?: string
  imagePullPolicy?: string
  lifecycle?: Lifecycle
  livenessProbe?: Probe
  name: string
  ports?: ContainerPort[]
  readinessProbe?: Probe
  resizePolicy?: ContainerResizePolicy[]
  resources?: ResourceRequirements
  restartPolicy?: string
  restartPolicyRules?: ContainerRestartRule[]
  securityContext?: SecurityContext
  startupProbe?: Probe
  stdin?: boolean
  stdinOnce?: boolean
  terminationMessagePath?: string
  terminationMessagePolicy?: string
  tty?: boolean
  volumeDevices?: VolumeDevice[]
  volumeMounts?: VolumeMount[]
  workingDir?: string
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: EnvVarSource
}

export interface EnvVarSource {
  configMapKeyRef?: ConfigMapKeySelector
  fieldRef?: ObjectFieldSelector
  fileKeyRef?: FileKeySelector
  resourceFieldRef?: ResourceFieldSelector
  secretKeyRef?: SecretKeySelector
}

export interface ConfigMapKeySelector extends LocalObjectReference {
  key: string
  optional?: boolean
}

export interface FileKeySelector {
  key: string
  optional?: boolean
  path: string
  volumeName: string
}

export interface SecretKeySelector extends LocalObjectReference {
  key: string
  optional?: boolean
}

export interface EnvFromSource {
  configMapRef?: ConfigMapEnvSource
  prefix?: string
  secretRef?: SecretEnvSource
}

export interface ConfigMapEnvSource extends LocalObjectReference {
  optional?: boolean
}

export interface SecretEnvSource extends LocalObjectReference {
  optional?: boolean
}

export interface Lifecycle {
  postStart?: LifecycleHandler
  preStop?: LifecycleHandler
  stopSignal?: string
}

export interface LifecycleHandler {
  exec?: ExecAction
  httpGet?: HTTPGetAction
  sleep?: SleepAction
  tcpSocket?: TCPSocketAction
}

export interface ExecAction {
  command?: string[]
}

export interface HTTPGetAction {
  host?: string
  httpHeaders?: HTTPHeader[]
  path?: string
  port: number | string
  scheme?: string
}

export interface HTTPHeader {
  name: string
  value: string
}

export interface SleepAction {
  seconds: number
}

export interface TCPSocketAction {
  host?: string
  port: number | string
}

export interface Probe extends ProbeHandler {
  failureThreshold?: number
  initialDelaySeconds?: number
  periodSeconds?: number
  successThreshold?: number
  terminationGracePeriodSeconds?: number
  timeoutSeconds?: number
}

export interface ProbeHandler {
  exec?: ExecAction
  grpc?: GRPCAction
  httpGet?: HTTPGetAction
  tcpSocket?: TCPSocketAction
}

export interface GRPCAction {
  port: number
  service?: string
}

export interface ContainerPort {
  containerPort: number
  hostIP?: string
  hostPort?: number
  name?: string
  protocol?: string
}

export interface ContainerResizePolicy {
  resourceName: string
  restartPolicy: string
}

export interface ResourceRequirements {
  claims?: ResourceClaim[]
  limits?: Record<string, string>
  requests?: Record<string, string>
}

export interface ResourceClaim {
  name: string
  request?: string
}

export interface ContainerRestartRule {
  action?: string
  exitCodes?: ContainerRestartRuleOnExitCodes
}

export interface ContainerRestartRuleOnExitCodes {
  operator?: string
  values?: number[]
}

export interface SecurityContext {
  allowPrivilegeEscalation?: boolean
  appArmorProfile?: AppArmorProfile
  capabilities?: Capabilities
  privileged?: boolean
  procMount?: string
  readOnlyRootFilesystem?: boolean
  runAsGroup?: number
  runAsNonRoot?: boolean
  runAsUser?: number
  seLinuxOptions?: SELinuxOptions
  seccompProfile?: SeccompProfile
  windowsOptions?: WindowsSecurityContextOptions
}

export interface AppArmorProfile {
  localhostProfile?: string
  type: string
}

export interface Capabilities {
  add?: string[]
  drop?: string[]
}

export interface SELinuxOptions {
  level?: string
  role?: string
  type?: string
  user?: string
}

export interface SeccompProfile {
  localhostProfile?: string
  type: string
}

export interface WindowsSecurityContextOptions {
  gmsaCredentialSpec?: string
  gmsaCredentialSpecName?: string
  hostProcess?: boolean
  runAsUserName?: string
}

export interface VolumeDevice {
  devicePath: string
  name: string
}

export interface VolumeMount {
  mountPath: string
  mountPropagation?: string
  name: string
  readOnly?: boolean
  recursiveReadOnly?: string
  subPath?: string
  subPathExpr?: string
}

export interface PodDNSConfig {
  nameservers?: string[]
  options?: PodDNSConfigOption[]
  searches?: string[]
}

export interface PodDNSConfigOption {
  name?: string
  value?: string
}

export interface EphemeralContainer extends EphemeralContainerCommon {
  targetContainerName?: string
}

export interface EphemeralContainerCommon {
  args?: string[]
  command?: string[]
  env?: EnvVar[]
  envFrom?: EnvFromSource[]
  image?: string
  imagePullPolicy?: string
  lifecycle?: Lifecycle
  livenessProbe?: Probe
  name: string
  ports?: ContainerPort[]
  readinessProbe?: Probe
  resizePolicy?: ContainerResizePolicy[]
  resources?: ResourceRequirements
  restartPolicy?: string
  restartPolicyRules?: ContainerRestartRule[]
  securityContext?: SecurityContext
  startupProbe?: Probe
  stdin?: boolean
  stdinOnce?: boolean
  terminationMessagePath?: string
  terminationMessagePolicy?: string
  tty?: boolean
  volumeDevices?: VolumeDevice[]
  volumeMounts?: VolumeMount[]
  workingDir?: string
}

export interface HostAlias {
  hostnames?: string[]
  ip: string
}

export interface PodOS {
  name: string
}

export interface PodReadinessGate {
  conditionType: string
}

export interface PodResourceClaim {
  name: string
  resourceClaimName?: string
  resourceClaimTemplateName?: string
}

export interface PodSchedulingGate {
  name: string
}

export interface PodSecurityContext {
  appArmorProfile?: AppArmorProfile
  fsGroup?: number
  fsGroupChangePolicy?: string
  runAsGroup?: number
  runAsNonRoot?: boolean
  runAsUser?: number
  seLinuxChangePolicy?: string
  seLinuxOptions?: SELinuxOptions
  seccompProfile?: SeccompProfile
  supplementalGroups?: number[]
  supplementalGroupsPolicy?: string
  sysctls?: Sysctl[]
  windowsOptions?: WindowsSecurityContextOptions
}

export interface Sysctl {
  name: string
  value: string
}

export interface Toleration {
  effect?: string
  key?: string
  operator?: string
  tolerationSeconds?: number
  value?: string
}

export interface TopologySpreadConstraint {
  labelSelector?: LabelSelector
  matchLabelKeys?: string[]
  maxSkew: number
  minDomains?: number
  nodeAffinityPolicy?: string
  nodeTaintsPolicy?: string
  topologyKey: string
  whenUnsatisfiable: string
}

export interface WorkloadReference {
  name: string
  podGroup: string
  podGroupReplicaKey?: string
}

export interface PodStatus {
  allocatedResources?: Record<string, string>
  conditions?: PodCondition[]
  containerStatuses?: ContainerStatus[]
  ephemeralContainerStatuses?: ContainerStatus[]
  extendedResourceClaimStatus?: PodExtendedResourceClaimStatus
  hostIP?: string
  hostIPs?: HostIP[]
  initContainerStatuses?: ContainerStatus[]
  message?: string
  nominatedNodeName?: string
  observedGeneration?: number
  phase?: string
  podIP?: string
  podIPs?: PodIP[]
  qosClass?: string
  reason?: string
  resize?: string
  resourceClaimStatuses?: PodResourceClaimStatus[]
  resources?: ResourceRequirements
  startTime?: string
}

export interface PodCondition {
  lastProbeTime?: string
  lastTransitionTime?: string
  message?: string
  observedGeneration?: number
  reason?: string
  status: string
  type: string
}

export interface ContainerStatus {
  allocatedResources?: Record<string, string>
  allocatedResourcesStatus?: ResourceStatus[]
  containerID?: string
  image: string
  imageID: string
  lastState?: ContainerState
  name: string
  ready: boolean
  resources?: ResourceRequirements
  restartCount: number
  started?: boolean
  state?: ContainerState
  stopSignal?: string
  user?: ContainerUser
  volumeMounts?: VolumeMountStatus[]
}

export interface ResourceStatus {
  name: string
  resources?: ResourceHealth[]
}

export interface ResourceHealth {
  health?: string
  resourceID: string
}

export interface ContainerState {
  running?: ContainerStateRunning
  terminated?: ContainerStateTerminated
  waiting?: ContainerStateWaiting
}

export interface ContainerStateRunning {
  startedAt?: string
}

export interface ContainerStateTerminated {
  containerID?: string
  exitCode: number
  finishedAt?: string
  message?: string
  reason?: string
  signal?: number
  startedAt?: string
}

export interface ContainerStateWaiting {
  message?: string
  reason?: string
}

export interface ContainerUser {
  linux?: LinuxContainerUser
}

export interface LinuxContainerUser {
  gid: number
  supplementalGroups?: number[]
  uid: number
}

export interface VolumeMountStatus {
  mountPath: string
  name: string
  readOnly?: boolean
  recursiveReadOnly?: string
}

export interface PodExtendedResourceClaimStatus {
  requestMappings: ContainerExtendedResourceRequest[]
  resourceClaimName: string
}

export interface ContainerExtendedResourceRequest {
  containerName: string
  requestName: string
  resourceName: string
}

export interface HostIP {
  ip: string
}

export interface PodIP {
  ip: string
}

export interface PodResourceClaimStatus {
  name: string
  resourceClaimName?: string
}

export interface PodTemplate extends KubeObject {
  template?: PodTemplateSpec
}

export interface PodTemplateSpec {
  metadata?: ObjectMeta
  spec?: PodSpec
}

export interface Binding extends KubeObject {
  target: ObjectReference
}
