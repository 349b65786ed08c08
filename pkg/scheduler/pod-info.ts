// A pod as the scheduler sees it: what every cycle asks of it, worked out once.
import type { Affinity, Pod, PodAffinityTerm } from '../api/types-pod.ts'
import { comparableRequests, podRequests, type Resources } from './resources.ts'

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

export interface PodInfo {
  readonly pod: Pod
  readonly uid: string
  readonly namespace: string
  readonly priority: number
  readonly requests: Resources
  /** CPU and memory with a minimum for each container, for scoring only. */
  readonly comparable: { readonly milliCpu: number; readonly memory: number }
  readonly hostPorts: readonly HostPort[]
  readonly hasAffinity: boolean
  readonly requiredAntiAffinity: readonly PodAffinityTerm[]
}

const anyAddress = '0.0.0.0'

function hostPortsOf(pod: Pod): HostPort[] {
  const { containers, initContainers = [] } = pod.spec
  const running = [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
  return running.flatMap(({ ports = [] }) => ports.flatMap(({ hostPort, hostIP, protocol }) =>
    hostPort ? [{ ip: hostIP || anyAddress, protocol: protocol || 'TCP', port: hostPort }] : []))
}

export function portsCollide(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress)
}

const hasPodTerms = ({ podAffinity, podAntiAffinity }: Affinity): boolean => podAffinity !== undefined || podAntiAffinity !== undefined

export function podInfo(pod: Pod): PodInfo {
  const { affinity, priority } = pod.spec
  return {
    pod,
    uid: pod.metadata.uid ?? '',
    namespace: pod.metadata.namespace ?? '',
    priority: priority ?? 0,
    requests: podRequests(pod),
    comparable: comparableRequests(pod),
    hostPorts: hostPortsOf(pod),
    hasAffinity: affinity ? hasPodTerms(affinity) : false,
    requiredAntiAffinity: affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
  }
}

/** Whether the scheduler still sees it as something that holds resources. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}
