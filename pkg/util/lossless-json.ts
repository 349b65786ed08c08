// JSON with whole numbers that would not be written again as they were read if they were doubles: as far as they are int64 they are bigints.
// All others are numbers; so what was a number before it was written is one again.

/** In texts, too, but that only costs time. */
const longInteger = /(?:^|[\s:,[])-?\d{16}/

/** The same as JSON.parse, but for long integers. From then on JSON.stringify writes bigints, which it otherwise refuses. */
export function parseLossless(text: string): unknown {
  return longInteger.test(text) ? JSON.parse(text, revive as (key: string, value: unknown) => unknown) as unknown : JSON.parse(text) as unknown
}

function revive(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && source !== undefined ? exactInteger(source, value) : value
}

const minimum = -(2n ** 63n)
const maximum = 2n ** 63n - 1n

/** A bigint where the number would not be written as the decimal text. */
export function exactInteger(text: string, value: number): number | bigint {
  if (Number.isSafeInteger(value) || String(value) === text || !/^-?\d+$/.test(text)) return value
  const exact = BigInt(text)
  if (exact < minimum || exact > maximum) return value
  if (!('toJSON' in BigInt.prototype)) writeBigints()
  return exact
}

/** The integer that a whole number is written as. */
export const integerOf = (value: number): bigint => BigInt(Math.abs(value) < 1e21 ? String(value) : value)

function writeBigints(): void {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }
  Object.defineProperty(BigInt.prototype, 'toJSON', { configurable: true, writable: true, value(this: bigint) { return rawJSON(String(this)) } })
}
