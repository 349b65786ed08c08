// The schema table: complete, linked, and consistent with itself.
import { builtinResources, findResource } from './resources.ts'
import { definitionNamed, definitionsOf, schemaOf } from './schema-table.ts'
import type { ListSchema, ObjectSchema, Schema } from './schema.ts'

it('has all resources and subresources of v1.35, and the mutating policies', () => {
  expect(builtinResources).toHaveLength(68)
  expect(builtinResources.flatMap((entry) => entry.subresources)).toHaveLength(45)
  expect(new Set(builtinResources.map(({ resource }) => `${resource.group}/${resource.version}`)).size).toBe(23)
  expect(findResource('', 'v1', 'pods')?.subresources.find(({ name }) => name === 'eviction')?.kind).toEqual({ group: 'policy', version: 'v1', kind: 'Eviction' })
})

it.each(builtinResources.map(({ resource }) => [`${resource.group}/${resource.version}`, resource]))('%s $kind has a schema', (_name, resource) => {
  const schema = schemaOf(resource.group, resource.version, resource.kind)
  expect(schema?.goName).toBe(resource.kind)
  expect(schema?.fields.has('metadata') || resource.kind === 'SelfSubjectReview').toBe(true)
})

const allTypes = (): ObjectSchema[] => {
  const places = [...builtinResources.map(({ resource }) => resource), { group: 'meta.k8s.io', version: 'v1' }]
  return [...new Set(places.flatMap(({ group, version }) => [...definitionsOf(group, version).values()]))]
}

it('has unique numbers within each message', () => {
  for (const schema of allTypes()) {
    const inlined = new Set((schema.inlines ?? []).flatMap((inline) => [...inline.schema.fields.values()]))
    const numbers = [...schema.fields.values()].filter((field) => field.number > 0 && !inlined.has(field)).map((field) => field.number)
    numbers.push(...(schema.inlines ?? []).map((inline) => inline.number))
    expect([schema.name, new Set(numbers).size]).toEqual([schema.name, numbers.length])
  }
})

it('keys its lists by fields that the items have', () => {
  const lists: [string, ListSchema][] = []
  const find = (name: string, schema: Schema): void => {
    if (schema.type === 'list') lists.push([name, schema])
  }
  for (const type of allTypes()) for (const field of type.fields.values()) find(`${type.goName}.${field.name}`, field.schema)
  expect(lists.length).toBeGreaterThan(300)
  for (const [name, list] of lists) {
    const keys = [...(list.listMapKeys ?? []), ...(list.patchMergeKey ? [list.patchMergeKey] : [])]
    const { items } = list
    const missing = keys.filter((key) => items.type !== 'object' || !items.fields.has(key))
    expect([name, missing]).toEqual([name, []])
  }
})

it('inlines what Go inlines', () => {
  const volume = definitionNamed('io.k8s.api.core.v1.Volume')
  expect([...(volume?.fields.keys() ?? [])].slice(0, 3)).toEqual(['name', 'hostPath', 'emptyDir'])
  const rule = definitionNamed('io.k8s.api.admissionregistration.v1.NamedRuleWithOperations')
  expect([...(rule?.fields.keys() ?? [])]).toEqual(['resourceNames', 'operations', 'apiGroups', 'apiVersions', 'resources', 'scope'])
})

it('knows no kinds that are only parts', () => {
  expect(schemaOf('', 'v1', 'PodSpec')).toBeUndefined()
  expect(schemaOf('', 'v1', 'ObjectReference')).toBeUndefined()
  expect(schemaOf('nope', 'v1', 'Pod')).toBeUndefined()
})
