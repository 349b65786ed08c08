// EndpointSlice: a part of the addresses behind a Service.
import { dnsLabelFaults, dnsSubdomainFaults } from '../../api/names.ts'
import type { Endpoint, EndpointHints, EndpointSlice } from '../../api/types-service.ts'
import { endpointSlices } from '../../api/types-service.ts'
import { ageColumn, nameColumn, text, unset } from './columns.ts'
import { define } from './define.ts'
import { isServersOwn } from './endpoints.ts'
import { checkEndpointIp, checkIp, familyOf, ipWarnings, strictIpFaults } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import {
  addFaults, checkDnsLabel, checkDnsSubdomain, checkImmutable, checkLabelValue, checkLabels, checkOneOf, checkResourceName, duplicate, invalid, notSupported, required, same, tooMany,
} from './rules.ts'

const shown = 3
const most = { endpoints: 1000, ports: 20_000, addresses: 100, topology: 16, hints: 8 } as const

function cut(values: readonly string[]): string {
  const more = values.length - shown
  return more > 0 ? `${values.slice(0, shown).join(',')} + ${more} more...` : values.join(',') || unset
}

function portsText({ ports = [] }: EndpointSlice): string {
  return cut((ports ?? []).map(({ port, name }) => `${port ?? name ?? '*'}`))
}

/** A host's full name: at least two labels, perhaps a dot behind them. */
function checkHostName(out: Errors, path: string, value: string): void {
  if (value === '') return void out.push(required(path))
  const name = value.replace(/\.$/, '')
  const faults = dnsSubdomainFaults(name)
  if (faults.length > 0) return void out.push(invalid(path, name, faults.join(',')))
  if (!name.includes('.')) return void out.push(invalid(path, name, 'should be a domain with at least two segments separated by dots'))
  const label = name.split('.').find((part) => dnsLabelFaults(part).length > 0)
  if (label !== undefined) out.push(invalid(path, label, dnsLabelFaults(label).join(',')))
}

function checkAddress(out: Errors, path: string, index: number, value: string, { type, own }: Sort): void {
  const at = `${path}[${index}]`
  if (type === 'FQDN') return checkHostName(out, at, value)
  if (type !== 'IPv4' && type !== 'IPv6') return
  const before = out.length
  if (type === 'IPv4') checkIp(out, at, value)
  else addFaults(out, at, value, strictIpFaults(value))
  if (out.length > before) return
  if (familyOf(value) !== type) out.push(invalid(path, value, `must be an ${type} address`))
  if (!own) checkEndpointIp(out, at, value)
}

function checkHints(out: Errors, path: string, { forZones = [], forNodes = [] }: EndpointHints): void {
  const lists = [{ at: `${path}.forZones`, hints: forZones, check: checkLabelValue }, { at: `${path}.forNodes`, hints: forNodes, check: checkDnsSubdomain }]
  for (const { at, hints, check } of lists) {
    if (hints.length > most.hints) return void out.push(tooMany(at, hints.length, most.hints))
    const seen = new Set<string>()
    for (const [index, { name }] of hints.entries()) {
      if (seen.has(name)) out.push(duplicate(`${at}[${index}].name`, name))
      seen.add(name)
      check(out, `${at}[${index}].name`, name)
    }
  }
}

/** What the addresses of a slice are. */
interface Sort {
  readonly type: string
  /** The server's own slice. */
  readonly own: boolean
}

function checkEndpoint(out: Errors, path: string, { addresses = [], hostname, nodeName, deprecatedTopology, hints }: Partial<Endpoint>, sort: Sort): void {
  const at = `${path}.addresses`
  if (addresses.length === 0) out.push(required(at, 'must contain at least 1 address'))
  else if (addresses.length > most.addresses) out.push(tooMany(at, addresses.length, most.addresses))
  for (const [index, address] of addresses.entries()) checkAddress(out, at, index, address, sort)
  if (nodeName !== undefined) checkDnsSubdomain(out, `${path}.nodeName`, nodeName)
  const labels = Object.keys(deprecatedTopology ?? {}).length
  if (labels > most.topology) out.push(tooMany(`${path}.deprecatedTopology`, labels, most.topology))
  checkLabels(out, `${path}.deprecatedTopology`, deprecatedTopology)
  if (hostname !== undefined) checkDnsLabel(out, `${path}.hostname`, hostname)
  if (hints) checkHints(out, `${path}.hints`, hints)
}

function checkEndpoints(object: EndpointSlice): Errors {
  const { endpoints } = object
  if ((endpoints ?? []).length > most.endpoints) return [tooMany('endpoints', endpoints.length, most.endpoints)]
  const out: Errors = []
  const sort = { type: object.addressType, own: isServersOwn(object) }
  for (const [index, endpoint] of (endpoints ?? []).entries()) checkEndpoint(out, `endpoints[${index}]`, endpoint, sort)
  return out
}

function checkPorts(out: Errors, { ports }: EndpointSlice): void {
  if ((ports ?? []).length > most.ports) return void out.push(tooMany('ports', ports.length, most.ports))
  const names = new Set<string>()
  for (const [index, { name = '', protocol, appProtocol }] of (ports ?? []).entries()) {
    if (name !== '') checkDnsLabel(out, `ports[${index}].name`, name)
    if (names.has(name)) out.push(duplicate(`ports[${index}].name`, name))
    names.add(name)
    if (protocol === undefined) out.push(required(`ports[${index}].protocol`))
    else if (!['SCTP', 'TCP', 'UDP'].includes(protocol)) out.push(notSupported(`ports[${index}].protocol`, protocol, ['SCTP', 'TCP', 'UDP']))
    if (appProtocol !== undefined) checkResourceName(out, `ports[${index}].appProtocol`, appProtocol)
  }
}

/** What v1 has another field for, nodeName. */
function dropTopology({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology
}

/** They write addresses as pods and people have them. */
const controllers = new Set(['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'])

export default define(endpointSlices, {
  generation: true,
  defaults(draft) {
    draft.endpoints ??= []
    for (const port of draft.ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },
  prepareCreate: dropTopology,
  prepareUpdate(draft, old) {
    if (!same(draft.endpoints, old.endpoints)) dropTopology(draft)
    if (!same(draft.metadata.labels, old.metadata.labels)) draft.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validate(object, old) {
    const out: Errors = []
    checkOneOf(out, 'addressType', object.addressType, ['FQDN', 'IPv4', 'IPv6'])
    checkPorts(out, object)
    // What an older server took is not refused when it is written back.
    if (!old || !same(object.endpoints, old.endpoints)) out.push(...checkEndpoints(object))
    if (old) checkImmutable(out, 'addressType', object.addressType, old.addressType)
    return out
  },
  warnings({ metadata, addressType, endpoints }, old) {
    const warnings = !old && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []
    if (controllers.has(metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return warnings
    return [...warnings, ...(endpoints ?? []).flatMap(({ addresses = [] }, index) => addresses.flatMap((address, position) => ipWarnings(`endpoints[${index}].addresses[${position}]`, address)))]
  },
  columns: [
    nameColumn,
    text('AddressType', 'Family of the addresses.', ({ addressType = '' }) => addressType),
    text('Ports', 'Ports of each endpoint.', portsText),
    text('Endpoints', 'Addresses of the endpoints.', ({ endpoints }) => cut((endpoints ?? []).flatMap(({ addresses = [] }) => addresses))),
    ageColumn,
  ],
})
