// deepFreeze in parts, for what is too large to be frozen in one go.
import { deepFreeze } from './deep-freeze.ts'
import type { Parts } from './slices.ts'
import { isHeavy } from './weight.ts'

const stride = 256

export function* deepFreezeParts(value: unknown): Parts<void> {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  let count = 0
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key]
    if (++count % stride === 0) yield
    if (typeof child !== 'object' || child === null || Object.isFrozen(child)) continue
    if (isHeavy(child)) yield* deepFreezeParts(child)
    else deepFreeze(child)
  }
  yield
  Object.freeze(value)
}
