// Subsets of Endpoints in one way to write them: those with the same ports are one, everything is sorted, and an address that is not ready somewhere is nowhere.
import type { EndpointAddress, EndpointPort, EndpointSubset } from '../api/types-service.ts'

const addressKey = ({ ip, targetRef }: EndpointAddress): string => `${ip}|${targetRef?.uid ?? ''}`
const portKey = ({ name = '', protocol = '', port }: EndpointPort): string => `${protocol}|${String(port).padStart(5, '0')}|${name}`
const byText = <T>(key: (value: T) => string) => (a: T, b: T): number => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)

interface Group {
  readonly ports: EndpointPort[]
  readonly ready: Map<string, EndpointAddress>
  readonly notReady: Map<string, EndpointAddress>
}

export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const groups = new Map<string, Group>()
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const sorted = [...ports].sort(byText(portKey))
    const key = sorted.map(portKey).join(';')
    const group = groups.get(key) ?? { ports: sorted, ready: new Map(), notReady: new Map() }
    groups.set(key, group)
    for (const address of notReadyAddresses) group.notReady.set(addressKey(address), address)
    for (const address of addresses) group.ready.set(addressKey(address), address)
  }
  return [...groups.entries()].filter(([, { ready, notReady }]) => ready.size + notReady.size > 0).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { ports, ready, notReady }]) => {
    for (const key of notReady.keys()) ready.delete(key)
    const sortedValues = (map: Map<string, EndpointAddress>): EndpointAddress[] => [...map.values()].sort(byText(addressKey))
    return {
      ...(ready.size > 0 ? { addresses: sortedValues(ready) } : {}),
      ...(notReady.size > 0 ? { notReadyAddresses: sortedValues(notReady) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }
  })
}
