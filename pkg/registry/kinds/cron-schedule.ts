// Checks of cron schedules: five fields, names of months and days, steps, or a word such as @daily.
import { goDurationFault } from '../../api/go-duration.ts'

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

type Read = { readonly value: number } | { readonly fault: string }

/** A number as Go reads one, sign and all. */
function numberIn(text: string): Read {
  if (!/^[-+]?\d+$/.test(text)) return { fault: `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax` }
  const value = Number(text)
  return value < 0 ? { fault: `negative number (${value}) not allowed: ${text}` } : { value }
}

function valueOf(text: string, { names, min }: CronField): Read {
  const index = names?.indexOf(text.toLowerCase()) ?? -1
  return index < 0 ? numberIn(text) : { value: index + min }
}

function partFault(part: string, field: CronField): string | undefined {
  const [range = '', step, ...rest] = part.split('/')
  const [low = '', high, ...more] = range.split('-')
  const any = low === '*' || low === '?'
  const first = any ? { value: field.min } : valueOf(low, field)
  if ('fault' in first) return first.fault
  if (!any && more.length > 0) return `too many hyphens: ${part}`
  const single: Read = any || (high === undefined && step !== undefined) ? { value: field.max } : first
  const last = high === undefined || any ? single : valueOf(high, field)
  if ('fault' in last) return last.fault
  if (rest.length > 0) return `too many slashes: ${part}`
  const every = step === undefined ? { value: 1 } : numberIn(step)
  if ('fault' in every) return every.fault
  return boundsFault(part, field, first.value, last.value) ?? (every.value === 0 ? `step of range should be a positive number: ${part}` : undefined)
}

function boundsFault(part: string, { min, max }: CronField, start: number, end: number): string | undefined {
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${part}`
  if (end > max) return `end of range (${end}) above maximum (${max}): ${part}`
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${part}` : undefined
}

function descriptorFault(text: string): string | undefined {
  if (words.has(text)) return undefined
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`
  const fault = goDurationFault(text.slice('@every '.length))
  return fault === undefined ? undefined : `failed to parse duration ${text}: ${fault}`
}

const zone = /^(?:CRON_)?TZ=(\S*)\s(.*)$/s

/** Why a schedule cannot be read; undefined if it can. */
export function scheduleFault(schedule: string): string | undefined {
  const [, name, rest] = zone.exec(schedule) ?? []
  if (name !== undefined && zoneFault(name) !== undefined) return `provided bad location ${name}: ${zoneFault(name) ?? ''}`
  const text = rest === undefined ? schedule : rest.trim()
  if (text.startsWith('@')) return descriptorFault(text)
  const parts = text.trim().split(/\s+/).filter((part) => part !== '')
  if (parts.length !== fields.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
  for (const [index, field] of fields.entries()) {
    for (const part of (parts[index] ?? '').split(',').filter((one) => one !== '')) {
      const fault = partFault(part, field)
      if (fault !== undefined) return fault
    }
  }
  return undefined
}

/** Why a time zone cannot be used, in the words of who loads it. */
export function zoneFault(name: string): string | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return undefined
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    // Names are those of files, with the case that they have there; offsets are none.
    return name.split('/').every((part) => /^[A-Z]/.test(part)) ? undefined : `unknown time zone ${name}`
  } catch {
    return `unknown time zone ${name}`
  }
}
