// Values kept with objects: found again, each keeper's own, invisible, on frozen objects too.
import { keeper } from './kept.ts'

it('keeps a value with an object, frozen or not, and shows it to nobody', () => {
  const lengths = keeper<number>()
  const names = keeper<string>()
  for (const object of [{ a: 1 }, Object.freeze({ a: 1 }), Object.freeze([1])]) {
    expect(lengths.get(object)).toBeUndefined()
    lengths.set(object, 3)
    names.set(object, 'x')
    lengths.set(object, 4)
    expect([lengths.get(object), names.get(object)]).toEqual([4, 'x'])
    expect(Reflect.ownKeys(object)).toEqual(Reflect.ownKeys(Array.isArray(object) ? [1] : { a: 1 }))
    expect(lengths.get({ ...object })).toBeUndefined()
    expect(lengths.get(structuredClone(object))).toBeUndefined()
  }
})
