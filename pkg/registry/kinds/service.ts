// Service: one address for many pods.
import type { Service } from '../../api/types-service.ts'
import { services } from '../../api/types-service.ts'
import { ageColumn, labelsText, nameColumn, none, text, wide } from './columns.ts'
import { define, subresource } from './define.ts'
import { defaultFamilies, matchClusterIps } from './service-families.ts'
import { dropTypeDependentFields, isExternal, keepAllocated } from './service-update.ts'
import { serviceStatusWarnings, serviceWarnings, validateService, validateServiceStatus } from './service-validation.ts'

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
  if (isExternal(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const ingress of draft.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
  }
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
  prepareUpdate(draft, old) {
    const { spec } = draft
    keepAllocated(spec, old.spec)
    matchClusterIps(spec, old.spec)
    dropTypeDependentFields(spec, old.spec)
    defaultFamilies(spec, old.spec)
    if (draft.status && spec.type !== 'LoadBalancer') draft.status.loadBalancer = {}
  },
  validate: validateService,
  warnings: serviceWarnings,
  subresources: [subresource<Service>('status', { validate: validateServiceStatus, warnings: serviceStatusWarnings })],
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
