// Patches: JSON, merge and strategic merge, on frozen objects.
import { cpuMs } from '../util/cpu-time.suite.ts'
import { deepFreeze } from '../util/deep-freeze.ts'
import type { JsonObject } from './json.ts'
import { applyPatch } from './patch.ts'
import { mergePatch } from './patch-merge.ts'
import { schemaOf } from './schema-table.ts'
import type { ObjectSchema } from './schema.ts'
import { StatusError } from './status-error.ts'

const schema = schemaOf('apps', 'v1', 'Deployment') as ObjectSchema
const original = deepFreeze({
  metadata: { name: 'web', finalizers: ['x', 'y', 'z'], labels: { a: '1', b: '2' } },
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: { spec: {
      containers: [{ name: 'a', image: 'a:1', args: ['1'], env: [{ name: 'E', value: '1' }, { name: 'F', value: '2' }] }, { name: 'b', image: 'b:1' }, { name: 'c', image: 'c:1' }],
      volumes: [{ name: 'v', emptyDir: {} }], tolerations: [{ key: 'k' }],
    } },
  },
})

const strategic = (body: unknown): typeof original => applyPatch(original as JsonObject, { type: 'strategic', body: deepFreeze(body) }, schema) as typeof original
const containers = (list: unknown, more: object = {}): unknown[] => strategic({ spec: { template: { spec: { containers: list, ...more } } } }).spec.template.spec.containers
const names = (list: readonly unknown[]): string => list.map((item) => (item as { name: string }).name).join('')

describe('strategic merge', () => {
  it('merges list elements by their key', () => {
    expect(containers([{ name: 'b', image: 'b:2' }])[1]).toEqual({ name: 'b', image: 'b:2' })
    expect(names(containers([{ name: 'b', image: 'b:2' }]))).toBe('abc')
  })

  it('puts new elements before the others, as upstream does', () => {
    expect(names(containers([{ name: 'n', image: 'n:1' }]))).toBe('nabc')
  })

  it('follows the order that is set', () => {
    expect(names(containers([{ name: 'n' }], { '$setElementOrder/containers': [{ name: 'c' }, { name: 'n' }, { name: 'a' }] }))).toBe('bcna')
    expect(names(containers([], { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }, { name: 'b' }] }))).toBe('cab')
  })

  it('deletes and replaces by directive', () => {
    expect(names(containers([{ name: 'a', $patch: 'delete' }]))).toBe('bc')
    expect(containers([{ $patch: 'replace' }, { name: 'n' }])).toEqual([{ name: 'n' }])
    expect(strategic({ metadata: { labels: { $patch: 'replace', c: '3' } } }).metadata.labels).toEqual({ c: '3' })
    expect(strategic({ metadata: { labels: { $patch: 'delete' } } }).metadata.labels).toEqual({})
  })

  it('merges long lists in one go', () => {
    const list = (value: string): object[] => Array.from({ length: 20_000 }, (_, index) => ({ name: `n${index}`, image: value }))
    const object = { spec: { template: { spec: { containers: list('old') } } } }
    const body = { spec: { template: { spec: { containers: [...list('new'), ...list('').slice(0, 10_000).map((item) => ({ ...item, $patch: 'delete' }))] } } } }
    expect(cpuMs(() => {
      expect((applyPatch(object, { type: 'strategic', body }, schema) as typeof object).spec.template.spec.containers).toEqual(list('new'))
    })).toBeLessThan(1500)
  })

  it('merges lists within list elements', () => {
    const [first] = containers([{ name: 'a', env: [{ name: 'F', value: '3' }, { name: 'E', $patch: 'delete' }] }]) as [{ env: unknown }]
    expect(first.env).toEqual([{ name: 'F', value: '3' }])
  })

  it('replaces lists without a merge key', () => {
    expect((containers([{ name: 'a', args: ['2'] }])[0] as { args: unknown }).args).toEqual(['2'])
    expect(strategic({ spec: { template: { spec: { tolerations: [] } } } }).spec.template.spec.tolerations).toEqual([])
  })

  it('merges and deletes primitives', () => {
    expect(strategic({ metadata: { finalizers: ['n'] } }).metadata.finalizers).toEqual(['n', 'x', 'y', 'z'])
    expect(strategic({ metadata: { '$deleteFromPrimitiveList/finalizers': ['y'] } }).metadata.finalizers).toEqual(['x', 'z'])
    expect(strategic({ metadata: { '$deleteFromPrimitiveList/finalizers': ['y'], '$setElementOrder/finalizers': ['z', 'x'] } }).metadata.finalizers).toEqual(['z', 'x'])
  })

  it('retains only the keys that are named', () => {
    expect(strategic({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }).spec.strategy).toEqual({ type: 'Recreate' })
    expect(strategic({ spec: { template: { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] } } } }).spec.template.spec.volumes)
      .toEqual([{ name: 'v', hostPath: { path: '/' } }])
  })

  it('removes nulls, also in what is new', () => {
    expect(strategic({ metadata: { labels: { a: null, c: null } } }).metadata.labels).toEqual({ b: '2' })
    expect(strategic({ metadata: { annotations: { a: null, b: '1' } } }).metadata).toMatchObject({ annotations: { b: '1' } })
  })

  it.each<[unknown, number, string]>([
    [{ spec: { template: { spec: { containers: [{ image: 'x', ports: [{ hostPort: 1 }] }] } } } }, 500, 'map: map[image:x ports:[map[hostPort:1]]] does not contain declared merge key: name'],
    [{ spec: { strategy: { $retainKeys: ['type'], rollingUpdate: {} } } }, 422, 'the server rejected our request due to an error in our request'],
    [{ spec: { strategy: { $retainKeys: 'type' } } }, 400, 'invalid patch format of retainKeys'],
    [{ metadata: { '$setElementOrder/finalizers': 'x' } }, 400, 'invalid patch format of setElementOrder list'],
    [{ metadata: { labels: { $patch: 'nope' } } }, 500, 'unknown patch type: nope in map: map[$patch:nope]'],
    [{ spec: { template: { spec: { containers: ['x'] } } } }, 500, 'expected a map, but received a string'],
    [[], 400, 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ])('refuses %j', (body, code, message) => {
    expect(() => strategic(body)).toThrow(expect.objectContaining({ code, message }))
  })

  it('is not for custom resources', () => {
    expect(() => applyPatch({}, { type: 'strategic', body: {} }, { type: 'object', fields: new Map() })).toThrow(expect.objectContaining({ code: 415 }))
  })
})

// The appendix of RFC 7386, where both are objects.
it.each<[JsonObject, JsonObject, JsonObject]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }], [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }], [{ a: 'b' }, { a: null }, {}], [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }], [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }], [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }], [{ e: null }, { a: 1 }, { e: null, a: 1 }], [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merge patch of %j with %j', (before, patch, after) => {
  expect(mergePatch(deepFreeze(before), deepFreeze(patch))).toEqual(after)
})

describe('JSON patch', () => {
  const patch = (body: unknown): JsonObject => applyPatch(original as JsonObject, { type: 'json', body: deepFreeze(body) }, schema)

  it('copies no more than a request may have', () => {
    const data = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key-${index}`, 'x'.repeat(100)]))
    const copies = Array.from({ length: 10_000 }, (_, index) => ({ op: 'copy', from: '/data', path: `/x${index}` }))
    const spent = cpuMs(() => {
      expect(() => applyPatch({ data }, { type: 'json', body: copies }, schema)).toThrow(expect.objectContaining({
        code: 422, why: expect.stringMatching(/^Unable to complete the copy, the accumulated size increase of copy is 3\d+, exceeding the limit 3145728$/),
      }))
    })
    expect(spent).toBeLessThan(500)
    expect(Object.keys(applyPatch({ data }, { type: 'json', body: copies.slice(0, 5) }, schema))).toHaveLength(6)
  })

  it('costs what the operations move, not what the object has', () => {
    const data = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key-${index}`, 'x'.repeat(80)]))
    const moves = Array.from({ length: 10_000 }, (_, index) => ({ op: 'move', from: `/data/key-${index}`, path: `/data/moved-${index}` }))
    expect(cpuMs(() => {
      expect(Object.keys(applyPatch({ data }, { type: 'json', body: moves }, schema)['data'] as object)).toHaveLength(10_000)
    })).toBeLessThan(500)
  })

  it.each<[unknown[], unknown]>([
    [[{ op: 'move', from: '/a', path: '/b/0' }], { b: [{ x: 1 }, 1, 2] }],
    [[{ op: 'add', path: '/b/2', value: 3 }], { a: { x: 1 }, b: [1, 2, 3] }],
    [[{ op: 'add', path: '/b/3', value: 3 }], 'missing'],
    [[{ op: 'add', path: '/b/01', value: 3 }], { a: { x: 1 }, b: [1, 3, 2] }],
    [[{ op: 'replace', path: '/b/-', value: 3 }], 'missing'],
    [[{ op: 'replace', path: '/b/2', value: 3 }], 'missing'],
    [[{ op: 'replace', path: '/c', value: 3 }], 'missing'],
    [[{ op: 'move', from: '/a', path: '/a/x' }], 'missing'],
    [[{ op: 'copy', from: '/c', path: '/d' }], 'missing'],
    [[{ op: 'add', path: '/c/d', value: 3 }], 'missing'],
    [[{ op: 'add', path: '/a/x/y', value: 3 }], 'missing'],
    [[{ op: 'add', path: 'c', value: 3 }], 'missing'],
    [[{ op: 'test', path: '/c', value: null }, { op: 'test', path: '/b/1', value: 2 }, { op: 'add', path: '/c' }], { a: { x: 1 }, b: [1, 2], c: null }],
    [[{ op: 'copy', from: '/a', path: '/c' }, { op: 'replace', path: '/c/x', value: 2 }], { a: { x: 1 }, b: [1, 2], c: { x: 2 } }],
    [[{ op: 'copy', from: '', path: '/c' }], 'missing'],
    [[{ op: 'move', from: '/a', path: '' }], 'missing'],
    [[{ op: 'add', path: '/constructor', value: 1 }, { op: 'add', path: '/__proto__', value: 2 }, { op: 'remove', path: '/a' }], JSON.parse('{"b":[1,2],"constructor":1,"__proto__":2}')],
    [[{ op: 'add', path: '/toString/x', value: 1 }], 'missing'],
    [[{ op: 'add', path: '/~01', value: 1 }, { op: 'add', path: '/~1', value: 2 }], { a: { x: 1 }, b: [1, 2], '~1': 1, '/': 2 }],
  ])('%j', (operations, result) => {
    const run = (): unknown => applyPatch(deepFreeze({ a: { x: 1 }, b: [1, 2] }), { type: 'json', body: deepFreeze(operations) }, schema)
    if (result !== 'missing') expect(run()).toEqual(result)
    else expect(run).toThrow(expect.objectContaining({ code: 422, why: expect.stringMatching(/: (missing value|invalid index referenced)$/) }))
  })

  it('applies operations in order', () => {
    expect(patch([
      { op: 'test', path: '/metadata/name', value: 'web' }, { op: 'add', path: '/metadata/finalizers/-', value: 'w' }, { op: 'remove', path: '/metadata/finalizers/0' },
      { op: 'copy', from: '/metadata/labels', path: '/metadata/annotations' }, { op: 'replace', path: '/metadata/annotations/a', value: '9' }, { op: 'add', path: '/metadata/labels/x~1y', value: 'z' },
    ])).toMatchObject({ metadata: { finalizers: ['y', 'z', 'w'], labels: { a: '1', 'x/y': 'z' }, annotations: { a: '9', b: '2' } } })
  })

  it('moves, counts from the end, and copies what goes to two places', () => {
    expect(patch([
      { op: 'add', path: '/x', value: { a: [1, 2] } }, { op: 'copy', from: '/x', path: '/y' }, { op: 'add', path: '/y/a/-1', value: 3 }, { op: 'remove', path: '/x/a/-1' },
      { op: 'move', from: '/y/a/0', path: '/x/a/0' }, { op: 'test', path: '/none', value: null }, { op: 'add', path: '/__proto__', value: 5 },
    ])).toMatchObject(JSON.parse('{ "x": { "a": [1, 1] }, "y": { "a": [2, 3] }, "__proto__": 5 }') as object)
  })

  it('takes no longer for large objects, and does not let copies grow without end', () => {
    const large = { a: { b: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index])) } }
    expect(cpuMs(() => {
      const body = Array.from({ length: 10_000 }, (_, index) => (index % 2 === 0 ? { op: 'move', from: '/a', path: '/c' } : { op: 'move', from: '/c', path: '/a' }))
      expect(applyPatch(large, { type: 'json', body }, schema)).toEqual(large)
      const doubling = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '/metadata', path: `/metadata/k${index}` }))
      expect(() => patch(doubling)).toThrow(expect.objectContaining({ code: 422 }))
    })).toBeLessThan(1000)
  })

  it.each<[unknown, number, string]>([
    [[{ op: 'remove', path: '/nope' }], 422, "error in remove for path: '/nope': Unable to remove nonexistent key: nope: missing value"],
    [[{ op: 'remove', path: '/nope/x' }], 422, 'remove operation does not apply: doc is missing path: "/nope/x": missing value'],
    [[{ op: 'replace', path: '/nope', value: 1 }], 422, 'replace operation does not apply: doc is missing key: /nope: missing value'],
    [[{ op: 'add', path: '/metadata/finalizers/9', value: 'x' }], 422, "error in add for path: '/metadata/finalizers/9': Unable to access invalid index: 9: invalid index referenced"],
    [[{ op: 'copy', from: '', path: '/a' }], 422, 'copy operation does not apply: doc is missing from path: : missing value'],
    [[{ op: 'move', from: '', path: '/a' }], 422, 'move operation does not apply: doc is missing from path: : missing value'],
    [[{ op: 'move', from: '/metadata', path: '/metadata/a' }], 422, 'move operation does not apply: doc is missing destination path: /metadata/a: missing value'],
    [[{ op: 'remove', path: '' }], 422, 'remove operation does not apply: doc is missing path: "": missing value'],
    [[{ op: 'test', path: '/metadata/name', value: 'x' }], 422, 'testing value /metadata/name failed: test failed'],
    [[{ op: 'fly', path: '/' }], 422, 'Unexpected kind: fly'],
    [[{ op: 'add', path: '/__proto__/x', value: 1 }], 422, 'add operation does not apply: doc is missing path: "/__proto__/x": missing value'],
    [[{ op: 'replace', path: '', value: [] }], 422, 'expected the patched document to be an object'],
    [{}, 400, ''], [[1], 400, ''], [Array(10_001).fill({ op: 'test', path: '' }), 413, ''],
  ])('refuses %#', (body, code, cause) => {
    let error: unknown
    try {
      patch(body)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(StatusError)
    expect((error as StatusError).code).toBe(code)
    if (cause) expect(error).toMatchObject({ why: cause, status: { message: 'the server rejected our request due to an error in our request', details: {} } })
  })
})
