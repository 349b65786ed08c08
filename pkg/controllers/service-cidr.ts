// ServiceCIDR: says which ranges give addresses to services, and keeps one that is deleted until no address needs it.
import { BlockList, isIPv6 } from 'node:net'
import { equalJson } from '../api/json.ts'
import { formatTime } from '../api/times.ts'
import { ipAddresses, serviceCIDRs, services, type IPAddress, type Service, type ServiceCIDR } from '../api/types-service.ts'
import type { Client } from '../client/client.ts'
import { controller, watches } from '../controller/controller.ts'
import { clusterIPs } from './ip-address.ts'

const finalizer = 'networking.k8s.io/service-cidr-finalizer'
const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }
const terminating = {
  type: 'Ready', status: 'False', reason: 'Terminating', message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
}

function rangesOf(cidrs: readonly ServiceCIDR[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs.flatMap(({ spec }) => spec.cidrs ?? [])) {
    const [address = '', bits] = cidr.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Addresses in use that no other range would have, were this one gone. */
export function stranded(range: ServiceCIDR, all: readonly ServiceCIDR[], addresses: readonly string[]): string[] {
  const mine = rangesOf([range])
  const others = rangesOf(all.filter(({ metadata }) => metadata.name !== range.metadata.name && !metadata.deletionTimestamp))
  return addresses.filter((address) => {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    return mine.check(address, family) && !others.check(address, family)
  })
}

/** From the server: a cache may not show the service that was made a moment ago. */
async function addressesInUse(client: Client): Promise<string[]> {
  const [all, objects] = await Promise.all([client.list(services), client.list(ipAddresses)])
  return [...all.items.flatMap(clusterIPs), ...objects.items.map(({ metadata }) => metadata.name ?? '')]
}

const withFinalizers = (range: ServiceCIDR, finalizers: string[]): ServiceCIDR => ({ ...range, metadata: { ...range.metadata, finalizers } })

export default controller<ServiceCIDR>({
  name: 'service-cidr',
  for: serviceCIDRs,
  // What keeps a range may go, and another range may take over.
  watches: [
    watches<IPAddress>(ipAddresses, (_, { informers }) => endingOf(informers.for(serviceCIDRs).list())),
    watches<Service>(services, (_, { informers }) => endingOf(informers.for(serviceCIDRs).list())),
    watches<ServiceCIDR>(serviceCIDRs, (_, { informers }) => endingOf(informers.for(serviceCIDRs).list())),
  ],
  async reconcile(_, range, { client, clock }) {
    if (!range) return
    const finalizers = range.metadata.finalizers ?? []
    const ending = range.metadata.deletionTimestamp !== undefined
    if (ending && !finalizers.includes(finalizer)) return
    if (!ending && !finalizers.includes(finalizer)) {
      await client.update(serviceCIDRs, withFinalizers(range, [...finalizers, finalizer]))
      return
    }
    if (ending && stranded(range, (await client.list(serviceCIDRs)).items, await addressesInUse(client)).length === 0) {
      await client.update(serviceCIDRs, withFinalizers(range, finalizers.filter((name) => name !== finalizer)))
      return
    }
    const before = range.status?.conditions?.find(({ type }) => type === 'Ready')
    const next = ending ? terminating : ready
    const condition = { ...next, lastTransitionTime: before?.status === next.status ? before.lastTransitionTime : formatTime(clock.now()) }
    if (equalJson(before, condition)) return
    const conditions = [...(range.status?.conditions ?? []).filter(({ type }) => type !== 'Ready'), condition]
    await client.update(serviceCIDRs, { ...range, status: { ...range.status, conditions } }, { subresource: 'status' })
  },
})

const endingOf = (ranges: readonly ServiceCIDR[]): { name: string }[] =>
  ranges.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata: { name = '' } }) => ({ name }))
