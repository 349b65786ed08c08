// The messages of the CRI that carry measurements. `timestamp` is in nanoseconds since the epoch; a missing value was not measured.
import type { ContainerMetadata, PodSandboxMetadata } from './cri-types.ts'

export interface PodSandboxAttributes {
  id: string
  metadata: PodSandboxMetadata
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface PodSandboxStats { attributes: PodSandboxAttributes; linux?: LinuxPodSandboxStats }

export interface LinuxPodSandboxStats {
  cpu?: CpuUsage
  memory?: MemoryUsage
  network?: NetworkUsage
  process?: ProcessUsage
  containers: ContainerStats[]
}

export interface NetworkUsage {
  timestamp: number
  defaultInterface?: NetworkInterfaceUsage
  interfaces: NetworkInterfaceUsage[]
}

export interface NetworkInterfaceUsage {
  name: string
  rxBytes?: UInt64Value
  rxErrors?: UInt64Value
  txBytes?: UInt64Value
  txErrors?: UInt64Value
}

export interface ProcessUsage { timestamp: number; processCount?: UInt64Value }
export interface UInt64Value { value: number }
export interface FilesystemIdentifier { mountpoint: string }

export interface FilesystemUsage {
  timestamp: number
  fsId?: FilesystemIdentifier
  usedBytes?: UInt64Value
  inodesUsed?: UInt64Value
}

export interface ContainerAttributes {
  id: string
  metadata: ContainerMetadata
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface SwapUsage {
  timestamp: number
  swapAvailableBytes?: UInt64Value
  swapUsageBytes?: UInt64Value
}

export interface ContainerStats {
  attributes: ContainerAttributes
  cpu?: CpuUsage
  memory?: MemoryUsage
  writableLayer?: FilesystemUsage
  swap?: SwapUsage
}

export interface CpuUsage {
  timestamp: number
  usageCoreNanoSeconds?: UInt64Value
  usageNanoCores?: UInt64Value
}

export interface MemoryUsage {
  timestamp: number
  workingSetBytes?: UInt64Value
  availableBytes?: UInt64Value
  usageBytes?: UInt64Value
  rssBytes?: UInt64Value
  pageFaults?: UInt64Value
  majorPageFaults?: UInt64Value
}
