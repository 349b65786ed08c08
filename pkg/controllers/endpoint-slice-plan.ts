// Which EndpointSlices a Service needs, moving as few endpoints as possible: pure.
import { equalJson } from '../api/json.ts'
import type { Pod } from '../api/types-pod.ts'
import { services, type ApiEndpointPort, type Endpoint, type EndpointSlice, type Service } from '../api/types-service.ts'
import { ownerReferenceOf } from '../controller/ownership.ts'
import { arePortsAlike, addressOf, familiesOf, hostnameOf, isEndpoint, isHeadless, portsOf, readinessOf, type Family } from './pod-endpoints.ts'
import { canonicalText } from './template-hash.ts'

export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const headlessLabel = 'service.kubernetes.io/headless'
export const ownManager = 'endpointslice-controller.k8s.io'
const perSlice = 100

export interface SlicePlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

/** Endpoints that offer the same ports; one slice has one set of ports. */
export interface EndpointGroup {
  readonly ports: ApiEndpointPort[]
  readonly endpoints: Endpoint[]
}

export function planSlices(service: Service, pods: readonly Pod[], existing: readonly EndpointSlice[], zoneOf: (node: string) => string | undefined): SlicePlan {
  const families = familiesOf(service)
  const strangers = existing.filter((slice) => !families.includes(slice.addressType as Family))
  const plans = families.map((family) => {
    const own = existing.filter((slice) => slice.addressType === family)
    return planGroups(groupsOf(service, pods, family, zoneOf), own, (group) => draftSlice(service, family, group))
  })
  return {
    create: plans.flatMap((plan) => plan.create), update: plans.flatMap((plan) => plan.update),
    remove: [...strangers, ...plans.flatMap((plan) => plan.remove)],
  }
}

function groupsOf(service: Service, pods: readonly Pod[], family: Family, zoneOf: (node: string) => string | undefined): EndpointGroup[] {
  const groups = new Map<string, EndpointGroup>()
  const alike = arePortsAlike(service)
  for (const pod of pods) {
    const address = addressOf(pod, family)
    if (!address || !isEndpoint(pod, { terminating: true })) continue
    const ports = (alike && groups.get('')?.ports) || portsOf(pod, service)
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue
    const key = alike ? '' : canonicalText(ports)
    const group = groups.get(key) ?? { ports, endpoints: [] }
    group.endpoints.push(endpointOf(pod, service, address, zoneOf))
    groups.set(key, group)
  }
  return [...groups.values()]
}

function endpointOf(pod: Pod, service: Service, address: string, zoneOf: (node: string) => string | undefined): Endpoint {
  const { nodeName } = pod.spec
  const zone = nodeName ? zoneOf(nodeName) : undefined
  const hostname = hostnameOf(pod, service)
  const { namespace, name, uid } = pod.metadata
  return {
    addresses: [address], conditions: readinessOf(pod, service), targetRef: { kind: 'Pod', namespace, name, uid },
    ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), ...(zone ? { zone } : {}),
  }
}

/** Places each group in the slices that have its ports. A service without endpoints keeps one empty slice. */
export function planGroups(groups: readonly EndpointGroup[], existing: readonly EndpointSlice[], draft: (group: EndpointGroup) => EndpointSlice): SlicePlan {
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  const remove = new Set(existing)
  for (const group of groups) {
    const slices = existing.filter((slice) => remove.has(slice) && equalJson(slice.ports, group.ports))
    for (const slice of slices) remove.delete(slice)
    const placed = place(group, slices)
    for (const [slice, endpoints] of placed.kept) {
      if (endpoints.length === 0) remove.add(slice)
      else keep(slice, draft({ ports: group.ports, endpoints }))
    }
    for (let at = 0; at < placed.rest.length; at += perSlice) create.push(draft({ ports: group.ports, endpoints: placed.rest.slice(at, at + perSlice) }))
  }
  if (groups.length === 0) {
    const placeholder = draft({ ports: [], endpoints: [] })
    const [first] = existing
    if (!first) create.push(placeholder)
    else {
      remove.delete(first)
      keep(first, placeholder)
    }
  }
  // A slice that is not needed any more becomes the one that is: watchers never see a moment with neither.
  for (const slice of remove) {
    const wanted = create.shift()
    if (!wanted) break
    remove.delete(slice)
    keep(slice, wanted)
  }
  return { create, update, remove: [...remove] }

  function keep(slice: EndpointSlice, wanted: EndpointSlice): void {
    const { metadata } = slice
    const next = {
      ...slice, endpoints: wanted.endpoints, ports: wanted.ports,
      metadata: { ...metadata, labels: wanted.metadata.labels, ownerReferences: wanted.metadata.ownerReferences },
    }
    if (!equalJson(next, slice)) update.push(next)
  }
}

/** Endpoints stay in their slice; new ones fill the fullest slices first. */
function place(group: EndpointGroup, slices: readonly EndpointSlice[]): { kept: Map<EndpointSlice, Endpoint[]>; rest: Endpoint[] } {
  const wanted = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]))
  const kept = new Map<EndpointSlice, Endpoint[]>()
  for (const slice of slices) {
    const endpoints: Endpoint[] = []
    for (const before of slice.endpoints ?? []) {
      const endpoint = wanted.get(identityOf(before))
      if (!endpoint || endpoints.length >= perSlice) continue
      endpoints.push(endpoint)
      wanted.delete(identityOf(before))
    }
    kept.set(slice, endpoints)
  }
  const rest = [...wanted.values()]
  for (const endpoints of [...kept.values()].sort((a, b) => b.length - a.length)) endpoints.push(...rest.splice(0, perSlice - endpoints.length))
  return { kept, rest }
}

const identityOf = (endpoint: Endpoint): string => endpoint.targetRef?.uid ?? endpoint.addresses.join(',')

function draftSlice(service: Service, family: Family, group: EndpointGroup): EndpointSlice {
  const { namespace, name = '' } = service.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`, namespace, ownerReferences: [ownerReferenceOf(service, services)],
      labels: {
        ...service.metadata.labels, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
        [serviceNameLabel]: name, [managedByLabel]: ownManager,
      },
    },
    addressType: family, endpoints: group.endpoints, ports: group.ports,
  }
}
