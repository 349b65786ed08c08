// What a Service keeps and what it drops when a client writes it again, perhaps with another type.
import type { ServicePort, ServiceSpec } from '../../api/types-service.ts'
import { same } from './rules.ts'

export const needsClusterIp = ({ type }: ServiceSpec): boolean => type !== 'ExternalName'
const mayHaveNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer'
/** Who does without allocated node ports gives them up by leaving them out. */
const needsNodePort = (spec: ServiceSpec): boolean => mayHaveNodePorts(spec) && (spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false)
export const needsHealthPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean => type === 'LoadBalancer' && externalTrafficPolicy === 'Local'
export const isExternal = ({ type, externalIPs = [] }: ServiceSpec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0)

/** A client that leaves out what was allocated means to keep it. */
export function keepAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(spec) && needsClusterIp(old)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP
    if (!spec.clusterIPs?.length && old.clusterIPs) spec.clusterIPs = [...old.clusterIPs]
  }
  if (needsNodePort(spec) && needsNodePort(old)) keepNodePorts(spec.ports ?? [], old.ports ?? [])
  if (needsHealthPort(spec) && needsHealthPort(old) && !spec.healthCheckNodePort && old.healthCheckNodePort) spec.healthCheckNodePort = old.healthCheckNodePort
}

/** Ports are known by their names: whatever else of them changes, their node ports stay, unless another port has them now. */
function keepNodePorts(ports: readonly ServicePort[], old: readonly ServicePort[]): void {
  const taken = new Set(ports.map(({ nodePort }) => nodePort))
  const byName = new Map(old.map(({ name = '', nodePort }) => [name, nodePort]))
  for (const port of ports) {
    const before = byName.get(port.name ?? '')
    if (!port.nodePort && before && !taken.has(before)) port.nodePort = before
  }
}

/** Fields that the new type does not have go, unless the client changed them in this very write (which is then an error). */
export function dropTypeDependentFields(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    if (same(spec.clusterIP, old.clusterIP)) delete spec.clusterIP
    if (same(spec.clusterIPs, old.clusterIPs)) delete spec.clusterIPs
    if (same(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies
    if (same(spec.ipFamilyPolicy, old.ipFamilyPolicy)) delete spec.ipFamilyPolicy
  }
  if (mayHaveNodePorts(old) && !mayHaveNodePorts(spec)) dropNodePorts(spec.ports ?? [], old.ports ?? [])
  if (needsHealthPort(old) && !needsHealthPort(spec) && same(spec.healthCheckNodePort, old.healthCheckNodePort)) delete spec.healthCheckNodePort
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (same(spec.allocateLoadBalancerNodePorts, old.allocateLoadBalancerNodePorts)) delete spec.allocateLoadBalancerNodePorts
    if (same(spec.loadBalancerClass, old.loadBalancerClass)) delete spec.loadBalancerClass
  }
  if (isExternal(old) && !isExternal(spec) && same(spec.externalTrafficPolicy, old.externalTrafficPolicy)) delete spec.externalTrafficPolicy
}

function dropNodePorts(ports: readonly ServicePort[], old: readonly ServicePort[]): void {
  const before = new Set(old.map(({ nodePort }) => nodePort))
  if (ports.every(({ nodePort }) => !nodePort || before.has(nodePort))) for (const port of ports) delete port.nodePort
}
