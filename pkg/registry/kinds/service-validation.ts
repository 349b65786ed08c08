// Checks of Services.
import { isIP } from 'node:net'
import type { Service, ServicePort, ServiceSpec } from '../../api/types-service.ts'
import { checkCidr, checkIp, checkReachableIp, familyOf } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkLabelKey, checkLabels, checkOneOf, checkOptionalOneOf, checkPortNumber, checkPortOrName, duplicate, forbiddenField, immutableText, invalid, required, same,
} from './rules.ts'

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

function checkPorts(out: Errors, { ports = [], type, clusterIP }: ServiceSpec): void {
  const names = new Set<string>()
  const numbers = new Set<string>()
  const nodePorts = new Set<string>()
  if (ports.length === 0 && type !== 'ExternalName' && clusterIP !== 'None') out.push(required('spec.ports'))
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`
    checkPort(out, path, port, ports.length > 1)
    if (port.name) {
      if (names.has(port.name)) out.push(duplicate(`${path}.name`, port.name))
      names.add(port.name)
    }
    const identity = `${port.protocol}/${port.port}`
    if (numbers.has(identity)) out.push(duplicate(path, { protocol: port.protocol, port: port.port }))
    numbers.add(identity)
    if (!port.nodePort) continue
    if (type === 'ClusterIP') out.push(forbiddenField(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
    const taken = `${port.protocol}/${port.nodePort}`
    if (nodePorts.has(taken)) out.push(duplicate(`${path}.nodePort`, port.nodePort))
    nodePorts.add(taken)
  }
}

function checkPort(out: Errors, path: string, port: ServicePort, several: boolean): void {
  if (port.name) checkDnsLabel(out, `${path}.name`, port.name)
  else if (several) out.push(required(`${path}.name`))
  checkPortNumber(out, `${path}.port`, port.port ?? 0)
  checkOneOf(out, `${path}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP'])
  checkPortOrName(out, `${path}.targetPort`, port.targetPort)
  if (port.appProtocol !== undefined) checkLabelKey(out, `${path}.appProtocol`, port.appProtocol)
}

function checkAddresses(out: Errors, spec: ServiceSpec): void {
  const { clusterIP, clusterIPs = [], type } = spec
  if (type === 'ExternalName') {
    for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
      if (spec[field]?.length) out.push(forbiddenField(`spec.${field}`, 'may not be set for ExternalName services'))
    }
    return
  }
  if (clusterIP && clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) out.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  if (!clusterIP && clusterIPs.length > 0) out.push(invalid('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'))
  for (const [index, ip] of clusterIPs.entries()) {
    const path = `spec.clusterIPs[${index}]`
    if (ip === 'None') {
      if (type === 'LoadBalancer' || type === 'NodePort') out.push(invalid(path, ip, `may not be set to 'None' for ${type} services`))
      if (clusterIPs.length > 1) out.push(invalid('spec.clusterIPs', clusterIPs, "'None' must be the first and only value"))
    } else if (isIP(ip) === 0) out.push(invalid(path, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'))
  }
  checkFamilies(out, spec)
  checkOptionalOneOf(out, 'spec.ipFamilyPolicy', spec.ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'])
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    checkOneOf(out, `spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6'])
    if (spec.ipFamilies?.indexOf(family) !== index) out.push(duplicate(`spec.ipFamilies[${index}]`, family))
  }
}

/** At most one address of each family, in the order of the families. */
function checkFamilies(out: Errors, { clusterIPs = [], ipFamilies = [] }: ServiceSpec): void {
  if (clusterIPs.length > 2) out.push(invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'))
  if (!clusterIPs.every((ip) => isIP(ip) !== 0)) return
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < clusterIPs.length) {
    out.push(invalid('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'))
  }
  for (const [index, ip] of clusterIPs.entries()) {
    const family = ipFamilies[index]
    if (family && family !== familyOf(ip)) out.push(invalid(`spec.clusterIPs[${index}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``))
  }
}

function checkTypeFields(out: Errors, spec: ServiceSpec): void {
  const { type, externalName, allocateLoadBalancerNodePorts, loadBalancerClass } = spec
  if (type === 'ExternalName') {
    const domain = (externalName ?? '').replace(/\.$/, '')
    if (domain === '') out.push(required('spec.externalName'))
    else checkDnsSubdomain(out, 'spec.externalName', domain)
  }
  if (type !== 'LoadBalancer') {
    if (allocateLoadBalancerNodePorts !== undefined) out.push(forbiddenField('spec.allocateLoadBalancerNodePorts', 'may only be used when `type` is \'LoadBalancer\''))
    if (loadBalancerClass !== undefined) out.push(forbiddenField('spec.loadBalancerClass', 'may only be used when `type` is \'LoadBalancer\''))
    if (spec.loadBalancerSourceRanges?.length) out.push(forbiddenField('spec.LoadBalancerSourceRanges', 'may only be used when `type` is \'LoadBalancer\''))
  } else for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) checkCidr(out, `spec.LoadBalancerSourceRanges[${index}]`, range.trim())
  if (loadBalancerClass) checkLabels(out, 'spec.loadBalancerClass', { [loadBalancerClass]: '' })
  if (spec.healthCheckNodePort && !(type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local')) {
    out.push(invalid('spec.healthCheckNodePort', spec.healthCheckNodePort, 'may only be set when `type` is \'LoadBalancer\' and `externalTrafficPolicy` is \'Local\''))
  }
}

function checkTraffic(out: Errors, spec: ServiceSpec): void {
  const { type, externalTrafficPolicy, internalTrafficPolicy, externalIPs = [] } = spec
  const external = type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0)
  if (!external && externalTrafficPolicy) out.push(invalid('spec.externalTrafficPolicy', externalTrafficPolicy, 'may only be set for externally-accessible services'))
  else if (external) checkOneOf(out, 'spec.externalTrafficPolicy', externalTrafficPolicy, ['Cluster', 'Local'])
  if (type !== 'ExternalName' || internalTrafficPolicy !== undefined) checkOneOf(out, 'spec.internalTrafficPolicy', internalTrafficPolicy, ['Cluster', 'Local'])
  checkOptionalOneOf(out, 'spec.trafficDistribution', spec.trafficDistribution, ['PreferClose', 'PreferSameNode', 'PreferSameZone'])
  checkOneOf(out, 'spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])
  if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig) {
    out.push(forbiddenField('spec.sessionAffinityConfig', 'must not be set when session affinity is None'))
  }
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (spec.sessionAffinity === 'ClientIP' && timeout !== undefined && (timeout <= 0 || timeout > 86_400)) {
    out.push(invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', timeout, 'must be greater than 0 and less than 86400'))
  }
  for (const [index, ip] of externalIPs.entries()) checkReachableIp(out, `spec.externalIPs[${index}]`, ip)
}

// Addresses stay with a Service for its life; only a change from or to ExternalName gives them up.
function checkUpdate(out: Errors, spec: ServiceSpec, old: ServiceSpec): void {
  if (old.type === 'ExternalName' || spec.type === 'ExternalName') return
  const [now] = spec.clusterIPs ?? []
  const [before] = old.clusterIPs ?? []
  if (before !== undefined && now === undefined) out.push(invalid('spec.clusterIPs[0]', spec.clusterIPs ?? [], 'primary clusterIP can not be unset'))
  else if (before !== undefined && now !== before) out.push(invalid('spec.clusterIPs[0]', spec.clusterIPs, 'may not change once set'))
  if (old.ipFamilies?.length && spec.ipFamilies?.length && old.ipFamilies[0] !== spec.ipFamilies[0]) {
    out.push(invalid('spec.ipFamilies[0]', spec.ipFamilies, 'may not change once set'))
  }
  if (old.type === 'LoadBalancer' && spec.type === 'LoadBalancer' && !same(old.loadBalancerClass, spec.loadBalancerClass)) {
    out.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'))
  }
  if (hasHealthPort(old) && hasHealthPort(spec) && old.healthCheckNodePort !== spec.healthCheckNodePort) out.push(forbiddenField('spec.healthCheckNodePort', immutableText))
}

const hasHealthPort = ({ type, externalTrafficPolicy, healthCheckNodePort }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local' && healthCheckNodePort !== undefined

/** The addresses that a load balancer reports. */
export function validateServiceStatus({ spec, status }: Service): Errors {
  const out: Errors = []
  const path = 'status.loadBalancer.ingress'
  const ingress = status?.loadBalancer?.ingress ?? []
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) out.push(forbiddenField(path, "may only be used when `spec.type` is 'LoadBalancer'"))
  for (const [index, { ip, ipMode, hostname }] of ingress.entries()) {
    const at = `${path}[${index}]`
    if (ip) checkIp(out, `${at}.ip`, ip)
    else if (ipMode !== undefined) out.push(forbiddenField(`${at}.ipMode`, 'may not be specified when `ip` is not set'))
    if (ip) checkOptionalOneOf(out, `${at}.ipMode`, ipMode, ['Proxy', 'VIP'])
    if (hostname) checkDnsSubdomain(out, `${at}.hostname`, hostname)
    if (hostname && isIP(hostname) !== 0) out.push(invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'))
  }
  return out
}

export function validateService({ spec }: Service, old?: Service): Errors {
  const out: Errors = []
  checkOneOf(out, 'spec.type', spec.type, types)
  checkPorts(out, spec)
  checkAddresses(out, spec)
  checkTypeFields(out, spec)
  checkTraffic(out, spec)
  checkLabels(out, 'spec.selector', spec.selector)
  if (old) checkUpdate(out, spec, old.spec)
  return out
}
