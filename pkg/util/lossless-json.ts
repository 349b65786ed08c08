// JSON with whole numbers that a double does not hold: as far as they are int64 they are bigints. All others are numbers.

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

/** A bigint where the number is not what the decimal text says. */
export function exactInteger(text: string, value: number): number | bigint {
  if (Number.isSafeInteger(value) || !/^-?\d+$/.test(text)) return value
  const exact = BigInt(text)
  if (exact < minimum || exact > maximum) return value
  if (!('toJSON' in BigInt.prototype)) writeBigints()
  return exact
}

function writeBigints(): void {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }
  Object.defineProperty(BigInt.prototype, 'toJSON', { configurable: true, writable: true, value(this: bigint) { return rawJSON(String(this)) } })
}
