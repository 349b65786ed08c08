// Checks a custom resource against its CRD's schema, in Kubernetes' order and words. A schema is compiled once, into functions.
import type { FieldError } from './field-error.ts'
import { invalid, required, tooMany } from './field-error.ts'
import { isJsonObject } from './json.ts'
import { isUnchanged, oldItems } from './structural-past.ts'
import { enumCheck, formatCheck, numberCheck, textCheck, typeCheck } from './structural-scalars.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import type { Check, Walk } from './structural-walk.ts'
import { fail, failComposite } from './structural-walk.ts'
import { isTextFormat } from './text-formats.ts'
import { spend } from '../util/allowance.ts'

/** All errors of a value. Where a part is the old one's, it is as good as it was: its errors are not told. */
export type StructuralValidator = (value: unknown, old?: unknown) => FieldError[]

/** `within`: what the value is a part of, in the fields of its errors. */
export function compileValidator(props: JsonSchemaProps, within = ''): StructuralValidator {
  const check = compile(props)
  return (value, old) => {
    const walk: Walk = { path: [], within, errors: [], matches: 0 }
    check(value, old, walk)
    return unique(walk.errors)
  }
}

/** What alternatives say again is told once. */
function unique(errors: FieldError[]): FieldError[] {
  const seen = new Set<string>()
  return errors.filter(({ field, text }) => {
    const said = `${field}: ${text}`
    return !seen.has(said) && seen.add(said)
  })
}

function compile(props: JsonSchemaProps): Check {
  spend(20)
  const [typeFits, logic, inEnum] = [typeCheck(props), logicCheck(props), enumCheck(props)]
  const [text, format, number] = [textCheck(props), formatCheck(props), numberCheck(props)]
  const [list, object] = [listCheck(props), objectCheck(props)]
  const hasFormat = props.format !== undefined && isTextFormat(props.format)
  // How much speaks for an alternative is counted as Kubernetes counts it: by the checks that were made.
  const common = typeFits ? 5 : 4
  return (value, old, walk) => {
    spend(5)
    const before = walk.errors.length
    if (!typeFits || typeFits(value, old, walk)) walk.matches += typeFits || value === null ? 1 : 0
    if (value === null) {
      inEnum?.(value, old, walk)
    } else {
      walk.matches += common
      logic?.(value, old, walk)
      switch (typeof value) {
        case 'string':
          walk.matches += hasFormat ? 2 : 1
          text?.(value, old, walk)
          format?.(value, old, walk)
          break
        case 'number': case 'bigint':
          walk.matches += 2
          number?.(value, old, walk)
          break
        case 'object':
          walk.matches += Array.isArray(value) ? 2 : 1
          list?.(value, old, walk)
      }
      inEnum?.(value, old, walk)
      object?.(value, old, walk)
    }
    if (walk.errors.length > before && old !== undefined && isUnchanged({ props, value, old })) walk.errors.length = before
  }
}

function listCheck(props: JsonSchemaProps): Check | undefined {
  const { items, minItems, maxItems } = props
  const item = items && compile(items)
  if (!item && minItems === undefined && maxItems === undefined) return undefined
  return (value, old, walk) => {
    if (!Array.isArray(value)) return
    const list = value as unknown[]
    if (item) {
      const itemBefore = oldItems(props, old)
      for (const [index, one] of list.entries()) {
        walk.path.push(index)
        item(one, itemBefore?.(one) ?? undefined, walk)
        walk.path.pop()
      }
    }
    if (minItems !== undefined && list.length < minItems) fail(walk, (field, body) => invalid(field, list.length, `${body} should have at least ${minItems} items`))
    if (maxItems !== undefined && list.length > maxItems) fail(walk, (field) => tooMany(field, list.length, maxItems))
  }
}

function objectCheck(props: JsonSchemaProps): Check | undefined {
  const { properties, additionalProperties, required: needed = [], minProperties, maxProperties } = props
  const known = Object.entries(properties ?? {}).map(([name, child]) => [name, compile(child)] as const)
  const others = typeof additionalProperties === 'object' ? compile(additionalProperties) : undefined
  const names = new Set(known.map(([name]) => name))
  if (known.length === 0 && !others && needed.length === 0 && minProperties === undefined && maxProperties === undefined) return undefined
  const descend = (check: Check, name: string, value: unknown, old: unknown, walk: Walk): void => {
    // What kind it is and of which version is converted before anybody looks: whether it was the same nobody can tell.
    const hidden = walk.path.length === 0 && (name === 'apiVersion' || name === 'kind')
    walk.path.push(name)
    check(value, !hidden && isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined, walk)
    walk.path.pop()
  }
  return (value, old, walk) => {
    if (!isJsonObject(value) || Array.isArray(value)) return
    const count = minProperties === undefined && maxProperties === undefined ? 0 : Object.keys(value).length
    if (minProperties !== undefined && count < minProperties) fail(walk, (field, body) => invalid(field, count, `${body} should have at least ${minProperties} properties`))
    if (maxProperties !== undefined && count > maxProperties) fail(walk, (field) => tooMany(field, count, maxProperties))
    if (others) for (const [name, one] of Object.entries(value)) if (!names.has(name)) descend(others, name, one, old, walk)
    for (const [name, check] of known) if (Object.hasOwn(value, name) && value[name] !== undefined) descend(check, name, value[name], old, walk)
    for (const name of needed) {
      if (Object.hasOwn(value, name) && value[name] !== undefined) continue
      walk.path.push(name)
      fail(walk, (field) => required(field))
      walk.path.pop()
    }
  }
}

function logicCheck({ allOf = [], anyOf = [], oneOf = [], not }: JsonSchemaProps): Check | undefined {
  const checks = [
    ...(anyOf.length > 0 ? [anyOfCheck(anyOf.map(compile))] : []), ...(oneOf.length > 0 ? [oneOfCheck(oneOf.map(compile))] : []),
    ...(allOf.length > 0 ? [allOfCheck(allOf.map(compile))] : []), ...(not ? [notCheck(compile(not))] : []),
  ]
  if (checks.length === 0) return undefined
  return (value, old, walk) => {
    for (const check of checks) check(value, old, walk)
  }
}

/** Within the logic nothing is as good as it was. */
const tryOut = (check: Check, value: unknown, { path, within }: Walk): Walk => {
  const walk: Walk = { path, within, errors: [], matches: 0 }
  check(value, undefined, walk)
  return walk
}

function merge(walk: Walk, other: Walk | undefined): void {
  if (!other) return
  for (const error of other.errors) walk.errors.push(error)
  walk.matches += other.matches
}

/** The failed alternative that came farthest. */
function bestOf(walks: readonly Walk[]): Walk | undefined {
  let best: Walk | undefined
  for (const walk of walks) if (!best || walk.matches > best.matches) best = walk
  return best
}

function anyOfCheck(checks: readonly Check[]): Check {
  return (value, _old, walk) => {
    const failed: Walk[] = []
    for (const check of checks) {
      const result = tryOut(check, value, walk)
      if (result.errors.length === 0) return merge(walk, result)
      failed.push(result)
    }
    failComposite(walk, 'must validate at least one schema (anyOf)')
    merge(walk, bestOf(failed))
  }
}

function oneOfCheck(checks: readonly Check[]): Check {
  return (value, _old, walk) => {
    const tried = checks.map((check) => tryOut(check, value, walk))
    const valid = tried.filter(({ errors }) => errors.length === 0)
    if (valid.length === 1) return merge(walk, valid[0])
    failComposite(walk, `must validate one and only one schema (oneOf). ${valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`}`)
    if (valid.length === 0) merge(walk, bestOf(tried))
  }
}

function allOfCheck(checks: readonly Check[]): Check {
  return (value, _old, walk) => {
    const tried = checks.map((check) => tryOut(check, value, walk))
    const failed = tried.filter(({ errors }) => errors.length > 0)
    for (const result of tried) merge(walk, result)
    if (failed.length > 0) failComposite(walk, `must validate all the schemas (allOf)${failed.length === tried.length ? '. None validated' : ''}`)
  }
}

function notCheck(check: Check): Check {
  return (value, _old, walk) => {
    if (tryOut(check, value, walk).errors.length === 0) failComposite(walk, 'must not validate the schema (not)')
  }
}
