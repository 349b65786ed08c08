import { readFileSync, readdirSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import type { AnyObject } from '../api/object.ts'
import { builtinResources } from '../api/resources.ts'
import { builtinDefinitions } from './kinds.ts'
import { context, definitions } from './kinds/kind.suite.ts'

const idOf = ({ resource }: { resource: { group: string; version: string; plural: string } }): string => `${resource.group}/${resource.version}/${resource.plural}`

describe('built-in kinds', () => {
  it('defines every resource of the table, once', () => {
    expect(definitions.map(idOf).sort()).toEqual(builtinResources.map(idOf).sort())
  })

  it('has a schema and the subresources of the table for each', () => {
    for (const definition of definitions) {
      expect(definition.schema.fields.has('metadata')).toBe(true)
      const facts = builtinResources.find((candidate) => idOf(candidate) === idOf(definition))
      expect(definition.subresources.map(({ name, verbs }) => [name, verbs])).toEqual(facts?.subresources.map(({ name, verbs }) => [name, verbs]))
    }
  })

  it('builds the list again without linking schemas', () => {
    expect(builtinDefinitions().every(({ schema }, index) => schema === definitions[index]?.schema)).toBe(true)
  })

  it('stores two versions of a kind in one place, with a conversion', () => {
    const shared = definitions.filter(({ convert }) => convert).map(idOf)
    expect(shared).toEqual(['events.k8s.io/v1/events', 'autoscaling/v1/horizontalpodautoscalers'])
    const homes = definitions.flatMap(({ storage, convert }) => (storage && !convert ? [storage] : []))
    expect(new Set(homes).size).toBe(homes.length)
  })

  it('stores nothing of reviews and bindings', () => {
    expect(definitions.filter(({ storage }) => storage === undefined).map(({ resource }) => resource.plural).sort()).toEqual([
      'bindings', 'componentstatuses', 'localsubjectaccessreviews', 'selfsubjectaccessreviews', 'selfsubjectreviews', 'selfsubjectrulesreviews',
      'subjectaccessreviews', 'tokenreviews',
    ])
  })

  it.each(definitions.map((definition) => [idOf(definition), definition] as const))('%s: survives an empty object, and defaults change nothing the second time', (_, definition) => {
    const { resource } = definition
    const draft = { apiVersion: 'v1', kind: resource.kind, metadata: { name: 'a', uid: 'u', ...(resource.namespaced ? { namespace: 'n' } : {}) } } as AnyObject
    definition.defaults?.(draft)
    definition.prepareCreate?.(draft, context)
    definition.defaults?.(draft)
    const once = structuredClone(draft)
    definition.defaults?.(draft)
    expect(draft).toEqual(once)
    expect(Array.isArray(definition.validate?.(draft) ?? [])).toBe(true)
    if (definition.storage) {
      for (const column of definition.columns) expect(['string', 'number', 'boolean']).toContain(typeof column.value(draft, { now: 0 }))
      for (const field of Object.values(definition.fields ?? {})) expect(typeof field(draft)).toBe('string')
    }
  })
})

describe('manifests of a new cluster', () => {
  const folder = new URL('../../manifests/', import.meta.url)
  const objects = readdirSync(folder).filter((file) => file.endsWith('.yaml')).flatMap((file) =>
    (loadAll(readFileSync(new URL(file, folder), 'utf8').replaceAll('$(CLUSTER_DNS)', '10.43.0.10').replaceAll('$(SERVICE_CIDR)', '10.43.0.0/16')) as (AnyObject | null)[]).flatMap((object) => (object ? [{ file, object }] : [])))

  it('are valid objects of built-in kinds', () => {
    const faults: string[] = []
    for (const { file, object } of objects) {
      const definition = definitions.find(({ resource }) => object.kind === resource.kind && object.apiVersion === (resource.group ? `${resource.group}/${resource.version}` : resource.version))
      if (!definition) throw new Error(`${file}: nothing defines ${object.kind}`)
      const draft = structuredClone(object)
      definition.defaults?.(draft)
      definition.prepareCreate?.(draft, context)
      for (const { field, text } of definition.validate?.(draft) ?? []) faults.push(`${file} ${object.kind} ${object.metadata.name}: ${field}: ${text}`)
    }
    expect(faults).toEqual([])
  })

  it('name no object twice and bind only roles that exist', () => {
    const ids = objects.map(({ object: { kind, metadata } }) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    for (const { object } of objects) {
      const reference = object.roleRef as { kind: string; name: string } | undefined
      if (reference) expect(ids).toContain(`${reference.kind}/${reference.kind === 'Role' ? object.metadata.namespace : ''}/${reference.name}`)
    }
  })
})
