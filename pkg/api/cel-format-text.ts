// CEL: `'%s is %d'.format([…])`.
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { celText } from './cel-values.ts'

/** `%s %d %f %.2f %e %b %o %x %X %%` */
export function formatted(text: string, values: readonly unknown[]): string {
  let next = 0
  const result = text.replace(/%(?:\.(\d+))?([^])?/g, (_all, digits: string | undefined, verb = '') => {
    if (verb === '%') return '%'
    if (!'sdfebxXo'.includes(verb as string) || verb === '') throw new Error(`error during formatting: could not parse formatting clause: unrecognized formatting clause "${verb}"`)
    if (next >= values.length) throw new Error(`error during formatting: index ${next} out of range`)
    const value = values[next++]
    return clause(verb as string, digits === undefined ? 6 : Number(digits), value instanceof UnsignedInt ? value.value : value)
  })
  return result
}

function clause(verb: string, digits: number, value: unknown): string {
  const refused = (what: string): never => {
    throw new Error(`error during formatting: ${what}, was given ${celTypeName(value)}`)
  }
  const whole = typeof value === 'bigint' ? value : undefined
  const number = whole ?? (typeof value === 'number' ? value : undefined)
  switch (verb) {
    case 's': return celText(value)
    case 'd': return number === undefined ? refused('decimal clause can only be used on integers') : String(number)
    case 'f': return number === undefined ? refused('fixed-point clause can only be used on doubles') : Number(number).toFixed(Math.min(digits, 100))
    case 'e': return number === undefined ? refused('scientific clause can only be used on doubles') : Number(number).toExponential(Math.min(digits, 100)).replace(/e([+-])(\d)$/, 'e$10$2')
    case 'b': return typeof value === 'boolean' ? (value ? '1' : '0') : whole?.toString(2) ?? refused('only integers and bools can be formatted as binary')
    case 'o': return whole?.toString(8) ?? refused('octal clause can only be used on integers')
    default: {
      const hex = whole?.toString(16) ?? (typeof value === 'string' || value instanceof Uint8Array ? Buffer.from(value as string).toString('hex') : undefined)
      return hex === undefined ? refused('only integers, byte buffers, and strings can be formatted as hex') : verb === 'X' ? hex.toUpperCase() : hex
    }
  }
}

/** Of a value, as expressions name it. */
export function celTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'null_type'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Date) return 'google.protobuf.Timestamp'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  return typeof value === 'string' ? 'string' : 'map'
}
