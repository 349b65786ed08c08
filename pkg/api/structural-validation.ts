// Checks a custom resource against its CRD's schema, in Kubernetes' words. A schema is compiled once, into functions.
import type { FieldError } from './field-error.ts'
import { duplicate, invalid, notSupported, required, tooLong, tooMany } from './field-error.ts'
import type { JsonObject } from './json.ts'
import { equalJson, isJsonObject } from './json.ts'
import { Pattern } from './pattern.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import { textFormat } from './text-formats.ts'
import { spend } from '../util/allowance.ts'

/** All errors of a value. Where a part equals the old one's, it is as good as it was: its errors are not told. */
export type StructuralValidator = (value: unknown, old?: unknown) => FieldError[]

export function compileValidator(props: JsonSchemaProps): StructuralValidator {
  const check = compile(props)
  return (value, old) => {
    const walk: Walk = { path: [], errors: [], matches: 0 }
    check(value, old, walk)
    return walk.errors
  }
}

interface Walk {
  /** Where the walk is; changes as it goes. */
  readonly path: (string | number)[]
  readonly errors: FieldError[]
  /** How much was found right, by which the best of several failed alternatives is told. */
  matches: number
}

type Check = (value: unknown, old: unknown, walk: Walk) => void

/** `spec.ports[0].name` */
export function pathText(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}

function fail(walk: Walk, make: (at: string, body: string) => FieldError): void {
  const at = pathText(walk.path)
  walk.errors.push(make(at, `${at} in body`))
}

/** What is wrong with a whole value and not with one field of it has no path. */
function failComposite(walk: Walk, text: string): void {
  walk.errors.push(invalid('<nil>', '', `${JSON.stringify(pathText(walk.path))} ${text}`))
}

function compile(props: JsonSchemaProps): Check {
  spend(20)
  const checks = [
    typeCheck(props), enumCheck(props), numberCheck(props), textCheck(props), listCheck(props), objectCheck(props), embeddedCheck(props), ...compositeChecks(props),
  ].filter((check) => check !== undefined)
  return (value, old, walk) => {
    spend(5)
    if (old !== undefined && equalJson(value, old)) return
    for (const check of checks) check(value, old, walk)
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  switch (typeof value) {
    case 'number': return Number.isInteger(value) ? 'integer' : 'number'
    case 'bigint': return 'integer'
    case 'object': return 'object'
    default: return typeof value
  }
}

function typeCheck({ type, nullable, 'x-kubernetes-int-or-string': intOrString }: JsonSchemaProps): Check | undefined {
  const wanted = intOrString ? 'integer,string' : type
  if (!wanted) return undefined
  const allowed = new Set(wanted.split(','))
  if (allowed.has('number')) allowed.add('integer')
  return (value, _old, walk) => {
    const found = typeName(value)
    if (allowed.has(found) || (value === null && nullable)) walk.matches++
    else fail(walk, (at, body) => ({ ...invalid(at, found, `${body} must be of type ${wanted}: ${JSON.stringify(found)}`), reason: 'FieldValueTypeInvalid' }))
  }
}

function enumCheck({ enum: values, nullable }: JsonSchemaProps): Check | undefined {
  if (!values || values.length === 0) return undefined
  return (value, _old, walk) => {
    if ((value === null && nullable) || values.some((one) => equalJson(one, value))) {
      walk.matches++
      return
    }
    fail(walk, (at) => notSupported(at, value, values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))))
  }
}

const formatBounds: Readonly<Record<string, readonly [number, number]>> = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1], uint64: [0, 2 ** 64] }

function numberCheck({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format, type }: JsonSchemaProps): Check | undefined {
  const bounds = type === 'integer' && format ? formatBounds[format] : undefined
  if (minimum === undefined && maximum === undefined && multipleOf === undefined && !bounds) return undefined
  return (value, _old, walk) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') return
    const wrong = (text: string): void => fail(walk, (at, body) => invalid(at, value, `${body} ${text}`))
    if (bounds && (value < bounds[0] || value > bounds[1])) fail(walk, (at) => invalid(at, value, `Checked value must be of type integer with format ${format ?? ''} in ${at}`))
    if (multipleOf !== undefined && !isMultiple(value, multipleOf)) wrong(`should be a multiple of ${multipleOf}`)
    if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) wrong(`should be less than${exclusiveMaximum ? '' : ' or equal to'} ${maximum}`)
    if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) wrong(`should be greater than${exclusiveMinimum ? '' : ' or equal to'} ${minimum}`)
  }
}

function isMultiple(value: number | bigint, factor: number | bigint): boolean {
  if (typeof value === 'bigint' || typeof factor === 'bigint') return Number.isInteger(Number(factor)) ? BigInt(value) % BigInt(factor) === 0n : isMultiple(Number(value), Number(factor))
  const quotient = value / factor
  return Math.abs(quotient - Math.round(quotient)) < 1e-9
}

function textCheck({ minLength, maxLength, pattern, format }: JsonSchemaProps): Check | undefined {
  const inFormat = format ? textFormat(format) : undefined
  if (minLength === undefined && maxLength === undefined && !pattern && !inFormat) return undefined
  let compiled: Pattern | undefined
  return (value, _old, walk) => {
    if (typeof value !== 'string') return
    const before = walk.errors.length
    spend(value.length / 4)
    const length = minLength === undefined && maxLength === undefined ? 0 : lengthOf(value)
    if (maxLength !== undefined && length > maxLength) fail(walk, (at) => tooLong(at, maxLength))
    if (minLength !== undefined && length < minLength) fail(walk, (at, body) => invalid(at, value, `${body} should be at least ${minLength} chars long`))
    if (pattern && !(compiled ??= new Pattern(pattern)).test(value)) fail(walk, (at, body) => invalid(at, value, `${body} should match '${pattern}'`))
    if (inFormat && !inFormat(value)) {
      fail(walk, (at, body) => ({ ...invalid(at, value, `${body} must be of type ${format ?? ''}: ${JSON.stringify(value)}`), reason: 'FieldValueTypeInvalid' }))
    }
    if (walk.errors.length === before) walk.matches++
  }
}

/** In code points. */
function lengthOf(text: string): number {
  let length = 0
  for (let at = 0; at < text.length; at++) {
    length++
    const code = text.charCodeAt(at)
    if (code >= 0xd800 && code < 0xdc00) at++
  }
  return length
}

function listCheck(props: JsonSchemaProps): Check | undefined {
  const { items, minItems, maxItems } = props
  const item = items && compile(items)
  const keys = props['x-kubernetes-list-type'] === 'map' ? props['x-kubernetes-list-map-keys'] ?? [] : undefined
  const isSet = props['x-kubernetes-list-type'] === 'set'
  if (!item && minItems === undefined && maxItems === undefined && !keys && !isSet) return undefined
  const keyOf = keys ? listKey(keys, items) : undefined
  return (value, old, walk) => {
    if (!Array.isArray(value)) return
    const list = value as unknown[]
    if (item) {
      const oldItem = keyOf && Array.isArray(old) ? byKey(old, keyOf) : undefined
      for (const [index, one] of list.entries()) {
        walk.path.push(index)
        item(one, oldItem?.get(keyOf?.(one) ?? ''), walk)
        walk.path.pop()
      }
    }
    if (minItems !== undefined && list.length < minItems) fail(walk, (at, body) => invalid(at, list.length, `${body} should have at least ${minItems} items`))
    if (maxItems !== undefined && list.length > maxItems) fail(walk, (at) => tooMany(at, list.length, maxItems))
    if (keyOf) checkUnique(list, keyOf, (one) => Object.fromEntries((keys ?? []).flatMap((key) => (isJsonObject(one) && key in one ? [[key, one[key]]] : []))), walk)
    if (isSet) checkUnique(list, (one) => JSON.stringify(one), (one) => one, walk)
  }
}

/** The key of a list's item as text; a missing key counts as its default. */
function listKey(keys: readonly string[], items: JsonSchemaProps | undefined): (item: unknown) => string {
  const defaults = keys.map((key) => items?.properties?.[key]?.default)
  return (item) => JSON.stringify(keys.map((key, index) => (isJsonObject(item) ? item[key] : undefined) ?? defaults[index] ?? null))
}

function byKey(list: unknown[], keyOf: (item: unknown) => string): Map<string, unknown> {
  return new Map(list.map((item) => [keyOf(item), item]))
}

function checkUnique(list: unknown[], keyOf: (item: unknown) => string, shown: (item: unknown) => unknown, walk: Walk): void {
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    spend(5)
    const key = keyOf(item)
    if (seen.has(key)) {
      walk.path.push(index)
      fail(walk, (at) => duplicate(at, shown(item)))
      walk.path.pop()
    }
    seen.add(key)
  }
}

function objectCheck(props: JsonSchemaProps): Check | undefined {
  const { properties, additionalProperties, required: needed = [], minProperties, maxProperties } = props
  const known = Object.entries(properties ?? {}).map(([name, child]) => [name, compile(child)] as const)
  const others = typeof additionalProperties === 'object' ? compile(additionalProperties) : undefined
  const names = new Set(known.map(([name]) => name))
  if (known.length === 0 && !others && needed.length === 0 && minProperties === undefined && maxProperties === undefined) return undefined
  const descend = (check: Check, name: string, value: unknown, old: unknown, walk: Walk): void => {
    walk.path.push(name)
    check(value, isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined, walk)
    walk.path.pop()
  }
  return (value, old, walk) => {
    if (!isJsonObject(value)) return
    const count = minProperties === undefined && maxProperties === undefined ? 0 : Object.keys(value).length
    if (minProperties !== undefined && count < minProperties) return fail(walk, (at, body) => invalid(at, count, `${body} should have at least ${minProperties} properties`))
    if (maxProperties !== undefined && count > maxProperties) return fail(walk, (at) => tooMany(at, count, maxProperties))
    for (const [name, check] of known) if (Object.hasOwn(value, name) && value[name] !== undefined) descend(check, name, value[name], old, walk)
    if (others) for (const [name, one] of Object.entries(value)) if (!names.has(name)) descend(others, name, one, old, walk)
    for (const name of needed) checkPresent(value, name, walk)
  }
}

function checkPresent(value: JsonObject, name: string, walk: Walk): void {
  if (Object.hasOwn(value, name) && value[name] !== undefined) {
    walk.matches++
    return
  }
  walk.path.push(name)
  fail(walk, (at) => required(at))
  walk.path.pop()
}

/** An embedded object says what it is. */
function embeddedCheck(props: JsonSchemaProps): Check | undefined {
  if (!props['x-kubernetes-embedded-resource']) return undefined
  return (value, _old, walk) => {
    if (!isJsonObject(value)) return
    for (const name of ['apiVersion', 'kind']) {
      if (typeof value[name] === 'string' && value[name] !== '') continue
      walk.path.push(name)
      fail(walk, (at) => required(at, 'must not be empty'))
      walk.path.pop()
    }
  }
}

function compositeChecks({ allOf, anyOf, oneOf, not, ...props }: JsonSchemaProps): Check[] {
  const intOrString = props['x-kubernetes-int-or-string'] === true
  // How int-or-string is told to those who don't know it; the type has been checked.
  const says = (alternatives: readonly JsonSchemaProps[]): boolean => intOrString && alternatives.every(({ type }) => type !== undefined)
  return [
    ...(anyOf && !says(anyOf) ? [anyOfCheck(anyOf.map(compile))] : []),
    ...(oneOf ? [oneOfCheck(oneOf.map(compile))] : []),
    ...(allOf ? [allOfCheck(allOf.map(compile))] : []),
    ...(not ? [notCheck(compile(not))] : []),
  ]
}

const tryOut = (check: Check, value: unknown, { path }: Walk): Walk => {
  const walk: Walk = { path, errors: [], matches: 0 }
  check(value, undefined, walk)
  return walk
}

/** The failed alternative that came farthest. */
function bestOf(walks: readonly Walk[]): readonly FieldError[] {
  let best: Walk | undefined
  for (const walk of walks) if (walk.errors.length > 0 && (!best || walk.matches > best.matches)) best = walk
  return best?.errors ?? []
}

function anyOfCheck(checks: readonly Check[]): Check {
  return (value, _old, walk) => {
    const tried: Walk[] = []
    for (const check of checks) {
      const result = tryOut(check, value, walk)
      if (result.errors.length === 0) return void (walk.matches += result.matches + 1)
      tried.push(result)
    }
    failComposite(walk, 'must validate at least one schema (anyOf)')
    walk.errors.push(...bestOf(tried))
  }
}

function oneOfCheck(checks: readonly Check[]): Check {
  return (value, _old, walk) => {
    const tried = checks.map((check) => tryOut(check, value, walk))
    const valid = tried.filter(({ errors }) => errors.length === 0)
    if (valid.length === 1) return void (walk.matches += (valid[0]?.matches ?? 0) + 1)
    failComposite(walk, `must validate one and only one schema (oneOf). ${valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`}`)
    if (valid.length === 0) walk.errors.push(...bestOf(tried))
  }
}

function allOfCheck(checks: readonly Check[]): Check {
  return (value, _old, walk) => {
    const tried = checks.map((check) => tryOut(check, value, walk))
    const failed = tried.filter(({ errors }) => errors.length > 0)
    for (const { errors, matches } of tried) {
      walk.errors.push(...errors)
      walk.matches += matches
    }
    if (failed.length > 0) failComposite(walk, `must validate all the schemas (allOf)${failed.length === tried.length ? '. None validated' : ''}`)
  }
}

function notCheck(check: Check): Check {
  return (value, _old, walk) => {
    if (tryOut(check, value, walk).errors.length === 0) failComposite(walk, 'must not validate the schema (not)')
  }
}
