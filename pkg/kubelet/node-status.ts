// The Node object's labels and status. Pure; capacities of others are never named.
import { formatTime } from '../api/times.ts'
import type { NodeCondition, NodeStatus } from '../api/types-node.ts'
import type { NodeDevices } from './device-manager.ts'
import type { NodeFacts } from './node-facts.ts'
import { bytesText } from './eviction-ranking.ts'
import { leastOf, type Pressure, type Signal, type Threshold } from './eviction-signals.ts'
import { milliValue, wholeValue } from './quantity-values.ts'
import type { RuntimeAbilities, RuntimeImage } from './runtime-service.ts'

export const kubeletVersion = 'v1.35.0+kinglet1'

export interface NodeStatusInput {
  readonly name: string
  readonly facts: NodeFacts
  readonly addresses: readonly string[]
  readonly maxPods: number
  /** How many are named; below 0 all. */
  readonly statusImages: number
  readonly held: HeldBack
  /** 0 when the kubelet has no endpoint. */
  readonly kubeletPort: number
  readonly runtimeVersion: string
  /** Why the node is not ready. */
  readonly problem?: string
  readonly images: readonly RuntimeImage[]
  readonly pressures: ReadonlySet<Pressure>
  readonly volumesInUse: readonly string[]
  readonly devices: NodeDevices
  readonly abilities: RuntimeAbilities
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

const mostNames = 5

/** What pods cannot have of a node. */
export interface HeldBack {
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly diskBytes: number
}

/** What is reserved by name, and what has to be left before pods are evicted. */
export function heldBack(facts: Pick<NodeFacts, 'memoryBytes' | 'diskBytes'>, thresholds: readonly Threshold[], reserved: readonly Readonly<Record<string, string>>[]): HeldBack {
  const sum = (name: string, value: (text: string | undefined) => number): number => reserved.reduce((total, each) => total + value(each[name]), 0)
  const least = (signal: Signal, capacity: number): number => Math.max(0, ...thresholds.filter((each) => each.signal === signal && each.graceMs === 0).map((each) => leastOf(each, capacity)))
  return {
    cpuMilli: sum('cpu', milliValue),
    memoryBytes: sum('memory', wholeValue) + least('memory.available', facts.memoryBytes),
    diskBytes: sum('ephemeral-storage', wholeValue) + least('nodefs.available', facts.diskBytes),
  }
}

export function nodeResources(facts: NodeFacts, maxPods: number, held: HeldBack): { capacity: Record<string, string>; allocatable: Record<string, string> } {
  const shared = { cpu: String(facts.cpus), pods: String(maxPods), ...Object.fromEntries(Object.entries(facts.hugePages).map(([size, bytes]) => [`hugepages-${size}`, bytesText(bytes)])) }
  const huge = Object.values(facts.hugePages).reduce((sum, bytes) => sum + bytes, 0)
  const kibi = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`
  return {
    capacity: { ...shared, memory: kibi(facts.memoryBytes), 'ephemeral-storage': kibi(facts.diskBytes) },
    allocatable: {
      ...shared, ...(held.cpuMilli > 0 ? { cpu: `${Math.max(0, facts.cpus * 1000 - held.cpuMilli)}m` } : {}),
      memory: kibi(Math.max(0, facts.memoryBytes - held.memoryBytes - huge)), 'ephemeral-storage': String(Math.max(0, Math.floor(facts.diskBytes - held.diskBytes))),
    },
  }
}

export function nodeStatus(input: NodeStatusInput): NodeStatus {
  const { facts, abilities: { handlers, supplementalGroupsPolicy } } = input
  const { capacity, allocatable } = nodeResources(facts, input.maxPods, input.held)
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
    images: [...input.images].filter((image) => image.names.length > 0).sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, input.statusImages < 0 ? undefined : input.statusImages)
      .map((image) => ({ names: image.names.slice(0, mostNames), sizeBytes: image.sizeBytes })),
    ...(supplementalGroupsPolicy === undefined ? {} : { features: { supplementalGroupsPolicy } }),
    ...(Object.keys(handlers).length > 0 ? { runtimeHandlers: Object.entries(handlers).map(([name, features]) => ({ name, features })) } : {}),
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

const words: Readonly<Record<string, readonly [whenTrue: string, whenNot: string]>> = {
  Ready: ['NodeReady', 'NodeNotReady'], MemoryPressure: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
  DiskPressure: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure'], PIDPressure: ['NodeHasInsufficientPID', 'NodeHasSufficientPID'],
}

/** The events that tell what has changed between two sets of conditions. */
export function conditionEvents(name: string, before: readonly NodeCondition[], after: readonly NodeCondition[]): { type: 'Normal'; reason: string; message: string }[] {
  return after.flatMap(({ type, status }) => {
    const reasons = words[type]
    if (!reasons || before.find((each) => each.type === type)?.status === status) return []
    const reason = status === 'True' ? reasons[0] : reasons[1]
    return [{ type: 'Normal' as const, reason, message: `Node ${name} status is now: ${reason}` }]
  })
}
