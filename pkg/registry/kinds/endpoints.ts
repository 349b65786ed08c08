// Endpoints: addresses behind a Service, the older form of EndpointSlice.
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../../api/types-service.ts'
import { endpoints } from '../../api/types-service.ts'
import { ageColumn, nameColumn, none, text } from './columns.ts'
import { define } from './define.ts'
import { checkEndpointIp, checkIp, ipWarnings } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkOneOf, checkPortNumber, checkResourceName, required, same } from './rules.ts'

const shown = 3

function addressesText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return none
  const list = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`))))
  const more = list.length - shown
  return more > 0 ? `${list.slice(0, shown).join(',')} + ${more} more...` : list.join(',')
}

/** Where the server itself is: on a machine without a network that is its loopback address. */
export const isServersOwn = ({ metadata: { name, namespace } }: Pick<Endpoints, 'metadata'>): boolean => name === 'kubernetes' && namespace === 'default'

function checkAddress(out: Errors, path: string, { ip = '', hostname, nodeName }: Partial<EndpointAddress>, own: boolean): void {
  checkIp(out, `${path}.ip`, ip)
  if (hostname) checkDnsLabel(out, `${path}.hostname`, hostname)
  if (nodeName !== undefined) checkDnsSubdomain(out, `${path}.nodeName`, nodeName)
  if (!own) checkEndpointIp(out, `${path}.ip`, ip)
}

function checkPort(out: Errors, path: string, { name, port, protocol, appProtocol }: EndpointPort, several: boolean): void {
  if (name) checkDnsLabel(out, `${path}.name`, name)
  else if (several) out.push(required(`${path}.name`))
  checkPortNumber(out, `${path}.port`, port)
  checkOneOf(out, `${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
  if (appProtocol !== undefined) checkResourceName(out, `${path}.appProtocol`, appProtocol)
}

function checkSubset(out: Errors, path: string, { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, own: boolean): void {
  if (addresses.length === 0 && notReadyAddresses.length === 0) out.push(required(path, 'must specify `addresses` or `notReadyAddresses`'))
  for (const [index, address] of addresses.entries()) checkAddress(out, `${path}.addresses[${index}]`, address, own)
  for (const [index, address] of notReadyAddresses.entries()) checkAddress(out, `${path}.notReadyAddresses[${index}]`, address, own)
  for (const [index, port] of ports.entries()) checkPort(out, `${path}.ports[${index}]`, port, ports.length > 1)
}

const managedBy = 'endpoints.kubernetes.io/managed-by'

export default define(endpoints, {
  generation: false,
  allowCreateOnUpdate: true,
  defaults(draft) {
    for (const { ports = [] } of draft.subsets ?? []) for (const port of ports) port.protocol ||= 'TCP'
  },
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  validate(object, old) {
    const out: Errors = []
    const { subsets = [] } = object
    for (const [index, subset] of subsets.entries()) checkSubset(out, `subsets[${index}]`, subset, isServersOwn(object))
    // What an older server took is not refused when it is written back.
    return old && same(subsets, old.subsets) ? [] : out
  },
  warnings({ metadata, subsets = [] }) {
    if (metadata.labels?.[managedBy] === 'endpoint-controller') return []
    return subsets.flatMap((subset, index) => (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, position) => ipWarnings(`subsets[${index}].${list}[${position}].ip`, ip))))
  },
  columns: [nameColumn, text('Endpoints', 'Ready addresses with ports.', addressesText), ageColumn],
})
