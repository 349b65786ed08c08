// Discovery, one document a group.
import { http } from '../framework.ts'
import { coreResources, groupedResources } from './common-resources.ts'

interface Group {
  name: string
  versions: { groupVersion: string; version: string }[]
  preferredVersion: { groupVersion: string; version: string }
}

test('[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup [Conformance]', async () => {
  const { groups } = (await http<{ groups: Group[] }>('GET', '/apis/')).json()
  expect(groups).not.toEqual([])
  // Groups of example.com come and go with other tests.
  for (const { name } of groups.filter(({ name }) => !name.endsWith('.example.com'))) {
    const { versions, preferredVersion } = (await http<Group>('GET', `/apis/${name}/`)).json()
    expect(versions).not.toEqual([])
    expect(versions.map(({ groupVersion }) => groupVersion)).toContain(preferredVersion.groupVersion)
  }
})

test('[sig-api-machinery] Discovery should locate the groupVersion and a resource within each APIGroup [Conformance]', async () => {
  for (const { group, version, resource } of [...coreResources, ...groupedResources]) {
    const groupVersion = group === '' ? version : `${group}/${version}`
    const list = (await http<{ groupVersion: string; resources: { name: string }[] }>('GET', `/${group === '' ? 'api' : 'apis'}/${groupVersion}`)).json()
    expect(list.groupVersion).toBe(groupVersion)
    expect(list.resources.map(({ name }) => name)).toContain(resource)
  }
})
