// Whether a JSON value is so large that work on all of it must not be done in one go.

/** Values: texts, numbers, lists, objects. */
const many = 2000
/** Of texts and keys. */
const longTexts = 256 * 1024

/** Nothing whose JSON is no longer than this is so large: each value has two characters of it at least. */
export const lightText = 2 * many

class Weight {
  values = 0
  characters = 0

  /** Stops as soon as it is too much. */
  add(value: unknown): boolean {
    if (++this.values > many) return true
    if (typeof value === 'string') return (this.characters += value.length) > longTexts
    if (typeof value !== 'object' || value === null) return false
    if (heavy.has(value)) return true
    if (Array.isArray(value)) {
      if (value.length > many) return true
      for (const item of value) if (this.add(item)) return true
      return false
    }
    for (const key in value) {
      this.characters += key.length
      if (this.add((value as Record<string, unknown>)[key])) return true
    }
    return this.characters > longTexts
  }
}

/** Found to be, or known from when they were made: to begin with the keys of a large object takes as long as to go through all of them. */
const heavy = new WeakSet<object>()

/** Told by whoever makes a container and counts its members. */
export function noteMembers(container: object, count: number): void {
  if (count > many) heavy.add(container)
}

/** Costs no more for a large value than for the largest that is not. */
export function isHeavy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' && value.length > longTexts
  if (!new Weight().add(value)) return false
  heavy.add(value)
  return true
}

const frozen = new WeakMap<object, boolean>()

/** The same of a value that never changes: counted once. */
export function isHeavyFrozen(value: object): boolean {
  let known = frozen.get(value)
  if (known === undefined) frozen.set(value, known = isHeavy(value))
  return known
}
