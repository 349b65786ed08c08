// The ranges beside the cluster's own that services have addresses in, as ServiceCIDRs state them.
import { BlockList } from 'node:net'
import type { ServiceCIDR } from '../api/types-service.ts'

/** IPv4 ranges, in order, without those that lie in the cluster's own or in another one. */
export function furtherRanges(own: string, stated: readonly ServiceCIDR[]): string[] {
  const cidrs = [...new Set(stated.flatMap(({ spec }) => spec.cidrs ?? []))].filter((cidr) => !cidr.includes(':') && cidr !== own)
  const lengthOf = (cidr: string): number => Number(cidr.split('/')[1])
  const kept = [own]
  for (const cidr of cidrs.sort((a, b) => lengthOf(a) - lengthOf(b) || a.localeCompare(b))) {
    if (!kept.some((other) => lengthOf(other) <= lengthOf(cidr) && contains(other, cidr))) kept.push(cidr)
  }
  return kept.slice(1).sort()
}

function contains(range: string, cidr: string): boolean {
  const list = new BlockList()
  const [address = '', bits] = range.split('/')
  list.addSubnet(address, Number(bits), 'ipv4')
  return list.check(cidr.split('/')[0] ?? '', 'ipv4')
}
