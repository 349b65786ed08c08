// The Endpoints object of a Service, the older form of its slices: pure.
import type { Pod } from '../api/types-pod.ts'
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset, Service } from '../api/types-service.ts'
import { addressOf, familiesOf, hostnameOf, isEndpoint, isHeadless, portsOf, readinessOf } from './pod-endpoints.ts'
import { headlessLabel } from './endpoint-slice-plan.ts'
import { canonicalText } from './template-hash.ts'

export const endpointsManagedBy = 'endpoints.kubernetes.io/managed-by'
const overCapacity = 'endpoints.kubernetes.io/over-capacity'
const capacity = 1000

export function planEndpoints(service: Service, pods: readonly Pod[]): Endpoints {
  const { namespace, name, labels } = service.metadata
  const all = entriesOf(service, pods)
  const kept = [...all].sort((a, b) => Number(b.ready) - Number(a.ready)).slice(0, capacity)
  return {
    apiVersion: 'v1', kind: 'Endpoints',
    metadata: {
      namespace, name, labels: { ...labels, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}), [endpointsManagedBy]: 'endpoint-controller' },
      ...(all.length > capacity ? { annotations: { [overCapacity]: 'truncated' } } : {}),
    },
    ...(kept.length > 0 ? { subsets: subsetsOf(kept) } : {}),
  }
}

interface Entry {
  readonly address: EndpointAddress
  readonly ready: boolean
  readonly ports: NonNullable<EndpointSubset['ports']>
}

function entriesOf(service: Service, pods: readonly Pod[]): Entry[] {
  const family = familiesOf(service)[0] ?? 'IPv4'
  const terminating = service.spec.publishNotReadyAddresses === true
  return pods.flatMap((pod) => {
    const ip = addressOf(pod, family)
    const ports = portsOf(pod, service).flatMap(({ port, name, ...rest }) => (port === undefined ? [] : [{ ...rest, port, ...(name ? { name } : {}) }])).sort(byPort)
    if (!ip || !isEndpoint(pod, { terminating }) || (ports.length === 0 && (service.spec.ports ?? []).length > 0)) return []
    const hostname = hostnameOf(pod, service)
    const { namespace, name, uid } = pod.metadata
    const address = {
      ip, ...(hostname ? { hostname } : {}), ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
      targetRef: { kind: 'Pod', namespace, name, uid },
    }
    return [{ address, ready: readinessOf(pod, service).ready, ports }]
  })
}

/** One subset for each set of ports; addresses and ports in a fixed order, so that equal pods give equal objects. */
function subsetsOf(entries: readonly Entry[]): EndpointSubset[] {
  const groups = new Map<string, Entry[]>()
  for (const entry of entries) {
    const key = canonicalText(entry.ports)
    groups.set(key, [...(groups.get(key) ?? []), entry])
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => {
    const addresses = group.filter(({ ready }) => ready).map(({ address }) => address).sort(byIp)
    const notReadyAddresses = group.filter(({ ready }) => !ready).map(({ address }) => address).sort(byIp)
    const ports = group[0]?.ports ?? []
    return {
      ...(addresses.length > 0 ? { addresses } : {}), ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }
  })
}

const byPort = (a: EndpointPort, b: EndpointPort): number =>
  order(a.protocol ?? '', b.protocol ?? '') || a.port - b.port || order(a.name ?? '', b.name ?? '')
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byIp = (a: EndpointAddress, b: EndpointAddress): number => order(a.ip, b.ip)
