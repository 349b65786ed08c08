// Durations as Go writes them: `1h30m0s`, `300ms`.

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The numbers with units of a duration, of which a mere 0 has none; undefined for text that is none. Takes as long as the text is, whatever it says. */
export function goDurationParts(text: string): { readonly isNegative: boolean; readonly parts: readonly (readonly [number: string, unit: string])[] } | undefined {
  const rest = text.replace(/^[-+]/, '')
  if (rest === '0') return { isNegative: false, parts: [] }
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined
  return { isNegative: text.startsWith('-'), parts: [...rest.matchAll(/([\d.]+)([^\d.]+)/g)].map(([, number = '', unit = '']) => [number, unit]) }
}

/** Milliseconds, or undefined for text that is no duration. */
export function parseGoDuration(text: string): number | undefined {
  const found = goDurationParts(text)
  if (!found) return undefined
  const total = found.parts.reduce((sum, [number, unit]) => sum + Number(number) * (unitMs[unit] ?? 0), 0)
  return found.isNegative ? -total : total
}

/** From nanoseconds, as Go's String method. */
export function formatGoDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s'
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const fixed = (value: bigint, decimals: number): string => {
    const digits = value.toString().padStart(decimals + 1, '0')
    const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
    return digits.slice(0, digits.length - decimals) + (fraction ? `.${fraction}` : '')
  }
  if (size < 1_000n) return `${sign}${size}ns`
  if (size < 1_000_000n) return `${sign}${fixed(size, 3)}µs`
  if (size < 1_000_000_000n) return `${sign}${fixed(size, 6)}ms`
  const minutes = size / 60_000_000_000n
  const seconds = `${fixed(size % 60_000_000_000n, 9)}s`
  const hours = minutes / 60n
  return sign + (hours > 0n ? `${hours}h${minutes % 60n}m${seconds}` : minutes > 0n ? `${minutes}m${seconds}` : seconds)
}

/** Why text is no duration, in Go's words; undefined for one. */
export function goDurationFault(text: string): string | undefined {
  let rest = text.replace(/^[-+]/, '')
  if (rest === '0') return undefined
  if (rest === '') return `time: invalid duration ${JSON.stringify(text)}`
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0]
    if (number === undefined) return `time: invalid duration ${JSON.stringify(text)}`
    rest = rest.slice(number.length)
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    if (unit === '') return `time: missing unit in duration ${JSON.stringify(text)}`
    if (!(unit in unitMs)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`
    rest = rest.slice(unit.length)
  }
  return undefined
}
