// Whether this node can take a pod that is bound to it. Pure: the scheduler has checked already, but it may have been passed by.
import type { Node, Taint } from '../api/types-node.ts'
import type { Pod, Toleration } from '../api/types-pod.ts'
import type { NodeSelectorRequirement } from '../api/types-volume.ts'
import { podRequest } from './container-resources.ts'
import { refusal, type PodVerdict } from './pod-ending.ts'
import { isCritical, isStatic } from './pod-importance.ts'
import { podsToPreempt } from './preemption.ts'
import { milliValue, wholeValue } from './quantity-values.ts'
import { forbiddenSysctl, needsAppArmor, strictGroups } from './security.ts'

export interface AdmissionInput {
  readonly pod: Pod
  /** The others that use the node. */
  readonly others: readonly Pod[]
  readonly node: Pick<Node, 'metadata'>
  readonly taints?: readonly Taint[]
  readonly allocatable: Readonly<Record<string, string>>
  /** Whether the kernel can confine by AppArmor. */
  readonly appArmor: boolean
  /** Whether the runtime can leave out the groups that an image gives a user. */
  readonly strictGroups: boolean
  /** Allowed besides the safe ones; a trailing `*` stands for anything. */
  readonly unsafeSysctls?: readonly string[]
}

/** Whether it is taken, and which others have to go before. */
export interface Admission {
  readonly verdict?: PodVerdict
  readonly preempt?: readonly Pod[]
}

export function admitPod(input: AdmissionInput): Admission {
  const { pod, node } = input
  const sysctl = forbiddenSysctl(pod, input.unsafeSysctls)
  if (sysctl !== undefined) return refused('SysctlForbidden', `forbidden sysctl: "${sysctl}" not allowlisted`)
  const os = pod.metadata.labels?.['kubernetes.io/os']
  if (os !== undefined && os !== 'linux') return refused('PodOSSelectorNodeLabelDoesNotMatch', 'Failed to admit pod as the `kubernetes.io/os` label doesn\'t match node label')
  if ((pod.spec.os?.name ?? 'linux') !== 'linux') return refused('PodOSNotSupported', 'Failed to admit pod as the OS field doesn\'t match node OS')
  if (!input.strictGroups && strictGroups(pod)) return refused('SupplementalGroupsPolicyNotSupported', 'SupplementalGroupsPolicy=Strict is not supported in this node')
  const mismatch = !affine(pod, node) ? refused('NodeAffinity', 'Predicate NodeAffinity failed: node(s) didn\'t match Pod\'s node affinity/selector')
    : portsTaken(input) ? refused('NodePorts', 'Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports')
      : repelled(input) ? refused('TaintToleration', 'Predicate TaintToleration failed: node(s) had taints that the pod didn\'t tolerate') : undefined
  const shortages = shortagesOf(input)
  if (mismatch && (shortages.length === 0 || isCritical(pod))) return mismatch
  const [short] = shortages
  const room = short ? makeRoom(input, shortages) : {}
  if (room.verdict) return room
  if (!input.appArmor && needsAppArmor(pod)) return refused('AppArmor', 'Cannot enforce AppArmor: AppArmor is not enabled on the host')
  return room
}

/** Static pods do not mind. Other effects are the scheduler's. */
const repelled = ({ pod, taints = [] }: AdmissionInput): boolean => !isStatic(pod)
  && taints.some((taint) => taint.effect === 'NoExecute' && !(pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint)))

export function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  return operator === 'Exists' || (Boolean(key) && operator === 'Equal' && value === (taint.value ?? ''))
}

const refused = (reason: string, message: string): Admission => ({ verdict: refusal(reason, message) })

/** What the node needs is not refused for want of room, while others can leave it theirs. */
function makeRoom({ pod, others }: AdmissionInput, shortages: readonly Shortage[]): Admission {
  const [{ name, message }] = shortages as [Shortage, ...Shortage[]]
  if (!isCritical(pod)) return refused(`OutOf${name}`, message)
  const preempt = podsToPreempt(pod, others, shortages.map((each) => ({ name: each.name, amount: each.requested + each.used - each.capacity })))
  return preempt ? { preempt } : refused('UnexpectedAdmissionError', 'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: '
    + `no set of running pods found to reclaim resources: [${shortages.map((each) => `(res: ${each.name}, q: ${each.requested + each.used - each.capacity}), `).join('')}]`)
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

interface Shortage {
  readonly name: string
  readonly requested: number
  readonly used: number
  readonly capacity: number
  readonly message: string
}

/** Of what the node has not enough left. */
export const shortage = (input: Pick<AdmissionInput, 'pod' | 'others' | 'allocatable'>): Shortage | undefined => shortagesOf(input)[0]

function shortagesOf({ pod, others, allocatable }: Pick<AdmissionInput, 'pod' | 'others' | 'allocatable'>): Shortage[] {
  const amounts = (name: string, value: (text: string | undefined) => number): Omit<Shortage, 'message'> =>
    ({ name, requested: podRequest(pod, name, value), used: others.reduce((sum, other) => sum + podRequest(other, name, value), 0), capacity: value(allocatable[name]) })
  const checks = [
    { name: 'pods', requested: 1, used: others.length, capacity: wholeValue(allocatable['pods']) }, amounts('cpu', milliValue), amounts('memory', wholeValue),
    ...Object.keys(allocatable).filter((name) => name === 'ephemeral-storage' || name.startsWith('hugepages-')).map((name) => amounts(name, wholeValue)),
  ]
  return checks.filter(({ requested, used, capacity }) => requested > 0 && requested + used > capacity)
    .map((each) => ({ ...each, message: `Node didn't have enough resource: ${each.name}, requested: ${each.requested}, used: ${each.used}, capacity: ${each.capacity}` }))
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
