// Plain JSON values: equality, mutable copies of frozen ones, pointers.

export type JsonObject = Record<string, unknown>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Deep equality. A field that is undefined counts as missing; the order of keys does not matter. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Number.isNaN(a) && Number.isNaN(b)
  if (Array.isArray(a) || Array.isArray(b)) return equalLists(a, b)
  return equalObjects(a as JsonObject, b as JsonObject)
}

function equalLists(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (!equalJson(a[index], b[index])) return false
  return true
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  let defined = 0
  for (const key in a) {
    const value = a[key]
    if (value === undefined) continue
    defined++
    if (!Object.hasOwn(b, key) || !equalJson(value, b[key])) return false
  }
  for (const key in b) if (b[key] !== undefined) defined--
  return defined === 0
}

/** A deep copy that may be changed, of a value that may be frozen. */
export function thaw<T>(value: T): Thawed<T> {
  return copy(value) as Thawed<T>
}

/** The same type without readonly. */
export type Thawed<T> = T extends readonly (infer U)[] ? Thawed<U>[] : T extends object ? { -readonly [K in keyof T]: Thawed<T[K]> } : T

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copy)
  const result: JsonObject = {}
  for (const key in value) setKey(result, key, copy((value as JsonObject)[key]))
  return result
}

/** Sets a key that a client chose: `__proto__` becomes a key like any other. */
export function setKey(target: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
  else target[key] = value
}

/** The value at a path of keys and indices, or undefined. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<string | number, unknown>)[step]
  }
  return current
}
