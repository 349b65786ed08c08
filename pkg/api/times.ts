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

/** `2006-01-02T15:04:05Z` */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -5)}Z`
}

/** `2006-01-02T15:04:05.000000Z` */
export function formatMicroTime(ms: number, micros = 0): string {
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`
}
