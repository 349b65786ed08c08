// What a Service's pods are as endpoints: addresses, ports and readiness. Shared by Endpoints and EndpointSlices.
import { mapMatcher } from '../api/label-selector.ts'
import type { ObjectKey } from '../api/object.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { services, type ApiEndpointPort, type Service } from '../api/types-service.ts'
import type { ReconcileContext } from '../controller/controller.ts'
import { isReady, isTerminal } from './pod-facts.ts'

export type Family = 'IPv4' | 'IPv6'

/** The services that a pod stands behind by its labels. */
export function servicesOf(pod: Pod, { informers }: ReconcileContext): readonly ObjectKey[] {
  return informers.for(services).list(pod.metadata.namespace)
    .filter(({ spec }) => hasSelector(spec.selector) && mapMatcher(spec.selector).matches(pod.metadata.labels))
    .map(({ metadata }) => ({ namespace: metadata.namespace, name: metadata.name ?? '' }))
}

/** The pods behind a service, in the order of their names. */
export function podsOf(service: Service, { informers }: ReconcileContext): readonly Pod[] {
  const matcher = mapMatcher(service.spec.selector)
  return informers.for(pods).list(service.metadata.namespace)
    .filter((pod) => matcher.matches(pod.metadata.labels))
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
}

export const hasSelector = (selector: Record<string, string> | undefined): boolean => selector !== undefined && Object.keys(selector).length > 0

/** A service without a selector has its endpoints written by others; an external name has none. */
export function hasManagedEndpoints({ spec }: Service): boolean {
  return hasSelector(spec.selector) && spec.type !== 'ExternalName'
}

export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None'
}

export function familiesOf({ spec }: Service): readonly Family[] {
  if (spec.ipFamilies && spec.ipFamilies.length > 0) return spec.ipFamilies as Family[]
  return [spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4']
}

export function addressOf(pod: Pod, family: Family): string | undefined {
  const { podIP, podIPs } = pod.status ?? {}
  if (podIPs) return podIPs.find(({ ip }) => isOf(ip, family))?.ip
  return podIP && isOf(podIP, family) ? podIP : undefined
}

const isOf = (ip: string, family: Family): boolean => ip.includes(':') === (family === 'IPv6')

/** Finished pods serve nobody; those without an address can't yet. */
export function isEndpoint(pod: Pod, { terminating }: { terminating: boolean }): boolean {
  return !isTerminal(pod) && Boolean(pod.status?.podIP) && (terminating || pod.metadata.deletionTimestamp === undefined)
}

export function readinessOf(pod: Pod, { spec }: Service): { ready: boolean; serving: boolean; terminating: boolean } {
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  return { ready: spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating }
}

/** The service's ports as this pod has them; ports by names that the pod does not have are left out. */
export function portsOf(pod: Pod, { spec }: Service): ApiEndpointPort[] {
  return (spec.ports ?? []).flatMap((servicePort) => {
    const { protocol = 'TCP', appProtocol } = servicePort
    const port = targetPort(pod, servicePort.targetPort ?? servicePort.port, protocol)
    return port === undefined ? [] : [{ name: servicePort.name ?? '', port, protocol, ...(appProtocol ? { appProtocol } : {}) }]
  })
}

/** All pods have them alike: none of them goes by a name. */
export const arePortsAlike = ({ spec }: Service): boolean => (spec.ports ?? []).every(({ targetPort: target, port }) => typeof (target ?? port) === 'number')

function targetPort(pod: Pod, target: number | string, protocol: string): number | undefined {
  if (typeof target === 'number') return target
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  for (const container of [...pod.spec.containers, ...sidecars]) {
    const found = container.ports?.find((port) => port.name === target && (port.protocol ?? 'TCP') === protocol)
    if (found) return found.containerPort
  }
  return undefined
}

/** A pod's own name under its headless service. */
export function hostnameOf(pod: Pod, service: Service): string | undefined {
  return pod.spec.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined
}
