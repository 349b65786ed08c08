// The host ports of this node's pods. Pure.
import type { Pod } from '../api/types-pod.ts'
import type { HostPort } from './table.ts'

/** Running pods of this node that publish ports and have an address of their own; sorted, so that equal states compare equal. */
export function hostPortsOf(pods: readonly Pod[], nodeName: string): HostPort[] {
  return pods
    .filter((pod) => pod.spec.nodeName === nodeName && !pod.spec.hostNetwork && pod.status?.podIP && pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed')
    .flatMap((pod) => [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap((container) => (container.ports ?? []).flatMap((port): HostPort[] => {
      const protocol = port.protocol ?? 'TCP'
      if (!port.hostPort || (protocol !== 'TCP' && protocol !== 'UDP')) return []
      const hostIP = port.hostIP === '0.0.0.0' ? '' : port.hostIP ?? ''
      return [{ protocol, hostIP, hostPort: port.hostPort, podIP: pod.status?.podIP ?? '', podPort: port.containerPort }]
    })))
    .sort((a, b) => a.hostPort - b.hostPort || a.protocol.localeCompare(b.protocol) || a.hostIP.localeCompare(b.hostIP))
}
