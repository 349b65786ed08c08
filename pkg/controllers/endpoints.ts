// Endpoints: keeps the Endpoints object of every service with a selector, for clients that do not know slices.
import { equalJson } from '../api/json.ts'
import { pods } from '../api/types-pod.ts'
import { endpoints, services, type Service } from '../api/types-service.ts'
import { controller, watches } from '../controller/controller.ts'
import { isNamespaceTerminating } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { endpointsManagedBy, planEndpoints } from './endpoints-plan.ts'
import { hasManagedEndpoints, podsOf, servicesOf } from './pod-endpoints.ts'

export default controller<Service>({
  name: 'endpoint',
  for: services,
  watches: [
    watches(pods, servicesOf),
    watches(endpoints, ({ metadata }) => [{ namespace: metadata.namespace, name: metadata.name ?? '' }]),
  ],
  async reconcile(key, service, context) {
    const { client, informers } = context
    const existing = informers.for(endpoints).get(key)
    if (!service) {
      // Those of a service that never was are someone else's.
      if (existing?.metadata.labels?.[endpointsManagedBy] !== 'endpoint-controller') return
      await removeObject(client, endpoints, existing)
      return
    }
    if (service.metadata.deletionTimestamp || !hasManagedEndpoints(service)) return
    const wanted = planEndpoints(service, podsOf(service, context))
    if (!existing) {
      await client.create(endpoints, wanted).catch((error: unknown) => {
        if (!isNamespaceTerminating(error)) throw error
      })
      return
    }
    if (equalJson(existing.subsets ?? [], wanted.subsets ?? []) && equalJson(existing.metadata.labels, wanted.metadata.labels)) return
    const { subsets: _, ...rest } = existing
    await client.update(endpoints, { ...rest, metadata: { ...existing.metadata, labels: wanted.metadata.labels }, ...(wanted.subsets ? { subsets: wanted.subsets } : {}) })
  },
})
