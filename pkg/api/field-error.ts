// Validation errors by field path, in Kubernetes' words, and the Invalid status that carries them.
import { goFloat, goJson, goQuoted } from '../util/go-text.ts'
import { groupResource } from './object.ts'
import { StatusError } from './status-error.ts'

export interface FieldError {
  readonly field: string
  readonly reason:
    | 'FieldValueRequired' | 'FieldValueInvalid' | 'FieldValueNotSupported' | 'FieldValueForbidden' | 'FieldValueDuplicate'
    | 'FieldValueNotFound' | 'FieldValueTooLong' | 'FieldValueTooMany' | 'FieldValueTypeInvalid' | 'InternalError'
  /** The text behind the field's path: `Invalid value: "x": must be …`. */
  readonly text: string
}

/** A value as Go prints it in these messages: texts quoted, the rest as JSON. */
function shown(value: unknown): string {
  if (typeof value === 'string') return goQuoted(value)
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < mostInteger ? String(value) : goFloat(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return goJson(value)
  if (latest?.value === value) return latest.text
  const text = goJson(value)
  if (text.length > longText) latest = { value, text }
  return text
}

/** Larger ones are floats. */
const mostInteger = 2 ** 63
const longText = 1000
/** A long list is written once, however many of its items are wrong. Forgotten when the errors are counted, for the value may change then. */
let latest: { readonly value: object; readonly text: string } | undefined

const join = (head: string, detail: string): string => (detail ? `${head}: ${detail}` : head)

export const required = (field: string, detail = ''): FieldError =>
  ({ field, reason: 'FieldValueRequired', text: join('Required value', detail) })

export const invalid = (field: string, value: unknown, detail: string): FieldError =>
  ({ field, reason: 'FieldValueInvalid', text: join(`Invalid value: ${shown(value)}`, detail) })

/** Of a value that would not help whoever reads it. */
export const invalidUnshown = (field: string, detail: string): FieldError =>
  ({ field, reason: 'FieldValueInvalid', text: join('Invalid value', detail) })

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError =>
  ({ field, reason: 'FieldValueNotSupported', text: join(`Unsupported value: ${shown(value)}`, supported.length > 0 ? `supported values: ${supported.map(goQuoted).join(', ')}` : '') })

export const forbiddenField = (field: string, detail: string): FieldError =>
  ({ field, reason: 'FieldValueForbidden', text: join('Forbidden', detail) })

export const duplicate = (field: string, value: unknown): FieldError =>
  ({ field, reason: 'FieldValueDuplicate', text: `Duplicate value: ${shown(value)}` })

export const duplicateUnshown = (field: string): FieldError => ({ field, reason: 'FieldValueDuplicate', text: 'Duplicate value' })

export const fieldNotFound = (field: string, value: unknown): FieldError =>
  ({ field, reason: 'FieldValueNotFound', text: `Not found: ${shown(value)}` })

export const tooLong = (field: string, maxBytes: number): FieldError =>
  ({ field, reason: 'FieldValueTooLong', text: `Too long: may not be more than ${maxBytes} byte${maxBytes === 1 ? '' : 's'}` })

export const tooMany = (field: string, count: number, max: number): FieldError =>
  ({ field, reason: 'FieldValueTooMany', text: `Too many: ${count}: must have at most ${max} item${max === 1 ? '' : 's'}` })

/** The same error with more behind it. */
export const withDetail = (error: FieldError, detail: string): FieldError => ({ ...error, text: join(error.text, detail) })

/** What is told of an object that is wrong all over, in characters: more helps nobody, and would not fit into a text at last. */
export const mostToTell = 1 << 17

export function told(errors: readonly FieldError[]): readonly FieldError[] {
  latest = undefined
  let left = mostToTell
  const end = errors.findIndex(({ field, text }) => (left -= field.length + text.length) < 0)
  if (end > 0) return errors.slice(0, end)
  // Of one that is too long by itself, its beginning.
  return end < 0 ? errors : errors.slice(0, 1).map((error) => ({ ...error, field: error.field.slice(0, mostToTell), text: error.text.slice(0, mostToTell) }))
}

/** Of a name, which may be what is wrong. */
const mostOfName = 4096

/** All errors of one object as one 422 Status with a cause each. */
export function invalidObject(resource: { group: string; kind: string }, sentName: string, all: readonly FieldError[]): StatusError {
  const name = sentName.slice(0, mostOfName)
  const errors = told(all)
  const texts = errors.map((error) => `${error.field}: ${error.text}`)
  const unique = [...new Set(texts)]
  const list = unique.length === 1 ? unique[0] : `[${unique.join(', ')}]`
  const kind = groupResource({ group: resource.group, plural: resource.kind })
  return new StatusError(422, 'Invalid', `${kind} ${goQuoted(name)} is invalid: ${list}`, {
    ...(name ? { name } : {}), ...(resource.group ? { group: resource.group } : {}), kind: resource.kind,
    causes: errors.map((error) => ({ reason: error.reason, message: error.text, field: error.field })),
  })
}
