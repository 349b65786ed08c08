import { atOnce, type Parts } from '../util/slices.ts'
import { emptyRows } from './commit-protocol.ts'
import { addRow, encode, StateLoader } from './stored-rows.ts'
import type { Entry } from './store.ts'

const long = { list: Array.from({ length: 5000 }, (_, index) => ({ index, big: 9007199254740993n })) }
const text = (value: unknown): string => JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? (JSON as unknown as { rawJSON: (raw: string) => unknown }).rawJSON(String(one)) : one))

/** An entry as it is after a start; how often its JSON was read in parts, and how far. */
function stored(value: unknown, can = true) {
  const reading = { begun: 0, parts: 0 }
  function* read(): Parts<unknown> {
    reading.begun++
    for (let part = 0; part < 10; part++, reading.parts++) yield
    return can ? structuredClone(value) : undefined
  }
  const loader = new StateLoader(read)
  const rows = emptyRows()
  addRow(rows, encode({ type: 'put', key: '/a', revision: 1, entry: { key: '/a', value, revision: 1, createRevision: 1 } }, text))
  loader.rows(rows)
  return { entry: loader.state().get('/a') as Entry, reading }
}

it('makes a long value in parts, frozen, once for all who are at it', () => {
  const { entry, reading } = stored(long)
  const [one, other] = [entry.prepare!(), entry.prepare!()]
  for (let step = 0; step < 4; step++) {
    one.next()
    other.next()
  }
  expect(reading).toEqual({ begun: 1, parts: 7 })
  atOnce(other)
  expect(entry.prepare).toBeUndefined()
  atOnce(one)
  expect(reading).toEqual({ begun: 1, parts: 10 })
  expect(entry.value).toEqual(long)
  expect(Object.isFrozen((entry.value as typeof long).list[4999])).toBe(true)
  expect(entry.value).toBe(entry.value)
})

it('has the value at once when it is asked for, also meanwhile', () => {
  const { entry } = stored(long)
  const preparing = entry.prepare!()
  preparing.next()
  const { value } = entry
  expect(value).toEqual(long)
  expect(entry.prepare).toBeUndefined()
  atOnce(preparing)
  expect(entry.value).toBe(value)
})

it('reads in one go what cannot be read in parts', () => {
  const { entry } = stored(long, false)
  atOnce(entry.prepare!())
  expect(entry.value).toEqual(long)
})

it('does not trouble with short values', () => {
  expect(stored({ a: 1 }).entry.prepare).toBeUndefined()
})
