// Checks of Services.
import type { Service, ServicePort, ServiceSpec } from '../../api/types-service.ts'
import { checkCidr, checkEndpointIp, checkIp, cidrWarnings, ipWarnings, isIpAddress } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkLabels, checkOneOf, checkPortNumber, checkPortOrName, checkResourceName, duplicate, forbiddenField, immutableText, invalid, notSupported,
  required, same,
} from './rules.ts'
import { familyFaults } from './service-families.ts'
import { isExternal, needsHealthPort } from './service-update.ts'

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const oldHints = 'service.kubernetes.io/topology-aware-hints'
const topologyMode = 'service.kubernetes.io/topology-mode'
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const balancerOnly = "may only be used when `type` is 'LoadBalancer'"

const isHeadless = ({ clusterIPs }: ServiceSpec): boolean => clusterIPs?.length === 1 && clusterIPs[0] === 'None'

function checkType(out: Errors, spec: ServiceSpec): void {
  const { type, externalName, ports = [] } = spec
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') out.push(required('spec.ports'))
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec)) out.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`))
  if (type !== 'ExternalName') return
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    if (spec[field]?.length) out.push(forbiddenField(`spec.${field}`, 'may not be set for ExternalName services'))
  }
  // The name may be a full one, with a dot behind it.
  const domain = (externalName ?? '').replace(/\.$/, '')
  if (domain === '') out.push(required('spec.externalName'))
  else checkDnsSubdomain(out, 'spec.externalName', domain)
}

function checkPorts(out: Errors, ports: readonly ServicePort[]): void {
  const names = new Set<string>()
  for (const [index, { name, port, protocol, targetPort, appProtocol }] of ports.entries()) {
    const path = `spec.ports[${index}]`
    if (name) {
      checkDnsLabel(out, `${path}.name`, name)
      if (names.has(name)) out.push(duplicate(`${path}.name`, name))
      names.add(name)
    } else if (ports.length > 1) out.push(required(`${path}.name`))
    checkPortNumber(out, `${path}.port`, port ?? 0)
    checkOneOf(out, `${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
    checkPortOrName(out, `${path}.targetPort`, targetPort)
    if (appProtocol !== undefined) checkResourceName(out, `${path}.appProtocol`, appProtocol)
  }
}

function checkPortNumbers(out: Errors, { ports = [], type }: ServiceSpec): void {
  const places = ports.map((port, index) => ({ ...port, path: `spec.ports[${index}]` }))
  if (type === 'ClusterIP') for (const { path, nodePort } of places) if (nodePort) out.push(forbiddenField(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
  const taken = new Set<string>()
  const repeats = (key: string): boolean => taken.size === taken.add(key).size
  for (const { path, nodePort, protocol } of places) if (nodePort && repeats(`node ${protocol} ${nodePort}`)) out.push(duplicate(`${path}.nodePort`, nodePort))
  for (const { path, port, protocol } of places) {
    if (repeats(`${protocol} ${port}`)) out.push(duplicate(path, { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 }))
  }
}

function checkAffinity(out: Errors, { sessionAffinity, sessionAffinityConfig }: ServiceSpec): void {
  checkOneOf(out, 'spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None'])
  const path = 'spec.sessionAffinityConfig'
  if (sessionAffinity === 'None' && sessionAffinityConfig) out.push(forbiddenField(path, 'must not be set when session affinity is None'))
  const timeout = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (sessionAffinity === 'ClientIP' && timeout !== undefined && (timeout <= 0 || timeout > 86_400)) {
    out.push(invalid(`${path}.clientIP.timeoutSeconds`, timeout, 'must be greater than 0 and less than 86400'))
  }
}

function checkExternalIps(out: Errors, { externalIPs = [] }: ServiceSpec, old: ServiceSpec | undefined): void {
  for (const [index, ip] of externalIPs.entries()) {
    const before = out.length
    checkIp(out, `spec.externalIPs[${index}]`, ip, old?.externalIPs)
    if (out.length === before) checkEndpointIp(out, `spec.externalIPs[${index}]`, ip)
  }
}

// Spaces around ranges have always been let through.
function checkSourceRanges(out: Errors, { metadata, spec }: Service, old: Service | undefined): void {
  const stated = metadata.annotations?.[rangesAnnotation]
  const ranges = spec.loadBalancerSourceRanges ?? []
  if (ranges.length > 0) {
    const path = 'spec.LoadBalancerSourceRanges'
    if (spec.type !== 'LoadBalancer') out.push(forbiddenField(path, balancerOnly))
    const known = old?.spec.loadBalancerSourceRanges?.map((range) => range.trim())
    for (const [index, range] of ranges.entries()) checkCidr(out, `${path}[${index}]`, range.trim(), known)
  } else if (stated !== undefined) {
    const path = `metadata.annotations[${rangesAnnotation}]`
    if (spec.type !== 'LoadBalancer') out.push(forbiddenField(path, balancerOnly))
    if (stated === old?.metadata.annotations?.[rangesAnnotation] || stated.trim() === '') return
    for (const range of stated.split(',')) checkCidr(out, path, range.trim())
  }
}

function checkBalancerClass(out: Errors, { type, loadBalancerClass }: ServiceSpec): void {
  if (loadBalancerClass === undefined) return
  if (type === 'LoadBalancer') checkResourceName(out, 'spec.loadBalancerClass', loadBalancerClass)
  else out.push(forbiddenField('spec.loadBalancerClass', balancerOnly))
}

const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']

function checkTraffic(out: Errors, spec: ServiceSpec): void {
  const { externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort, trafficDistribution } = spec
  if (isExternal(spec)) checkOneOf(out, 'spec.externalTrafficPolicy', externalTrafficPolicy, ['Cluster', 'Local'])
  else if (externalTrafficPolicy) out.push(invalid('spec.externalTrafficPolicy', externalTrafficPolicy, 'may only be set for externally-accessible services'))
  // A port that is needed and left out is allocated.
  if (healthCheckNodePort && needsHealthPort(spec)) checkPortNumber(out, 'spec.healthCheckNodePort', healthCheckNodePort)
  else if (healthCheckNodePort) out.push(invalid('spec.healthCheckNodePort', healthCheckNodePort, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
  if (internalTrafficPolicy !== undefined && internalTrafficPolicy !== 'Cluster' && internalTrafficPolicy !== 'Local') {
    out.push(notSupported('spec.internalTrafficPolicy', internalTrafficPolicy, ['Cluster', 'Local']))
  }
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution)) out.push(notSupported('spec.trafficDistribution', trafficDistribution, distributions))
}

/** Each value of the old list stands where it stood; `at` is the path that tells. */
function checkKept(out: Errors, at: (index: number) => string, now: readonly string[], before: readonly string[]): void {
  for (const [index, value] of before.entries()) if (value !== now[index]) out.push(invalid(at(index), now, 'may not change once set'))
}

function checkKeptAddresses(out: Errors, { clusterIPs: now = [], ipFamilyPolicy }: ServiceSpec, { clusterIPs: before = [] }: ServiceSpec): void {
  const at = (index: number): string => `spec.clusterIPs[${index}]`
  if (now.length === before.length) return checkKept(out, at, now, before)
  if (before.length > 0 && now.length === 0) out.push(invalid(at(0), now, 'primary clusterIP can not be unset'))
  else if (before.length > 0) checkKept(out, at, now, before.slice(0, 1))
  if (before.length > now.length && now.length === 1 && ipFamilyPolicy !== 'SingleStack') out.push(invalid('spec.ipFamilyPolicy', ipFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary clusterIP"))
}

function checkKeptFamilies(out: Errors, { ipFamilies: now = [], ipFamilyPolicy, clusterIPs = [] }: ServiceSpec, { ipFamilies: before = [] }: ServiceSpec): void {
  const at = 'spec.ipFamilies[0]'
  if (now.length === before.length) return checkKept(out, () => at, now, before)
  if (before.length > now.length && clusterIPs.length === 0) out.push(invalid(at, now, 'primary ipFamily can not be unset'))
  if (before.length > 0 && now.length > 0 && now[0] !== before[0]) out.push(invalid(at, clusterIPs, 'may not change once set'))
  if (before.length > now.length && now.length === 1 && ipFamilyPolicy !== 'SingleStack') out.push(invalid('spec.ipFamilyPolicy', ipFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary ipFamily"))
}

// Addresses stay with a Service for its life; only a change from or to ExternalName gives them up.
function checkUpdate(out: Errors, spec: ServiceSpec, old: ServiceSpec): void {
  if (old.type !== 'ExternalName' && spec.type !== 'ExternalName') {
    const [headless, wasHeadless] = [isHeadless(spec), isHeadless(old)]
    if (!headless || !wasHeadless) checkKeptAddresses(out, spec, old)
    if (!headless && !wasHeadless) checkKeptFamilies(out, spec, old)
  }
  if (old.type === 'LoadBalancer' && spec.type === 'LoadBalancer' && !same(old.loadBalancerClass, spec.loadBalancerClass)) {
    out.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'))
  }
  checkBalancerClass(out, spec)
  if (needsHealthPort(old) && needsHealthPort(spec) && old.healthCheckNodePort !== spec.healthCheckNodePort) out.push(forbiddenField('spec.healthCheckNodePort', immutableText))
}

const ingressPath = 'status.loadBalancer.ingress'

/** The addresses that a load balancer reports. */
export function validateServiceStatus({ spec, status }: Service, old?: Service): Errors {
  const out: Errors = []
  const ingress = status?.loadBalancer?.ingress ?? []
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) return [forbiddenField(ingressPath, "may only be used when `spec.type` is 'LoadBalancer'")]
  const known = (old?.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip || [])
  for (const [index, { ip, ipMode, hostname }] of ingress.entries()) {
    const at = `${ingressPath}[${index}]`
    if (ip) checkIp(out, `${at}.ip`, ip, known)
    if (ipMode === undefined) {
      if (ip) out.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'))
    } else if (!ip) out.push(forbiddenField(`${at}.ipMode`, 'may not be specified when `ip` is not set'))
    else if (ipMode !== 'Proxy' && ipMode !== 'VIP') out.push(notSupported(`${at}.ipMode`, ipMode, ['Proxy', 'VIP']))
    if (!hostname) continue
    checkDnsSubdomain(out, `${at}.hostname`, hostname)
    if (isIpAddress(hostname)) out.push(invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'))
  }
  return out
}

export const serviceStatusWarnings = ({ status }: Service): string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) => (ip ? ipWarnings(`${ingressPath}[${index}]`, ip) : []))

export function validateService(object: Service, old?: Service): Errors {
  const { metadata, spec } = object
  // Families are settled before the rest is looked at.
  const unsettled = familyFaults(spec, old?.spec)
  if (unsettled.length > 0) return unsettled
  const out: Errors = []
  if (old) checkUpdate(out, spec, old.spec)
  const { [oldHints]: hints, [topologyMode]: mode } = metadata.annotations ?? {}
  if (hints !== undefined && mode !== undefined && hints !== mode) out.push(invalid(`metadata.annotations[${topologyMode}]`, mode, `must match annotations[${oldHints}] when both are specified`))
  checkType(out, spec)
  checkPorts(out, spec.ports ?? [])
  checkLabels(out, 'spec.selector', spec.selector)
  checkAffinity(out, spec)
  checkExternalIps(out, spec, old?.spec)
  checkOneOf(out, 'spec.type', spec.type, types)
  checkPortNumbers(out, spec)
  checkSourceRanges(out, object, old)
  if (spec.type !== 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== undefined) out.push(forbiddenField('spec.allocateLoadBalancerNodePorts', balancerOnly))
  checkBalancerClass(out, spec)
  checkTraffic(out, spec)
  return out
}

export function serviceWarnings({ metadata, spec }: Service): string[] {
  const { type, clusterIP, clusterIPs = [], externalIPs = [], loadBalancerIP } = spec
  const headless = type === 'ClusterIP' && clusterIP === 'None'
  const each = (path: string, values: readonly string[], warningsOf: (path: string, value: string) => string[]): string[] => values.flatMap((value, index) => warningsOf(`${path}[${index}]`, value))
  return [
    ...(metadata.annotations?.[oldHints] === undefined ? [] : [`annotation ${oldHints} is deprecated, please use ${topologyMode} instead`]),
    ...(clusterIP && clusterIP !== 'None' ? each('spec.clusterIPs', clusterIPs, ipWarnings) : []),
    ...(headless && loadBalancerIP ? ['spec.loadBalancerIP is ignored for headless services'] : []),
    ...(headless && externalIPs.length > 0 ? ['spec.externalIPs is ignored for headless services'] : []),
    ...(headless && spec.sessionAffinity !== 'None' ? ['spec.SessionAffinity is ignored for headless services'] : []),
    ...each('spec.externalIPs', externalIPs, ipWarnings),
    ...(loadBalancerIP ? ipWarnings('spec.loadBalancerIP', loadBalancerIP) : []),
    ...each('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges ?? [], cidrWarnings),
    ...(type === 'ExternalName' && externalIPs.length > 0 ? ['spec.externalIPs is ignored when spec.type is "ExternalName"'] : []),
    ...(type !== 'ExternalName' && spec.externalName ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : []),
    ...(spec.trafficDistribution === 'PreferClose' ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'] : []),
  ]
}
