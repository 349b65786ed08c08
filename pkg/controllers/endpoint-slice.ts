// EndpointSlice: keeps the slices of every service with a selector.
import { nodes } from '../api/types-node.ts'
import { pods } from '../api/types-pod.ts'
import { endpointSlices, services } from '../api/types-service.ts'
import { controller, watches } from '../controller/controller.ts'
import { isNamespaceTerminating } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { managedByLabel, ownManager, planSlices, serviceNameLabel } from './endpoint-slice-plan.ts'
import { hasManagedEndpoints, podsOf, servicesOf } from './pod-endpoints.ts'

export default controller({
  name: 'endpoint-slice',
  for: services,
  watches: [
    watches(pods, servicesOf),
    watches(endpointSlices, ({ metadata }) => (metadata.labels?.[managedByLabel] === ownManager
      ? [{ namespace: metadata.namespace, name: metadata.labels[serviceNameLabel] ?? '' }] : [])),
  ],
  async reconcile(_, service, context) {
    if (!service || service.metadata.deletionTimestamp || !hasManagedEndpoints(service)) return
    const { client, informers } = context
    const nodeInformer = informers.for(nodes)
    const zoneOf = (name: string): string | undefined => nodeInformer.get({ name })?.metadata.labels?.['topology.kubernetes.io/zone']
    const existing = informers.for(endpointSlices).list(service.metadata.namespace).filter(({ metadata }) =>
      metadata.labels?.[managedByLabel] === ownManager && metadata.labels[serviceNameLabel] === service.metadata.name && !metadata.deletionTimestamp)
    const plan = planSlices(service, podsOf(service, context), existing, zoneOf)
    for (const slice of plan.create) {
      await client.create(endpointSlices, slice).catch((error: unknown) => {
        if (!isNamespaceTerminating(error)) throw error
      })
    }
    for (const slice of plan.update) await client.update(endpointSlices, slice)
    for (const slice of plan.remove) {
      await removeObject(client, endpointSlices, slice)
    }
  },
})
