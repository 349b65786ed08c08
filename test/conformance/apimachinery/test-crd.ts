// Custom kinds for tests: one of its own for each test, with what to address it by.
import type { AnyObject, Resource } from '../../../pkg/api/object.ts'
import type { CustomResourceDefinition, CustomVersion } from '../../../pkg/api/types-custom.ts'
import { customResourceDefinitions } from '../../../pkg/api/types-custom.ts'
import { client, eventually, existing, http } from '../framework.ts'

export interface TestCrd {
  readonly crd: CustomResourceDefinition
  readonly kind: string
  readonly group: string
  /** Where its objects are, in each version. */
  of(version: string): Resource<AnyObject>
  remove(): Promise<void>
}

const open = { openAPIV3Schema: { type: 'object' as const, 'x-kubernetes-preserve-unknown-fields': true } }

export const openVersion = (name: string, storage: boolean): CustomVersion => ({ name, served: true, storage, schema: open })

/** `name` becomes part of the group and the kind: it must be nobody else's. Waits until the versions are in discovery. */
export async function createTestCrd(name: string, spec: Partial<CustomResourceDefinition['spec']> = {}): Promise<TestCrd> {
  const { group = `${name}.example.com`, versions = [openVersion('v1', true)] } = spec
  const singular = `e2e-test-${name}-crd`
  const kind = `E2e-test-${name}-crd`
  const plural = `${singular}s`
  const crd = await client.create(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}` },
    spec: { scope: 'Namespaced', names: { plural, singular, kind, listKind: `${kind}List` }, ...spec, group, versions },
  } as CustomResourceDefinition)
  for (const version of versions.filter(({ served }) => served)) {
    await eventually(async () => {
      const answer = await http<{ resources: { name: string }[] }>('GET', `/apis/${group}/${version.name}`)
      return answer.status === 200 && answer.json().resources.some((one) => one.name === plural)
    }, `${plural} in ${group}/${version.name}`, 30_000)
  }
  return {
    crd, kind, group,
    of: (version) => ({ group, version, plural, kind, namespaced: spec.scope !== 'Cluster' }),
    async remove() {
      await existing(client.delete(customResourceDefinitions, { name: crd.metadata.name ?? '' }))
    },
  }
}

/** A custom object to create. */
export const customObject = (crd: TestCrd, version: string, { name, namespace }: { name: string; namespace: string }, fields: Record<string, unknown> = {}): AnyObject =>
  ({ apiVersion: `${crd.group}/${version}`, kind: crd.kind, metadata: { name, namespace }, ...fields })
