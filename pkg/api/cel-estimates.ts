// Arithmetic of estimates: sizes and costs as ranges of whole numbers, in which too much is the largest number that 64 bits hold.

export interface Range {
  readonly min: bigint
  readonly max: bigint
}

export const largest = 2n ** 64n - 1n

const held = (value: bigint): bigint => (value > largest ? largest : value)

export const fixed = (value: bigint | number): Range => ({ min: BigInt(value), max: BigInt(value) })
export const nothing: Range = fixed(0)
export const one: Range = fixed(1)
export const unknownSize: Range = { min: 0n, max: largest }

export const plus = (...ranges: readonly Range[]): Range => ranges.reduce((sum, { min, max }) => ({ min: held(sum.min + min), max: held(sum.max + max) }), nothing)

export const times = (a: Range, b: Range): Range => ({ min: held(a.min * b.min), max: held(a.max * b.max) })

/** Rounded up, as floating point has it. */
function scaled(value: bigint, factor: number): bigint {
  const product = Math.ceil(Number(value) * factor)
  return product >= 2 ** 64 ? largest : BigInt(product)
}

export const by = ({ min, max }: Range, factor: number): Range => ({ min: scaled(min, factor), max: scaled(max, factor) })

export const union = (a: Range, b: Range): Range => ({ min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max })

/** What it takes to look through a text, by its length; through a pattern, by that of the pattern. */
export const ofText = 0.1
export const ofPattern = 0.25
export const listCost = fixed(10)
export const mapCost = fixed(30)
export const structCost = fixed(40)
