// Mirrors Endpoints that people write for services without a selector into EndpointSlices.
import { endpoints, endpointSlices, services, type Endpoint, type EndpointAddress, type Endpoints, type EndpointSlice } from '../api/types-service.ts'
import { controller, watches } from '../controller/controller.ts'
import { ownerReferenceOf } from '../controller/ownership.ts'
import { isNamespaceTerminating } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { headlessLabel, managedByLabel, planGroups, serviceNameLabel, type EndpointGroup } from './endpoint-slice-plan.ts'
import { repackSubsets } from './endpoint-repacking.ts'
import { endpointsManagedBy } from './endpoints-plan.ts'
import { hasSelector } from './pod-endpoints.ts'

const manager = 'endpointslicemirroring-controller.k8s.io'
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror'
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader'
const notCopied = new Set([leaderAnnotation, 'kubectl.kubernetes.io/last-applied-configuration', 'endpoints.kubernetes.io/last-change-trigger-time'])

export function mirrors(object: Endpoints): boolean {
  const { labels = {}, annotations = {} } = object.metadata
  return labels[skipLabel] !== 'true' && !(leaderAnnotation in annotations) && labels[endpointsManagedBy] !== 'endpoint-controller'
}

export default controller<Endpoints>({
  name: 'endpointslice-mirroring',
  for: endpoints,
  watches: [
    watches(services, ({ metadata }) => [{ namespace: metadata.namespace, name: metadata.name ?? '' }]),
    watches(endpointSlices, ({ metadata }) => (metadata.labels?.[managedByLabel] === manager
      ? [{ namespace: metadata.namespace, name: metadata.labels[serviceNameLabel] ?? '' }] : [])),
  ],
  async reconcile(key, object, { client, informers }) {
    const existing = informers.for(endpointSlices).list(key.namespace)
      .filter(({ metadata }) => metadata.labels?.[managedByLabel] === manager && metadata.labels[serviceNameLabel] === key.name && !metadata.deletionTimestamp)
    const service = informers.for(services).get(key)
    const wanted = object && service && !object.metadata.deletionTimestamp && !hasSelector(service.spec.selector) && mirrors(object)
    const plans = ['IPv4', 'IPv6'].map((family) => {
      const own = existing.filter(({ addressType }) => addressType === family)
      const groups = wanted ? groupsOf(object, family) : []
      return groups.length === 0 ? { create: [], update: [], remove: own } : planGroups(groups, own, (group) => mirrorOf(object as Endpoints, family, group))
    })
    for (const slice of plans.flatMap(({ create }) => create)) {
      await client.create(endpointSlices, slice).catch((error: unknown) => {
        if (!isNamespaceTerminating(error)) throw error
      })
    }
    for (const slice of plans.flatMap(({ update }) => update)) await client.update(endpointSlices, slice)
    for (const slice of plans.flatMap(({ remove }) => remove)) {
      await removeObject(client, endpointSlices, slice)
    }
  },
})

function groupsOf({ subsets = [] }: Endpoints, family: string): EndpointGroup[] {
  return repackSubsets(subsets).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const all = [...addresses.map((address) => endpointOf(address, true)), ...notReadyAddresses.map((address) => endpointOf(address, false))]
    const list = all.filter((endpoint) => (endpoint.addresses[0] ?? '').includes(':') === (family === 'IPv6'))
    return list.length === 0 ? [] : [{ endpoints: list, ports: ports.map(({ name = '', protocol = 'TCP', ...port }) => ({ name, protocol, ...port })) }]
  })
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return { addresses: [ip], conditions: { ready }, ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), ...(targetRef ? { targetRef } : {}) }
}

function mirrorOf(object: Endpoints, family: string, { endpoints: list, ports }: EndpointGroup): EndpointSlice {
  const { namespace, name = '', labels, annotations = {} } = object.metadata
  const { [headlessLabel]: _, ...copied } = labels ?? {}
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => !notCopied.has(key)))
  return {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`, namespace, ownerReferences: [ownerReferenceOf(object, endpoints)],
      labels: { ...copied, [serviceNameLabel]: name, [managedByLabel]: manager }, ...(Object.keys(kept).length > 0 ? { annotations: kept } : {}),
    },
    addressType: family, endpoints: list, ports,
  }
}
