// The APIServices of what this server serves itself: one for each built-in group-version, always available.
import { formatTime } from '../api/times.ts'
import { type ApiService, apiServices } from '../api/types-api-service.ts'
import type { Client } from '../client/client.ts'
import type { Definition } from '../registry/definition.ts'

/** Groups rank in discovery order, from the core group down. */
const firstPriority = 18_000
const step = 100

/** Pure: in discovery order, without the aggregator's own group. */
export function localApiServices(definitions: readonly Definition[]): ApiService[] {
  const versions = [...new Map(definitions.map(({ resource: { group, version } }) => [`${version}.${group}`, { group, version }])).values()]
    .filter(({ group }) => group !== apiServices.group)
  const groups = [...new Set(versions.map(({ group }) => group))]
  return versions.map(({ group, version }) => ({
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: {
      group, version, groupPriorityMinimum: firstPriority - step * groups.indexOf(group),
      versionPriority: versions.find((one) => one.group === group)?.version === version ? 15 : 10,
    },
  }))
}

/** Creates those that are missing. */
export async function publishApiServices(client: Client, definitions: readonly Definition[], now: number): Promise<void> {
  const present = new Set((await client.list(apiServices)).items.map(({ metadata }) => metadata.name))
  const missing = localApiServices(definitions).filter(({ metadata }) => !present.has(metadata.name))
  await Promise.all(missing.map(async (service) => {
    const made = await client.create(apiServices, service)
    const condition = { type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available', lastTransitionTime: formatTime(now) }
    await client.update(apiServices, { ...made, status: { conditions: [condition] } }, { subresource: 'status' })
  }))
}
