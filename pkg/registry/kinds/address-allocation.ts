// ServiceCIDR and IPAddress: ranges of service addresses, and addresses that are taken.
import { parseCidr } from '../../api/ip-address.ts'
import type { ParentReference, ServiceCIDR } from '../../api/types-service.ts'
import { ipAddresses, serviceCIDRs } from '../../api/types-service.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { bareStatus, define, subresource } from './define.ts'
import { familyOf, strictCidrFaults, strictIpFaults } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsSubdomain, checkPathSegment, immutableText, invalid, required, same } from './rules.ts'

const rangesPath = 'spec.cidrs'

function checkRanges(out: Errors, cidrs: readonly string[]): void {
  const [first = '', second = ''] = cidrs
  if (cidrs.length === 0) return void out.push(required(rangesPath, 'at least one CIDR required'))
  if (cidrs.length > 2) return void out.push(invalid(rangesPath, { CIDRs: cidrs }, 'may only hold up to 2 values'))
  for (const [index, cidr] of cidrs.entries()) addFaults(out, `${rangesPath}[${index}]`, cidr, strictCidrFaults(cidr))
  if (cidrs.length === 2 && parseCidr(first) && parseCidr(second) && familyOf(first) === familyOf(second)) {
    out.push(invalid(rangesPath, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'))
  }
}

/** Ranges stay for good; a range of the other family may join. */
function checkRangesUpdate(out: Errors, cidrs: readonly string[], old: readonly string[]): void {
  const joined = old.length === 1 && cidrs.length === 2
  if (old.length !== cidrs.length && !joined) return void out.push(invalid(rangesPath, cidrs, immutableText))
  for (const [index, cidr] of old.entries()) if (cidr !== cidrs[index]) out.push(invalid(`${rangesPath}[${index}]`, cidrs[index], immutableText))
  if (joined) checkRanges(out, cidrs)
}

const ranges = define(serviceCIDRs, {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }, old) {
    const out: Errors = []
    if (old) checkRangesUpdate(out, spec.cidrs ?? [], old.spec.cidrs ?? [])
    else checkRanges(out, spec.cidrs ?? [])
    return out
  },
  subresources: [subresource<ServiceCIDR>('status', { merge: bareStatus })],
  columns: [nameColumn, text('CIDRs', 'Ranges of addresses.', ({ spec }) => (spec.cidrs ?? []).join(',')), ageColumn],
})

function checkParent(out: Errors, parent: ParentReference | undefined): void {
  const path = 'spec.parentRef'
  if (!parent) return void out.push(required(path))
  const { group, resource, name, namespace } = parent
  if (group) checkDnsSubdomain(out, `${path}.group`, group)
  if (!resource) out.push(required(`${path}.resource`))
  else checkPathSegment(out, `${path}.resource`, resource)
  if (!name) out.push(required(`${path}.name`))
  else checkPathSegment(out, `${path}.name`, name)
  if (namespace) checkPathSegment(out, `${path}.namespace`, namespace)
}

const parentShown = (parent: ParentReference | undefined): unknown =>
  (parent ? { Group: parent.group ?? '', Resource: parent.resource ?? '', Namespace: parent.namespace ?? '', Name: parent.name ?? '' } : null)

const addresses = define(ipAddresses, {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ metadata, spec }, old) {
    const out: Errors = []
    const { name = '' } = metadata
    addFaults(out, 'metadata.name', name, strictIpFaults(name))
    checkParent(out, spec.parentRef)
    if (old && !same(spec.parentRef, old.spec.parentRef)) out.push(invalid('spec.parentRef', parentShown(spec.parentRef), immutableText))
    return out
  },
  // An IPv6 address has colons, which no DNS name has.
  names: 'path-segment',
  columns: [
    nameColumn,
    text('ParentRef', 'Object that has the address.', ({ spec: { parentRef = {} } }) => {
      const { group = '', resource = '', namespace, name = '' } = parentRef
      return `${[resource, group].filter((part) => part !== '').join('.')}/${namespace ? `${namespace}/` : ''}${name}`
    }),
  ],
})

const both: readonly Definition[] = [addresses, ranges]
export default both
