// ResourceQuota: counts what each quota's namespace uses.
import { equalJson } from '../api/json.ts'
import { keyOf, type KubeObject, type ObjectKey, type Resource } from '../api/object.ts'
import { limitedNames, quotaUsed } from '../api/quota-usage.ts'
import { apiServices } from '../api/types-api-service.ts'
import { resourceQuotas, type ResourceQuota } from '../api/types-config.ts'
import { customResourceDefinitions } from '../api/types-custom.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { inParts } from '../util/slices.ts'

export interface ResourceQuotaOptions {
  /** Every namespaced kind that may be counted; asked anew on each run. Only those are watched that a quota counts. */
  readonly resources: () => readonly Resource[]
}

const concerns = ({ spec }: ResourceQuota, resource: Resource): boolean => limitedNames(spec, resource).length > 0

const countingKindsOf = (group: string | undefined, { informers }: ReconcileContext): readonly ObjectKey[] =>
  informers.for(resourceQuotas).list().filter(({ spec: { hard = {} } }) => group && Object.keys(hard).some((name) => name.endsWith(`.${group}`))).map(keyOf)

export function resourceQuotaController({ resources }: ResourceQuotaOptions): Controller {
  const countable = (): readonly Resource[] => resources().filter(({ plural }) => plural !== 'events')
  return controller<ResourceQuota>({
    name: 'resourcequota',
    for: resourceQuotas,
    // A kind that a quota names may come later than the quota.
    watches: [watches(customResourceDefinitions, ({ spec }, context) => countingKindsOf(spec.group, context)), watches(apiServices, ({ spec }, context) => countingKindsOf(spec.group, context))],
    async reconcile(_, quota, { client, informers, watch, clock }) {
      if (!quota || quota.metadata.deletionTimestamp) return
      const concerned = countable().filter((resource) => concerns(quota, resource))
      for (const resource of concerned) {
        watch(watches<KubeObject>(resource, ({ metadata }) => informers.for(resourceQuotas).list(metadata.namespace).filter((other) => concerns(other, resource)).map(keyOf)))
      }
      const fresh = concerned.map((resource) => ({ resource, informer: informers.for(resource) }))
      await Promise.all(fresh.map(({ informer }) => informer.whenSynced()))
      const objects = fresh.flatMap(({ resource, informer }) => informer.list(quota.metadata.namespace).map((object) => ({ resource, object })))
      const status = { hard: quota.spec.hard ?? {}, used: await inParts(quotaUsed(quota, objects, clock.now())) }
      if (!equalJson(status, quota.status)) await client.update(resourceQuotas, { ...quota, status }, { subresource: 'status' })
    },
  })
}
