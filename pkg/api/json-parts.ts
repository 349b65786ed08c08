// Equality and copies of JSON values in parts, for what is too large for one go.
import type { Parts } from '../util/slices.ts'
import { isHeavy, noteMembers } from '../util/weight.ts'
import { equalJson, setKey, thaw, type JsonObject, type Thawed } from './json.ts'

const stride = 128

const isLarge = (value: unknown): value is object => typeof value === 'object' && value !== null && isHeavy(value)

/** What `equalJson` says. */
export function* equalParts(a: unknown, b: unknown): Parts<boolean> {
  if (a === b) return true
  if (!isLarge(a) || !isLarge(b)) return equalJson(a, b)
  let count = 0
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    for (const [index, item] of a.entries()) {
      if (++count % stride === 0) yield
      const other: unknown = b[index]
      if (!(isLarge(item) && isLarge(other) ? yield* equalParts(item, other) : equalJson(item, other))) return false
    }
    return true
  }
  // To begin with the keys of a large object takes long.
  yield
  let defined = 0
  for (const key in a) {
    if (++count % stride === 0) yield
    const value = (a as JsonObject)[key]
    if (value === undefined) continue
    defined++
    if (!Object.hasOwn(b, key)) return false
    const other = (b as JsonObject)[key]
    if (!(isLarge(value) && isLarge(other) ? yield* equalParts(value, other) : equalJson(value, other))) return false
  }
  yield
  for (const key in b) {
    if (++count % stride === 0) yield
    if ((b as JsonObject)[key] !== undefined) defined--
  }
  return defined === 0
}

/** What `thaw` makes. */
export function* thawParts<T>(value: T): Parts<Thawed<T>> {
  return (yield* copyParts(value)) as Thawed<T>
}

function* copyParts(value: unknown): Parts<unknown> {
  if (!isLarge(value)) return thaw(value)
  let count = 0
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value as readonly unknown[]) {
      if (++count % stride === 0) yield
      items.push(isLarge(item) ? yield* copyParts(item) : thaw(item))
    }
    return items
  }
  const result: JsonObject = {}
  yield
  for (const key in value) {
    if (++count % stride === 0) yield
    const member = (value as JsonObject)[key]
    setKey(result, key, isLarge(member) ? yield* copyParts(member) : thaw(member))
  }
  noteMembers(result, count)
  return result
}
