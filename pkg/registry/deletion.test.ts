// Deletes: preconditions, grace, finalizers, propagation, collections, and objects that expire.
import type { AnyObject } from '../api/object.ts'
import type { DeleteOptions, RequestOptions } from '../api/request.ts'
import type { Definition } from './definition.ts'
import { propagationFinalizers } from './deletion.ts'
import type { Fixture } from './fixture.suite.ts'
import { asking, configMaps, events, failure, fixture, namespaces, pods, widgets } from './fixture.suite.ts'

const at = (name: string, options: RequestOptions = {}): { namespace: string; name: string } & ReturnType<typeof asking> => ({ ...asking(options), namespace: 'default', name })
const remove = async (made: Fixture, definition: Definition, name: string, options: DeleteOptions = {}): Promise<{ gone: boolean; object: AnyObject; status: unknown }> =>
  await made.registry.delete(definition, at(name, { delete: options })) as { gone: boolean; object: AnyObject; status: unknown }
const stands = (made: Fixture, definition: Definition, name: string): boolean => {
  try {
    made.registry.get(definition, { namespace: 'default', name })
    return true
  } catch {
    return false
  }
}

describe('delete', () => {
  it('answers with the last state and a Status', async () => {
    const made = fixture()
    const { metadata: { uid } } = await made.create(widgets, { metadata: { name: 'a' } })
    expect(await remove(made, widgets, 'a')).toMatchObject({
      gone: true, object: { metadata: { name: 'a', resourceVersion: '2' } },
      status: { status: 'Success', details: { name: 'a', group: 'example.com', kind: 'widgets', uid } },
    })
    expect(await failure(() => remove(made, widgets, 'a'))).toMatchObject({ code: 404, message: 'widgets.example.com "a" not found' })
  })

  it.each<[DeleteOptions, number, unknown]>([
    [{ preconditions: { uid: 'x' } }, 409, expect.stringMatching(/^Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition \(x\) does not match the UID in record \(.+\). The object might have been deleted and then recreated$/)],
    [{ preconditions: { resourceVersion: '7' } }, 409, 'Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (7) does not match the ResourceVersion in record (1). The object might have been modified'],
    [{ propagationPolicy: 'Sideways' as never }, 422, expect.stringContaining('propagationPolicy: Unsupported value: "Sideways"')],
    [{ propagationPolicy: 'Orphan', orphanDependents: true }, 422, expect.stringContaining('orphanDependents and deletionPropagation cannot be both set')],
  ])('refuses %j', async (options, code, message) => {
    const made = fixture()
    await made.create(configMaps, { metadata: { name: 'a' } })
    expect(await failure(() => remove(made, configMaps, 'a', options))).toMatchObject({ code, message })
    expect(stands(made, configMaps, 'a')).toBe(true)
  })

  it('waits for finalizers, takes no new ones, and ends with the last', async () => {
    const made = fixture()
    await made.create(widgets, { metadata: { name: 'a', finalizers: ['example.com/one', 'example.com/two'] } })
    expect(await remove(made, widgets, 'a')).toMatchObject({ gone: false, object: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0, generation: 2 } } })
    const patch = (finalizers: string[]): Promise<unknown> => made.registry.patch(widgets, { ...at('a'), patch: { type: 'merge', body: { metadata: { finalizers } } } })
    expect(await failure(() => patch(['example.com/one', 'example.com/new']))).toMatchObject({
      code: 422, message: 'Widget.example.com "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/new"}',
    })
    await patch(['example.com/two'])
    const { revision } = made.store
    expect(await remove(made, widgets, 'a')).toMatchObject({ gone: false })
    expect(made.store.revision).toBe(revision)
    await patch([])
    expect(stands(made, widgets, 'a')).toBe(false)
  })

  it('lets a pod end in its grace, which can only be shortened', async () => {
    const made = fixture()
    await made.create(pods, { metadata: { name: 'p' }, spec: { nodeName: 'n' } })
    expect(await remove(made, pods, 'p')).toMatchObject({ gone: false, object: { metadata: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30, generation: 2 } } })
    made.clock.step(1000)
    expect(await remove(made, pods, 'p', { gracePeriodSeconds: 60 })).toMatchObject({ object: { metadata: { deletionGracePeriodSeconds: 30 } } })
    expect(await remove(made, pods, 'p')).toMatchObject({ gone: false, object: { metadata: { deletionGracePeriodSeconds: 30 } } })
    expect(await remove(made, pods, 'p', { gracePeriodSeconds: 5 })).toMatchObject({ object: { metadata: { deletionTimestamp: '2026-01-01T00:00:05Z', deletionGracePeriodSeconds: 5, generation: 2 } } })
    expect(await remove(made, pods, 'p', { gracePeriodSeconds: 0 })).toMatchObject({ gone: true })
  })

  it('keeps a pod whose grace is over for its finalizers', async () => {
    const made = fixture()
    await made.create(pods, { metadata: { name: 'p', finalizers: ['example.com/x'] }, spec: { nodeName: 'n' } })
    await remove(made, pods, 'p')
    made.clock.step(1000)
    expect(await remove(made, pods, 'p', { gracePeriodSeconds: 0 })).toMatchObject({ gone: false, object: { metadata: { deletionGracePeriodSeconds: 0 } } })
    await made.registry.patch(pods, { ...at('p'), patch: { type: 'json', body: [{ op: 'remove', path: '/metadata/finalizers/0' }] } })
    expect(stands(made, pods, 'p')).toBe(false)
  })

  it('deletes a pod that is on no node at once', async () => {
    const made = fixture()
    await made.create(pods, { metadata: { name: 'p' }, spec: {} })
    expect(await remove(made, pods, 'p')).toMatchObject({ gone: true })
  })

  it('keeps a namespace until its own finalizers are gone', async () => {
    const made = fixture()
    await made.create(namespaces, { metadata: { name: 'n' }, spec: { finalizers: ['kubernetes'] } })
    expect(await remove(made, namespaces, 'n')).toMatchObject({ gone: false, object: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { phase: 'Terminating' } } })
    await made.registry.patch(namespaces, { ...at('n'), patch: { type: 'merge', body: { spec: { finalizers: null } } } })
    expect(stands(made, namespaces, 'n')).toBe(false)
  })

  it.each<[string, Definition['defaultPropagation'], string[], DeleteOptions, string[]]>([
    ['nothing asked', undefined, [], {}, []],
    ['the kind orphans', 'Orphan', [], {}, ['orphan']],
    ['Background beats the kind', 'Orphan', [], { propagationPolicy: 'Background' }, []],
    ['Foreground', undefined, ['x'], { propagationPolicy: 'Foreground' }, ['x', 'foregroundDeletion']],
    ['Orphan replaces Foreground', undefined, ['foregroundDeletion'], { propagationPolicy: 'Orphan' }, ['orphan']],
    ['a finalizer that is there wins over the default', 'Orphan', ['foregroundDeletion'], {}, ['foregroundDeletion']],
    ['the old form', undefined, [], { orphanDependents: true }, ['orphan']],
    ['the old form says no', 'Orphan', ['orphan'], { orphanDependents: false }, []],
    ['kinds without dependents', 'none', [], { propagationPolicy: 'Foreground' }, []],
  ])('propagation: %s', (_title, defaultPropagation, finalizers, options, expected) => {
    const definition = { ...widgets, ...(defaultPropagation ? { defaultPropagation } : {}) }
    expect(propagationFinalizers(definition, finalizers, options)).toEqual(expected)
  })

  it('deletes a selected collection and returns it', async () => {
    const made = fixture()
    for (const name of ['a', 'b', 'c']) await made.create(configMaps, { metadata: { name, labels: { odd: String(name !== 'b') } } })
    const list = await made.registry.deleteCollection(configMaps, { ...asking({ labelSelector: 'odd=true' }), namespace: 'default' })
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'c'])
    expect(stands(made, configMaps, 'b')).toBe(true)
    expect(stands(made, configMaps, 'a')).toBe(false)
  })
})

describe('expiry', () => {
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  it('deletes objects one time to live after their last write', async () => {
    const made = fixture()
    await made.create(events, { metadata: { name: 'old' } })
    made.clock.step(1_800_000)
    await made.create(events, { metadata: { name: 'new' } })
    await made.create(events, { metadata: { name: 'renewed' } })
    made.clock.step(1_700_000)
    await made.registry.patch(events, { ...at('renewed'), patch: { type: 'merge', body: { data: { a: 'b' } } } })
    made.clock.step(100_000)
    await settled()
    expect(['old', 'new', 'renewed'].map((name) => stands(made, events, name))).toEqual([false, true, true])
    made.clock.step(1_800_000)
    await settled()
    expect(['new', 'renewed'].map((name) => stands(made, events, name))).toEqual([false, true])
    made.clock.step(3_600_000)
    await settled()
    expect(made.store.count('/registry/events/')).toBe(0)
  })
})
