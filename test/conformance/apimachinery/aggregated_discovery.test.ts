// Aggregated discovery: built-in kinds and custom ones.
import { eventually, uniqueName } from '../framework.ts'
import { coreResources, groupedResources } from './common-resources.ts'
import { anything, createPrimedDefinition, definitionOf, deleteDefinition, versionOf } from './definitions.ts'
import { discover, groupDiscovery, hasResource } from './discovery-client.ts'

test('[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers [Conformance]', async () => {
  const groups = await groupDiscovery('/apis')
  expect(groupedResources.filter((resource) => !hasResource(groups, resource))).toEqual([])
  const core = await groupDiscovery('/api')
  expect(coreResources.filter((resource) => !hasResource(core, resource))).toEqual([])
})

const testDefinition = () => definitionOf(`${uniqueName('group')}.example.com`, 'testcrd', [versionOf('v1', anything)], { scope: 'Namespaced' })

test('[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery request for CRDs [Conformance]', async () => {
  const definition = await createPrimedDefinition(testDefinition())
  try {
    const resource = { group: definition.spec.group, version: 'v1', resource: 'testcrds' }
    await eventually(async () => hasResource(await groupDiscovery('/apis'), resource), 'the custom resource is in aggregated discovery', 30_000)
  } finally {
    await deleteDefinition(definition)
  }
})

test('[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface [Conformance]', async () => {
  const { resources, groups } = await discover()
  for (const { group, version, resource } of [...groupedResources, ...coreResources]) {
    expect([...resources.get(group === '' ? version : `${group}/${version}`) ?? []]).toContain(resource)
    expect([...groups.get(group) ?? []]).toContain(version)
  }
})

test('[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface for CRDs [Conformance]', async () => {
  const definition = await createPrimedDefinition(testDefinition())
  try {
    await eventually(async () => (await discover()).resources.get(`${definition.spec.group}/v1`)?.has('testcrds'), 'the custom resource is in discovery', 30_000)
  } finally {
    await deleteDefinition(definition)
  }
})
