// Service: one address for many pods.
import type { Service } from '../../api/types-service.ts'
import { services } from '../../api/types-service.ts'
import { ageColumn, labelsText, nameColumn, none, text, wide } from './columns.ts'
import { define, subresource } from './define.ts'
import { familyOf } from './ip-rules.ts'
import { same } from './rules.ts'
import { dropTypeDependentFields, keepAllocated, needsClusterIp } from './service-update.ts'
import { validateService, validateServiceStatus } from './service-validation.ts'

function defaults(draft: Service): void {
  draft.spec ??= {}
  const { spec } = draft
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10_800 } }
  spec.type ||= 'ClusterIP'
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    port.targetPort ||= port.port
  }
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)
  if (external) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const ingress of draft.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
  }
}

/** The first address and the list of addresses say the same; a client that changed only one of them means both. */
function matchClusterIps(spec: Service['spec'], old?: Service['spec']): void {
  const untouched = old !== undefined && spec.clusterIP !== old.clusterIP && same(spec.clusterIPs, old.clusterIPs)
  if (untouched) delete spec.clusterIPs
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
}

// Families follow from addresses that were asked for; the allocator of addresses knows those that were not.
function defaultFamilies(spec: Service['spec']): void {
  if (!needsClusterIp(spec)) return
  const asked = (spec.clusterIPs ?? []).filter((ip) => ip !== 'None')
  if (asked.length > 0 && !spec.ipFamilies?.length) spec.ipFamilies = asked.map(familyOf)
  const headlessWithoutPods = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??= headlessWithoutPods ? 'RequireDualStack' : (spec.ipFamilies ?? []).length > 1 ? 'RequireDualStack' : 'SingleStack'
  const families = spec.ipFamilies?.length ? spec.ipFamilies : ['IPv4']
  spec.ipFamilies = spec.ipFamilyPolicy === 'RequireDualStack' && families.length === 1 ? [...families, families[0] === 'IPv4' ? 'IPv6' : 'IPv4'] : families
}

/** What EXTERNAL-IP shows. */
export function externalIpText({ spec, status }: Service): string {
  const own = spec.externalIPs ?? []
  if (spec.type === 'ExternalName') return spec.externalName || none
  if (spec.type !== 'LoadBalancer') return own.length > 0 ? own.join(',') : none
  const given = [...new Set((status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((address) => address !== ''))].sort()
  if (given.length === 0 && own.length === 0) return '<pending>'
  return [...given, ...own].join(',')
}

/** `80:30080/TCP,443/TCP`. */
export function servicePortsText({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
  return ports.length > 0 ? ports.join(',') : none
}

export default define(services, {
  names: 'dns-label-1035',
  generation: false,
  allowCreateOnUpdate: true,
  initialStatus: () => ({ loadBalancer: {} }),
  defaults,
  prepareCreate({ spec }) {
    matchClusterIps(spec)
    defaultFamilies(spec)
  },
  prepareUpdate({ spec }, old) {
    keepAllocated(spec, old.spec)
    matchClusterIps(spec, old.spec)
    dropTypeDependentFields(spec, old.spec)
    defaultFamilies(spec)
  },
  validate: validateService,
  subresources: [subresource('status', { validate: validateServiceStatus })],
  fields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
  columns: [
    nameColumn,
    text('Type', 'How the service is reached: ClusterIP, NodePort, LoadBalancer or ExternalName.', ({ spec }) => spec.type ?? ''),
    text('Cluster-IP', 'Address inside the cluster.', ({ spec }) => spec.clusterIPs?.[0] || spec.clusterIP || none),
    text('External-IP', 'Addresses from outside.', externalIpText),
    text('Port(s)', 'Ports, with node ports and protocols.', servicePortsText),
    ageColumn,
    wide(text('Selector', 'Which pods answer, by label.', ({ spec }) => labelsText(spec.selector))),
  ],
})
