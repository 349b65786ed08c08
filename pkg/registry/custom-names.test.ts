// Names of CRDs: which are given, and what the conditions say.
import type { CustomNames, CustomResourceDefinition } from '../api/types-custom.ts'
import { NameTable, planNames, withCondition } from './custom-names.ts'

const wanted: CustomNames = { plural: 'foos', singular: 'foo', kind: 'Foo', listKind: 'FooList', shortNames: ['f'] }
const crd = (names: CustomNames, status?: CustomResourceDefinition['status']): CustomResourceDefinition =>
  ({ metadata: { name: 'foos.x.io' }, spec: { group: 'x.io', scope: 'Cluster', names, versions: [] }, ...(status ? { status } : {}) })
const bar: CustomNames = { plural: 'bars', singular: 'bar', kind: 'Bar', listKind: 'BarList', shortNames: ['b'] }
const said = (names: CustomNames, others: CustomNames[], status?: CustomResourceDefinition['status']): unknown => {
  const table = new NameTable()
  others.forEach((other, index) => table.give(`${index}`, 'x.io', other))
  const { accepted, conditions } = planNames(crd(names, status), table.takenIn('x.io'), 'now')
  return { accepted, conditions: conditions.map(({ type, status: is, reason, message }) => `${type}=${is} ${reason}: ${message}`) }
}

it('gives all names that are free', () => {
  expect(said(wanted, [bar])).toEqual({
    accepted: wanted,
    conditions: ['NamesAccepted=True NoConflicts: no conflicts found', 'Established=True InitialNamesAccepted: the initial names have been accepted'],
  })
})

it.each<[string, Partial<CustomNames>, string]>([
  ['kind', { kind: 'Bar' }, 'KindConflict: "Bar" is already in use'],
  ['list kind', { listKind: 'BarList' }, 'ListKindConflict: "BarList" is already in use'],
  ['singular', { singular: 'b' }, 'SingularConflict: "b" is already in use'],
  ['short names', { shortNames: ['f', 'bars', 'b'] }, 'ShortNamesConflict: ["bars" is already in use, "b" is already in use]'],
])('refuses a %s that another has', (_name, change, reason) => {
  const result = said({ ...wanted, ...change }, [bar]) as { accepted: CustomNames; conditions: string[] }
  expect(result.conditions).toEqual([`NamesAccepted=False ${reason}`, 'Established=False NotAccepted: not all names are accepted'])
  expect(result.accepted.plural).toBe('foos')
})

it('stays established when a later name is refused', () => {
  const established = { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
  const result = said({ ...wanted, shortNames: ['b'] }, [bar], { acceptedNames: wanted, conditions: [established] }) as { accepted: CustomNames; conditions: string[] }
  expect(result.accepted.shortNames).toEqual(['f'])
  expect(result.conditions).toEqual(['Established=True InitialNamesAccepted: the initial names have been accepted', 'NamesAccepted=False ShortNamesConflict: "b" is already in use'])
})

it('keeps the time of a condition while its status stays', () => {
  const before = [{ type: 'A', status: 'True', reason: 'x', message: 'm', lastTransitionTime: 'then' }]
  expect(withCondition(before, { type: 'A', status: 'True', reason: 'y', message: 'm' }, 'now')).toEqual([{ type: 'A', status: 'True', reason: 'y', message: 'm', lastTransitionTime: 'then' }])
  expect(withCondition(before, { type: 'A', status: 'False', reason: 'x', message: 'm' }, 'now')).toEqual([{ type: 'A', status: 'False', reason: 'x', message: 'm', lastTransitionTime: 'now' }])
  expect(withCondition(before, { type: 'A', status: 'True', reason: 'x', message: 'm' }, 'now')).toEqual(before)
})

it('knows whose names are given', () => {
  const table = new NameTable()
  const foos = { ...wanted, shortNames: ['b'] }
  table.give('foos', 'x.io', foos)
  table.give('bars', 'x.io', bar)
  table.give('bars', 'y.io', bar)
  expect(table.takenIn('x.io').hasResource('bars')).toBe(false)
  expect(table.takenIn('y.io').hasResource('bars')).toBe(true)
  expect(table.takenIn('y.io').hasKind('bars')).toBe(false)
  table.give('others', 'x.io', { plural: 'others', kind: 'Foo', shortNames: ['b'] })
  table.withdraw('foos')
  table.withdraw('foos')
  // Two had them.
  expect(table.takenIn('x.io').hasResource('b')).toBe(true)
  expect(table.takenIn('x.io').hasKind('Foo')).toBe(true)
  expect(table.takenIn('x.io').hasResource('foos')).toBe(false)
})
