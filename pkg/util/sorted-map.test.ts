// SortedMap against a plain array of keys.
import fc from 'fast-check'
import { prefixEnd, SortedMap } from './sorted-map.ts'

describe('SortedMap', () => {
  it('does what a sorted array does', () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const map = new SortedMap<number>()
    const model = new Map<string, number>()
    for (let step = 0; step < 20_000; step++) {
      const key = `k${random(4000).toString(36)}`
      // Grows for the first half and shrinks in the second, so that chunks split and merge.
      if (random(100) < (step < 10_000 ? 80 : 20)) {
        map.set(key, step)
        model.set(key, step)
      } else {
        expect(map.delete(key)).toBe(model.delete(key))
      }
      if (step % 500 !== 0) continue
      const sorted = [...model].sort((a, b) => (a[0] < b[0] ? -1 : 1))
      expect([...map.range('')]).toEqual(sorted)
      const start = `k${random(4000).toString(36)}`
      const end = `k${random(4000).toString(36)}`
      const within = sorted.filter(([name]) => name >= start && name < end)
      expect([...map.range(start, end)]).toEqual(within)
      const limit = random(700)
      expect(map.values(start, end, limit)).toEqual(within.slice(0, limit).map(([, value]) => value))
      expect(map.values(start, undefined, Infinity)).toEqual(sorted.filter(([name]) => name >= start).map(([, value]) => value))
      expect(map.count(start, end)).toBe(within.length)
    }
    for (const key of [...model.keys()]) map.delete(key)
    expect(map.size).toBe(0)
    expect([...map.range('')]).toEqual([])
    expect(map.count('')).toBe(0)
  })

  it('knows what is under a prefix, also when nothing was', () => {
    const part = fc.constantFrom('', 'a', 'b', 'ab', 'b0')
    const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
    const action = fc.oneof(key.map((set) => ({ set })), key.map((remove) => ({ remove })), fc.tuple(key, fc.boolean()).map(([path, folder]) => ({ look: folder ? `${path}/` : path })))
    fc.assert(fc.property(fc.array(action, { minLength: 10, maxLength: 60 }), (actions) => {
      const map = new SortedMap<string>()
      const model = new Set<string>()
      for (const one of actions) {
        if ('set' in one) {
          map.set(one.set, one.set)
          model.add(one.set)
        } else if ('remove' in one) expect(map.delete(one.remove)).toBe(model.delete(one.remove))
        else expect(map.under(one.look)).toEqual([...model].filter((name) => name.startsWith(one.look)).sort())
      }
    }), { numRuns: 500 })
  })

  it('is made from a map', () => {
    const values = new Map(Array.from({ length: 3000 }, (_, index) => [`${(index * 7919) % 3000}`, index] as const))
    const map = new SortedMap(new Map(values))
    expect([...map.range('')].map(([key]) => key)).toEqual([...values.keys()].sort())
  })
})

describe('prefixEnd', () => {
  it('comes right after the last string with the prefix', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (prefix, other) => {
        const end = prefixEnd(prefix)
        const inside = other >= prefix && (end === undefined || other < end)
        expect(inside).toBe(other.startsWith(prefix))
      }),
    )
    expect(prefixEnd('')).toBeUndefined()
    expect(prefixEnd('a\uffff')).toBe('b')
  })
})
