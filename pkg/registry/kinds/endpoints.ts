// Endpoints: addresses behind a Service, the older form of EndpointSlice.
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../../api/types-service.ts'
import { endpoints } from '../../api/types-service.ts'
import { ageColumn, nameColumn, none, text } from './columns.ts'
import { define } from './define.ts'
import { checkEndpointIp } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkLabelKey, checkOneOf, checkPortNumber, required } from './rules.ts'

const shown = 3

function addressesText({ subsets = [] }: Endpoints): string {
  const list = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`))))
  if (list.length === 0) return none
  const more = list.length - shown
  return more > 0 ? `${list.slice(0, shown).join(',')} + ${more} more...` : list.join(',')
}

const addressKey = ({ ip, targetRef }: EndpointAddress): string => `${ip}|${targetRef?.uid ?? ''}`
const portKey = ({ name = '', protocol = '', port }: EndpointPort): string => `${protocol}|${String(port).padStart(5, '0')}|${name}`
const byText = <T>(key: (value: T) => string) => (a: T, b: T): number => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)

interface Group {
  readonly ports: EndpointPort[]
  readonly ready: Map<string, EndpointAddress>
  readonly notReady: Map<string, EndpointAddress>
}

/** The one way to write a set of endpoints: subsets with the same ports are one, everything is sorted, not ready wins. */
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

function repack(draft: Endpoints): void {
  if (draft.subsets) draft.subsets = repackSubsets(draft.subsets)
}

export default define(endpoints, {
  generation: false,
  allowCreateOnUpdate: true,
  defaults(draft) {
    for (const { ports = [] } of draft.subsets ?? []) for (const port of ports) port.protocol ||= 'TCP'
  },
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  prepareCreate: repack,
  prepareUpdate: repack,
  validate({ subsets = [] }) {
    const out: Errors = []
    for (const [index, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
      const path = `subsets[${index}]`
      if (addresses.length === 0 && notReadyAddresses.length === 0) out.push(required(path, 'must specify `addresses` or `notReadyAddresses`'))
      for (const [list, name] of [[addresses, 'addresses'], [notReadyAddresses, 'notReadyAddresses']] as const) {
        for (const [position, { ip, hostname, nodeName }] of list.entries()) {
          checkEndpointIp(out, `${path}.${name}[${position}].ip`, ip ?? '')
          if (hostname) checkDnsLabel(out, `${path}.${name}[${position}].hostname`, hostname)
          if (nodeName !== undefined) checkDnsSubdomain(out, `${path}.${name}[${position}].nodeName`, nodeName)
        }
      }
      for (const [position, port] of ports.entries()) {
        const at = `${path}.ports[${position}]`
        if (port.name) checkDnsLabel(out, `${at}.name`, port.name)
        else if (ports.length > 1) out.push(required(`${at}.name`))
        checkPortNumber(out, `${at}.port`, port.port)
        checkOneOf(out, `${at}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP'])
        if (port.appProtocol !== undefined) checkLabelKey(out, `${at}.appProtocol`, port.appProtocol)
      }
    }
    return out
  },
  columns: [nameColumn, text('Endpoints', 'Ready addresses with ports.', addressesText), ageColumn],
})
