// Whether this node can take a pod that is bound to it. Pure: the scheduler has checked already, but it may have been passed by.
import type { Node } from '../api/types-node.ts'
import type { Pod } from '../api/types-pod.ts'
import type { NodeSelectorRequirement } from '../api/types-volume.ts'
import { podRequest, podRequests } from './container-resources.ts'
import type { PodVerdict } from './pod-ending.ts'
import { milliValue, wholeValue } from './quantity-values.ts'
import { forbiddenSysctl, needsAppArmor, strictGroups } from './security.ts'

export interface AdmissionInput {
  readonly pod: Pod
  /** The others that use the node. */
  readonly others: readonly Pod[]
  readonly node: Pick<Node, 'metadata'>
  readonly allocatable: Readonly<Record<string, string>>
  /** Whether the kernel can confine by AppArmor. */
  readonly appArmor: boolean
  /** Whether the runtime can leave out the groups that an image gives a user. */
  readonly strictGroups: boolean
  /** Allowed besides the safe ones; a trailing `*` stands for anything. */
  readonly unsafeSysctls?: readonly string[]
}

/** undefined when it is taken. */
export function admitPod(input: AdmissionInput): PodVerdict | undefined {
  const sysctl = forbiddenSysctl(input.pod, input.unsafeSysctls)
  if (sysctl !== undefined) return rejected('SysctlForbidden', `forbidden sysctl: "${sysctl}" not allowlisted`)
  if (!input.appArmor && needsAppArmor(input.pod)) return rejected('AppArmor', 'Cannot enforce AppArmor: AppArmor is not enabled on the host')
  if (!input.strictGroups && strictGroups(input.pod)) return rejected('SupplementalGroupsPolicyNotSupported', 'SupplementalGroupsPolicy=Strict is not supported in this node')
  if (!affine(input.pod, input.node)) return rejected('NodeAffinity', 'Predicate NodeAffinity failed: node(s) didn\'t match Pod\'s node affinity/selector')
  if (portsTaken(input)) return rejected('NodePorts', 'Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports')
  return outOf(input)
}

interface HostPort {
  readonly port: number
  readonly protocol: string
  readonly ip: string
}

function hostPorts(pod: Pod): HostPort[] {
  const containers = [...(pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always'), ...pod.spec.containers]
  return containers.flatMap((container) => container.ports ?? []).filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({ port: port.hostPort ?? 0, protocol: port.protocol ?? 'TCP', ip: port.hostIP || '0.0.0.0' }))
}

function portsTaken({ pod, others }: AdmissionInput): boolean {
  const used = others.flatMap(hostPorts)
  return hostPorts(pod).some((own) => used.some((other) =>
    own.port === other.port && own.protocol === other.protocol && (own.ip === other.ip || own.ip === '0.0.0.0' || other.ip === '0.0.0.0')))
}

const rejected = (reason: string, message: string): PodVerdict => ({ reason, message: `Pod was rejected: ${message}` })

function outOf(input: AdmissionInput): PodVerdict | undefined {
  const short = shortage(input)
  return short && rejected(`OutOf${short.name}`, short.message)
}

/** Of what the node has not enough left. */
export function shortage({ pod, others, allocatable }: Pick<AdmissionInput, 'pod' | 'others' | 'allocatable'>): { name: string; message: string } | undefined {
  const own = podRequests(pod)
  const used = others.map(podRequests).reduce((sum, each) => ({ cpuMilli: sum.cpuMilli + each.cpuMilli, memoryBytes: sum.memoryBytes + each.memoryBytes }), { cpuMilli: 0, memoryBytes: 0 })
  const checks = [
    { name: 'pods', requested: 1, used: others.length, capacity: wholeValue(allocatable['pods']) },
    { name: 'cpu', requested: own.cpuMilli, used: used.cpuMilli, capacity: milliValue(allocatable['cpu']) },
    { name: 'memory', requested: own.memoryBytes, used: used.memoryBytes, capacity: wholeValue(allocatable['memory']) },
    ...Object.keys(allocatable).filter((name) => name === 'ephemeral-storage' || name.startsWith('hugepages-')).map((name) => ({
      name, requested: podRequest(pod, name, wholeValue), used: others.reduce((sum, other) => sum + podRequest(other, name, wholeValue), 0), capacity: wholeValue(allocatable[name]),
    })),
  ]
  const short = checks.find((check) => check.requested > 0 && check.requested + check.used > check.capacity)
  if (!short) return undefined
  return { name: short.name, message: `Node didn't have enough resource: ${short.name}, requested: ${short.requested}, used: ${short.used}, capacity: ${short.capacity}` }
}

/** Whether the labels of the node decide on it. */
export function asksForLabels({ spec }: Pod): boolean {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  return Object.keys(spec.nodeSelector ?? {}).length > 0 || terms.some(({ matchExpressions }) => (matchExpressions ?? []).length > 0)
}

function affine(pod: Pod, node: Pick<Node, 'metadata'>): boolean {
  const labels = node.metadata.labels ?? {}
  if (!Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (!terms) return true
  const fields = { 'metadata.name': node.metadata.name ?? '' }
  return terms.some((term) => {
    const all = [...(term.matchExpressions ?? []).map((each) => matches(each, labels)), ...(term.matchFields ?? []).map((each) => matches(each, fields))]
    return all.length > 0 && all.every(Boolean)
  })
}

function matches({ key, operator, values = [] }: NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value)
    case 'NotIn': return value === undefined || !values.includes(value)
    case 'Exists': return value !== undefined
    case 'DoesNotExist': return value === undefined
    case 'Gt': return value !== undefined && Number(value) > Number(values[0])
    case 'Lt': return value !== undefined && Number(value) < Number(values[0])
    default: return false
  }
}
