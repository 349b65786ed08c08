// A schema as CEL types: what expressions may name, checked when they are compiled, and a resource's JSON as values of those types.
import { Duration } from '@marcbachmann/cel-js/evaluator'
import type { CelEnvironment } from './cel.ts'
import { registerEquality } from './cel-register.ts'
import { equalCel } from './cel-values.ts'
import { parseGoDuration } from './go-duration.ts'
import { isJsonObject } from './json.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import { spend } from '../util/allowance.ts'
import { integerOf } from '../util/lossless-json.ts'

export interface CelType {
  /** As declarations name it: `int`, `list<string>`, `obj3`. */
  readonly name: string
  convert(value: unknown): unknown
}

const simple = (name: string, convert: (value: unknown) => unknown): CelType => ({ name, convert })

const dyn = simple('dyn', anyValue)
const text = simple('string', (value) => value)
const bool = simple('bool', (value) => value)
const int = simple('int', (value) => (typeof value === 'number' ? integerOf(Math.trunc(value)) : value))
const double = simple('double', (value) => (typeof value === 'bigint' ? Number(value) : value))
const bytes = simple('bytes', (value) => (typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value))
const time = simple('google.protobuf.Timestamp', (value) => (typeof value === 'string' ? new Date(value) : value))
const duration = simple('google.protobuf.Duration', (value) => {
  const ms = typeof value === 'string' ? parseGoDuration(value) : undefined
  return ms === undefined ? value : Duration.fromMilliseconds(ms)
})

/** JSON without a schema. Whole numbers are ints. */
export function anyValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? integerOf(value) : value
  if (Array.isArray(value)) {
    spend(2 * value.length)
    return value.map(anyValue)
  }
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).filter(([, item]) => item !== undefined)
  spend(3 + 3 * members.length)
  return new Map(members.map(([key, item]) => [key, anyValue(item)]))
}

const reserved = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while',
])

/** How a reserved word is written when it names a field; after a dot it may also stand as it is, where the grammar allows. */
export const escapedWord = (name: string): string | undefined => (reserved.has(name) ? `__${name}__` : undefined)

/** The name of a field in expressions; undefined for one that can't be named. */
export function celFieldName(name: string): string | undefined {
  if (reserved.has(name)) return escapedWord(name)
  const escaped = name.replace(/__|\.|-|\//g, (found) => ({ __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' })[found] ?? found)
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined
}

const meta: JsonSchemaProps = { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } }

/** Members with names that are reserved words: found by either name, held by the escaped one. */
class WordyValues extends Map<string, unknown> {
  override get(name: string): unknown {
    return super.get(escapedWord(name) ?? name)
  }

  override has(name: string): boolean {
    return super.has(escapedWord(name) ?? name)
  }
}

/** Declares the types of schemas in one environment. */
export class CelTypes {
  readonly #environment: CelEnvironment
  readonly #known = new Map<JsonSchemaProps, CelType>()
  #count = 0

  constructor(environment: CelEnvironment) {
    this.#environment = environment
  }

  /** `whole`: the schema is a whole resource's, with type and metadata. */
  typeOf(props: JsonSchemaProps, whole = props['x-kubernetes-embedded-resource'] === true): CelType {
    let type = this.#known.get(props)
    if (!type) this.#known.set(props, type = this.#make(props, whole))
    return type
  }

  #make(props: JsonSchemaProps, whole: boolean): CelType {
    const type = this.#bare(props, whole)
    // What may be null is checked when it is there.
    return props.nullable ? simple('dyn', (value) => (value === null ? null : type.convert(value))) : type
  }

  #bare(props: JsonSchemaProps, whole: boolean): CelType {
    if (props['x-kubernetes-int-or-string']) return dyn
    switch (props.type) {
      case 'string': return textType(props.format)
      case 'boolean': return bool
      case 'integer': return int
      case 'number': return double
      case 'array': return this.#list(props.items ?? {})
      case 'object': {
        const { additionalProperties } = props
        if (additionalProperties && !props.properties) return this.#map(additionalProperties === true ? {} : additionalProperties)
        return this.#object(props, whole)
      }
      default: return dyn
    }
  }

  #list(items: JsonSchemaProps): CelType {
    const item = this.typeOf(items)
    return simple(`list<${item.name}>`, (value) => (Array.isArray(value) ? value.map((one) => {
      spend(2)
      return item.convert(one)
    }) : value))
  }

  #map(values: JsonSchemaProps): CelType {
    const item = this.typeOf(values)
    return simple(`map<string, ${item.name}>`, (value) => (isJsonObject(value) ? new Map(Object.entries(value).map(([key, one]) => {
      spend(2)
      return [key, item.convert(one)]
    })) : value))
  }

  #object(props: JsonSchemaProps, whole: boolean): CelType {
    spend(200)
    const name = `obj${++this.#count}`
    const members = new Map<string, { escaped: string; type: CelType }>()
    const add = (field: string, type: CelType): void => {
      const escaped = celFieldName(field)
      if (escaped !== undefined) members.set(field, { escaped, type })
    }
    for (const [field, child] of Object.entries(props.properties ?? {})) add(field, this.typeOf(child))
    if (whole) {
      add('apiVersion', text)
      add('kind', text)
      add('metadata', this.typeOf(meta))
    }
    // A class of its own for each type is how the engine tells values apart.
    const words = [...members.keys()].filter((field) => reserved.has(field))
    const Values = words.length > 0 ? class extends WordyValues {} : class extends Map<string, unknown> {}
    const fields = Object.fromEntries([...members.values()].map(({ escaped, type }) => [escaped, type.name]))
    for (const word of words) fields[word] = members.get(word)!.type.name
    this.#environment.registerType(name, { ctor: Values, fields } as never)
    registerEquality(this.#environment, name, equalCel)
    return simple(name, (value) => {
      if (!isJsonObject(value)) return value
      spend(2 + members.size)
      const result = new Values()
      for (const [field, { escaped, type }] of members) {
        const item = Object.hasOwn(value, field) ? value[field] : undefined
        if (item !== undefined) result.set(escaped, type.convert(item))
      }
      return result
    })
  }
}

function textType(format: string | undefined): CelType {
  switch (format) {
    case 'date': case 'date-time': return time
    case 'duration': return duration
    case 'byte': return bytes
    default: return text
  }
}
