// Values as CEL sees them: comparing, ordering and showing them.
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'

/** Deep equality. Whole and other numbers are compared as numbers. */
export function equalCel(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a === 'bigint' && typeof b === 'number') return Number(a) === b
  if (typeof a === 'number' && typeof b === 'bigint') return a === Number(b)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => equalCel(item, b[index]))
  }
  if (a instanceof Map || b instanceof Map) {
    if (!(a instanceof Map && b instanceof Map) || a.size !== b.size) return false
    for (const [key, value] of a) if (!b.has(key) || !equalCel(value, b.get(key))) return false
    return true
  }
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (a instanceof Duration && b instanceof Duration) return a.seconds === b.seconds && a.nanos === b.nanos
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  return false
}

/** Negative, zero or positive. Fails for values that have no order. */
export function compareCel(a: unknown, b: unknown): number {
  const [left, right] = [a, b].map((value) => (typeof value === 'boolean' ? Number(value) : value instanceof Date || value instanceof Duration ? Number(value.valueOf()) : value))
  const ordered = (typeof left === 'bigint' || typeof left === 'number') ? typeof right === 'bigint' || typeof right === 'number' : typeof left === 'string' && typeof right === 'string'
  if (!ordered) throw new Error('no such overload')
  const [x, y] = [left as number, right as number]
  return x < y ? -1 : x > y ? 1 : 0
}

/** As `string()` shows it, and lists and maps as `%s` does. */
export function celText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return 'null'
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, 'Z')
  if (value instanceof Duration) return durationText(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (value instanceof UnsignedInt) return String(value)
  if (Array.isArray(value)) return `[${value.map(celText).join(', ')}]`
  if (value instanceof Map || Object.getPrototypeOf(value) === Object.prototype) return `{${(value instanceof Map ? [...value] : Object.entries(value)).map(([key, item]) => `${celText(key)}: ${celText(item)}`).sort().join(', ')}}`
  if (typeof value === 'object') return typeof (value as { name?: unknown }).name === 'string' ? (value as { name: string }).name : JSON.stringify(value)
  return String(value as number)
}

/** Seconds, as CEL writes durations: `3600s`, `1.5s`. */
export function durationText(duration: Duration): string {
  const nanos = duration.nanos === 0 ? '' : `.${String(Math.abs(duration.nanos)).padStart(9, '0').replace(/0+$/, '')}`
  return `${duration.seconds}${nanos}s`
}
