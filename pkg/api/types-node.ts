// Node and its parts.
import type { KubeObject, Resource } from './object.ts'

export const nodes: Resource<Node> = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false }

export interface Node extends KubeObject {
  spec: NodeSpec
  status?: NodeStatus
}

export interface NodeSpec {
  configSource?: NodeConfigSource
  externalID?: string
  podCIDR?: string
  podCIDRs?: string[]
  providerID?: string
  taints?: Taint[]
  unschedulable?: boolean
}

export interface NodeConfigSource {
  configMap?: ConfigMapNodeConfigSource
}

export interface ConfigMapNodeConfigSource {
  kubeletConfigKey: string
  name: string
  namespace: string
  resourceVersion?: string
  uid?: string
}

export interface Taint {
  effect: string
  key: string
  timeAdded?: string
  value?: string
}

export interface NodeStatus {
  addresses?: NodeAddress[]
  allocatable?: Record<string, string>
  capacity?: Record<string, string>
  conditions?: NodeCondition[]
  config?: NodeConfigStatus
  daemonEndpoints?: NodeDaemonEndpoints
  declaredFeatures?: string[]
  features?: NodeFeatures
  images?: ContainerImage[]
  nodeInfo?: NodeSystemInfo
  phase?: string
  runtimeHandlers?: NodeRuntimeHandler[]
  volumesAttached?: AttachedVolume[]
  volumesInUse?: string[]
}

export interface NodeAddress {
  address: string
  type: string
}

export interface NodeCondition {
  lastHeartbeatTime?: string
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface NodeConfigStatus {
  active?: NodeConfigSource
  assigned?: NodeConfigSource
  error?: string
  lastKnownGood?: NodeConfigSource
}

export interface NodeDaemonEndpoints {
  kubeletEndpoint?: DaemonEndpoint
}

export interface DaemonEndpoint {
  Port: number
}

export interface NodeFeatures {
  supplementalGroupsPolicy?: boolean
}

export interface ContainerImage {
  names: string[]
  sizeBytes?: number
}

export interface NodeSystemInfo {
  architecture: string
  bootID: string
  containerRuntimeVersion: string
  kernelVersion: string
  kubeProxyVersion: string
  kubeletVersion: string
  machineID: string
  operatingSystem: string
  osImage: string
  swap?: NodeSwapStatus
  systemUUID: string
}

export interface NodeSwapStatus {
  capacity?: number
}

export interface NodeRuntimeHandler {
  features?: NodeRuntimeHandlerFeatures
  name: string
}

export interface NodeRuntimeHandlerFeatures {
  recursiveReadOnlyMounts?: boolean
  userNamespaces?: boolean
}

export interface AttachedVolume {
  devicePath: string
  name: string
}
