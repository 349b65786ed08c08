// Tests of server-side apply: operations on one object, and what it and its owners are then.
import { Play } from './apply.suite.ts'
import type { Operation } from './apply.suite.ts'
import type { OwnedType } from './apply-type.ts'
import type { JsonObject } from './json.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import { schemaOf } from './schema-table.ts'

const text: Schema = { type: 'scalar', format: 'string' }
const whole: Schema = { type: 'scalar', format: 'int64' }
const fields = (all: Record<string, Schema>, defaults: Record<string, unknown> = {}): ObjectSchema => ({
  type: 'object',
  fields: new Map(Object.entries(all).map(([name, schema]): [string, Field] => [name, { name, number: 0, schema, ...(name in defaults ? { default: defaults[name] } : {}) }])),
})

const part = fields({ name: text, count: whole, note: text })
const widgets: OwnedType = {
  apiVersion: 'example.com/v1', kind: 'Widget', ignored: ['status'],
  schema: fields({
    spec: fields({
      size: whole, colour: text, settings: { type: 'map', values: text },
      parts: { type: 'list', listType: 'map', listMapKeys: ['name'], items: part },
      ports: { type: 'list', listType: 'map', listMapKeys: ['port', 'protocol'], items: fields({ port: whole, protocol: text, name: text }, { protocol: 'TCP' }) },
      tags: { type: 'list', listType: 'set', items: text },
      order: { type: 'list', items: text },
      whole: { ...fields({ a: text, b: text }), mapType: 'atomic' },
      struct: fields({ a: text, b: text }),
      free: { type: 'object', fields: new Map(), preserveUnknown: true },
    }),
    status: fields({ phase: text }),
  }),
}
const deployments: OwnedType = { apiVersion: 'apps/v1', kind: 'Deployment', ignored: ['status'], schema: schemaOf('apps', 'v1', 'Deployment')! }

const a = (spec: JsonObject, more: Partial<Operation> = {}): Operation => ({ apply: 'a', config: { spec }, ...more } as Operation)
const b = (spec: JsonObject, more: Partial<Operation> = {}): Operation => ({ apply: 'b', config: { spec }, ...more } as Operation)
const write = (manager: string, spec: JsonObject): Operation => ({ update: manager, object: { spec } })

interface Case {
  name: string
  operations: Operation[]
  spec?: JsonObject | undefined
  owners: Record<string, string[]>
}

const cases: Case[] = [
  {
    name: 'an apply owns what it says',
    operations: [a({ size: 1, settings: { x: '1' }, struct: { a: 'a' }, whole: { a: 'a' }, order: ['z'], free: { deep: { er: [1] } } })],
    spec: { size: 1, settings: { x: '1' }, struct: { a: 'a' }, whole: { a: 'a' }, order: ['z'], free: { deep: { er: [1] } } },
    owners: { 'a Apply': ['.spec.order', '.spec.size', '.spec.whole', '.spec.free.deep', '.spec.free.deep.er', '.spec.settings.x', '.spec.struct.a'] },
  },
  { name: 'a field that is applied no more goes', operations: [a({ size: 1, colour: 'red' }), a({ size: 1 })], spec: { size: 1 }, owners: { 'a Apply': ['.spec.size'] } },
  { name: 'the last field takes its structs along', operations: [a({ struct: { a: 'a' } }), a({ size: 1 })], spec: { size: 1 }, owners: { 'a Apply': ['.spec.size'] } },
  { name: 'an empty configuration takes all along', operations: [a({ size: 1 }), { apply: 'a', config: {} }], spec: undefined, owners: {} },
  {
    name: 'a field stays as long as another applier wants it',
    operations: [a({ size: 1, colour: 'red' }), b({ size: 1 }), a({ colour: 'red' })], spec: { size: 1, colour: 'red' },
    owners: { 'a Apply': ['.spec.colour'], 'b Apply': ['.spec.size'] },
  },
  {
    name: 'two appliers conflict about a value',
    operations: [a({ size: 1 }), b({ size: 2 }, { fails: 'Apply failed with 1 conflict: conflict with "a": .spec.size' })], spec: { size: 1 }, owners: { 'a Apply': ['.spec.size'] },
  },
  { name: 'force takes it', operations: [a({ size: 1, colour: 'red' }), b({ size: 2 }, { force: true })], spec: { size: 2, colour: 'red' }, owners: { 'a Apply': ['.spec.colour'], 'b Apply': ['.spec.size'] } },
  { name: 'the same value is shared', operations: [a({ size: 1 }), b({ size: 1 })], spec: { size: 1 }, owners: { 'a Apply': ['.spec.size'], 'b Apply': ['.spec.size'] } },
  {
    name: 'an update takes what it changes',
    operations: [a({ size: 1, colour: 'red' }), write('u', { size: 2, colour: 'red' })], spec: { size: 2, colour: 'red' }, owners: { 'a Apply': ['.spec.colour'], 'u Update': ['.spec.size'] },
  },
  {
    name: 'an update is conflicted with by its name and version',
    operations: [write('u', { size: 2 }), a({ size: 1 }, { fails: 'Apply failed with 1 conflict: conflict with "u" using example.com/v1: .spec.size' })], spec: { size: 2 },
    owners: { 'u Update': ['.spec', '.spec.size'] },
  },
  {
    name: 'several conflicts, by owner',
    operations: [
      a({ size: 1, colour: 'red' }), { update: 'u', object: { spec: { size: 1, colour: 'red', settings: { x: '1' } } }, subresource: 'scale' },
      b({ size: 2, colour: 'blue', settings: { x: '2' } }, {
        fails: 'Apply failed with 3 conflicts: conflicts with "a":\n- .spec.colour\n- .spec.size\nconflicts with "u" with subresource "scale" using example.com/v1:\n- .spec.settings.x',
      }),
    ],
    spec: { size: 1, colour: 'red', settings: { x: '1' } }, owners: { 'a Apply': ['.spec.colour', '.spec.size'], 'u Update scale': ['.spec.settings', '.spec.settings.x'] },
  },
  {
    name: 'what an update removes is nobody’s, and comes back with the next apply',
    operations: [a({ size: 1, colour: 'red' }), write('u', { size: 1 }), a({ size: 1, colour: 'red' })], spec: { size: 1, colour: 'red' }, owners: { 'a Apply': ['.spec.colour', '.spec.size'] },
  },
  {
    name: 'items are told apart by their key',
    operations: [a({ parts: [{ name: 'x', count: 1 }] }), b({ parts: [{ name: 'y', count: 2 }] }), a({ parts: [{ name: 'x', count: 3, note: 'n' }] })],
    spec: { parts: [{ name: 'x', count: 3, note: 'n' }, { name: 'y', count: 2 }] },
    owners: {
      'a Apply': ['.spec.parts[name="x"]', '.spec.parts[name="x"].count', '.spec.parts[name="x"].name', '.spec.parts[name="x"].note'],
      'b Apply': ['.spec.parts[name="y"]', '.spec.parts[name="y"].count', '.spec.parts[name="y"].name'],
    },
  },
  {
    name: 'an item goes with its owner',
    operations: [a({ parts: [{ name: 'x', count: 1 }, { name: 'y' }] }), b({ size: 1 }), a({ parts: [{ name: 'y' }] })], spec: { size: 1, parts: [{ name: 'y' }] },
    owners: { 'a Apply': ['.spec.parts[name="y"]', '.spec.parts[name="y"].name'], 'b Apply': ['.spec.size'] },
  },
  {
    name: 'an item stays while another applier has a part of it',
    operations: [a({ parts: [{ name: 'x', count: 1 }] }), b({ parts: [{ name: 'x', note: 'n' }] }), a({ size: 1 })], spec: { size: 1, parts: [{ name: 'x', note: 'n' }] },
    owners: { 'a Apply': ['.spec.size'], 'b Apply': ['.spec.parts[name="x"]', '.spec.parts[name="x"].name', '.spec.parts[name="x"].note'] },
  },
  {
    name: 'an item that an updater has added to loses only what was applied',
    operations: [a({ parts: [{ name: 'x', count: 1 }] }), write('u', { parts: [{ name: 'x', count: 1, note: 'n' }] }), a({ parts: [{ name: 'x' }] })],
    spec: { parts: [{ name: 'x', note: 'n' }] },
    owners: { 'a Apply': ['.spec.parts[name="x"]', '.spec.parts[name="x"].name'], 'u Update': ['.spec.parts[name="x"].note'] },
  },
  {
    name: 'a key that is left out has its default',
    operations: [a({ ports: [{ port: 80 }] }), b({ ports: [{ port: 80, protocol: 'UDP' }, { port: 80, protocol: 'TCP' }] })],
    spec: { ports: [{ port: 80, protocol: 'UDP' }, { port: 80, protocol: 'TCP' }] },
    owners: {
      'a Apply': ['.spec.ports[port=80,protocol="TCP"]', '.spec.ports[port=80,protocol="TCP"].port'],
      'b Apply': [
        '.spec.ports[port=80,protocol="TCP"]', '.spec.ports[port=80,protocol="UDP"]', '.spec.ports[port=80,protocol="TCP"].port',
        '.spec.ports[port=80,protocol="TCP"].protocol', '.spec.ports[port=80,protocol="UDP"].port', '.spec.ports[port=80,protocol="UDP"].protocol',
      ],
    },
  },
  {
    name: 'sets hold members of several owners',
    operations: [a({ tags: ['x', 'y'] }), b({ tags: ['y', 'z'] }), a({ tags: ['w'] })], spec: { tags: ['y', 'z', 'w'] },
    owners: { 'a Apply': ['.spec.tags[="w"]'], 'b Apply': ['.spec.tags[="y"]', '.spec.tags[="z"]'] },
  },
  {
    name: 'atomic values have one owner',
    operations: [a({ order: ['x'], whole: { a: '1' } }), b({ order: ['x', 'y'], whole: { b: '1' } }, { fails: 'Apply failed with 2 conflicts: conflicts with "a":\n- .spec.order\n- .spec.whole' }), b({ order: ['y'] }, { force: true })],
    spec: { order: ['y'], whole: { a: '1' } }, owners: { 'a Apply': ['.spec.whole'], 'b Apply': ['.spec.order'] },
  },
  {
    name: 'what has no schema: maps are granular, lists are not',
    operations: [a({ free: { x: { a: 1 }, l: [1] } }), b({ free: { x: { b: 1 } } }), b({ free: { x: { b: 1 }, l: [2] } }, { fails: 'Apply failed with 1 conflict: conflict with "a": .spec.free.l' })],
    spec: { free: { x: { a: 1, b: 1 }, l: [1] } },
    owners: { 'a Apply': ['.spec.free.l', '.spec.free.x', '.spec.free.x.a'], 'b Apply': ['.spec.free.x', '.spec.free.x.b'] },
  },
  {
    name: 'status and identity are nobody’s on the main resource',
    operations: [{ apply: 'a', config: { metadata: { name: 'w', namespace: 'n', labels: { l: '1' }, uid: 'u' }, spec: { size: 1 }, status: { phase: 'x' } } }],
    spec: { size: 1 }, owners: { 'a Apply': ['.metadata.labels.l', '.spec.size'] },
  },
  {
    name: 'the order of the configuration wins, live items stay where they were',
    operations: [write('u', { parts: [{ name: 'p' }, { name: 'x' }, { name: 'q' }, { name: 'y' }] }), a({ parts: [{ name: 'y' }, { name: 'x' }, { name: 'new' }] })],
    spec: { parts: [{ name: 'p' }, { name: 'q' }, { name: 'y' }, { name: 'x' }, { name: 'new' }] },
    owners: {
      'a Apply': ['new', 'x', 'y'].map((name) => `.spec.parts[name="${name}"]`).concat(['new', 'x', 'y'].map((name) => `.spec.parts[name="${name}"].name`)),
      'u Update': ['.spec', '.spec.parts', ...['p', 'q', 'x', 'y'].map((name) => `.spec.parts[name="${name}"]`), ...['p', 'q', 'x', 'y'].map((name) => `.spec.parts[name="${name}"].name`)],
    },
  },
  {
    name: 'duplicates that are live do not disturb other items',
    operations: [write('u', { tags: ['x', 'x'] }), a({ tags: ['y'] })], spec: { tags: ['x', 'x', 'y'] },
    owners: { 'a Apply': ['.spec.tags[="y"]'], 'u Update': ['.spec', '.spec.tags', '.spec.tags[="x"]'] },
  },
  {
    name: 'a null owns the field that it removes',
    operations: [write('u', { size: 1, colour: 'red' }), a({ colour: null }, { force: true })], spec: { size: 1, colour: null }, owners: { 'a Apply': ['.spec.colour'], 'u Update': ['.spec', '.spec.size'] },
  },
  {
    name: 'an object without owners is owned by one before its first apply',
    operations: [{ update: 'u', object: { spec: { size: 1 } } }, { update: 'u', object: { metadata: { managedFields: [{}] }, spec: { size: 1 } } }, write('v', { size: 2 }), a({ colour: 'red' })],
    spec: { size: 2, colour: 'red' }, owners: { 'a Apply': ['.spec.colour'], 'before-first-apply Update': ['.spec', '.spec.size'] },
  },
]

describe('server-side apply', () => {
  it.each(cases)('$name', ({ operations, spec, owners }) => {
    const play = new Play(widgets)
    for (const operation of operations) expect(play.do(operation)).toEqual('fails' in operation ? operation.fails : undefined)
    expect((play.object as { spec?: unknown }).spec).toEqual(spec)
    expect(play.owned()).toEqual(owners)
  })

  const config = (image: string, more: JsonObject = {}): JsonObject => ({
    metadata: { name: 'web' },
    spec: {
      replicas: 2, selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image, ports: [{ containerPort: 80 }], resources: { requests: { cpu: '0.5' } } }] } }, ...more,
    },
  })

  it('knows the lists of built-in kinds, and their canonical values', () => {
    const play = new Play(deployments)
    expect(play.do({ apply: 'helm', config: config('i:1') })).toBeUndefined()
    const before = play.owners
    expect(play.do({ apply: 'helm', config: config('i:1') })).toBeUndefined()
    expect(play.owners).toEqual(before)
    expect(play.do({ apply: 'other', config: config('i:2') })).toBe('Apply failed with 1 conflict: conflict with "helm": .spec.template.spec.containers[name="c"].image')
    expect(play.owned()).toEqual({
      'helm Apply': [
        '.spec.replicas', '.spec.selector', '.spec.template.metadata.labels.app', '.spec.template.spec.containers[name="c"]', '.spec.template.spec.containers[name="c"].image',
        '.spec.template.spec.containers[name="c"].name', '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]',
        '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].containerPort', '.spec.template.spec.containers[name="c"].resources.requests.cpu',
      ],
    })
  })

  it('an update of a new built-in object owns fields but not the structs that are always there', () => {
    const play = new Play(deployments)
    play.do({ update: 'kubectl-create', object: config('i:1') })
    const owned = play.owned()['kubectl-create Update']
    expect(owned).toContain('.spec.template.metadata.labels')
    expect(owned).toContain('.spec.template.spec.containers[name="c"].ports')
    for (const always of ['.spec', '.spec.template', '.spec.template.spec.containers', '.metadata.name']) expect(owned).not.toContain(always)
  })

  it('kubectl takes over what it applied in its older way, and keeps the annotation in step', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
    const last = { apiVersion: 'apps/v1', kind: 'Deployment', ...config('i:1') }
    const play = new Play(deployments)
    play.do({ update: 'kubectl-client-side-apply', object: { ...last, metadata: { name: 'web', annotations: { [annotation]: JSON.stringify(last) } } } })
    play.do({ update: 'scaler', object: { ...play.object!, spec: { ...play.object!.spec as object, replicas: 5 } } })
    expect(play.do({ apply: 'kubectl', config: config('i:2') })).toBe('Apply failed with 1 conflict: conflict with "scaler" using apps/v1: .spec.replicas')
    const { replicas: _replicas, ...spec } = config('i:2').spec as JsonObject
    expect(play.do({ apply: 'kubectl', config: { metadata: { name: 'web' }, spec } })).toBeUndefined()
    expect(play.object).toMatchObject({ spec: { replicas: 5, template: { spec: { containers: [{ image: 'i:2' }] } } } })
    const { annotations } = play.object!.metadata as { annotations: Record<string, string> }
    expect(JSON.parse(annotations[annotation]!)).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec })
  })

  it.each([
    [{ spec: { foo: 1 } }, 'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.foo: field not declared in schema'],
    [{ spec: { size: 'x' } }, 'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.size: expected numeric (int or float), got string'],
    [{ spec: { parts: [{ name: 'x' }, { name: 'x' }] } }, 'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.parts: duplicate entries for key [name="x"]'],
    [{ spec: { parts: [{ count: 1, no: 1 }] } }, 'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.parts: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)'],
    [{ spec: { parts: [{ name: 'x', no: 1 }], foo: 1 } }, 'failed to create typed patch object (/w; example.com/v1, Kind=Widget): errors:\n  .spec.foo: field not declared in schema\n  .spec.parts[name="x"].no: field not declared in schema'],
    [{ metadata: { name: 'w', managedFields: [] } }, 'metadata.managedFields must be nil'],
    [{ apiVersion: 'example.com/v2' }, 'Incorrect version specified in apply patch. Specified patch version: example.com/v2, expected: example.com/v1'],
  ])('refuses %j', (config, message) => {
    expect(new Play(widgets).do({ apply: 'a', config: { metadata: { name: 'w' }, ...config } })).toBe(message)
  })

  it('only writes that change something have a new time', () => {
    const play = new Play(widgets)
    play.do(a({ size: 1 }))
    play.do(write('u', { size: 1, colour: 'red' }))
    play.do(a({ size: 1 }))
    play.do(write('u', { size: 1, colour: 'red' }))
    expect([play.time('a'), play.time('u')]).toEqual(['00', '01'])
    play.do(a({ size: 2 }))
    expect(play.time('a')).toBe('04')
  })

  it('joins the oldest updaters when there are more than ten', () => {
    const play = new Play(widgets)
    play.do(write('first', { size: 0 }))
    const settings: Record<string, string> = {}
    for (let index = 10; index < 22; index++) play.do(write(`u${index}`, { size: 0, settings: { ...Object.assign(settings, { [`k${index}`]: 'x' }) } }))
    const owned = play.owned()
    expect(Object.keys(owned)).toHaveLength(10)
    expect(owned['ancient-changes Update']).toEqual(['.spec', '.spec.settings', '.spec.size', '.spec.settings.k10', '.spec.settings.k11', '.spec.settings.k12'])
    expect(owned['u13 Update']).toEqual(['.spec.settings.k13'])
  })
})
