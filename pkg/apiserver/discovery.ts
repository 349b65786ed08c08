// What is served, as discovery documents: aggregated (one document) and legacy (one a group-version), from the definitions.
import { createHash } from 'node:crypto'
import { builtinResources } from '../api/resources.ts'
import type { Definition, Subresource } from '../registry/definition.ts'

export interface DiscoveredVersion {
  readonly version: string
  readonly definitions: readonly Definition[]
  /** For a version that another server serves; there are no definitions of it then. */
  readonly remote?: RemoteVersion
}

/** What is known of a version that another server serves. */
export interface RemoteVersion {
  /** The server can't be reached. */
  readonly stale: boolean
  /** As the aggregated form states them. */
  readonly resources: readonly unknown[]
  /** Where its own OpenAPI document is, if it has one. */
  readonly openApiUrl?: string
}

/** A group and its versions, the preferred one first. */
export interface DiscoveredGroup {
  readonly group: string
  readonly versions: readonly DiscoveredVersion[]
}

const builtinOrder = new Map(builtinResources.map(({ resource }, index) => [`${resource.group}/${resource.version}/${resource.plural}`, index]))
const builtinGroups = [...new Set(builtinResources.map(({ resource }) => resource.group))]
const [firstPriority, step, customPriority] = [18_000, 100, 1000]
/** How groups rank in discovery: built-in ones from the core group down, then those of CRDs. Other servers' groups state theirs. */
export function groupPriority(group: string): number {
  const index = builtinGroups.indexOf(group)
  return index < 0 ? customPriority : firstPriority - step * index
}
const rankOf = ({ resource: { group, version, plural } }: Definition): number => builtinOrder.get(`${group}/${version}/${plural}`) ?? Infinity
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Groups in the order in which clients prefer them: core, the other built-in ones, then by name. */
export function discoveredGroups(definitions: readonly Definition[]): DiscoveredGroup[] {
  const groups = Map.groupBy(definitions, ({ resource }) => resource.group)
  const rank = (group: string): number => {
    const index = builtinGroups.indexOf(group)
    return index < 0 ? Infinity : index
  }
  const names = [...groups.keys()].sort((a, b) => rank(a) - rank(b) || byText(a, b))
  return names.map((group) => ({ group, versions: versionsOf(groups.get(group) ?? []) }))
}

function versionsOf(definitions: readonly Definition[]): DiscoveredVersion[] {
  const versions = Map.groupBy(definitions, ({ resource }) => resource.version)
  return [...versions]
    .map(([version, members]) => ({
      version, definitions: members.toSorted((a, b) => rankOf(a) - rankOf(b) || byText(a.resource.plural, b.resource.plural)),
    }))
    .sort((a, b) => compareVersions(a.version, b.version))
}

/** The better version first: v2, v1, v2beta1, v1beta1, v1alpha1, then names that are no versions. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionParts(a), versionParts(b)]
  if (!left || !right) return left ? -1 : right ? 1 : byText(a, b)
  return right.stage - left.stage || right.major - left.major || right.minor - left.minor
}

function versionParts(version: string): { stage: number; major: number; minor: number } | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!match) return undefined
  return { major: Number(match[1]), stage: match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0, minor: Number(match[3] ?? 0) }
}

export type AggregatedVersion = 'v2' | 'v2beta1'

/** The document for `/api` (the core group alone) or `/apis` (all others). */
export function aggregatedDiscovery(groups: readonly DiscoveredGroup[], version: AggregatedVersion): unknown {
  return {
    kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group.group, creationTimestamp: null },
      versions: group.versions.map((member) => ({
        version: member.version, resources: member.remote?.resources ?? member.definitions.map(aggregatedResource),
        freshness: member.remote?.stale ? 'Stale' : 'Current',
      })),
    })),
  }
}

function aggregatedResource({ resource, singular, shortNames, categories, verbs, subresources }: Definition): unknown {
  const { group, version, kind } = resource
  return {
    resource: resource.plural, responseKind: { group, version, kind }, scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular, verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}), ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0 ? {
      subresources: sorted(subresources).map((subresource) => ({
        subresource: subresource.name, responseKind: subresource.kind ?? { group, version, kind }, verbs: subresource.verbs,
      })),
    } : {}),
  }
}

const sorted = (subresources: readonly Subresource[]): Subresource[] => subresources.toSorted((a, b) => byText(a.name, b.name))

export function apiVersions(serverAddress: string): unknown {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] }
}

export function apiGroupList(groups: readonly DiscoveredGroup[]): unknown {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupBody) }
}

export function apiGroup(group: DiscoveredGroup): unknown {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(group) }
}

function groupBody({ group, versions }: DiscoveredGroup): { name: string; versions: unknown[]; preferredVersion: unknown } {
  const bodies = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: bodies, preferredVersion: bodies[0] }
}

export function apiResourceList(group: string, { version, definitions }: DiscoveredVersion): unknown {
  return {
    kind: 'APIResourceList', ...(group === '' ? {} : { apiVersion: 'v1' }), groupVersion: group === '' ? version : `${group}/${version}`,
    resources: definitions.flatMap(legacyResources),
  }
}

function legacyResources({ resource, singular, shortNames, categories, verbs, storage, subresources }: Definition): unknown[] {
  const { namespaced, kind, plural } = resource
  const main = {
    name: plural, singularName: singular, namespaced, kind, verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}), ...(categories.length > 0 ? { categories } : {}),
    ...(storage === undefined ? {} : { storageVersionHash: storageVersionHash(resource) }),
  }
  return [main, ...sorted(subresources).map((subresource) => legacySubresource(resource, subresource))]
}

function legacySubresource(resource: Definition['resource'], { name, kind, verbs }: Subresource): unknown {
  const foreign = kind && (kind.group !== resource.group || kind.version !== resource.version)
  return {
    name: `${resource.plural}/${name}`, singularName: '', namespaced: resource.namespaced,
    ...(foreign ? { group: kind.group, version: kind.version } : {}), kind: kind?.kind ?? resource.kind, verbs,
  }
}

const storageVersionHash = ({ group, version, kind }: Definition['resource']): string =>
  createHash('sha256').update(`${group}/${version}/${kind}`).digest('base64').slice(0, 11) + '='
