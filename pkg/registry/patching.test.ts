// Patches and subresources on real kinds, and kinds with two versions.
import type { AnyObject, KubeObject } from '../api/object.ts'
import type { Patch, RequestOptions } from '../api/request.ts'
import type { Definition } from './definition.ts'
import type { Fixture } from './fixture.suite.ts'
import { asking, configMaps, failure, fixture, widgets } from './fixture.suite.ts'
import deployments from './kinds/deployment.ts'
import events from './kinds/event.ts'
import autoscalers from './kinds/horizontal-pod-autoscaler.ts'

const container = { name: 'c', image: 'i:1', resources: {} }
const deployment = {
  metadata: { name: 'web' },
  spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } } },
}

async function open(): Promise<Fixture> {
  const made = fixture({ definitions: [deployments, widgets, configMaps, ...events, ...autoscalers] })
  await made.create(deployments, deployment)
  return made
}

const patch = async (made: Fixture, type: Patch['type'], body: unknown, more: { options?: RequestOptions; subresource?: string; warn?: (text: string) => void; definition?: Definition; name?: string } = {}): Promise<AnyObject> => {
  const { options = {}, definition = deployments, name = 'web', ...rest } = more
  return (await made.registry.patch(definition, { ...asking(options), namespace: 'default', name, patch: { type, body }, ...rest })).object as AnyObject
}

describe('patch', () => {
  it('strategic: merges lists by their keys', async () => {
    const made = await open()
    const { spec, metadata } = await patch(made, 'strategic', { spec: { template: { spec: { containers: [{ name: 'c', image: 'i:2' }, { name: 'd', image: 'j' }] } } } }) as AnyObject & { spec: { template: { spec: { containers: unknown[] } } } }
    expect(spec.template.spec.containers).toMatchObject([{ name: 'c', image: 'i:2' }, { name: 'd', image: 'j' }])
    expect(metadata).toMatchObject({ generation: 2, resourceVersion: '2' })
  })

  it('json: an operation that fails leaves everything', async () => {
    const made = await open()
    expect(await patch(made, 'json', [{ op: 'test', path: '/spec/replicas', value: 1 }, { op: 'replace', path: '/spec/replicas', value: 3 }])).toMatchObject({ spec: { replicas: 3 } })
    expect(await failure(() => patch(made, 'json', [{ op: 'test', path: '/spec/replicas', value: 1 }]))).toMatchObject({ code: 422, message: 'the server rejected our request due to an error in our request' })
    expect(made.store.revision).toBe(2)
  })

  it('a patch that changes nothing makes no revision, with defaults taken away too', async () => {
    const made = await open()
    expect((await patch(made, 'merge', { spec: { replicas: null } })).metadata.resourceVersion).toBe('1')
    expect((await patch(made, 'merge', { metadata: { labels: {} } })).metadata.resourceVersion).toBe('1')
  })

  it('a version in the patch is a lock', async () => {
    const made = await open()
    await patch(made, 'merge', { metadata: { resourceVersion: '1' }, spec: { replicas: 2 } })
    expect(await failure(() => patch(made, 'merge', { metadata: { resourceVersion: '1' }, spec: { replicas: 3 } }))).toMatchObject({
      code: 409, message: 'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
    })
  })

  it.each<[string, string | undefined, number | undefined, string[]]>([
    ['warned of', undefined, undefined, ['unknown field "spec.foo"']],
    ['dropped', 'Ignore', undefined, []],
    ['refused', 'Strict', 422, []],
    ['a wrong parameter', 'Maybe', 422, []],
  ])('unknown fields are %s (%s)', async (_title, fieldValidation, code, expected) => {
    const made = await open()
    const warnings: string[] = []
    const work = (): Promise<AnyObject> => patch(made, 'merge', { spec: { foo: 1, replicas: 2 } }, { options: fieldValidation ? { fieldValidation } : {}, warn: (text) => void warnings.push(text) })
    if (code) expect(await failure(work)).toMatchObject({ code })
    else expect((await work()).spec).not.toHaveProperty('foo')
    expect(warnings).toEqual(expected)
  })

  it.each<[string, Patch['type'], unknown, number]>([
    ['a missing object', 'merge', {}, 404],
    ['another name', 'merge', { metadata: { name: 'other' } }, 400],
    ['another kind', 'merge', { kind: 'Pod' }, 422],
    ['a wrong type', 'merge', { spec: { replicas: 'many' } }, 422],
  ])('refuses %s', async (_title, type, body, code) => {
    const made = await open()
    expect(await failure(() => patch(made, type, body, code === 404 ? { name: 'none' } : {}))).toMatchObject({ code })
  })

  it.each<[Patch['type'], unknown, string]>([
    ['strategic', { spec: { replicas: 'many' } }, ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:many]]": unrecognized type: int32'],
    ['strategic', { spec: { replicas: 1.5, paused: true } }, ' "" is invalid: patch: Invalid value: "map[spec:map[paused:true replicas:1.5]]": cannot convert float64 to int32'],
    ['strategic', { spec: { minReadySeconds: null, template: [] } }, ' "" is invalid: patch: Invalid value: "map[spec:map[minReadySeconds:<nil> template:[]]]": cannot restore struct from: slice'],
    ['strategic', { metadata: { finalizers: 'x' } }, ' "" is invalid: patch: Invalid value: "map[metadata:map[finalizers:x]]": cannot restore slice from string'],
    ['strategic', { metadata: { labels: { a: 1 } } }, ' "" is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string'],
    ['merge', [], 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['json', {}, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
  ])('%s %j in the words of the decoders', async (type, body, message) => {
    const made = await open()
    expect(await failure(() => patch(made, type, body))).toMatchObject({ message })
  })

  it('custom resources know no strategic merge', async () => {
    const made = await open()
    await made.create(widgets, { metadata: { name: 'web' } })
    expect(await failure(() => patch(made, 'strategic', {}, { definition: widgets }))).toMatchObject({ code: 415 })
  })
})

describe('subresources', () => {
  it('scale reads and writes the replicas, with its version as lock', async () => {
    const made = await open()
    const scale = made.registry.get(deployments, { namespace: 'default', name: 'web', subresource: 'scale' })
    expect(scale).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'web', resourceVersion: '1' }, spec: { replicas: 1 } })
    expect(await patch(made, 'merge', { spec: { replicas: 4 } }, { subresource: 'scale' })).toMatchObject({ kind: 'Scale', spec: { replicas: 4 } })
    expect(made.registry.get(deployments, { namespace: 'default', name: 'web' })).toMatchObject({ spec: { replicas: 4 }, metadata: { generation: 2 } })
    const put = (object: KubeObject): Promise<unknown> => made.registry.update(deployments, { ...asking(), namespace: 'default', name: 'web', subresource: 'scale', object })
    expect(await failure(() => put(scale))).toMatchObject({ code: 409 })
    expect(await failure(() => put({ metadata: { name: 'web' }, spec: { replicas: -1 } } as KubeObject))).toMatchObject({ code: 422, message: expect.stringContaining('spec.replicas') })
  })

  it('status takes status and annotations, and nothing of the spec', async () => {
    const made = await open()
    const object = await patch(made, 'strategic', { metadata: { annotations: { x: 'y' } }, spec: { replicas: 9 }, status: { replicas: 1, readyReplicas: 1 } }, { subresource: 'status' })
    expect(object).toMatchObject({ metadata: { annotations: { x: 'y' } }, spec: { replicas: 1 }, status: { replicas: 1, readyReplicas: 1 } })
    expect(await failure(() => patch(made, 'merge', {}, { subresource: 'nothing' }))).toMatchObject({ code: 404 })
  })
})

describe('two versions of a kind', () => {
  it('events are one object in both groups', async () => {
    const made = await open()
    const [core, later] = events as [Definition, Definition]
    const about = { kind: 'Pod', namespace: 'default', name: 'p' }
    await made.create(core, { metadata: { name: 'e' }, involvedObject: about, reason: 'R', message: 'm', type: 'Normal', source: { component: 'c' } })
    const seen = made.registry.get(later, { namespace: 'default', name: 'e' })
    expect(seen).toMatchObject({ apiVersion: 'events.k8s.io/v1', regarding: about, note: 'm', deprecatedSource: { component: 'c' }, metadata: { resourceVersion: '2' } })
    const series = { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' }
    await patch(made, 'merge', { series }, { definition: later, name: 'e' })
    expect(made.registry.get(core, { namespace: 'default', name: 'e' })).toMatchObject({ apiVersion: 'v1', message: 'm', series, involvedObject: about })
    await expect(patch(made, 'merge', { note: 'n' }, { definition: later, name: 'e' })).rejects.toThrow('Event.events.k8s.io "e" is invalid: message: Invalid value: "n": field is immutable')
    expect(made.registry.list(core, asking({ fieldSelector: 'involvedObject.name=p' })).items).toHaveLength(1)
    expect(made.registry.list(later, asking({ fieldSelector: 'regarding.name=q' })).items).toHaveLength(0)
  })

  it('an autoscaler written as v1 is read as v2', async () => {
    const made = await open()
    const v1 = autoscalers.find(({ resource }) => resource.version === 'v1') as Definition
    const v2 = autoscalers.find(({ resource }) => resource.version === 'v2') as Definition
    await made.create(v1, { metadata: { name: 'h' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3, targetCPUUtilizationPercentage: 50 } })
    const { revision } = made.store
    expect(made.registry.get(v2, { namespace: 'default', name: 'h' })).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { maxReplicas: 3, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 50 } } }] } })
    await patch(made, 'merge', { spec: { maxReplicas: 3 } }, { definition: v1, name: 'h' })
    expect(made.store.revision).toBe(revision)
  })
})
