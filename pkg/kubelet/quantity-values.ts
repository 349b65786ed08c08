// Quantities as numbers, rounded up as Kubernetes does. Pure; an absent quantity is zero.
const suffixes: Record<string, number> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
}

function parsed(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]i?|Ki)?)$/.exec(text)
  const scale = match?.[2] === undefined ? suffixes[match?.[3] ?? ''] : 10 ** Number(match[2])
  if (!match || scale === undefined) throw new Error(`${JSON.stringify(text)} is not a quantity`)
  return Number(match[1]) * scale
}

// Against the dust of binary fractions: 0.1 is 100 milli, not 101.
const roundUp = (value: number): number => Math.ceil(Number(value.toPrecision(15)))

export const wholeValue = (text: string | number | undefined): number => (text === undefined ? 0 : roundUp(parsed(String(text))))

export const milliValue = (text: string | number | undefined): number => (text === undefined ? 0 : roundUp(parsed(String(text)) * 1000))

/** How many times `divisor` fits, rounded up; a missing or zero divisor is one. */
export function dividedBy(text: string, divisor: string | undefined): number {
  const unit = divisor === undefined ? 0 : parsed(divisor)
  return roundUp(parsed(text) / (unit === 0 ? 1 : unit))
}
