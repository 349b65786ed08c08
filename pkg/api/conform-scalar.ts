// One scalar from JSON as its Go type would take it and write it back: checked, and in canonical form.
import { formatGoDuration, parseGoDuration } from './go-duration.ts'
import { QuantityError, canonicalQuantity } from './quantity.ts'
import type { ScalarFormat } from './schema.ts'
import { formatMicroTime, formatTime, isPlainTime, parseTime } from './times.ts'

/** The value cannot be of the type. `what` names what was found; a message stands for itself where Go gives no field. */
export type Mismatch = { readonly what: string } | { readonly message: string }

const int32Max = 2_147_483_647

export function conformScalar(value: unknown, format: ScalarFormat): { readonly value: unknown } | Mismatch {
  switch (format) {
    case 'string': return typeof value === 'string' ? { value } : mismatch(value)
    case 'boolean': return typeof value === 'boolean' ? { value } : mismatch(value)
    case 'int32': return integer(value, -int32Max - 1, int32Max)
    case 'uint32': return integer(value, 0, 4_294_967_295)
    case 'int64': return long(value, int64)
    case 'uint64': return long(value, uint64)
    case 'double': return typeof value === 'number' ? { value } : typeof value === 'bigint' ? { value: Number(value) } : mismatch(value)
    case 'bytes': return bytes(value)
    case 'quantity': return quantity(value)
    case 'int-or-string': return intOrString(value)
    case 'time': case 'micro-time': return time(value, format)
    case 'duration': return duration(value)
  }
}

/** JSON's kinds in Go's words. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'number' : typeof value
}

const mismatch = (value: unknown): Mismatch => ({ what: kindOf(value) })

/**
 * The largest and smallest doubles of which the text is in range: Go's decoders refuse a whole list for one number beyond.
 * What Kubernetes gives a type is a number, so that nobody who reckons with it meets a bigint; only custom resources keep those.
 */
const int64 = { min: -9_223_372_036_854_774_784, max: 9_223_372_036_854_774_784 }
const uint64 = { min: 0, max: 18_446_744_073_709_549_568 }

function long(value: unknown, { min, max }: { readonly min: number; readonly max: number }): { value: unknown } | Mismatch {
  // Small ones need no more than a look.
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return { value }
  const known = typeof value === 'bigint' ? Number(value) : value
  const checked = integer(known, min === 0 ? 0 : -(2 ** 63), min === 0 ? 2 ** 64 : 2 ** 63)
  return 'value' in checked ? { value: Math.min(Math.max(known as number, min), max) } : checked
}

function integer(value: unknown, min: number, max: number): { value: unknown } | Mismatch {
  if (typeof value === 'bigint') return { what: `number ${value}` }
  if (typeof value !== 'number') return mismatch(value)
  return Number.isInteger(value) && value >= min && value <= max ? { value } : { what: `number ${value}` }
}

function bytes(value: unknown): { value: unknown } | Mismatch {
  if (typeof value !== 'string') return mismatch(value)
  const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value
  const bad = /[^A-Za-z0-9+/]/.exec(text.replace(/={1,2}$/, ''))
  if (bad || text.length % 4 !== 0) return { message: `illegal base64 data at input byte ${bad ? bad.index : Math.max(0, text.length - (text.length % 4))}` }
  return { value: text }
}

function quantity(value: unknown): { value: unknown } | Mismatch {
  try {
    return { value: canonicalQuantity(typeof value === 'string' || typeof value === 'number' ? value : String(value)) }
  } catch (error) {
    if (error instanceof QuantityError) return { message: error.message }
    throw error
  }
}

function intOrString(value: unknown): { value: unknown } | Mismatch {
  if (typeof value === 'string') return { value }
  const checked = integer(value, -int32Max - 1, int32Max)
  return 'what' in checked ? { message: `json: cannot unmarshal ${checked.what} into Go value of type int32` } : checked
}

function time(value: unknown, format: 'time' | 'micro-time'): { value: unknown } | Mismatch {
  if (typeof value !== 'string') return { message: `json: cannot unmarshal ${kindOf(value)} into Go value of type string` }
  if (format === 'time' && isPlainTime(value)) return { value }
  const layout = format === 'time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00'
  const parsed = parseTime(value)
  if (!parsed) return { message: `parsing time ${JSON.stringify(value)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(value)} as "2006"` }
  const text = format === 'time' ? formatTime(Math.floor(parsed.ms / 1000) * 1000) : formatMicroTime(parsed.ms, parsed.micros)
  return { value: text }
}

function duration(value: unknown): { value: unknown } | Mismatch {
  if (typeof value !== 'string') return { message: `json: cannot unmarshal ${kindOf(value)} into Go value of type string` }
  const ms = parseGoDuration(value)
  if (ms === undefined || !Number.isFinite(ms)) return { message: `time: invalid duration ${JSON.stringify(value)}` }
  return { value: formatGoDuration(BigInt(Math.round(ms * 1e6))) }
}
