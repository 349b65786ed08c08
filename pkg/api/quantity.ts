// Quantities (`500m`, `1.5Gi`, `1e3`): exact arithmetic and the one canonical text.

export type QuantityFormat = 'decimal' | 'binary' | 'exponent'

/** A quantity to the nano, which is the finest that Kubernetes keeps; finer parts round away from zero. */
export interface Quantity {
  readonly nanos: bigint
  /** How it was written, which decides how it is written back. */
  readonly format: QuantityFormat
}

/** The text is no quantity. The message is what clients of Kubernetes expect. */
export class QuantityError extends Error {
  override name = 'QuantityError'
}

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const shape = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/

const decimalExponents: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]))
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

const nano = 10n ** 9n
const largest = (2n ** 63n - 1n) * nano
/** Digits beyond these cannot change the result: larger numbers are cut to the largest, smaller ones round to a nano. */
const maxExponent = 400

export function parseQuantity(input: string | number): Quantity {
  const text = typeof input === 'number' ? String(input) : input
  const match = shape.exec(text)
  if (!match) throw new QuantityError(wrongFormat)
  const [, sign = '', wholeDigits = '', fractionDigits = '', suffix = ''] = match
  const [whole, fraction] = [shortWhole(wholeDigits), shortFraction(fractionDigits)]
  if (whole === '' && fraction === '') throw new QuantityError(wrongFormat)
  const { base, exponent, format } = readSuffix(suffix)
  const digits = BigInt(whole + fraction || '0')
  // value = digits * base^exponent / 10^fraction.length, in nanos
  let numerator = digits * nano
  let denominator = 10n ** BigInt(fraction.length)
  if (exponent >= 0) numerator *= base ** BigInt(exponent)
  else denominator *= base ** BigInt(-exponent)
  let nanos = numerator / denominator
  if (numerator % denominator !== 0n) nanos += 1n
  if (nanos > largest) nanos = largest
  return { nanos: sign === '-' ? -nanos : nanos, format }
}

const maxDigits = 2000

/** Very long numbers take very long to read. */
function shortWhole(digits: string): string {
  if (digits.length <= maxDigits) return digits
  return digits.replace(/^0+(?=\d)/, '').slice(0, maxDigits)
}

function shortFraction(digits: string): string {
  if (digits.length <= maxDigits) return digits
  return digits.slice(0, maxDigits) + (/[1-9]/.test(digits.slice(maxDigits)) ? '1' : '')
}

function readSuffix(suffix: string): { base: bigint; exponent: number; format: QuantityFormat } {
  const decimal = decimalExponents[suffix]
  if (decimal !== undefined && Object.hasOwn(decimalExponents, suffix)) return { base: 10n, exponent: decimal, format: 'decimal' }
  const binary = binaryExponents[suffix]
  if (binary !== undefined && Object.hasOwn(binaryExponents, suffix)) return { base: 2n, exponent: binary, format: 'binary' }
  const match = /^[eE]([-+]?\d+)$/.exec(suffix)
  if (!match) throw new QuantityError("unable to parse quantity's suffix")
  const exponent = Number(match[1])
  return { base: 10n, exponent: Math.max(-maxExponent, Math.min(maxExponent, exponent)), format: 'exponent' }
}

export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0'
  if (format === 'binary' && nanos % nano === 0n) {
    const value = nanos / nano
    if (value >= 1024n || value <= -1024n) return formatBinary(value)
  }
  let number = nanos
  let exponent = -9
  while (exponent < 18 && number % 1000n === 0n) {
    number /= 1000n
    exponent += 3
  }
  if (format === 'exponent') return exponent === 0 ? String(number) : `${number}e${exponent}`
  return `${number}${decimalSuffixes.get(exponent) ?? ''}`
}

function formatBinary(value: bigint): string {
  let number = value
  let index = 0
  while (index < binarySuffixes.length - 1 && number % 1024n === 0n) {
    number /= 1024n
    index++
  }
  return `${number}${binarySuffixes[index]}`
}

/** Texts of this shape are canonical already: most of what manifests contain. */
const plainlyCanonical = /^[1-9]\d{0,2}(?:n|u|m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/

export function canonicalQuantity(input: string | number): string {
  if (typeof input === 'string' && plainlyCanonical.test(input)) return input
  return formatQuantity(parseQuantity(typeof input === 'string' ? input.trim() : input))
}

export function isQuantity(input: unknown): input is string | number {
  if (typeof input !== 'string' && typeof input !== 'number') return false
  try {
    parseQuantity(input)
    return true
  } catch (error) {
    if (error instanceof QuantityError) return false
    throw error
  }
}

export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

const formatOf = (a: Quantity, b: Quantity): QuantityFormat => (a.nanos === 0n ? b.format : a.format)

export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: formatOf(a, b) }
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: formatOf(a, b) }
}

export const zeroQuantity: Quantity = { nanos: 0n, format: 'decimal' }

export function quantityOf(value: number | bigint, format: QuantityFormat = 'decimal'): Quantity {
  return { nanos: typeof value === 'bigint' ? value * nano : BigInt(Math.round(value * 1e3)) * 1_000_000n, format }
}

export function quantityOfMilli(milli: number | bigint): Quantity {
  return { nanos: BigInt(milli) * 1_000_000n, format: 'decimal' }
}

const ceilDivide = (value: bigint, by: bigint): bigint => value / by + (value % by > 0n ? 1n : value % by < 0n ? -1n : 0n)

/** In whole units, parts rounded away from zero: bytes, counts. */
export function wholeValue(quantity: Quantity): number {
  return Number(ceilDivide(quantity.nanos, nano))
}

/** In thousandths, parts rounded away from zero: milli-CPU. */
export function milliValue(quantity: Quantity): number {
  return Number(ceilDivide(quantity.nanos, 1_000_000n))
}
