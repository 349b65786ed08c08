// Checks of cron schedules: five fields, names of months and days, steps, or a word such as @daily.

const words = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface CronField {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const fields: readonly CronField[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of week', min: 0, max: 6, names: days },
]

function valueOf(text: string, { names, min }: CronField): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  const index = names?.indexOf(text.toLowerCase()) ?? -1
  return index < 0 ? undefined : index + min
}

function partFault(part: string, field: CronField): string | undefined {
  const [range = '', step, ...rest] = part.split('/')
  if (rest.length > 0) return `too many slashes: ${part}`
  if (step !== undefined && !/^\d+$/.test(step)) return `failed to parse int from ${step}`
  if (step !== undefined && Number(step) === 0) return `step of range should be a positive number: ${part}`
  if (range === '*' || range === '?') return undefined
  const [low = '', high, ...more] = range.split('-')
  if (more.length > 0) return `too many hyphens: ${part}`
  const start = valueOf(low, field)
  if (start === undefined) return `failed to parse int from ${low}`
  const end = high === undefined ? start : valueOf(high, field)
  if (end === undefined) return `failed to parse int from ${high}`
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${part}`
  if (end > field.max) return `end of range (${end}) above maximum (${field.max}): ${part}`
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${part}` : undefined
}

/** Why a schedule cannot be read; undefined if it can. */
export function scheduleFault(schedule: string): string | undefined {
  if (schedule.startsWith('@')) {
    if (words.has(schedule)) return undefined
    const every = /^@every (\d+(\.\d+)?(h|m|s|ms|us|ns))+$/
    return every.test(schedule) ? undefined : `unrecognized descriptor: ${schedule}`
  }
  const parts = schedule.trim().split(/\s+/).filter((part) => part !== '')
  if (parts.length !== fields.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
  for (const [index, field] of fields.entries()) {
    for (const part of (parts[index] ?? '').split(',')) {
      const fault = partFault(part, field)
      if (fault !== undefined) return fault
    }
  }
  return undefined
}
