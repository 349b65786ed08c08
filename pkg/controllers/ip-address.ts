// IPAddress: an object for every cluster IP, so that it can be seen who has which.
import { isIPv6 } from 'node:net'
import { isAlreadyExists } from '../api/status-error.ts'
import { ipAddresses, services, type IPAddress, type Service } from '../api/types-service.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches } from '../controller/controller.ts'
import { removeObject } from '../controller/removal.ts'

const managedBy = 'ipaddress.kubernetes.io/managed-by'
const manager = 'ipallocator.k8s.io'

export const clusterIPs = ({ spec: { clusterIP, clusterIPs: all } }: Service): string[] => (all ?? (clusterIP ? [clusterIP] : [])).filter((ip) => ip !== '' && ip !== 'None')

/** The name of an address's object: an IPv6 address as it is written in one way only. */
const nameOf = (ip: string): string => (isIPv6(ip) ? new URL(`http://[${ip}]`).hostname.slice(1, -1) : ip)
const byAddress: Index<Service> = { name: 'clusterIPs', values: (service) => clusterIPs(service).map(nameOf) }

export function addressFor(name: string, { metadata }: Service): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress',
    metadata: { name, labels: { 'ipaddress.kubernetes.io/ip-family': isIPv6(name) ? 'IPv6' : 'IPv4', [managedBy]: manager } },
    spec: { parentRef: { group: '', resource: 'services', namespace: metadata.namespace, name: metadata.name } },
  }
}

export default controller<IPAddress>({
  name: 'ipallocator-repair',
  for: ipAddresses,
  watches: [watches(services, (service) => clusterIPs(service).map((ip) => ({ name: nameOf(ip) })))],
  async reconcile(key, address, { client, informers }) {
    const [service] = informers.for(services).byIndex(byAddress, key.name)
    const parent = address?.spec.parentRef
    const right = service && parent?.resource === 'services' && parent.namespace === service.metadata.namespace && parent.name === service.metadata.name
    // What people make themselves is theirs.
    if (address && !right && address.metadata.labels?.[managedBy] === manager) {
      await removeObject(client, ipAddresses, address)
    } else if (address) return
    if (!service) return
    await client.create(ipAddresses, addressFor(key.name, service)).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
  },
})
