// Which address families a Service has, and whether its cluster IPs fit them. The cluster gives out IPv4 addresses only.
import type { ServiceSpec } from '../../api/types-service.ts'
import { checkIp, familyOf, isIpAddress } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { duplicate, invalid, notSupported, required, same } from './rules.ts'

const clusterFamily = 'IPv4'
const families = ['IPv4', 'IPv6']
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
const ips = 'spec.clusterIPs'
const policyPath = 'spec.ipFamilyPolicy'

const isWithoutPods = ({ clusterIP, selector }: ServiceSpec): boolean => clusterIP === 'None' && Object.keys(selector ?? {}).length === 0

/** The first address and the list of addresses say the same; a client that changed only one of them means both. */
export function matchClusterIps(spec: ServiceSpec, old?: ServiceSpec): void {
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return
  }
  if (spec.clusterIP === old.clusterIP || !same(spec.clusterIPs, old.clusterIPs)) return
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
  else delete spec.clusterIPs
}

/** Families follow from addresses that were asked for; the rest is the cluster's. What cannot be is left for the checks. */
export function defaultFamilies(spec: ServiceSpec, old?: ServiceSpec): void {
  if (spec.type === 'ExternalName') return
  spec.ipFamilyPolicy ??= old?.ipFamilyPolicy ?? (isWithoutPods(spec) ? 'RequireDualStack' : 'SingleStack')
  if (old && spec.ipFamilyPolicy === 'SingleStack') keepFirst(spec, old)
  for (const [index, ip] of (spec.clusterIPs ?? []).entries()) {
    const known = spec.ipFamilies ?? []
    if (isIpAddress(ip) && familyOf(ip) === clusterFamily && index === known.length && !known.includes(clusterFamily)) spec.ipFamilies = [...known, clusterFamily]
  }
  if (!spec.ipFamilies?.length && !spec.clusterIPs?.some(isIpAddress)) spec.ipFamilies = [clusterFamily]
  if (isWithoutPods(spec) && spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies?.length === 1) {
    spec.ipFamilies = [...spec.ipFamilies, ...families.filter((family) => !spec.ipFamilies?.includes(family))]
  }
}

/** Who asks for one family and changes nothing else gives up the second one. */
function keepFirst(spec: ServiceSpec, old: ServiceSpec): void {
  if (same(spec.clusterIPs, old.clusterIPs) && spec.clusterIPs) spec.clusterIPs = spec.clusterIPs.slice(0, 1)
  if (same(spec.ipFamilies, old.ipFamilies) && spec.ipFamilies) spec.ipFamilies = spec.ipFamilies.slice(0, 1)
}

function checkStated(out: Errors, { clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: ServiceSpec, old: ServiceSpec | undefined): void {
  if (clusterIP && clusterIPs.length === 0) out.push(required(ips))
  else if (clusterIP && clusterIPs[0] !== clusterIP) out.push(invalid(ips, clusterIPs, 'first value must match `clusterIP`'))
  else if (!clusterIP && clusterIPs.length > 0) out.push(invalid(ips, clusterIPs, 'must be empty when `clusterIP` is not specified'))
  for (const [index, family] of ipFamilies.entries()) {
    if (!families.includes(family)) out.push(notSupported(`spec.ipFamilies[${index}]`, family, families))
    if (ipFamilies.indexOf(family) !== index) out.push(duplicate(`spec.ipFamilies[${index}]`, family))
  }
  if (ipFamilyPolicy !== undefined && !policies.includes(ipFamilyPolicy)) out.push(notSupported(policyPath, ipFamilyPolicy, policies))
  const faults: Errors = []
  for (const [index, ip] of clusterIPs.entries()) {
    if (index > 0 || ip !== 'None') checkIp(faults, `${ips}[${index}]`, ip, old?.clusterIPs)
    else if (clusterIPs.length > 1) faults.push(invalid(ips, clusterIPs, "'None' must be the first and only value"))
  }
  out.push(...faults)
  if (clusterIPs.length > 2) out.push(invalid(ips, clusterIPs, 'may only hold up to 2 values'))
  if (faults.length > 0) return
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < 2) out.push(invalid(ips, clusterIPs, 'may specify no more than one IP for each IP family'))
  if (clusterIPs[0] === 'None') return
  for (const [index, ip] of clusterIPs.entries()) {
    const family = ipFamilies[index]
    if (family && families.includes(family) && family !== familyOf(ip)) out.push(invalid(`${ips}[${index}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``))
  }
}

/** That the policy allows as many addresses and families as there are. */
function checkCounts(out: Errors, { clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: ServiceSpec, old: ServiceSpec | undefined): void {
  const refuse = (detail: string): unknown => out.push(invalid(policyPath, ipFamilyPolicy, detail))
  const fewer = (now: readonly string[], before: readonly string[] = []): boolean => now.length > 0 && now.length < before.length
  if (ipFamilyPolicy !== 'SingleStack') {
    if (old && fewer(clusterIPs, old.clusterIPs)) refuse("must be 'SingleStack' to release the secondary cluster IP")
    if (old && fewer(ipFamilies, old.ipFamilies)) refuse("must be 'SingleStack' to release the secondary IP family")
  } else {
    if (clusterIPs.length === 2) refuse("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified")
    if (ipFamilies.length === 2) refuse("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified")
  }
  for (const [index, ip] of clusterIPs.entries()) {
    if (ip === 'None') break
    if (index >= ipFamilies.length) out.push(invalid(`${ips}[${index}]`, clusterIPs, `${familyOf(ip)} is not configured on this cluster`))
  }
}

function checkCluster(out: Errors, spec: ServiceSpec): void {
  if (isWithoutPods(spec)) return
  if (spec.ipFamilyPolicy === 'RequireDualStack') out.push(invalid(policyPath, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (family !== clusterFamily) out.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  }
}

/** The first of three groups of faults that has any: what is said of addresses, how many there are, what the cluster has. */
export function familyFaults(spec: ServiceSpec, old?: ServiceSpec): Errors {
  if (spec.type === 'ExternalName') return []
  const out: Errors = []
  checkStated(out, spec, old)
  if (out.length === 0) checkCounts(out, spec, old)
  if (out.length === 0) checkCluster(out, spec)
  return out
}
