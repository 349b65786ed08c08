// ServiceCIDR and IPAddress: ranges of service addresses, and addresses that are taken.
import { ipAddresses, serviceCIDRs } from '../../api/types-service.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import { checkCidr, checkIp, familyOf } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, invalid, required } from './rules.ts'

const ranges = define(serviceCIDRs, {
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }, old) {
    const out: Errors = []
    const cidrs = spec.cidrs ?? []
    if (cidrs.length === 0) out.push(required('spec.cidrs', 'at least one CIDR required'))
    if (cidrs.length > 2) out.push(invalid('spec.cidrs', cidrs, 'may only hold up to 2 values'))
    if (cidrs.length === 2 && familyOf(cidrs[0] ?? '') === familyOf(cidrs[1] ?? '')) out.push(invalid('spec.cidrs', cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'))
    for (const [index, cidr] of cidrs.entries()) checkCidr(out, `spec.cidrs[${index}]`, cidr)
    if (old) checkImmutable(out, 'spec.cidrs', cidrs, old.spec.cidrs)
    return out
  },
  columns: [nameColumn, text('CIDRs', 'Ranges of addresses.', ({ spec }) => (spec.cidrs ?? []).join(',')), ageColumn],
})

const addresses = define(ipAddresses, {
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ metadata, spec }, old) {
    const out: Errors = []
    checkIp(out, 'metadata.name', metadata.name)
    const { parentRef } = spec
    if (!parentRef) out.push(required('spec.parentRef'))
    else {
      if (!parentRef.resource) out.push(required('spec.parentRef.resource'))
      if (!parentRef.name) out.push(required('spec.parentRef.name'))
    }
    if (old) checkImmutable(out, 'spec.parentRef', parentRef, old.spec.parentRef)
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
