// RFC 3339 times as Kubernetes reads and writes them: to the second, or to the microsecond for MicroTime.

const pattern = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:[Zz]|([-+])(\d\d):(\d\d))$/

/** Milliseconds, and the microseconds below them; undefined for text that is no time. */
export function parseTime(text: string): { ms: number; micros: number } | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHours, zoneMinutes] = match
  // Not Date.UTC: it takes years below 100 for those of the last century.
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const ms = date.setUTCHours(Number(hour), Number(minute), Number(second))
  const inRange = date.getUTCDate() === Number(day) && date.getUTCMonth() === Number(month) - 1 && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  if (!inRange) return undefined
  const offset = sign ? (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000 * (sign === '-' ? -1 : 1) : 0
  const micros = Number(`${fraction}000000`.slice(0, 6))
  return { ms: ms - offset + Math.floor(micros / 1000), micros: micros % 1000 }
}

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Two digits; NaN when they are none. */
function pairAt(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN
}

/** Whether the text is what formatTime writes, as most times are. The last days of February are left to a closer look. */
export function isPlainTime(text: string): boolean {
  if (text.length !== 20 || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':' || text[19] !== 'Z') return false
  const day = pairAt(text, 8)
  return pairAt(text, 0) >= 0 && pairAt(text, 2) >= 0 && day >= 1 && day <= (daysInMonth[pairAt(text, 5) - 1] ?? 0)
    && pairAt(text, 11) < 24 && pairAt(text, 14) < 60 && pairAt(text, 17) < 60
}

/** More seconds than Go's durations hold, 292 years, are as many. */
export const longestSeconds = 9_223_372_036

const firstMs = -62_167_219_200_000
const lastMs = 253_402_300_799_999

/** What is beyond the years that can be written is the first or the last moment of them. */
const isoText = (ms: number): string => new Date(Math.min(Math.max(ms, firstMs), lastMs)).toISOString()

/** `2006-01-02T15:04:05Z` */
export const formatTime = (ms: number): string => `${isoText(ms).slice(0, -5)}Z`

/** `2006-01-02T15:04:05.000000Z` */
export const formatMicroTime = (ms: number, micros = 0): string => `${isoText(ms).slice(0, -1)}${String(micros).padStart(3, '0')}Z`
