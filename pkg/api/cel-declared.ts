// The types that expressions see of a schema, with how large their values can become within a request.
import type { CelScope } from './cel-check.ts'
import { celFieldName, escapedWord } from './cel-schema.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import type { Type } from './cel-type.ts'
import { boolType, bytesType, doubleType, durationType, dynType, intType, listOf, mapOf, stringType, structType, timestampType } from './cel-type.ts'
import { spend } from '../util/allowance.ts'

/** A type with sizes. */
export interface Declared {
  readonly type: Type
  /** Characters, items or entries, at most; in bytes where nothing is said of a text's length. */
  readonly most: number
  /** The bytes of the smallest value. */
  readonly least: number
  readonly fields?: ReadonlyMap<string, Declared>
  readonly keys?: Declared
  readonly items?: Declared
}

export const largestRequest = 3 * 1024 * 1024

const natural = (count: number): number => Math.max(0, count)

const scalar = (type: Type, least: number, most = 0): Declared => ({ type, least, most })

/** The longest texts that there are of a format, with quotation marks. */
const formats: Readonly<Record<string, { readonly type: Type; readonly least: number; readonly most: number }>> = {
  duration: { type: durationType, least: 3, most: 32 },
  date: { type: timestampType, least: 12, most: 12 },
  'date-time': { type: timestampType, least: 21, most: 32 },
}

const plainText: Declared = scalar(stringType, 2, 0)

function declaredText({ format, maxLength, enum: values }: JsonSchemaProps): Declared {
  if (format !== undefined && Object.hasOwn(formats, format)) return scalar(formats[format]!.type, formats[format]!.least, formats[format]!.most)
  const unbounded = largestRequest - 2
  if (format === 'byte') return scalar(bytesType, 2, maxLength === undefined ? unbounded : natural(maxLength))
  // A character is four bytes at most.
  if (maxLength !== undefined) return scalar(stringType, 2, natural(maxLength) * 4)
  if (!values || values.length === 0) return scalar(stringType, 2, unbounded)
  return scalar(stringType, 2, Math.max(0, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0))))
}

const anyText: JsonSchemaProps = { type: 'string' }
const anyMeta: JsonSchemaProps = { type: 'object', properties: { name: anyText, generateName: anyText } }

/** Of a whole resource the type and the names are always there. */
function withMeta(props: JsonSchemaProps): JsonSchemaProps {
  const { kind, apiVersion, metadata } = props.properties ?? {}
  const names = metadata?.type === 'object' ? metadata.properties : undefined
  const told = [kind, apiVersion, names?.name, names?.generateName].every((part) => part?.type === 'string')
  return told ? props : { ...props, properties: { ...props.properties, kind: anyText, apiVersion: anyText, metadata: anyMeta } }
}

/** undefined for what expressions do not see. `name`: what objects are called in faults. */
export function declaredType(props: JsonSchemaProps, whole: boolean, name = 'object'): Declared | undefined {
  spend(10)
  if (props['x-kubernetes-int-or-string']) return scalar(dynType, 1, props.maxLength === undefined ? largestRequest - 2 : natural(props.maxLength) * 4)
  const stated = whole ? withMeta(props) : props
  const inner = (child: JsonSchemaProps, at: string): Declared | undefined => declaredType(child, child['x-kubernetes-embedded-resource'] === true, `${name}.${at}`)
  switch (stated.type) {
    case 'array': {
      const items = stated.items && inner(stated.items, '@idx')
      if (!items) return undefined
      return { type: listOf(items.type), least: 2, most: stated.maxItems === undefined ? Math.floor((largestRequest - 2) / (items.least + 1)) : natural(stated.maxItems), items }
    }
    case 'object': {
      const { additionalProperties } = stated
      if (typeof additionalProperties !== 'object') return declaredObject(stated, inner, name)
      const items = inner(additionalProperties, '@elem')
      if (!items) return undefined
      const most = stated.maxProperties === undefined ? Math.floor((largestRequest - 2) / (items.least + 6)) : natural(stated.maxProperties)
      return { type: mapOf(stringType, items.type), least: 2, most, keys: plainText, items }
    }
    case 'string': return declaredText(stated)
    case 'boolean': return scalar(boolType, 4)
    case 'number': return scalar(doubleType, 1)
    case 'integer': return scalar(intType, 1)
    default: return undefined
  }
}

function declaredObject({ properties = {}, required = [] }: JsonSchemaProps, inner: (child: JsonSchemaProps, at: string) => Declared | undefined, name: string): Declared {
  const fields = new Map<string, Declared>()
  const needed = new Set(required)
  let least = 2
  for (const [field, child] of Object.entries(properties)) {
    const escaped = celFieldName(field)
    const declared = inner(child, escaped ?? field)
    if (!declared) continue
    if (escaped !== undefined) fields.set(escaped, declared)
    // Defaults are filled in by the server.
    if (needed.has(field) && child.default === undefined) least += Buffer.byteLength(field) + declared.least + 4
  }
  return { type: structType(name), most: 0, least, fields }
}

/** What expressions may name when they are given these variables. */
export function scopeOf(variables: Readonly<Record<string, Type>>, roots: readonly Declared[], more: Partial<CelScope> = {}): CelScope {
  const structs = new Map<string, ReadonlyMap<string, Declared>>()
  const note = ({ type, fields, items }: Declared): void => {
    spend(3)
    if (fields && !structs.has(type.name)) structs.set(type.name, fields)
    for (const field of fields?.values() ?? []) note(field)
    if (items) note(items)
  }
  for (const root of roots) note(root)
  return {
    variable: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
    fields(struct) {
      const fields = structs.get(struct)
      return fields && ((name) => fields.get(escapedWord(name) ?? name)?.type)
    },
    made: new Set(structs.keys()),
    ...more,
  }
}
