// The messages of the CRI that describe sandboxes, containers and images: what is asked for and what is found.
// int64 and uint64 are numbers. Times are nanoseconds since the epoch, so rounded to 256 ns; 0 is "never" (nanosToMs in cri.ts).
// In answers every scalar, list and map is there (empty when not sent); a message that was not sent is undefined.

export type Protocol = 'TCP' | 'UDP' | 'SCTP'
export type MountPropagation = 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL'
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET'
export type PodSandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY'
export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN'
export type ContainerEventType = 'CONTAINER_CREATED_EVENT' | 'CONTAINER_STARTED_EVENT' | 'CONTAINER_STOPPED_EVENT' | 'CONTAINER_DELETED_EVENT'
export type SupplementalGroupsPolicy = 'Merge' | 'Strict'
export type CgroupDriver = 'SYSTEMD' | 'CGROUPFS'
export type SecurityProfileType = 'RuntimeDefault' | 'Unconfined' | 'Localhost'

export interface DNSConfig {
  servers?: readonly string[]
  searches?: readonly string[]
  options?: readonly string[]
}

export interface PortMapping {
  protocol?: Protocol
  containerPort: number
  hostPort?: number
  hostIp?: string
}

export interface Mount {
  containerPath: string
  hostPath: string
  readonly?: boolean
  selinuxRelabel?: boolean
  propagation?: MountPropagation
  uidMappings?: readonly IDMapping[]
  gidMappings?: readonly IDMapping[]
  recursiveReadOnly?: boolean
  image?: ImageSpec
  imageSubPath?: string
}

export interface IDMapping { hostId: number; containerId: number; length: number }

export interface UserNamespace {
  mode?: NamespaceMode
  uids?: readonly IDMapping[]
  gids?: readonly IDMapping[]
}

export interface NamespaceOption {
  network?: NamespaceMode
  pid?: NamespaceMode
  ipc?: NamespaceMode
  targetId?: string
  usernsOptions?: UserNamespace
}

export interface Int64Value { value: number }

export interface LinuxSandboxSecurityContext {
  namespaceOptions?: NamespaceOption
  selinuxOptions?: SELinuxOption
  runAsUser?: Int64Value
  runAsGroup?: Int64Value
  readonlyRootfs?: boolean
  supplementalGroups?: readonly number[]
  privileged?: boolean
  seccomp?: SecurityProfile
  apparmor?: SecurityProfile
  seccompProfilePath?: string
  supplementalGroupsPolicy?: SupplementalGroupsPolicy
}

export interface SecurityProfile { profileType: SecurityProfileType; localhostRef?: string }

export interface LinuxPodSandboxConfig {
  cgroupParent?: string
  securityContext?: LinuxSandboxSecurityContext
  sysctls?: Record<string, string>
  overhead?: LinuxContainerResources
  resources?: LinuxContainerResources
}

export interface PodSandboxMetadata {
  name: string
  uid: string
  namespace: string
  attempt: number
}

export interface PodSandboxConfig {
  metadata: PodSandboxMetadata
  hostname?: string
  logDirectory?: string
  dnsConfig?: DNSConfig
  portMappings?: readonly PortMapping[]
  labels?: Record<string, string>
  annotations?: Record<string, string>
  linux?: LinuxPodSandboxConfig
}

export interface PodIP { ip: string }
export interface PodSandboxNetworkStatus { ip: string; additionalIps: PodIP[] }
export interface Namespace { options?: NamespaceOption }
export interface LinuxPodSandboxStatus { namespaces?: Namespace }

export interface PodSandboxStatus {
  id: string
  metadata: PodSandboxMetadata
  state: PodSandboxState
  createdAt: number
  network?: PodSandboxNetworkStatus
  linux?: LinuxPodSandboxStatus
  labels: Record<string, string>
  annotations: Record<string, string>
  runtimeHandler: string
}

export interface PodSandboxStateValue { state: PodSandboxState }

export interface PodSandboxFilter {
  id?: string
  state?: PodSandboxStateValue
  labelSelector?: Record<string, string>
}

export interface PodSandbox {
  id: string
  metadata: PodSandboxMetadata
  state: PodSandboxState
  createdAt: number
  labels: Record<string, string>
  annotations: Record<string, string>
  runtimeHandler: string
}

export interface PodSandboxStatsFilter { id?: string; labelSelector?: Record<string, string> }

export interface ImageSpec {
  image: string
  annotations?: Record<string, string>
  userSpecifiedImage?: string
  runtimeHandler?: string
}

export interface KeyValue { key: string; value: string }

export interface LinuxContainerResources {
  cpuPeriod?: number
  cpuQuota?: number
  cpuShares?: number
  memoryLimitInBytes?: number
  oomScoreAdj?: number
  cpusetCpus?: string
  cpusetMems?: string
  hugepageLimits?: readonly HugepageLimit[]
  unified?: Record<string, string>
  memorySwapLimitInBytes?: number
}

export interface HugepageLimit { pageSize: string; limit: number }

export interface SELinuxOption {
  user?: string
  role?: string
  type?: string
  level?: string
}

export interface Capability {
  addCapabilities?: readonly string[]
  dropCapabilities?: readonly string[]
  addAmbientCapabilities?: readonly string[]
}

export interface LinuxContainerSecurityContext {
  capabilities?: Capability
  privileged?: boolean
  namespaceOptions?: NamespaceOption
  selinuxOptions?: SELinuxOption
  runAsUser?: Int64Value
  runAsGroup?: Int64Value
  runAsUsername?: string
  readonlyRootfs?: boolean
  supplementalGroups?: readonly number[]
  noNewPrivs?: boolean
  maskedPaths?: readonly string[]
  readonlyPaths?: readonly string[]
  seccomp?: SecurityProfile
  apparmor?: SecurityProfile
  apparmorProfile?: string
  seccompProfilePath?: string
  supplementalGroupsPolicy?: SupplementalGroupsPolicy
}

export interface LinuxContainerConfig {
  resources?: LinuxContainerResources
  securityContext?: LinuxContainerSecurityContext
}

export interface ContainerMetadata { name: string; attempt: number }
export interface Device { containerPath: string; hostPath: string; permissions: string }
export interface CDIDevice { name: string }

export interface ContainerConfig {
  metadata: ContainerMetadata
  image: ImageSpec
  command?: readonly string[]
  args?: readonly string[]
  workingDir?: string
  envs?: readonly KeyValue[]
  mounts?: readonly Mount[]
  devices?: readonly Device[]
  labels?: Record<string, string>
  annotations?: Record<string, string>
  logPath?: string
  stdin?: boolean
  stdinOnce?: boolean
  tty?: boolean
  linux?: LinuxContainerConfig
  CDIDevices?: readonly CDIDevice[]
}

export interface ContainerStateValue { state: ContainerState }

export interface ContainerFilter {
  id?: string
  state?: ContainerStateValue
  podSandboxId?: string
  labelSelector?: Record<string, string>
}

export interface Container {
  id: string
  podSandboxId: string
  metadata: ContainerMetadata
  image: ImageSpec
  imageRef: string
  state: ContainerState
  createdAt: number
  labels: Record<string, string>
  annotations: Record<string, string>
  imageId: string
}

export interface LinuxContainerUser { uid: number; gid: number; supplementalGroups: number[] }
export interface ContainerUser { linux?: LinuxContainerUser }

export interface ContainerStatus {
  id: string
  metadata: ContainerMetadata
  state: ContainerState
  createdAt: number
  startedAt: number
  finishedAt: number
  exitCode: number
  image: ImageSpec
  imageRef: string
  reason: string
  message: string
  labels: Record<string, string>
  annotations: Record<string, string>
  mounts: Mount[]
  logPath: string
  resources?: ContainerResources
  imageId: string
  user?: ContainerUser
}

export interface ContainerResources { linux?: LinuxContainerResources }
export interface ImageFilter { image?: ImageSpec }

export interface Image {
  id: string
  repoTags: string[]
  repoDigests: string[]
  size: number
  uid?: Int64Value
  username: string
  spec?: ImageSpec
  pinned: boolean
}

export interface AuthConfig {
  username?: string
  password?: string
  auth?: string
  serverAddress?: string
  identityToken?: string
  registryToken?: string
}

export interface NetworkConfig { podCidr?: string }
export interface RuntimeConfig { networkConfig?: NetworkConfig }

export interface RuntimeCondition {
  type: string
  status: boolean
  reason: string
  message: string
}

export interface RuntimeStatus { conditions: RuntimeCondition[] }
export interface RuntimeHandlerFeatures { recursiveReadOnlyMounts: boolean; userNamespaces: boolean }
export interface RuntimeHandler { name: string; features?: RuntimeHandlerFeatures }
export interface RuntimeFeatures { supplementalGroupsPolicy: boolean }

export interface ContainerStatsFilter {
  id?: string
  podSandboxId?: string
  labelSelector?: Record<string, string>
}

export interface LinuxRuntimeConfiguration { cgroupDriver: CgroupDriver }

export interface ContainerEventResponse {
  containerId: string
  containerEventType: ContainerEventType
  createdAt: number
  podSandboxStatus?: PodSandboxStatus
  containersStatuses: ContainerStatus[]
}
