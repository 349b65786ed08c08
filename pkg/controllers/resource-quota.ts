// ResourceQuota: counts what each quota's namespace uses.
import { equalJson } from '../api/json.ts'
import { keyOf, type KubeObject, type Resource } from '../api/object.ts'
import { limitedNames, quotaUsed } from '../api/quota-usage.ts'
import { resourceQuotas, type ResourceQuota } from '../api/types-config.ts'
import { controller, watches, type Controller } from '../controller/controller.ts'
import { inParts } from '../util/slices.ts'

export interface ResourceQuotaOptions {
  /** Every namespaced kind that may be counted; asked anew on each run. */
  readonly resources: () => readonly Resource[]
}

const concerns = ({ spec }: ResourceQuota, resource: Resource): boolean => limitedNames(spec, resource).length > 0

export function resourceQuotaController({ resources }: ResourceQuotaOptions): Controller {
  const countable = (): readonly Resource[] => resources().filter(({ plural }) => plural !== 'events')
  return controller<ResourceQuota>({
    name: 'resourcequota',
    for: resourceQuotas,
    watches: countable().map((resource) => watches<KubeObject>(resource, ({ metadata }, { informers }) => {
      const quotas = informers.for(resourceQuotas).list(metadata.namespace)
      return quotas.filter((quota) => concerns(quota, resource)).map(keyOf)
    })),
    async reconcile(_, quota, { client, informers }) {
      if (!quota || quota.metadata.deletionTimestamp) return
      const concerned = countable().filter((resource) => concerns(quota, resource))
      const fresh = concerned.map((resource) => ({ resource, informer: informers.for(resource) }))
      await Promise.all(fresh.map(({ informer }) => informer.whenSynced()))
      const objects = fresh.flatMap(({ resource, informer }) => informer.list(quota.metadata.namespace).map((object) => ({ resource, object })))
      const status = { hard: quota.spec.hard ?? {}, used: await inParts(quotaUsed(quota, objects)) }
      if (!equalJson(status, quota.status)) await client.update(resourceQuotas, { ...quota, status }, { subresource: 'status' })
    },
  })
}
