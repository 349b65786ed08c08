// Builds the DNS table: what the cluster's names lead to. Pure.
import type { EndpointSlice, Service } from '../api/types-service.ts'
import type { DnsService, DnsTable } from './table.ts'
import { sliceOwner } from './service-table.ts'

export function buildDnsTable(services: readonly Service[], slices: readonly EndpointSlice[], namespaces: readonly string[]): DnsTable {
  const slicesOf = Map.groupBy(slices.filter((slice) => slice.addressType === 'IPv4'), sliceOwner)
  return {
    namespaces,
    services: services.map((service) => dnsService(service, slicesOf.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [])),
  }
}

function dnsService(service: Service, slices: readonly EndpointSlice[]): DnsService {
  const { spec } = service
  const external = spec.type === 'ExternalName'
  const headless = !external && (spec.clusterIP === 'None' || !spec.clusterIP)
  const name = (text: string | undefined): string => text ?? ''
  return {
    namespace: service.metadata.namespace ?? '',
    name: service.metadata.name ?? '',
    externalName: external ? spec.externalName ?? '' : '',
    clusterIPs: external || headless ? [] : (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter((ip) => ip !== '' && ip !== 'None'),
    ports: (spec.ports ?? []).map((port) => ({ name: name(port.name), protocol: port.protocol ?? 'TCP', port: port.port })),
    endpoints: !headless ? [] : slices.flatMap((slice) => (slice.endpoints ?? [])
      .filter((endpoint) => spec.publishNotReadyAddresses || (endpoint.conditions?.ready ?? true))
      .flatMap((endpoint) => endpoint.addresses.map((ip) => ({
        ip,
        hostname: name(endpoint.hostname),
        ports: (slice.ports ?? []).map((port) => ({ name: name(port.name), protocol: port.protocol ?? 'TCP', port: port.port ?? 0 })),
      })))),
  }
}
