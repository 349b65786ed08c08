// CEL: lists and sets, as Kubernetes has them, and what optional values lack.
import type { Environment } from '@marcbachmann/cel-js'
import { Duration } from '@marcbachmann/cel-js/evaluator'
import { functionsOf, leaveOpen } from './cel-register.ts'
import { compareCel, equalCel } from './cel-values.ts'

type List = readonly unknown[]

class SetsNamespace {}
class ListsNamespace {}

/** What one expression may cost. */
const longestRange = 1_000_000n

function flattened(list: List, depth: bigint): unknown[] {
  if (depth < 0n) throw new Error('level must be non-negative')
  return list.flat(Number(depth))
}

export function registerCelLists(environment: Environment): void {
  const add = functionsOf(environment)
  add('list<A>.isSorted(): bool', (list: List) => list.every((item, index) => index === 0 || compareCel(list[index - 1], item) <= 0))
  add('list<A>.sum(): A', (list: List) => sum(list))
  add('list<A>.min(): A', (list: List) => extreme(list, 'min', (order) => order < 0))
  add('list<A>.max(): A', (list: List) => extreme(list, 'max', (order) => order > 0))
  add('list<A>.indexOf__(A): int', (list: List, wanted: unknown) => BigInt(list.findIndex((item) => equalCel(item, wanted))))
  add('list<A>.lastIndexOf__(A): int', (list: List, wanted: unknown) => BigInt(list.findLastIndex((item) => equalCel(item, wanted))))
  add('list<A>.distinct(): list<A>', distinct)
  add('list<A>.reverse(): list<A>', (list: List) => [...list].reverse())
  add('list<A>.sort(): list<A>', (list: List) => [...list].sort(compareCel))
  add('list<A>.slice(int, int): list<A>', (list: List, start: bigint, end: bigint) => {
    if (start < 0n || end > BigInt(list.length) || start > end) throw new Error(`cannot slice(${start}, ${end}), list is length ${list.length}`)
    return list.slice(Number(start), Number(end))
  })
  add('list.flatten(): list<dyn>', (list: List) => flattened(list, 1n))
  add('list.flatten(int): list<dyn>', flattened)
  leaveOpen(environment, 'flatten', '()')
  leaveOpen(environment, 'flatten', '(int)')
  environment.registerType('ListsNamespace', ListsNamespace)
  environment.registerConstant('lists', 'ListsNamespace', new ListsNamespace())
  add('ListsNamespace.range(int): list<int>', (_lists: unknown, count: bigint) => {
    if (count > longestRange) throw new Error('operation cancelled: actual cost limit exceeded')
    return Array.from({ length: Math.max(0, Number(count)) }, (_none, index) => BigInt(index))
  })
  environment.registerType('SetsNamespace', SetsNamespace)
  environment.registerConstant('sets', 'SetsNamespace', new SetsNamespace())
  add('SetsNamespace.contains(list, list): bool', (_sets: unknown, all: List, some: List) => some.every(membership(all)))
  add('SetsNamespace.equivalent(list, list): bool', (_sets: unknown, a: List, b: List) => a.every(membership(b)) && b.every(membership(a)))
  add('SetsNamespace.intersects(list, list): bool', (_sets: unknown, a: List, b: List) => a.some(membership(b)))
}

/** Texts and the like are looked up, so that long lists stay cheap; what has an inside is compared. */
function membership(list: List): (wanted: unknown) => boolean {
  const plain = new Set(list.filter((item) => typeof item !== 'object'))
  const others = list.filter((item) => typeof item === 'object')
  return (wanted) => {
    if (typeof wanted === 'object') return others.some((item) => equalCel(item, wanted))
    return plain.has(wanted) || (typeof wanted === 'number' && Number.isInteger(wanted) && plain.has(BigInt(wanted))) || (typeof wanted === 'bigint' && plain.has(Number(wanted)))
  }
}

function distinct(list: List): unknown[] {
  const plain = new Set<unknown>()
  const others: unknown[] = []
  return list.filter((item) => {
    if (typeof item !== 'object') return plain.has(item) ? false : plain.add(item) !== undefined
    return others.some((other) => equalCel(item, other)) ? false : others.push(item) > 0
  })
}

function sum(list: List): unknown {
  if (list.length === 0) return 0n
  return list.reduce((total, item) => {
    if (typeof total === 'bigint' && typeof item === 'bigint') return total + item
    if (typeof total === 'number' && typeof item === 'number') return total + item
    if (total instanceof Duration && item instanceof Duration) return total.addDuration(item)
    throw new Error('no such overload')
  })
}

function extreme(list: List, name: string, better: (order: number) => boolean): unknown {
  if (list.length === 0) throw new Error(`${name} called on empty list`)
  return list.reduce((best, item) => (better(compareCel(item, best)) ? item : best))
}
