// EndpointSlice: a part of the addresses behind a Service.
import type { EndpointSlice } from '../../api/types-service.ts'
import { endpointSlices } from '../../api/types-service.ts'
import { ageColumn, nameColumn, text, unset } from './columns.ts'
import { define } from './define.ts'
import { checkEndpointIp, familyOf } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkImmutable, checkOneOf, checkPortNumber, duplicate, invalid, required, tooMany } from './rules.ts'

const shown = 3
const maxEndpoints = 1000
const maxPorts = 100
const maxAddresses = 100

function cut(values: readonly string[]): string {
  if (values.length === 0) return unset
  const more = values.length - shown
  return more > 0 ? `${values.slice(0, shown).join(',')} + ${more} more...` : values.join(',')
}

function portsText({ ports = [] }: EndpointSlice): string {
  return cut((ports ?? []).map(({ port, name }) => (port !== undefined ? `${port}` : name ? name : '*')))
}

function checkEndpoints(out: Errors, { endpoints, addressType }: EndpointSlice): void {
  if ((endpoints ?? []).length > maxEndpoints) out.push(tooMany('endpoints', endpoints.length, maxEndpoints))
  for (const [index, { addresses = [], hostname, nodeName }] of (endpoints ?? []).entries()) {
    const path = `endpoints[${index}]`
    if (addresses.length === 0) out.push(required(`${path}.addresses`, 'must contain at least 1 address'))
    if (addresses.length > maxAddresses) out.push(tooMany(`${path}.addresses`, addresses.length, maxAddresses))
    for (const [position, address] of addresses.entries()) {
      const at = `${path}.addresses[${position}]`
      if (addressType === 'FQDN') checkDnsSubdomain(out, at, address)
      else {
        const before = out.length
        checkEndpointIp(out, at, address)
        if (out.length === before && familyOf(address) !== addressType) out.push(invalid(at, address, `must be an ${addressType} address`))
      }
    }
    if (hostname !== undefined) checkDnsLabel(out, `${path}.hostname`, hostname)
    if (nodeName !== undefined) checkDnsSubdomain(out, `${path}.nodeName`, nodeName)
  }
}

function checkPorts(out: Errors, { ports }: EndpointSlice): void {
  if ((ports ?? []).length > maxPorts) out.push(tooMany('ports', ports.length, maxPorts))
  const names = new Set<string>()
  for (const [index, { name = '', port, protocol }] of (ports ?? []).entries()) {
    if (name !== '') checkDnsLabel(out, `ports[${index}].name`, name)
    if (names.has(name)) out.push(duplicate(`ports[${index}].name`, name))
    names.add(name)
    if (port !== undefined) checkPortNumber(out, `ports[${index}].port`, port)
    checkOneOf(out, `ports[${index}].protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
  }
}

export default define(endpointSlices, {
  generation: true,
  defaults(draft) {
    draft.endpoints ??= []
    for (const port of draft.ports ?? []) {
      port.name ??= ''
      port.protocol ||= 'TCP'
    }
  },
  validate(object, old) {
    const out: Errors = []
    checkOneOf(out, 'addressType', object.addressType, ['FQDN', 'IPv4', 'IPv6'])
    checkEndpoints(out, object)
    checkPorts(out, object)
    if (old) checkImmutable(out, 'addressType', object.addressType, old.addressType)
    return out
  },
  columns: [
    nameColumn,
    text('AddressType', 'Family of the addresses.', ({ addressType = '' }) => addressType),
    text('Ports', 'Ports of each endpoint.', portsText),
    text('Endpoints', 'Addresses of the endpoints.', ({ endpoints }) => cut((endpoints ?? []).flatMap(({ addresses = [] }) => addresses))),
    ageColumn,
  ],
})
