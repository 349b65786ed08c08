// CRDs on the real registry and store: served when acknowledged, conflicts, versions, deletion with what is in them, restarts.
import type { AnyObject, KubeObject } from '../api/object.ts'
import type { UserInfo } from '../api/request.ts'
import type { CustomResourceDefinition, CustomVersion } from '../api/types-custom.ts'
import { customResourceDefinitions } from '../api/types-custom.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { systemClock } from '../util/clock.ts'
import { CustomResources } from './custom-resources.ts'
import type { Definition } from './definition.ts'
import { builtinDefinitions } from './kinds.ts'
import { Registry } from './registry.ts'

const user: UserInfo = { username: 'ann', groups: ['system:masters'] }
const asking = { user, options: {} }

class Fixture {
  readonly store: MemoryStore
  readonly registry: Registry
  readonly custom: CustomResources
  readonly logged: string[] = []
  /** Resolves when what was there is served. */
  readonly started: Promise<void>

  constructor(store = new MemoryStore()) {
    this.store = store
    this.registry = new Registry({ store, definitions: builtinDefinitions(), clock: systemClock })
    this.custom = new CustomResources({ registry: this.registry, store, clock: systemClock, call: () => Promise.reject(new Error('nobody is to be called')), log: (text) => void this.logged.push(text) })
    this.started = this.custom.start()
  }

  stop(): void {
    this.custom.stop()
    this.registry.stop()
  }

  get crds(): Definition {
    return this.need('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')
  }

  need(group: string, version: string, plural: string): Definition {
    const found = this.registry.definition(group, version, plural)
    if (!found) throw new Error(`${plural}.${version}.${group} is not served`)
    return found
  }

  create(definition: Definition, object: object): Promise<KubeObject> {
    return this.registry.create(definition, { ...asking, object: object as KubeObject })
  }

  crd(name: string): CustomResourceDefinition {
    return this.registry.get(this.crds, { name }) as CustomResourceDefinition
  }

  conditions(name: string): string[] {
    return (this.crd(name).status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`)
  }

  /** Waits for a change of the store after which it holds. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const watch = this.store.watch('/registry/', this.store.revision, () => {
        if (!holds()) return
        watch.close()
        resolve()
      })
    })
  }

  gone(definition: Definition, name: string, namespace?: string): boolean {
    try {
      this.registry.get(definition, { name, ...(namespace ? { namespace } : {}) })
      return false
    } catch {
      return true
    }
  }
}

const text = { type: 'string' }
const version = (name: string, storage: boolean, properties: object = { a: text }, more: Partial<CustomVersion> = {}): CustomVersion =>
  ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: properties as never } } } }, ...more })

function definition(plural: string, kind: string, versions: CustomVersion[] = [version('v1', true)]): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: customResourceDefinitions.kind, metadata: { name: `${plural}.x.io` },
    spec: { group: 'x.io', scope: 'Cluster', names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` }, versions },
  }
}

let fixture: Fixture
beforeEach(() => {
  fixture = new Fixture()
})
afterEach(() => {
  fixture.stop()
  expect(fixture.logged).toEqual([])
})

const established = (name: string) => (): boolean => fixture.conditions(name).includes('Established=True InitialNamesAccepted')

it('serves a kind as soon as its CRD is acknowledged, and says so', async () => {
  await fixture.create(fixture.crds, definition('foos', 'Foo'))
  const foos = fixture.need('x.io', 'v1', 'foos')
  const created = await fixture.create(foos, { metadata: { name: 'one' }, spec: { a: 'x', b: 1 } }) as AnyObject
  expect(created).toMatchObject({ apiVersion: 'x.io/v1', kind: 'Foo', metadata: { name: 'one', generation: 1 }, spec: { a: 'x' } })
  expect(created.spec).toEqual({ a: 'x' })
  await fixture.until(established('foos.x.io'))
  expect(fixture.conditions('foos.x.io')).toEqual(['NamesAccepted=True NoConflicts', 'Established=True InitialNamesAccepted'])
  expect(fixture.crd('foos.x.io').status).toMatchObject({ acceptedNames: { plural: 'foos', kind: 'Foo', listKind: 'FooList' }, storedVersions: ['v1'] })
})

it('two that want one name: the first has it, the second when the first goes', async () => {
  await Promise.all([fixture.create(fixture.crds, definition('foos', 'Foo')), fixture.create(fixture.crds, definition('fools', 'Foo'))])
  await fixture.until(() => fixture.conditions('foos.x.io').length > 0 && fixture.conditions('fools.x.io').length > 0)
  expect(fixture.conditions('fools.x.io')).toEqual(['NamesAccepted=False ListKindConflict', 'Established=False NotAccepted'])
  expect(fixture.registry.definition('x.io', 'v1', 'fools')).toBeUndefined()
  await fixture.registry.delete(fixture.crds, { ...asking, name: 'foos.x.io' })
  await fixture.until(established('fools.x.io'))
  expect(fixture.registry.definition('x.io', 'v1', 'foos')).toBeUndefined()
  expect(fixture.need('x.io', 'v1', 'fools').resource.kind).toBe('Foo')
})

it('a deleted CRD takes its objects along, and waits for their finalizers', async () => {
  await fixture.create(fixture.crds, definition('foos', 'Foo'))
  const foos = fixture.need('x.io', 'v1', 'foos')
  await fixture.create(foos, { metadata: { name: 'one' } })
  await fixture.create(foos, { metadata: { name: 'two', finalizers: ['x.io/hold'] } })
  const watch = fixture.registry.watch(foos, { options: { resourceVersion: String(fixture.store.revision) } })
  const answer = await fixture.registry.delete(fixture.crds, { ...asking, name: 'foos.x.io' })
  expect(answer.gone).toBe(false)
  await fixture.until(() => fixture.gone(foos, 'one'))
  const terminating = fixture.need('x.io', 'v1', 'foos')
  await expect(fixture.create(terminating, { metadata: { name: 'three' } })).rejects.toThrow('create not allowed while custom resource definition is terminating')
  expect(fixture.crd('foos.x.io').metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io'])
  expect(fixture.conditions('foos.x.io')).toContain('Terminating=True InstanceDeletionInProgress')
  await fixture.registry.patch(terminating, { ...asking, name: 'two', patch: { type: 'merge', body: { metadata: { finalizers: null } } } })
  await fixture.until(() => fixture.gone(fixture.crds, 'foos.x.io'))
  expect(fixture.registry.definition('x.io', 'v1', 'foos')).toBeUndefined()
  expect(fixture.store.count('/registry/x.io/')).toBe(0)
  // Who watches sees the end of each.
  const seen: string[] = []
  for await (const batch of watch) seen.push(...batch.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`))
  expect(seen.filter((event) => event.startsWith('DELETED'))).toEqual(['DELETED one', 'DELETED two'])
})

it('a changed schema counts from the next request on, also for what is stored', async () => {
  const crd = definition('foos', 'Foo')
  await fixture.create(fixture.crds, crd)
  await fixture.create(fixture.need('x.io', 'v1', 'foos'), { metadata: { name: 'one' }, spec: { a: 'x' } })
  await fixture.until(established('foos.x.io'))
  const watch = fixture.registry.watch(fixture.need('x.io', 'v1', 'foos'), { options: {} })
  const current = fixture.crd('foos.x.io')
  await fixture.registry.update(fixture.crds, { ...asking, name: 'foos.x.io', object: { ...current, spec: { ...current.spec, versions: [version('v1', true, { b: { ...text, default: 'new' } })] } } as KubeObject })
  expect((fixture.registry.get(fixture.need('x.io', 'v1', 'foos'), { name: 'one' }) as AnyObject).spec).toEqual({ b: 'new' })
  // Those who watch begin anew, with the new schema.
  const batches = []
  for await (const batch of watch) batches.push(batch)
  expect(batches.length).toBeLessThanOrEqual(1)
})

it('shows objects in every served version and stores them in one', async () => {
  await fixture.create(fixture.crds, definition('foos', 'Foo', [version('v1', false, { a: text, old: { ...text, default: 'o' } }), version('v2', true, { a: text, fresh: { ...text, default: 'n' } }), version('v3', false, {}, { served: false })]))
  const [v1, v2] = [fixture.need('x.io', 'v1', 'foos'), fixture.need('x.io', 'v2', 'foos')]
  expect(fixture.registry.definition('x.io', 'v3', 'foos')).toBeUndefined()
  await fixture.create(v1, { metadata: { name: 'one' }, spec: { a: 'x' } })
  expect(fixture.registry.get(v2, { name: 'one' })).toMatchObject({ apiVersion: 'x.io/v2', spec: { a: 'x', fresh: 'n' } })
  expect((fixture.registry.get(v1, { name: 'one' }) as AnyObject).spec).toEqual({ a: 'x' })
  expect(fixture.store.get<AnyObject>('/registry/x.io/foos/one')?.value.apiVersion).toBe('x.io/v2')
  await fixture.until(established('foos.x.io'))
  const crd = fixture.crd('foos.x.io')
  const versions = crd.spec.versions.map((one) => ({ ...one, storage: one.name === 'v1' }))
  await fixture.registry.update(fixture.crds, { ...asking, name: 'foos.x.io', object: { ...crd, spec: { ...crd.spec, versions } } as KubeObject })
  expect(fixture.crd('foos.x.io').status?.storedVersions).toEqual(['v2', 'v1'])
  expect(fixture.registry.get(fixture.need('x.io', 'v1', 'foos'), { name: 'one' })).toMatchObject({ apiVersion: 'x.io/v1', spec: { a: 'x' } })
  const after = fixture.crd('foos.x.io')
  await expect(fixture.registry.update(fixture.crds, { ...asking, name: 'foos.x.io', object: { ...after, spec: { ...after.spec, versions: versions.filter(({ name }) => name === 'v1') } } as KubeObject }))
    .rejects.toThrow('status.storedVersions[0]: Invalid value: "v2": missing from spec.versions; v2 was previously a storage version')
})

it('status and scale write their part only', async () => {
  const properties = { spec: { type: 'object', properties: { n: { type: 'integer', minimum: 0 } } }, status: { type: 'object', properties: { n: { type: 'integer' }, sel: text } } }
  await fixture.create(fixture.crds, definition('foos', 'Foo', [{
    ...version('v1', true), schema: { openAPIV3Schema: { type: 'object', properties } },
    subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n', labelSelectorPath: '.status.sel' } },
  }]))
  const foos = fixture.need('x.io', 'v1', 'foos')
  const created = await fixture.create(foos, { metadata: { name: 'one' }, spec: { n: 1 }, status: { n: 9 } }) as AnyObject
  expect(created.status).toBeUndefined()
  const merge = (body: object, subresource?: string): Promise<{ object: KubeObject }> => fixture.registry.patch(foos, { ...asking, name: 'one', ...(subresource ? { subresource } : {}), patch: { type: 'merge', body } })
  const status = (await merge({ metadata: { labels: { l: 'x' } }, spec: { n: 5 }, status: { n: 2, sel: 'a=b' } }, 'status')).object as AnyObject
  expect(status).toMatchObject({ spec: { n: 1 }, status: { n: 2, sel: 'a=b' }, metadata: { generation: 1 } })
  expect(status.metadata.labels).toBeUndefined()
  const scale = (await merge({ spec: { replicas: 4 } }, 'scale')).object
  expect(scale).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 4 }, status: { replicas: 2, selector: 'a=b' } })
  expect(fixture.registry.get(foos, { name: 'one' })).toMatchObject({ spec: { n: 4 }, status: { n: 2 }, metadata: { generation: 2 } })
  expect((await merge({ status: { n: 7 } })).object).toMatchObject({ status: { n: 2 }, metadata: { generation: 2 } })
  await expect(merge({ spec: { replicas: -1 } }, 'scale')).rejects.toThrow('spec.n: Invalid value: -1')
  await expect(merge({ spec: { n: null } })).resolves.toBeDefined()
  await expect(merge({}, 'scale')).rejects.toThrow('the spec replicas field ".spec.n" cannot be empty')
  expect((await merge({ spec: { replicas: 6 } }, 'scale')).object).toMatchObject({ spec: { replicas: 6 } })
  await expect(merge({ status: { n: 'x' } }, 'status')).rejects.toThrow('n in body must be of type integer: "string"')
})

it('a new start serves what was there', async () => {
  await fixture.create(fixture.crds, definition('foos', 'Foo'))
  await fixture.create(fixture.need('x.io', 'v1', 'foos'), { metadata: { name: 'one' }, spec: { a: 'x' } })
  await fixture.until(established('foos.x.io'))
  fixture.stop()
  fixture = new Fixture(fixture.store)
  await fixture.started
  const { revision } = fixture.store
  expect(fixture.registry.get(fixture.need('x.io', 'v1', 'foos'), { name: 'one' })).toMatchObject({ spec: { a: 'x' } })
  expect(fixture.store.revision).toBe(revision)
})
