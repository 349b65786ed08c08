// Values that are a number or a percentage, such as maxUnavailable.

export type IntOrString = number | string

/** A percentage of `total` as a whole number; a plain number is itself. Undefined for text that is no percentage. */
export function scaledValue(value: IntOrString, total: number, rounding: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value
  const percent = percentOf(value)
  if (percent === undefined) return undefined
  const scaled = (percent * total) / 100
  return rounding === 'up' ? Math.ceil(scaled) : Math.floor(scaled)
}

/** 25 for `25%`. */
export function percentOf(value: IntOrString): number | undefined {
  const match = typeof value === 'string' ? /^(\d+)%$/.exec(value) : null
  return match ? Number(match[1]) : undefined
}
