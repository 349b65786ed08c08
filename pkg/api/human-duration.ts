// Ages as kubectl shows them: two or three significant figures.

const years = 365

/** `seconds` may be a fraction; what is a little in the future counts as now. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return joined(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return joined(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (days < 8) return joined(days, 'd', hours % 24, 'h')
  if (days < years * 2) return `${days}d`
  if (days < years * 8) return joined(Math.floor(days / years), 'y', days % years, 'd')
  return `${Math.floor(days / years)}y`
}

const joined = (first: number, unit: string, rest: number, restUnit: string): string => (rest === 0 ? `${first}${unit}` : `${first}${unit}${rest}${restUnit}`)

/** Age of an RFC 3339 time; `<unknown>` for none. */
export function ageText(time: string | null | undefined, now: number): string {
  const then = time ? Date.parse(time) : Number.NaN
  return Number.isNaN(then) ? '<unknown>' : humanDuration(now - then)
}
