// Checks that rules of many kinds share. Each adds its errors to `out`; none throws.
import type { FieldError } from '../../api/field-error.ts'
import { forbiddenField, invalid, mostToTell, notSupported, required, tooLong } from '../../api/field-error.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import { selectorMatcher } from '../../api/label-selector.ts'
import { configKeyFaults, dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, pathSegmentFaults, portNameFaults, qualifiedNameFaults } from '../../api/names.ts'
import { isQuantity, parseQuantity } from '../../api/quantity.ts'

export type Errors = FieldError[]

/** Equal as the API sees it: a missing field, null, an empty list and an empty map are the same. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isEmpty(a) && isEmpty(b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]))
  }
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => same(left[key], right[key]))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) && value.length === 0
}

/** The places of what stands in the list before. */
export function repeats(values: readonly unknown[]): number[] {
  const seen = new Set<unknown>()
  return [...values.keys()].filter((index) => seen.size === seen.add(values[index]).size)
}

/** More errors than are told, however short they are. */
export const isEnough = (errors: Errors): boolean => errors.length > mostToTell / 16

/** Errors that an object had before are not held against its update, or rules could never grow stricter. */
export function withoutOldFaults(errors: Errors, oldErrors: () => Errors): Errors {
  if (errors.length === 0) return errors
  const old = new Set(oldErrors().map(({ field, text }) => `${field}: ${text}`))
  return errors.filter(({ field, text }) => !old.has(`${field}: ${text}`))
}

export const immutableText = 'field is immutable'

export function checkImmutable(out: Errors, path: string, value: unknown, old: unknown): void {
  if (!same(value, old)) out.push(invalid(path, value, immutableText))
}

export function checkRequired(out: Errors, path: string, value: unknown, detail = ''): boolean {
  const present = value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
  if (!present) out.push(required(path, detail))
  return present
}

export function checkOneOf(out: Errors, path: string, value: string | undefined, supported: readonly string[]): void {
  if (!value) out.push(required(path))
  else if (!supported.includes(value)) out.push(notSupported(path, value, supported))
}

/** Like checkOneOf for a field that may be left out. */
export function checkOptionalOneOf(out: Errors, path: string, value: string | undefined, supported: readonly string[]): void {
  if (value !== undefined && !supported.includes(value)) out.push(notSupported(path, value, supported))
}

export function checkNonNegative(out: Errors, path: string, value: number | undefined): void {
  if (value !== undefined && value < 0) out.push(invalid(path, value, 'must be greater than or equal to 0'))
}

export function checkPositive(out: Errors, path: string, value: number | undefined): void {
  if (value !== undefined && value <= 0) out.push(invalid(path, value, 'must be greater than 0'))
}

export function checkRange(out: Errors, path: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined && (value < min || value > max)) out.push(invalid(path, value, `must be between ${min} and ${max}, inclusive`))
}

export function checkPortNumber(out: Errors, path: string, value: number): void {
  checkRange(out, path, value, 1, 65535)
}

/** A port by number or by name. */
export function checkPortOrName(out: Errors, path: string, value: number | string | undefined): void {
  if (typeof value === 'string') addFaults(out, path, value, portNameFaults(value))
  else checkPortNumber(out, path, value ?? 0)
}

/** The faults of a name as errors. */
export function addFaults(out: Errors, path: string, value: unknown, faults: readonly string[]): void {
  for (const fault of faults) out.push(invalid(path, value, fault))
}

type TextCheck = (out: Errors, path: string, value: string) => void
const textCheck = (faultsOf: (value: string) => string[]): TextCheck => (out, path, value) => addFaults(out, path, value, faultsOf(value))

export const checkDnsLabel = textCheck(dnsLabelFaults)
export const checkDnsSubdomain = textCheck(dnsSubdomainFaults)
export const checkLabelKey = textCheck(qualifiedNameFaults)
export const checkLabelValue = textCheck(labelValueFaults)
export const checkConfigKey = textCheck(configKeyFaults)
export const checkPortName = textCheck(portNameFaults)
export const checkResourceName = textCheck(qualifiedNameFaults)
export const checkPathSegment = textCheck(pathSegmentFaults)

/** A domain and a path in it: `acme.io/foo`. */
export function checkDomainPath(out: Errors, path: string, value: string | undefined): void {
  if (!value) return void out.push(required(path))
  const slash = value.indexOf('/')
  const [domain, rest] = [value.slice(0, slash), value.slice(slash + 1)]
  if (slash <= 0 || rest === '') return void out.push(invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  addFaults(out, path, domain, dnsSubdomainFaults(domain))
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)) out.push(invalid(path, rest, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"))
}

/** The most that all annotations may have together. */
export const annotationBytes = 256 * 1024

/** Of templates; of objects themselves the registry looks after. Capitals don't matter. */
export function checkAnnotations(out: Errors, path: string, annotations: Readonly<Record<string, string>> = {}): void {
  let size = 0
  for (const [key, value] of Object.entries(annotations)) {
    addFaults(out, path, key, qualifiedNameFaults(key.toLowerCase()))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > annotationBytes) out.push(tooLong(path, annotationBytes))
}

export function checkLabels(out: Errors, path: string, labels: Record<string, string> | undefined): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    checkLabelKey(out, path, key)
    checkLabelValue(out, path, value)
  }
}

/** `anyValue` where values that are no label's were let in before. */
export function checkLabelSelector(out: Errors, path: string, selector: LabelSelector | undefined, anyValue = false): void {
  checkLabels(out, `${path}.matchLabels`, selector?.matchLabels)
  for (const [index, { key, operator, values = [] }] of (selector?.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) out.push(required(`${at}.values`, 'must be specified when `operator` is \'In\' or \'NotIn\''))
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) out.push(forbiddenField(`${at}.values`, 'may not be specified when `operator` is \'Exists\' or \'DoesNotExist\''))
    } else out.push(invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'))
    checkLabelKey(out, `${at}.key`, key ?? '')
    if (anyValue) continue
    for (const [valueIndex, value] of values.entries()) checkLabelValue(out, `${at}.values[${valueIndex}]`, value)
  }
}

export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0
}

/** Whether labels satisfy a selector; a missing selector and an unknown operator match nothing. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>> = {}): boolean {
  return selectorMatcher(selector).matches(labels)
}

export const quantityText = 'quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\''

/** A quantity that is well-formed and not negative. */
export function checkQuantity(out: Errors, path: string, value: string | number | undefined): boolean {
  const shown = String(value ?? '')
  if (!isQuantity(shown)) {
    out.push(invalid(path, shown, quantityText))
    return false
  }
  if (parseQuantity(shown).nanos < 0n) {
    out.push(invalid(path, shown, 'must be greater than or equal to 0'))
    return false
  }
  return true
}

/** A quantity above zero. */
export function checkPositiveQuantity(out: Errors, path: string, value: string): void {
  if (!isQuantity(value)) out.push(invalid(path, value, quantityText))
  else if (parseQuantity(value).nanos <= 0n) out.push(invalid(path, value, 'must be greater than zero'))
}

/** `50%` or a number that is not negative. */
export function checkNumberOrPercent(out: Errors, path: string, value: number | string | undefined): void {
  if (value === undefined) return
  if (typeof value === 'number') checkNonNegative(out, path, value)
  else if (!/^[0-9]+%$/.test(value)) {
    out.push(invalid(path, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"))
  }
}

/** Not more than 100 where a value is a percentage. */
export function checkAtMostAll(out: Errors, path: string, value: number | string | undefined): void {
  if (typeof value === 'string' && /^[0-9]+%$/.test(value) && parseInt(value, 10) > 100) {
    out.push(invalid(path, value, 'must not be greater than 100%'))
  }
}

/** The number that a number or percentage stands for, of a hundred; undefined where it is neither. */
export function numberOrPercent(value: number | string | undefined): number {
  return typeof value === 'string' ? parseInt(value, 10) || 0 : value ?? 0
}

export { checkContainerResourceName, checkResourceQuantity } from './resource-names.ts'
export { duplicate, fieldNotFound, forbiddenField, invalid, invalidUnshown, notSupported, required, tooLong, tooMany, withDetail } from '../../api/field-error.ts'
