// What other servers serve, as discovery tells it: their resource lists in the aggregated form, merged with our own groups.
import { isJsonObject } from '../api/json.ts'
import type { Resource } from '../api/object.ts'
import type { Verb } from '../api/request.ts'
import { compareVersions, groupPriority, type DiscoveredGroup, type DiscoveredVersion, type RemoteVersion } from './discovery.ts'

export interface AggregatedGroupVersion extends RemoteVersion {
  readonly group: string
  readonly version: string
  /** Of the APIService: higher ones come first. */
  readonly groupPriority: number
  readonly versionPriority: number
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])
const text = (value: unknown, otherwise = ''): string => (typeof value === 'string' && value !== '' ? value : otherwise)

/** The resources of an APIResourceList in the aggregated form; undefined when it is no such list. */
export function aggregatedResources(list: unknown, group: string, version: string): unknown[] | undefined {
  if (!isJsonObject(list) || !Array.isArray(list['resources'])) return undefined
  const entries = list['resources'].filter(isJsonObject)
  const responseKind = (entry: Record<string, unknown>): object => ({ group: text(entry['group'], group), version: text(entry['version'], version), kind: text(entry['kind']) })
  return entries.filter(({ name }) => !text(name).includes('/')).map((entry) => {
    const name = text(entry['name'])
    const parts = entries.filter((other) => text(other['name']).startsWith(`${name}/`))
    const [shortNames, categories] = [texts(entry['shortNames']), texts(entry['categories'])]
    return {
      resource: name, responseKind: responseKind(entry), scope: entry['namespaced'] === true ? 'Namespaced' : 'Cluster',
      singularResource: text(entry['singularName']), verbs: texts(entry['verbs']),
      ...(shortNames.length > 0 ? { shortNames } : {}), ...(categories.length > 0 ? { categories } : {}),
      ...(parts.length > 0 ? {
        subresources: parts.map((part) => ({ subresource: text(part['name']).slice(name.length + 1), responseKind: responseKind(part), verbs: texts(part['verbs']) })),
      } : {}),
    }
  })
}

export interface AggregatedKind {
  readonly resource: Resource
  readonly verbs: readonly Verb[]
}

/** The kinds of a group-version, in the aggregated form, as handles. */
export function aggregatedKinds({ group, version, resources }: AggregatedGroupVersion): AggregatedKind[] {
  return resources.filter(isJsonObject).map((entry) => ({
    resource: { group, version, plural: text(entry['resource']), kind: text(isJsonObject(entry['responseKind']) ? entry['responseKind']['kind'] : ''), namespaced: entry['scope'] === 'Namespaced' },
    verbs: texts(entry['verbs']) as Verb[],
  }))
}

/** An aggregated version takes the place of our own of that name. Groups that are not ours come where their priority puts them, behind ours of the same. */
export function withAggregated(groups: readonly DiscoveredGroup[], aggregated: readonly AggregatedGroupVersion[]): readonly DiscoveredGroup[] {
  if (aggregated.length === 0) return groups
  const ranked = aggregated.toSorted((a, b) => b.groupPriority - a.groupPriority || b.versionPriority - a.versionPriority || compareVersions(a.version, b.version))
  const byGroup = Map.groupBy(ranked, ({ group }) => group)
  const merged = groups.map((own) => {
    const remote = byGroup.get(own.group)
    if (!remote) return own
    byGroup.delete(own.group)
    const kept = own.versions.filter(({ version }) => !remote.some((other) => other.version === version))
    return { group: own.group, versions: [...kept, ...remote.map(discovered)].sort((a, b) => compareVersions(a.version, b.version)) }
  })
  const others = [...byGroup].map(([group, versions]) => ({ group, versions: versions.map(discovered), priority: versions[0]!.groupPriority }))
  // What is built in comes in an order of its own, whatever it is.
  const placed = merged.map((group) => ({ ...group, priority: groupPriority(group.group) }))
  return [...placed, ...others].sort((a, b) => b.priority - a.priority).map(({ group, versions }) => ({ group, versions }))
}

const discovered = ({ version, stale, resources, openApiUrl }: AggregatedGroupVersion): DiscoveredVersion =>
  ({ version, definitions: [], remote: { stale, resources, ...(openApiUrl === undefined ? {} : { openApiUrl }) } })
