// Builds the service table: Services joined with their EndpointSlices. Pure.
import type { EndpointSlice, Service } from '../api/types-service.ts'
import type { Endpoint, ServicePort, ServiceTable } from './table.ts'

const serviceNameLabel = 'kubernetes.io/service-name'

/** The key under which a slice belongs to a Service. */
export function sliceOwner(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`
}

export function buildServiceTable(services: readonly Service[], slices: readonly EndpointSlice[], nodeName: string): ServiceTable {
  const slicesOf = Map.groupBy(slices.filter((slice) => slice.addressType === 'IPv4'), sliceOwner)
  const ports = services.flatMap((service) => servicePorts(service, slicesOf.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [], nodeName))
  return { ports }
}

function servicePorts(service: Service, slices: readonly EndpointSlice[], nodeName: string): ServicePort[] {
  const { spec } = service
  const clusterIP = spec.clusterIP ?? ''
  if (clusterIP === '' || clusterIP === 'None' || clusterIP.includes(':') || spec.type === 'ExternalName') return []
  const loadBalancerIPs = (service.status?.loadBalancer?.ingress ?? []).flatMap((ingress) => ingress.ip ?? [])
  return (spec.ports ?? []).flatMap((port): ServicePort[] => {
    const protocol = port.protocol ?? 'TCP'
    if (protocol !== 'TCP' && protocol !== 'UDP') return []
    return [{
      id: `${service.metadata.namespace}/${service.metadata.name}:${port.name ?? ''}/${protocol}`,
      protocol,
      clusterIP,
      port: port.port,
      nodePort: port.nodePort ?? 0,
      externalIPs: [...(spec.externalIPs ?? []), ...loadBalancerIPs],
      affinitySeconds: spec.sessionAffinity === 'ClientIP' ? spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800 : 0,
      internalLocal: spec.internalTrafficPolicy === 'Local',
      externalLocal: spec.externalTrafficPolicy === 'Local',
      endpoints: endpointsOf(slices, port.name ?? '', protocol, nodeName),
    }]
  })
}

/** Ready endpoints; when there are none, those that still serve while they terminate. Sorted and without repeats, so that equal states compare equal. */
function endpointsOf(slices: readonly EndpointSlice[], portName: string, protocol: string, nodeName: string): Endpoint[] {
  const ready = new Map<string, Endpoint>()
  const serving = new Map<string, Endpoint>()
  for (const slice of slices) {
    const number = (slice.ports ?? []).find((port) => (port.name ?? '') === portName && (port.protocol ?? 'TCP') === protocol)?.port
    if (number === undefined) continue
    for (const endpoint of slice.endpoints ?? []) {
      const isReady = endpoint.conditions?.ready ?? true
      const isServing = endpoint.conditions?.serving ?? isReady
      if (!isReady && !(isServing && endpoint.conditions?.terminating)) continue
      for (const ip of endpoint.addresses) {
        const target = { ip, port: number, local: endpoint.nodeName === nodeName }
        ;(isReady ? ready : serving).set(`${ip}:${number}`, target)
      }
    }
  }
  const chosen = ready.size > 0 ? ready : serving
  return [...chosen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint)
}
