// Server-side apply and owners of fields, through the registry on real kinds.
import type { AnyObject, KubeObject, ManagedFieldsEntry } from '../api/object.ts'
import type { RequestOptions } from '../api/request.ts'
import type { Definition } from './definition.ts'
import type { Fixture } from './fixture.suite.ts'
import { asking, configMaps, failure, fixture, widgets } from './fixture.suite.ts'
import deployments from './kinds/deployment.ts'
import autoscalers from './kinds/horizontal-pod-autoscaler.ts'

const config = {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' },
  spec: { replicas: 2, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } } },
}

const open = (more: Parameters<typeof fixture>[0] = {}): Fixture => fixture({ definitions: [deployments, widgets, configMaps, ...autoscalers], ...more })

interface More { manager?: string; options?: RequestOptions; definition?: Definition; name?: string; subresource?: string }

async function apply(made: Fixture, body: object, { manager = 'm', options = {}, definition = deployments, name = 'web', ...rest }: More = {}): Promise<{ object: AnyObject; created: boolean }> {
  return await made.registry.patch(definition, { ...asking({ fieldManager: manager, ...options }), namespace: 'default', name, patch: { type: 'apply', body }, ...rest }) as { object: AnyObject; created: boolean }
}

const by = (fieldManager: string) => asking({ fieldManager })
const at = { namespace: 'default', name: 'web' }
const entries = (object: KubeObject): string[] =>
  (object.metadata.managedFields ?? []).map(({ manager, operation, apiVersion, subresource, time }) => [manager, operation, apiVersion, subresource, time?.slice(17, 19)].filter(Boolean).join(' '))
const fieldsOf = (object: KubeObject, manager: string): unknown => (object.metadata.managedFields ?? []).find((entry: ManagedFieldsEntry) => entry.manager === manager)?.fieldsV1

describe('apply', () => {
  it('creates, then changes, then does nothing', async () => {
    const made = open()
    const first = await apply(made, config)
    expect(first).toMatchObject({ created: true, object: { metadata: { name: 'web', namespace: 'default', generation: 1 }, spec: { replicas: 2, revisionHistoryLimit: 10 } } })
    made.clock.step(1000)
    const { object } = await apply(made, { ...config, spec: { ...config.spec, replicas: 3 } })
    expect(object.metadata).toMatchObject({ generation: 2, resourceVersion: '2' })
    made.clock.step(1000)
    const again = await apply(made, { ...config, spec: { ...config.spec, replicas: 3 } })
    expect(again).toEqual({ created: false, object })
    expect(made.store.revision).toBe(2)
  })

  it('a version in the configuration is a lock; the uid of what is not there is refused', async () => {
    const made = open()
    await apply(made, config)
    const stale = { ...config, metadata: { name: 'web', resourceVersion: '99', labels: { x: 'y' } } }
    expect(await failure(() => apply(made, stale))).toMatchObject({ code: 409, message: expect.stringContaining('the object has been modified') })
    expect(await failure(() => apply(made, { ...stale, metadata: { name: 'b', uid: 'u' } }, { name: 'b' }))).toMatchObject({ code: 409 })
    expect(await failure(() => apply(made, config, { name: 'other' }))).toMatchObject({ code: 400, message: 'the name of the object (web) does not match the name on the URL (other)' })
    expect(await failure(() => apply(made, config, { name: 'none', subresource: 'status' }))).toMatchObject({ code: 404 })
  })

  it('a conflict names its causes, and nothing is changed; a dry run tells the same', async () => {
    const made = open()
    await apply(made, config)
    for (const options of [{}, { dryRun: ['All'] }]) {
      expect(await failure(() => apply(made, { ...config, spec: { ...config.spec, replicas: 3 } }, { manager: 'n', options }))).toMatchObject({
        code: 409, reason: 'Conflict', message: 'Apply failed with 1 conflict: conflict with "m": .spec.replicas',
        details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m"', field: '.spec.replicas' }] },
      })
    }
    expect((await apply(made, { ...config, spec: { ...config.spec, replicas: 3 } }, { manager: 'n', options: { dryRun: ['All'], force: true } })).object).toMatchObject({ spec: { replicas: 3 } })
    expect(made.store.revision).toBe(1)
  })

  it('is validated like any other write', async () => {
    const made = open()
    await apply(made, config)
    const other = { ...config, spec: { ...config.spec, selector: { matchLabels: { a: 'c' } } } }
    expect(await failure(() => apply(made, other))).toMatchObject({ code: 422, message: expect.stringContaining('spec.selector') })
  })

  it('scale stands for the field behind it', async () => {
    const made = open()
    await apply(made, config)
    const scale = (replicas: unknown) => ({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas } })
    expect(await failure(() => apply(made, scale(5), { manager: 's', subresource: 'scale' }))).toMatchObject({ code: 409, message: 'Apply failed with 1 conflict: conflict with "m": .spec.replicas' })
    expect((await apply(made, scale(5), { manager: 's', subresource: 'scale', options: { force: true } })).object).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } })
    const object = made.registry.get(deployments, at)
    expect(fieldsOf(object, 's')).toEqual({ 'f:spec': { 'f:replicas': {} } })
    expect(fieldsOf(object, 'm')).not.toMatchObject({ 'f:spec': { 'f:replicas': {} } })
    expect(await failure(() => apply(made, scale('x'), { subresource: 'scale' }))).toMatchObject({ code: 500, message: expect.stringContaining('.spec.replicas: expected numeric') })
  })

  it('an owner in another version of the kind keeps what is the same there', async () => {
    const made = open()
    const v1 = autoscalers.find(({ resource }) => resource.version === 'v1') as Definition
    const v2 = autoscalers.find(({ resource }) => resource.version === 'v2') as Definition
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
    const kind = 'HorizontalPodAutoscaler'
    const metadata = { name: 'h' }
    await apply(made, { apiVersion: 'autoscaling/v1', kind, metadata, spec: { scaleTargetRef: target, maxReplicas: 3, minReplicas: 2 } }, { definition: v1, name: 'h' })
    const second = { apiVersion: 'autoscaling/v2', kind, metadata, spec: { maxReplicas: 4 } }
    expect(await failure(() => apply(made, second, { definition: v2, name: 'h', manager: 'n' }))).toMatchObject({ code: 409, message: 'Apply failed with 1 conflict: conflict with "m": .spec.maxReplicas' })
    const { object } = await apply(made, second, { definition: v2, name: 'h', manager: 'n', options: { force: true } })
    expect(fieldsOf(object, 'm')).toEqual({ 'f:spec': { 'f:minReplicas': {}, 'f:scaleTargetRef': {} } })
    // The same manager goes on in the newer version: what it says no more there, goes.
    const third = await apply(made, { apiVersion: 'autoscaling/v2', kind, metadata, spec: { scaleTargetRef: target } }, { definition: v2, name: 'h' })
    expect(third.object).toMatchObject({ spec: { maxReplicas: 4, minReplicas: 1 } })
    expect(entries(third.object)).toEqual(['m Apply autoscaling/v2 00', 'n Apply autoscaling/v2 00'])
  })
})

describe('owners of other writes', () => {
  it('who creates owns what is sent and its defaults, but not what admission adds', async () => {
    const admission = [{ name: 'adds', mutate: (draft: AnyObject) => void ((draft.spec as { paused?: boolean }).paused = true) }]
    const made = open({ admission })
    await made.registry.create(deployments, { ...by('kubectl'), namespace: 'default', object: config })
    const object = made.registry.get(deployments, at)
    expect(object).toMatchObject({ spec: { paused: true } })
    expect(fieldsOf(object, 'kubectl')).toMatchObject({ 'f:spec': { 'f:replicas': {}, 'f:progressDeadlineSeconds': {}, 'f:strategy': { 'f:type': {}, 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} } } } })
    expect(fieldsOf(object, 'kubectl')).not.toMatchObject({ 'f:spec': { 'f:paused': {} } })
  })

  it('each manager, and each subresource, has an entry; only what changes something has a new time', async () => {
    const made = open()
    await made.registry.create(deployments, { ...by('a'), namespace: 'default', object: config })
    const write = (manager: string, body: unknown, subresource?: string) => {
      made.clock.step(1000)
      return made.registry.patch(deployments, { ...by(manager), ...at, patch: { type: 'merge', body }, ...(subresource ? { subresource } : {}) })
    }
    await write('a', { status: { replicas: 1, readyReplicas: 1 } }, 'status')
    await write('b', { spec: { replicas: 5 } }, 'scale')
    const { object } = await write('c', { spec: { replicas: 5 } })
    expect(entries(object)).toEqual(['a Update apps/v1 00', 'a Update apps/v1 status 01', 'b Update apps/v1 scale 02'])
    expect(fieldsOf(object, 'b')).toEqual({ 'f:spec': { 'f:replicas': {} } })
    expect(object.metadata.resourceVersion).toBe('3')
  })

  it('clients that drop or spoil the owners change nothing of them; clients may edit and reset them', async () => {
    const made = open()
    await made.registry.create(configMaps, { ...by('a'), namespace: 'default', object: { metadata: { name: 'web' }, data: { a: '1' } } as KubeObject })
    const write = async (data: object, managedFields?: unknown): Promise<KubeObject> =>
      (await made.registry.update(configMaps, { ...by('a'), ...at, object: { metadata: { name: 'web', ...(managedFields ? { managedFields } : {}) }, data } as KubeObject })).object
    expect(entries(await write({ a: '1' }))).toEqual(['a Update v1 00'])
    expect(entries(await write({ a: '1' }, [{ manager: 'x', operation: 'Steal', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }]))).toEqual(['a Update v1 00'])
    expect(entries(await write({ a: '1' }, [{ manager: 'x', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } }]))).toEqual(['x Apply v1'])
    expect(entries(await write({ a: '1' }, [{}]))).toEqual([])
    expect(entries(await write({ a: '2' }))).toEqual([])
  })

  it('nothing is kept of what the server itself makes', async () => {
    const made = open()
    const object = await made.create(configMaps, { metadata: { name: 'own' }, data: { a: '1' } })
    expect(object.metadata.managedFields).toBeUndefined()
  })
})

describe('patches of owners', () => {
  it.each<[string, 'json' | 'merge', unknown, string[]]>([
    ['another field', 'json', [{ op: 'add', path: '/data/b', value: '2' }], ['a Update v1 00', 'b Update v1 00']],
    ['a reset', 'json', [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }], []],
    ['a new name of an owner', 'json', [{ op: 'test', path: '/metadata/managedFields/0/manager', value: 'a' }, { op: 'replace', path: '/metadata/managedFields/0/manager', value: 'z' }], ['z Update v1 00']],
    ['a null', 'merge', { metadata: { managedFields: null } }, ['a Update v1 00']],
    ['an empty list', 'merge', { metadata: { managedFields: [] } }, ['a Update v1 00']],
  ])('%s', async (_title, type, body, expected) => {
    const made = open()
    await made.registry.create(configMaps, { ...by('a'), namespace: 'default', object: { metadata: { name: 'web' }, data: { a: '1' } } as KubeObject })
    const { object } = await made.registry.patch(configMaps, { ...by('b'), ...at, patch: { type, body } })
    expect(entries(object)).toEqual(expected)
  })
})
