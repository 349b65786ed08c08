// What a schema says of single values: types, formats, texts, numbers and enumerations, each checked in Kubernetes' order and words.
import { goFloat } from '../util/go-text.ts'
import { invalid, notSupported, tooLong, type FieldError } from './field-error.ts'
import { equalJson } from './json.ts'
import { Pattern } from './pattern.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import type { Check } from './structural-walk.ts'
import { fail } from './structural-walk.ts'
import { isTextFormat, textFormat } from './text-formats.ts'
import { spend } from '../util/allowance.ts'
import { integerOf } from '../util/lossless-json.ts'

const mostInteger = 2 ** 63

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  switch (typeof value) {
    case 'number': return Number.isInteger(value) && Math.abs(value) < mostInteger ? 'integer' : 'number'
    case 'bigint': return 'integer'
    default: return typeof value
  }
}

/** Only formats of texts mean anything, whatever the type. */
const formatOf = ({ format }: JsonSchemaProps): string => (format && isTextFormat(format) ? format : '')

const mistyped = (field: string, found: string, text: string): FieldError => ({ ...invalid(field, found, text), reason: 'FieldValueTypeInvalid' })

/** Tells whether the type fits. undefined where nothing is said of it. */
export function typeCheck(props: JsonSchemaProps): ((...args: Parameters<Check>) => boolean) | undefined {
  const types = props['x-kubernetes-int-or-string'] ? ['integer', 'string'] : props.type ? [props.type] : []
  const format = formatOf(props)
  if (types.length === 0 && format === '') return undefined
  const allowed = new Set(types)
  if (allowed.has('number')) allowed.add('integer')
  const numeric = allowed.has('integer')
  return (value, _old, walk) => {
    const wrong = (wanted: string, found: string): false => {
      fail(walk, (field, body) => mistyped(field, found, `${body} must be of type ${wanted}: ${JSON.stringify(found)}`))
      return false
    }
    if (value === null) return types.length === 0 || props.nullable === true || wrong(types.join(','), 'null')
    const found = typeName(value)
    if (allowed.has(found)) return true
    if (format !== '' && (found === 'string' || found === 'array')) return !numeric || wrong(types.join(','), found)
    if (format !== '') return wrong(format, found === 'integer' ? 'int64' : found === 'number' ? 'float64' : '')
    return wrong(types.join(','), found)
  }
}

/** Of null nothing is in an enumeration. */
export function enumCheck({ enum: values = [] }: JsonSchemaProps): Check | undefined {
  if (values.length === 0) return undefined
  const texts = new Set(values.filter((one) => typeof one === 'string'))
  const others = values.filter((one) => typeof one !== 'string')
  return (value, _old, walk) => {
    if (typeof value === 'string' && texts.has(value)) return
    spend(others.length)
    // A number is made an integer to be compared with one.
    const whole = typeof value === 'number' ? Math.trunc(value) : value
    if (value !== null && others.some((one) => equalJson(one, value) || (typeof one === 'number' && Number.isInteger(one) && one === whole))) return
    spend(values.length / 4)
    fail(walk, (field) => notSupported(field, value, values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))))
  }
}

const goNumber = (value: number, whole: boolean): string => (whole ? String(BigInt(value)) : goFloat(value))

/** What a whole number is compared with is a whole number, too. */
const bound = (limit: number, whole: boolean): number => (whole ? Math.trunc(limit) : limit)

export function numberCheck({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: JsonSchemaProps): Check | undefined {
  if (minimum === undefined && maximum === undefined && multipleOf === undefined) return undefined
  return (value, _old, walk) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') return
    const whole = typeName(value) === 'integer'
    const wrong = (text: string): void => fail(walk, (field, body) => invalid(field, value, `${body} ${text}`))
    if (multipleOf !== undefined) {
      const factor = bound(multipleOf, whole)
      if (factor <= 0) fail(walk, (field, _body, at) => invalid(field, factor, `factor MultipleOf declared for ${at} must be positive: ${goNumber(factor, whole)}`))
      else if (!isMultiple(value, factor)) wrong(`should be a multiple of ${goNumber(factor, whole)}`)
    }
    if (minimum !== undefined) {
      const least = bound(minimum, whole)
      if (exclusiveMinimum ? value <= least : value < least) wrong(`should be greater than${exclusiveMinimum ? '' : ' or equal to'} ${goNumber(least, whole)}`)
    }
    if (maximum !== undefined) {
      const most = bound(maximum, whole)
      if (exclusiveMaximum ? value >= most : value > most) wrong(`should be less than${exclusiveMaximum ? '' : ' or equal to'} ${goNumber(most, whole)}`)
    }
  }
}

function isMultiple(value: number | bigint, factor: number): boolean {
  if (typeof value === 'bigint') return value % BigInt(factor) === 0n
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && Number.isInteger(factor)) return isMultiple(integerOf(value), factor)
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0
  const quotient = factor < 1 ? 1 / factor * value : value / factor
  return Math.abs(quotient - Math.round(quotient)) < 1e-9
}

/** Of a text the first fault is told. */
export function textCheck({ minLength, maxLength, pattern }: JsonSchemaProps): Check | undefined {
  if (minLength === undefined && maxLength === undefined && !pattern) return undefined
  let compiled: Pattern | undefined
  return (value, _old, walk) => {
    if (typeof value !== 'string') return
    const length = minLength === undefined && maxLength === undefined ? 0 : lengthOf(value)
    if (maxLength !== undefined && length > maxLength) fail(walk, (field) => tooLong(field, maxLength))
    else if (minLength !== undefined && length < minLength) fail(walk, (field, body) => invalid(field, value, `${body} should be at least ${minLength} chars long`))
    else if (pattern && !(compiled ??= new Pattern(pattern)).test(value)) fail(walk, (field, body) => invalid(field, value, `${body} should match '${pattern}'`))
  }
}

export function formatCheck(props: JsonSchemaProps): Check | undefined {
  const format = formatOf(props)
  const inFormat = format === '' ? undefined : textFormat(format)
  if (!inFormat) return undefined
  return (value, _old, walk) => {
    if (typeof value !== 'string') return
    spend(value.length / 4)
    if (!inFormat(value)) fail(walk, (field, body) => mistyped(field, value, `${body} must be of type ${format}: ${JSON.stringify(value)}`))
  }
}

/** In code points. */
function lengthOf(text: string): number {
  spend(text.length / 4)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    length++
    const code = text.charCodeAt(at)
    if (code >= 0xd800 && code < 0xdc00) at++
  }
  return length
}
