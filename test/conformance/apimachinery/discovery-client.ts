// Discovery as client-go reads it: aggregated when the server offers that, in two requests.
import { http } from '../framework.ts'

export interface GroupVersionResource {
  readonly group: string
  readonly version: string
  readonly resource: string
}

export interface GroupDiscoveryList {
  readonly kind: string
  readonly items: readonly {
    readonly metadata: { readonly name?: string }
    readonly versions: readonly { readonly version: string; readonly resources: readonly { readonly resource: string; readonly subresources?: readonly { readonly subresource: string }[] }[] }[]
  }[]
}

export const acceptAggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const acceptAny = `${acceptAggregated},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`

export async function groupDiscovery(path: '/api' | '/apis', accept = acceptAggregated): Promise<GroupDiscoveryList> {
  const answer = await http<GroupDiscoveryList>('GET', path, { headers: { accept } })
  expect(answer.status).toBe(200)
  const list = answer.json()
  if (accept === acceptAny) expect(answer.headers['content-type']).toBe(acceptAggregated)
  expect(list.kind).toBe('APIGroupDiscoveryList')
  return list
}

export const hasResource = (list: GroupDiscoveryList, { group, version, resource }: GroupVersionResource): boolean =>
  list.items.some((item) => (item.metadata.name ?? '') === group
    && item.versions.some((one) => one.version === version && one.resources.some((served) => served.resource === resource)))

export interface Discovered {
  /** `group/version`, or `v1`, to its resources and their subresources. */
  readonly resources: ReadonlyMap<string, ReadonlySet<string>>
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>
}

export async function discover(): Promise<Discovered> {
  const resources = new Map<string, Set<string>>()
  const groups = new Map<string, Set<string>>()
  for (const path of ['/api', '/apis'] as const) {
    for (const { metadata: { name = '' }, versions } of (await groupDiscovery(path, acceptAny)).items) {
      groups.set(name, new Set(versions.map(({ version }) => version)))
      for (const { version, resources: served } of versions) {
        resources.set(name === '' ? version : `${name}/${version}`, new Set(served.flatMap(({ resource, subresources = [] }) =>
          [resource, ...subresources.map(({ subresource }) => `${resource}/${subresource}`)])))
      }
    }
  }
  return { resources, groups }
}

/** What most tests of a group's API begin with: the group, its version and these resources are in all three documents. */
export async function expectDiscovered(group: string, version: string, ...resources: readonly string[]): Promise<void> {
  expect([...(await discover()).groups.get(group) ?? []]).toContain(version)
  const found = await http<{ versions: { version: string }[] }>('GET', `/apis/${group}`)
  expect(found.json().versions.map((one) => one.version)).toContain(version)
  const list = await http<{ resources: { name: string }[] }>('GET', `/apis/${group}/${version}`)
  expect(list.json().resources.map(({ name }) => name)).toEqual(expect.arrayContaining([...resources]))
}
