// The requests and answers of the CRI's calls. A call that answers nothing has no answer type.
import type {
  PodSandboxConfig, PodSandboxStatus, PodSandboxFilter, PodSandbox, PodSandboxStatsFilter,
  ImageSpec, LinuxContainerResources, ContainerConfig, ContainerFilter, Container,
  ContainerStatus, ImageFilter, Image, AuthConfig, RuntimeConfig,
  RuntimeStatus, RuntimeHandler, RuntimeFeatures, ContainerStatsFilter, LinuxRuntimeConfiguration,
} from './cri-types.ts'
import type { ContainerStats, FilesystemUsage, PodSandboxStats } from './cri-stats.ts'

export interface VersionRequest { version?: string }

export interface VersionResponse {
  version: string
  runtimeName: string
  runtimeVersion: string
  runtimeApiVersion: string
}

export interface RunPodSandboxRequest { config: PodSandboxConfig; runtimeHandler?: string }
export interface RunPodSandboxResponse { podSandboxId: string }
export interface StopPodSandboxRequest { podSandboxId: string }
export interface RemovePodSandboxRequest { podSandboxId: string }
export interface PodSandboxStatusRequest { podSandboxId: string; verbose?: boolean }

export interface PodSandboxStatusResponse {
  status?: PodSandboxStatus
  info: Record<string, string>
  containersStatuses: ContainerStatus[]
  timestamp: number
}

export interface ListPodSandboxRequest { filter?: PodSandboxFilter }
export interface ListPodSandboxResponse { items: PodSandbox[] }
export interface PodSandboxStatsRequest { podSandboxId: string }
export interface PodSandboxStatsResponse { stats?: PodSandboxStats }
export interface ListPodSandboxStatsRequest { filter?: PodSandboxStatsFilter }
export interface ListPodSandboxStatsResponse { stats: PodSandboxStats[] }

export interface CreateContainerRequest {
  podSandboxId: string
  config: ContainerConfig
  sandboxConfig?: PodSandboxConfig
}

export interface CreateContainerResponse { containerId: string }
export interface StartContainerRequest { containerId: string }
export interface StopContainerRequest { containerId: string; timeout?: number }
export interface RemoveContainerRequest { containerId: string }
export interface ListContainersRequest { filter?: ContainerFilter }
export interface ListContainersResponse { containers: Container[] }
export interface ContainerStatusRequest { containerId: string; verbose?: boolean }
export interface ContainerStatusResponse { status?: ContainerStatus; info: Record<string, string> }

export interface UpdateContainerResourcesRequest {
  containerId: string
  linux?: LinuxContainerResources
  annotations?: Record<string, string>
}

export interface ExecSyncRequest { containerId: string; cmd: readonly string[]; timeout?: number }
export interface ExecSyncResponse { stdout: Uint8Array; stderr: Uint8Array; exitCode: number }

export interface ExecRequest {
  containerId: string
  cmd: readonly string[]
  tty?: boolean
  stdin?: boolean
  stdout?: boolean
  stderr?: boolean
}

export interface ExecResponse { url: string }

export interface AttachRequest {
  containerId: string
  stdin?: boolean
  tty?: boolean
  stdout?: boolean
  stderr?: boolean
}

export interface AttachResponse { url: string }
export interface PortForwardRequest { podSandboxId: string; port: readonly number[] }
export interface PortForwardResponse { url: string }
export interface ListImagesRequest { filter?: ImageFilter }
export interface ListImagesResponse { images: Image[] }
export interface ImageStatusRequest { image: ImageSpec; verbose?: boolean }
export interface ImageStatusResponse { image?: Image; info: Record<string, string> }
export interface PullImageRequest { image: ImageSpec; auth?: AuthConfig; sandboxConfig?: PodSandboxConfig }
export interface PullImageResponse { imageRef: string }
export interface RemoveImageRequest { image: ImageSpec }
export interface UpdateRuntimeConfigRequest { runtimeConfig?: RuntimeConfig }
export interface StatusRequest { verbose?: boolean }

export interface StatusResponse {
  status?: RuntimeStatus
  info: Record<string, string>
  runtimeHandlers: RuntimeHandler[]
  features?: RuntimeFeatures
}

export interface ImageFsInfoResponse {
  imageFilesystems: FilesystemUsage[]
  containerFilesystems: FilesystemUsage[]
}

export interface ContainerStatsRequest { containerId: string }
export interface ContainerStatsResponse { stats?: ContainerStats }
export interface ListContainerStatsRequest { filter?: ContainerStatsFilter }
export interface ListContainerStatsResponse { stats: ContainerStats[] }
export interface RuntimeConfigResponse { linux?: LinuxRuntimeConfiguration }

export interface UpdatePodSandboxResourcesRequest {
  podSandboxId: string
  overhead?: LinuxContainerResources
  resources?: LinuxContainerResources
}

export interface ReopenContainerLogRequest { containerId: string }
