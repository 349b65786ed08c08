// A CRD's openAPIV3Schema as the Schema value that all other code works with: what is known below each field, of what kind, merged how.
import type { JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'
import { objectMetaSchema } from './schema-table.ts'
import type { Field, ListSchema, ObjectSchema, ScalarFormat, Schema } from './schema.ts'

/** JSONSchemaProps, as far as structural schemas go. */
export interface JsonSchemaProps {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly title?: string
  readonly default?: unknown
  readonly nullable?: boolean
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchemaProps>>
  readonly additionalProperties?: boolean | JsonSchemaProps
  readonly items?: JsonSchemaProps
  readonly allOf?: readonly JsonSchemaProps[]
  readonly anyOf?: readonly JsonSchemaProps[]
  readonly oneOf?: readonly JsonSchemaProps[]
  readonly not?: JsonSchemaProps
  readonly externalDocs?: unknown
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[]
}

/** A rule in CEL. */
export interface ValidationRule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

/** The root of a custom resource: its schema, and what every object has. */
export function customObjectSchema(props: JsonSchemaProps): ObjectSchema {
  const root = objectOf(props)
  const schema = { ...root, fields: withMeta(root.fields) }
  sources.set(schema, props)
  return schema
}

const sources = new WeakMap<ObjectSchema, JsonSchemaProps>()

/** What `customObjectSchema` made a schema of. */
export const propsOfSchema = (schema: ObjectSchema): JsonSchemaProps | undefined => sources.get(schema)

const text: Schema = { type: 'scalar', format: 'string' }
const field = (name: string, schema: Schema): Field => ({ name, number: 0, schema, pointer: true })

/** Type and metadata of a whole object are ours, whatever the CRD says of them. */
function withMeta(fields: ReadonlyMap<string, Field>): ReadonlyMap<string, Field> {
  const result = new Map([field('apiVersion', text), field('kind', text), field('metadata', objectMetaSchema())].map((one) => [one.name, one]))
  for (const [name, one] of fields) if (!result.has(name)) result.set(name, one)
  return result
}

export function schemaOfProps(props: JsonSchemaProps): Schema {
  const described = { ...(props.description ? { description: props.description } : {}), ...(props.nullable ? { nullable: true } : {}) }
  return { ...bare(props), ...described }
}

function bare(props: JsonSchemaProps): Schema {
  if (props['x-kubernetes-int-or-string']) return { type: 'scalar', format: 'int-or-string' }
  switch (props.type) {
    case 'object': return objectOrMap(props)
    case 'array': return listOf(props)
    case 'string': return { type: 'scalar', format: 'string' }
    case 'boolean': return { type: 'scalar', format: 'boolean' }
    case 'integer': return { type: 'scalar', format: integerFormat(props.format) }
    case 'number': return { type: 'scalar', format: 'double' }
    // Without a type anything goes; what is known of it is known nevertheless.
    default: return props.properties ? objectOf(props) : { type: 'any' }
  }
}

const integerFormat = (format: string | undefined): ScalarFormat => (format === 'int32' ? 'int32' : 'int64')

const mapTypeOf = ({ 'x-kubernetes-map-type': mapType }: JsonSchemaProps): { mapType?: 'atomic' | 'granular' } =>
  (mapType === 'atomic' || mapType === 'granular' ? { mapType } : {})

function objectOrMap(props: JsonSchemaProps): Schema {
  const { additionalProperties } = props
  if (props.properties || !additionalProperties || props['x-kubernetes-embedded-resource']) return objectOf(props)
  const values: Schema = additionalProperties === true ? { type: 'any' } : schemaOfProps(additionalProperties)
  return { type: 'map', values, ...mapTypeOf(props) }
}

function objectOf(props: JsonSchemaProps): ObjectSchema {
  const needed = new Set(props.required)
  const fields = new Map<string, Field>()
  for (const [name, child] of Object.entries(props.properties ?? {})) {
    fields.set(name, fieldOf(name, child, needed.has(name)))
  }
  return {
    type: 'object', fields: props['x-kubernetes-embedded-resource'] ? withMeta(fields) : fields,
    ...(props['x-kubernetes-preserve-unknown-fields'] ? { preserveUnknown: true } : {}), ...mapTypeOf(props),
  }
}

/** What is below is looked at when it is asked for: of ten thousand fields an object has few. */
function fieldOf(name: string, props: JsonSchemaProps, required: boolean): Field {
  let known: Schema | undefined
  const made: { -readonly [K in keyof Field]: Field[K] } = {
    name, number: 0, pointer: true,
    // Its own and enumerable, so that it goes to other threads, too.
    get schema() {
      return (known ??= schemaOfProps(props))
    },
  }
  if (required) made.required = true
  if (props.default !== undefined) made.default = props.default
  return made
}

function listOf(props: JsonSchemaProps): ListSchema {
  const { 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': listMapKeys } = props
  return {
    type: 'list', items: props.items ? schemaOfProps(props.items) : { type: 'any' },
    ...(listType === 'set' || listType === 'map' || listType === 'atomic' ? { listType } : {}), ...(listMapKeys ? { listMapKeys } : {}),
  }
}

/**
 * Drops nulls of fields that can't be null, on a draft: a client that writes null means that there is nothing.
 * Fields with a default have been given theirs before.
 */
export function dropNulls(schema: Schema, value: unknown): void {
  if (schema.type === 'object' && schema.goName === undefined && isJsonObject(value)) {
    for (const one of schema.fields.values()) dropNullAt(value, one.name, one.schema)
  } else if (schema.type === 'map' && isJsonObject(value)) {
    for (const key of Object.keys(value)) dropNullAt(value, key, schema.values)
  } else if (schema.type === 'list' && Array.isArray(value)) {
    for (const item of value) dropNulls(schema.items, item)
  }
}

function dropNullAt(holder: JsonObject, key: string, schema: Schema): void {
  const value = holder[key]
  // What has no type may be null.
  if (value === null) {
    if (!schema.nullable && schema.type !== 'any') delete holder[key]
  } else if (typeof value === 'object') dropNulls(schema, value)
}
