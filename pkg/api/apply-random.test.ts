// Random operations of several clients on one object: what must hold whatever they do.
import fc from 'fast-check'
import { Play } from './apply.suite.ts'
import type { Operation } from './apply.suite.ts'
import type { OwnedType } from './apply-type.ts'
import { emptyObject } from './apply-type.ts'
import { compareOwned } from './apply-update.ts'
import { conform } from './conform.ts'
import { covers, difference, intersection, isFieldSet, pathsOf, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { pathText } from './field-paths.ts'
import type { JsonObject } from './json.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import { claimedFields } from './typed-compare.ts'
import { rootSchema } from './typed-shape.ts'

const text: Schema = { type: 'scalar', format: 'string' }
const fields = (all: Record<string, Schema>): ObjectSchema => ({
  type: 'object', fields: new Map(Object.entries(all).map(([name, schema]): [string, Field] => [name, { name, number: 0, schema }])),
})
const type: OwnedType = {
  apiVersion: 'example.com/v1', kind: 'Thing', ignored: ['status'],
  schema: fields({
    spec: fields({
      a: text, struct: fields({ x: text, y: text }), map: { type: 'map', values: text }, set: { type: 'list', listType: 'set', items: text }, atoms: { type: 'list', items: text },
      items: { type: 'list', listType: 'map', listMapKeys: ['name'], items: fields({ name: text, x: text, map: { type: 'map', values: text } }) },
    }),
  }),
}

const value = fc.constantFrom('1', '2')
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const record = (all: Record<string, fc.Arbitrary<unknown>>) => fc.record(all, { requiredKeys: [] })
const map = record({ k: value, l: value, __proto__x: value })
// Nobody owns an empty list of items: the API has no path for it.
const spec = record({
  a: value, struct: record({ x: value, y: value }), map, set: fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { minLength: 1 }), atoms: fc.array(value, { maxLength: 2 }),
  items: fc.uniqueArray(fc.record({ name: fc.constantFrom('i', 'j', 'k'), x: optional(value), map: optional(map) }), { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
})
const clean = (object: unknown): JsonObject => JSON.parse(JSON.stringify(object)) as JsonObject
const manager = fc.constantFrom('a', 'b', 'c')
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ apply: manager, config: spec.map((spec) => clean({ spec })), force: fc.boolean() }),
  fc.record({ update: manager, object: spec.map((spec) => clean({ spec })) }),
)

const texts = (set: FieldSet | undefined): string[] => [...pathsOf(set)].map(pathText).sort()

describe('server-side apply, whatever clients do', () => {
  it('applying again changes nothing, not even times', () => {
    fc.assert(fc.property(fc.array(operation, { maxLength: 6 }), manager, spec, (operations, apply, spec) => {
      const play = new Play(type)
      for (const one of operations) play.do(one)
      const again: Operation = { apply, config: clean({ spec }), force: true }
      expect(play.do(again)).toBeUndefined()
      const { object, owners } = play
      // An object that nobody owns a field of gets an owner with its next apply.
      fc.pre(owners.length > 0)
      expect(play.do(again)).toBeUndefined()
      expect(play.object).toEqual(object)
      expect(play.owners).toEqual(owners)
    }), { numRuns: 300 })
  })

  it('what is applied is there, and is its applier’s', () => {
    fc.assert(fc.property(fc.array(operation, { maxLength: 6 }), manager, spec, (operations, apply, spec) => {
      const play = new Play(type)
      for (const one of operations) play.do(one)
      const config = clean({ spec })
      play.do({ apply, config, force: true })
      const claims = texts(claimedFields(rootSchema(type.schema), config))
      expect(play.owned()[`${apply} Apply`] ?? []).toEqual(expect.arrayContaining(claims))
      const there = texts(claimedFields(rootSchema(type.schema), play.object))
      for (const claim of claims) expect(there.find((path) => path.startsWith(claim))).toBeDefined()
    }), { numRuns: 300 })
  })

  it('owners own only what is there, and sets in the form of the API', () => {
    fc.assert(fc.property(fc.array(operation, { maxLength: 8 }), (operations) => {
      const play = new Play(type)
      for (const one of operations) play.do(one)
      const there = new Set(['.spec', ...Object.keys((play.object?.spec ?? {}) as object).flatMap((key) => [`.spec.${key}`, `.spec.${key}.x`])])
      const claims = new Set(texts(claimedFields(rootSchema(type.schema), play.object)))
      for (const { fieldsV1 } of play.owners) {
        expect(isFieldSet(fieldsV1)).toBe(true)
        for (const path of texts(fieldsV1)) if (!there.has(path)) expect([...claims].some((claim) => claim === path || claim.startsWith(path))).toBe(true)
      }
    }), { numRuns: 300 })
  })

  it('a refused apply changes nothing, a forced one is never refused', () => {
    fc.assert(fc.property(fc.array(operation, { maxLength: 8 }), (operations) => {
      const play = new Play(type)
      for (const one of operations) {
        const { object, owners } = play
        const failure = play.do(one)
        if (failure === undefined) continue
        expect('apply' in one && !one.force).toBe(true)
        expect([play.object, play.owners]).toEqual([object, owners])
      }
    }), { numRuns: 300 })
  })

  it('an applier alone leaves nothing behind', () => {
    fc.assert(fc.property(spec, spec, (first, second) => {
      const play = new Play(type)
      play.do({ apply: 'a', config: clean({ spec: first }) })
      play.do({ apply: 'a', config: clean({ spec: second }) })
      const fresh = new Play(type)
      fresh.do({ apply: 'a', config: clean({ spec: second }) })
      const shape = (object: JsonObject | undefined) => texts(claimedFields(rootSchema(type.schema), object))
      expect(shape(play.object)).toEqual(shape(fresh.object))
      expect(play.owned()).toEqual(fresh.owned())
    }), { numRuns: 300 })
  })
})

const set: fc.Arbitrary<FieldSet> = fc.letrec<{ node: FieldSet }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, fc.constant({}), fc.dictionary(fc.constantFrom('f:a', 'f:b', 'v:"x"', 'k:{"n":"y"}'), tie('node'), { maxKeys: 3 })
    .chain((children) => fc.boolean().map((own) => (own && Object.keys(children).length > 0 ? { '.': {}, ...children } : children)))),
})).node

describe('sets of new objects', () => {
  const write = (object: JsonObject) => {
    const play = new Play(type)
    play.do({ update: 'u', object })
    return play.owners.map(({ fieldsV1 }) => fieldsV1)
  }
  it('are the same whatever was created before', () => {
    const object = fc.record({ spec, labels: optional(map) }).map(({ spec, labels }) => clean({ metadata: { name: 'n', uid: 'u', labels }, spec }))
    fc.assert(fc.property(object, object, (first, second) => {
      const alone = write(second)
      write(first)
      const after = write(second)
      expect(after).toEqual(alone)
      expect(write(second)).toEqual(alone)
      const compared = compareOwned(type, emptyObject(type.schema), conform(second, type.schema).object)?.changed
      expect(texts(after[0])).toEqual(texts(compared))
    }), { numRuns: 1000 })
  })
})

describe('sets of changed objects', () => {
  it('are the same whatever was written before to others', () => {
    const object = fc.record({ spec, labels: optional(map) }).map(({ spec, labels }) => clean({ metadata: { name: 'n', uid: 'u', labels }, spec }))
    const writes = fc.array(fc.record({ update: manager, object }), { minLength: 2, maxLength: 4 })
    const ownersOf = (one: OwnedType, operations: readonly Operation[]) => {
      const play = new Play(one)
      for (const operation of operations) play.do(operation)
      return play.owners
    }
    fc.assert(fc.property(writes, writes, (first, second) => {
      // What is known of others is known by schema.
      const alone = ownersOf({ ...type, schema: { ...type.schema } }, second)
      ownersOf(type, first)
      expect([ownersOf(type, second), ownersOf(type, second)]).toEqual([alone, alone])
    }), { numRuns: 1000 })
  })
})

describe('field sets', () => {
  const ids = (one: FieldSet | undefined): Set<string> => new Set([...pathsOf(one)].map((path) => path.join('/')))
  it('behave as sets of paths', () => {
    fc.assert(fc.property(set, set, (a, b) => {
      const [x, y] = [ids(a), ids(b)]
      expect(ids(union(a, b))).toEqual(new Set([...x, ...y]))
      expect(ids(difference(a, b))).toEqual(new Set([...x].filter((path) => !y.has(path))))
      expect(ids(intersection(a, b))).toEqual(new Set([...x].filter((path) => y.has(path))))
    }), { numRuns: 1000 })
  })
  it('cover those that have no other path', () => {
    // Below a step, as the root itself is no path.
    const below = set.map((node) => ({ 'f:x': node }))
    fc.assert(fc.property(below, below, (a, b) => {
      const x = ids(a)
      expect(covers(a, b)).toBe([...ids(b)].every((path) => x.has(path)))
    }), { numRuns: 1000 })
  })
})
