// Quantities as numbers, as the kernel and the downward API want them. Pure; an absent quantity is zero.
import { milliValue as milli, parseQuantity, wholeValue as whole } from '../api/quantity.ts'

export const wholeValue = (text: string | number | undefined): number => (text === undefined ? 0 : whole(parseQuantity(text)))

export const milliValue = (text: string | number | undefined): number => (text === undefined ? 0 : milli(parseQuantity(text)))

/** How many times `divisor` fits, rounded up; a missing or zero divisor is one. */
export function dividedBy(text: string, divisor: string | undefined): number {
  const value = parseQuantity(text).nanos
  const unit = parseQuantity(divisor ?? '0').nanos || 1_000_000_000n
  return Number(value / unit + (value % unit > 0n ? 1n : 0n))
}
