// Creates, updates, conflicts and dry runs through the whole registry.
import type { AnyObject } from '../api/object.ts'
import { asking, configMaps, failure, fixture, widgets } from './fixture.suite.ts'

const named = (name: string, more: object = {}): { metadata: { name: string } } & Record<string, unknown> => ({ metadata: { name }, ...more })

describe('create', () => {
  it('sets what the server owns and nothing that the client sent for it', async () => {
    const { create, registry } = fixture()
    const made = await create(widgets, { metadata: { name: 'a', uid: 'mine', generation: 9, managedFields: [{}] }, status: { phase: 'x' } })
    expect(made).toMatchObject({ kind: 'Widget', apiVersion: 'example.com/v1', spec: { size: 1 } })
    expect(made.metadata).toEqual({
      name: 'a', namespace: 'default', generation: 1, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z',
      uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    })
    expect(made.status).toBeUndefined()
    expect(registry.get(widgets, { namespace: 'default', name: 'a' })).toBe(made)
    expect(Object.isFrozen(made)).toBe(true)
  })

  it.each([
    ['a second one of the name', named('a'), 409, 'widgets.example.com "a" already exists'],
    ['no name', { metadata: {} }, 422, 'Widget.example.com "" is invalid: metadata.name: Required value: name or generateName is required'],
    ['another namespace', { metadata: { name: 'b', namespace: 'other' } }, 400, 'the namespace of the provided object does not match the namespace sent on the request'],
    ['a version', { metadata: { name: 'b', resourceVersion: '1' } }, 400, 'resourceVersion should not be set on objects to be created'],
    ['what the kind refuses', named('b', { spec: { size: -1 } }), 422, 'Widget.example.com "b" is invalid: spec.size: Invalid value: -1: must not be negative'],
    ['a bad finalizer list', { metadata: { name: 'b', finalizers: ['orphan', 'foregroundDeletion'] } }, 422, expect.stringContaining('cannot be both set')],
  ])('refuses %s', async (_title, object, code, message) => {
    const { create } = fixture()
    await create(widgets, named('a'))
    expect(await failure(() => create(widgets, object))).toMatchObject({ code, message })
  })

  it('makes names of the generator alphabet, cut to 63 characters', async () => {
    const { create } = fixture()
    const made = await create(configMaps, { metadata: { generateName: `${'x'.repeat(70)}-` } })
    expect(made.metadata.name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })

  it('tries another generated name when one is taken', async () => {
    const first = await fixture().create(configMaps, { metadata: { generateName: 'web-' } })
    // The same seed makes the same names.
    const { create } = fixture()
    await create(configMaps, named('unrelated'))
    const again = fixture()
    await again.create(configMaps, { metadata: { name: first.metadata.name ?? '' } })
    const names = await Promise.all(Array.from({ length: 50 }, async () => (await again.create(configMaps, { metadata: { generateName: 'web-' } })).metadata.name))
    expect(new Set(names).size).toBe(50)
  })
})

describe('update', () => {
  const write = async (object: AnyObject, change: Record<string, unknown>, metadata: object = {}): Promise<AnyObject> => ({ ...object, ...change, metadata: { ...object.metadata, ...metadata } })

  it('raises the generation with the spec only, and keeps the status', async () => {
    const { create, registry } = fixture()
    const made = await create(widgets, named('a'))
    const at = { ...asking(), namespace: 'default', name: 'a' }
    const status = await registry.update(widgets, { ...at, subresource: 'status', object: await write(made, { spec: { size: 7 }, status: { phase: 'Up' } }) })
    expect(status.object).toMatchObject({ spec: { size: 1 }, status: { phase: 'Up' }, metadata: { generation: 1, resourceVersion: '2' } })
    const spec = await registry.update(widgets, { ...at, object: await write(status.object as AnyObject, { spec: { size: 2 }, status: { phase: 'Down' } }) })
    expect(spec.object).toMatchObject({ spec: { size: 2 }, status: { phase: 'Up' }, metadata: { generation: 2 } })
    const labels = await registry.update(widgets, { ...at, object: await write(spec.object as AnyObject, {}, { labels: { a: 'b' } }) })
    expect(labels.object).toMatchObject({ metadata: { generation: 2, labels: { a: 'b' }, resourceVersion: '4' } })
  })

  it('makes no revision when nothing changes', async () => {
    const { create, registry, store } = fixture()
    const made = await create(widgets, named('a'))
    const { object } = await registry.update(widgets, { ...asking(), namespace: 'default', name: 'a', object: { ...made, metadata: { ...made.metadata, labels: {} } } })
    expect(object).toBe(made)
    expect(store.revision).toBe(1)
  })

  it.each([
    ['a stale version', {}, { resourceVersion: '1' }, 409, 'Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; please apply your changes to the latest version and try again'],
    ['another uid', {}, { uid: 'x' }, 409, expect.stringContaining('Precondition failed: UID in precondition: x, UID in object meta: ')],
    ['another name', {}, { name: 'b' }, 400, 'the name of the object (b) does not match the name on the URL (a)'],
    ['another namespace', {}, { namespace: 'b' }, 400, 'the namespace of the provided object does not match the namespace sent on the request'],
    ['a deletion', {}, { deletionTimestamp: '2020-01-01T00:00:00Z' }, 422, expect.stringContaining('metadata.deletionTimestamp')],
  ])('refuses %s', async (_title, change, metadata, code, message) => {
    const { create, registry } = fixture()
    const made = await create(widgets, named('a'))
    const at = { ...asking(), namespace: 'default', name: 'a' }
    const { object } = await registry.update(widgets, { ...at, object: await write(made, { spec: { size: 3 } }) })
    expect(await failure(async () => registry.update(widgets, { ...at, object: await write(object as AnyObject, change, metadata) }))).toMatchObject({ code, message })
  })

  it('creates a missing object only where the kind allows it', async () => {
    const { registry } = fixture()
    const request = { ...asking(), namespace: 'default', name: 'a', object: named('a') }
    expect(await failure(() => registry.update(configMaps, request))).toMatchObject({ code: 404, message: 'configmaps "a" not found' })
    expect(await registry.update({ ...configMaps, allowCreateOnUpdate: true }, request)).toMatchObject({ created: true, object: { metadata: { name: 'a' } } })
  })

  it('demands a version where the kind does', async () => {
    const { create, registry } = fixture()
    const made = await create(configMaps, named('a'))
    const { resourceVersion: _resourceVersion, ...metadata } = made.metadata
    expect(await failure(() => registry.update({ ...configMaps, requireVersionOnUpdate: true }, { ...asking(), namespace: 'default', name: 'a', object: { ...made, metadata } })))
      .toMatchObject({ code: 422, message: 'configmaps "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update' })
  })
})

describe('dry run', () => {
  it('answers like a write and leaves nothing', async () => {
    const { create, registry, store } = fixture()
    const dry = await create(widgets, named('a'), { dryRun: ['All'] })
    expect(dry).toMatchObject({ metadata: { name: 'a', uid: expect.any(String) }, spec: { size: 1 } })
    expect(dry.metadata.resourceVersion).toBeUndefined()
    expect(store.revision).toBe(0)
    const made = await create(widgets, named('a'))
    const at = { ...asking({ dryRun: ['All'] }), namespace: 'default', name: 'a' }
    const changed = await registry.update(widgets, { ...at, object: { ...made, spec: { size: 5 } } as AnyObject })
    expect(changed.object).toMatchObject({ spec: { size: 5 }, metadata: { resourceVersion: '1', generation: 2 } })
    expect(await registry.delete(widgets, at)).toMatchObject({ gone: true })
    expect(registry.get(widgets, at)).toBe(made)
    expect(await failure(() => create(widgets, named('b'), { dryRun: ['Some'] }))).toMatchObject({ code: 422, message: expect.stringContaining('dryRun: Unsupported value: "Some": supported values: "All"') })
  })
})

describe('definitions', () => {
  it('come and go; watches end with them', async () => {
    const { registry } = fixture({ definitions: [configMaps] })
    const seen: number[] = []
    const unsubscribe = registry.onDefinitionsChange(() => void seen.push(registry.definitions().length))
    registry.define(widgets)
    expect(registry.definition('example.com', 'v1', 'widgets')).toBe(widgets)
    const watch = registry.watch(widgets, { options: { resourceVersion: '0' } })[Symbol.asyncIterator]()
    registry.define({ ...widgets, singular: 'gadget' })
    expect(await watch.next()).toMatchObject({ done: true })
    registry.undefine(widgets)
    expect(registry.definition('example.com', 'v1', 'widgets')).toBeUndefined()
    unsubscribe()
    registry.define(widgets)
    expect(seen).toEqual([2, 2, 1])
  })
})

describe('follow', () => {
  it('tells of all that is stored and of each change, in slices where telling takes long', async () => {
    const { create, registry } = fixture()
    for (const name of ['a', 'b', 'c', 'd']) await create(configMaps, named(name))
    const heard: string[] = []
    const tell = (object: AnyObject | undefined, previous: AnyObject | undefined): void => {
      heard.push(`${previous?.metadata.name ?? '-'} ${object?.metadata.name ?? '-'}`)
      // More than a turn's share.
      for (const from = performance.now(); performance.now() - from < 11;);
    }
    const { told, end } = registry.follow(configMaps, tell)
    expect(heard).toEqual(['- a'])
    // Who is not told of yet, and changes meanwhile, is told of once.
    await registry.delete(configMaps, { ...asking(), namespace: 'default', name: 'd' })
    await create(configMaps, named('e'))
    await told
    expect(heard.toSorted()).toEqual(['- a', '- b', '- c', '- e', 'd -'])
    end()
    await create(configMaps, named('f'))
    expect(heard.length).toBe(5)
  })
})
