// The Node object's labels and status. Pure; capacities of others are never named.
import { formatTime } from '../api/times.ts'
import type { NodeCondition, NodeStatus } from '../api/types-node.ts'
import type { NodeDevices } from './device-manager.ts'
import type { NodeFacts } from './node-facts.ts'
import { bytesText } from './eviction-ranking.ts'
import type { Pressure } from './eviction-signals.ts'
import type { RuntimeImage } from './runtime-service.ts'

export const kubeletVersion = 'v1.35.0+kinglet1'

export interface NodeStatusInput {
  readonly name: string
  readonly facts: NodeFacts
  readonly addresses: readonly string[]
  readonly maxPods: number
  /** 0 when the kubelet has no endpoint. */
  readonly kubeletPort: number
  readonly runtimeVersion: string
  /** Why the node is not ready. */
  readonly problem?: string
  readonly images: readonly RuntimeImage[]
  readonly pressures: ReadonlySet<Pressure>
  readonly volumesInUse: readonly string[]
  readonly devices: NodeDevices
  readonly previous: readonly NodeCondition[]
  readonly nowMs: number
}

export function nodeLabels(name: string, architecture: string): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architecture, 'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture, 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': name,
    'node.kubernetes.io/instance-type': 'kinglet',
  }
}

const evictionMemoryBytes = 100 * 2 ** 20
const usableDiskShare = 0.9
const mostImages = 50
const mostNames = 5

export function nodeResources(facts: NodeFacts, maxPods: number): { capacity: Record<string, string>; allocatable: Record<string, string> } {
  const shared = { cpu: String(facts.cpus), pods: String(maxPods), ...Object.fromEntries(Object.entries(facts.hugePages).map(([size, bytes]) => [`hugepages-${size}`, bytesText(bytes)])) }
  const huge = Object.values(facts.hugePages).reduce((sum, bytes) => sum + bytes, 0)
  const kibi = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`
  return {
    capacity: { ...shared, memory: kibi(facts.memoryBytes), 'ephemeral-storage': kibi(facts.diskBytes) },
    allocatable: { ...shared, memory: kibi(Math.max(0, facts.memoryBytes - evictionMemoryBytes - huge)), 'ephemeral-storage': String(Math.floor(facts.diskBytes * usableDiskShare)) },
  }
}

export function nodeStatus(input: NodeStatusInput): NodeStatus {
  const { facts } = input
  const { capacity, allocatable } = nodeResources(facts, input.maxPods)
  return {
    capacity: { ...capacity, ...input.devices.capacity }, allocatable: { ...allocatable, ...input.devices.allocatable },
    addresses: [...input.addresses.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: input.name }],
    conditions: conditions(input),
    daemonEndpoints: { kubeletEndpoint: { Port: input.kubeletPort } },
    nodeInfo: {
      architecture: facts.architecture, bootID: facts.bootID, containerRuntimeVersion: input.runtimeVersion, kernelVersion: facts.kernelVersion,
      kubeProxyVersion: '', kubeletVersion, machineID: facts.machineID, operatingSystem: 'linux', osImage: facts.osImage, systemUUID: facts.systemUUID,
      ...(facts.swapBytes > 0 ? { swap: { capacity: facts.swapBytes } } : {}),
    },
    images: [...input.images].filter((image) => image.names.length > 0).sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, mostImages)
      .map((image) => ({ names: image.names.slice(0, mostNames), sizeBytes: image.sizeBytes })),
    ...(input.volumesInUse.length > 0 ? { volumesInUse: [...input.volumesInUse] } : {}),
  }
}

function conditions(input: NodeStatusInput): NodeCondition[] {
  const { pressures } = input
  return [
    pressures.has('MemoryPressure')
      ? condition(input, { type: 'MemoryPressure', status: 'True', reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' })
      : condition(input, { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' }),
    pressures.has('DiskPressure')
      ? condition(input, { type: 'DiskPressure', status: 'True', reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' })
      : condition(input, { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' }),
    pressures.has('PIDPressure')
      ? condition(input, { type: 'PIDPressure', status: 'True', reason: 'KubeletHasInsufficientPID', message: 'kubelet has insufficient PID available' })
      : condition(input, { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' }),
    input.problem === undefined
      ? condition(input, { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' })
      : condition(input, { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: input.problem }),
  ]
}

function condition({ previous, nowMs }: NodeStatusInput, fresh: Required<Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>>): NodeCondition {
  const before = previous.find((each) => each.type === fresh.type)
  const now = formatTime(nowMs)
  return { ...fresh, lastHeartbeatTime: now, lastTransitionTime: before?.status === fresh.status && before.lastTransitionTime ? before.lastTransitionTime : now }
}

/** The part of a patch: what differs, heartbeats apart. undefined when nothing does. */
export function withoutHeartbeats(status: NodeStatus): NodeStatus {
  return { ...status, conditions: (status.conditions ?? []).map(({ lastHeartbeatTime: _heartbeat, ...rest }) => rest) }
}
