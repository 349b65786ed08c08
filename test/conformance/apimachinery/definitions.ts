// Custom resource definitions as these tests make them: ready when discovery tells of them, gone when it no longer does.
import { apiVersionOf, type AnyObject, type Resource } from '../../../pkg/api/object.ts'
import type { JsonSchemaProps } from '../../../pkg/api/structural-schema.ts'
import { customResourceDefinitions, type CustomResourceDefinition, type CustomVersion } from '../../../pkg/api/types-custom.ts'
import { client, eventually, http, uniqueName } from '../framework.ts'
import { Watch } from '../watching.ts'

export const anything: JsonSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

export const versionOf = (name: string, openAPIV3Schema: JsonSchemaProps, more: Partial<CustomVersion> = {}): CustomVersion =>
  ({ name, served: true, storage: true, schema: { openAPIV3Schema }, ...more })

export function definitionOf(group: string, singular: string, versions: CustomVersion[], { scope = 'Cluster', kind = singular, labels }: {
  readonly scope?: string
  readonly kind?: string
  readonly labels?: Record<string, string>
} = {}): CustomResourceDefinition {
  const names = { plural: `${singular}s`, singular, kind, listKind: `${kind}List` }
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${names.plural}.${group}`, ...(labels ? { labels } : {}) },
    spec: { group, scope, names, versions },
  }
}

/** Cluster-scoped, in a group that such tests share, with a name of its own. */
export const randomDefinition = (versions: CustomVersion[] = [versionOf('v1beta1', anything)], labels?: Record<string, string>): CustomResourceDefinition =>
  definitionOf('mygroup.example.com', `${uniqueName('foo').replaceAll('-', '')}a`, versions, labels ? { labels } : {})

export function resourceOf({ spec }: CustomResourceDefinition, version = spec.versions[0]?.name ?? ''): Resource<AnyObject> {
  return { group: spec.group, version, plural: spec.names.plural, kind: spec.names.kind, namespaced: spec.scope === 'Namespaced' }
}

const servedVersions = ({ spec }: CustomResourceDefinition): string[] => spec.versions.filter(({ served }) => served).map(({ name }) => name)

async function isInDiscovery({ spec }: CustomResourceDefinition, version: string): Promise<boolean> {
  const answer = await http<{ resources: { name: string }[] }>('GET', `/apis/${spec.group}/${version}`)
  if (answer.status === 404) return false
  expect(answer.status).toBe(200)
  return answer.json().resources.some(({ name }) => name === spec.names.plural)
}

/** Made, and in discovery within half a minute in each served version. */
export async function createDefinition(definition: CustomResourceDefinition): Promise<CustomResourceDefinition> {
  const created = await client.create(customResourceDefinitions, definition)
  for (const version of servedVersions(created)) await eventually(() => isInDiscovery(created, version), `${created.metadata.name} ${version} is in discovery`, 30_000)
  return created
}

/** As createDefinition; also, an instance has been made and deleted, and each version's watch has told of the deletion. */
export async function createPrimedDefinition(definition: CustomResourceDefinition): Promise<CustomResourceDefinition> {
  const created = await createDefinition(definition)
  const versions = servedVersions(created)
  const resource = resourceOf(created, versions[0])
  const namespace = resource.namespaced ? { namespace: 'default' } : {}
  const instance = await client.create(resource, {
    apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name: 'setup-instance', ...namespace },
    alpha: 'foo_123', beta: 10, gamma: 'bar', delta: 'hello', epsilon: 'foobar', spec: {},
  })
  await client.delete(resource, { name: 'setup-instance', ...namespace })
  for (const version of versions) {
    const watch = await Watch.open(`/apis/${resource.group}/${version}/${resource.namespaced ? 'namespaces/default/' : ''}${resource.plural}`, { resourceVersion: instance.metadata.resourceVersion ?? '' })
    expect((await watch.next(5_000))?.type).toBe('DELETED')
    watch.stop()
  }
  return created
}

/** Within half a minute no version is in discovery any more. */
export async function deleteDefinition(definition: CustomResourceDefinition): Promise<void> {
  await client.delete(customResourceDefinitions, { name: definition.metadata.name ?? '' })
  await waitNotDiscovered(definition)
}

export async function waitNotDiscovered(definition: CustomResourceDefinition): Promise<void> {
  for (const version of servedVersions(definition)) {
    await eventually(async () => !(await isInDiscovery(definition, version)), `${definition.metadata.name} ${version} is out of discovery`, 30_000)
  }
}
