// Freezes a JSON value all the way down, so that it can be shared instead of copied.

/** What is frozen already is taken to be frozen all the way down and is not walked again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') deepFreeze(item)
  } else {
    for (const name in value) {
      const item = value[name]
      if (typeof item === 'object') deepFreeze(item)
    }
  }
  return Object.freeze(value)
}
