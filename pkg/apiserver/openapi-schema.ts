// Schemas as OpenAPI writes them, in the dialects of version 2 and 3, and the closure of what a document needs.
import { isJsonObject } from '../api/json.ts'
import type { JsonObject } from '../api/json.ts'
import { apiVersionOf } from '../api/object.ts'
import { definitionNamed, objectMetaSchema } from '../api/schema-table.ts'
import type { AnySchema, Field, ListSchema, ObjectSchema, ScalarFormat, Schema } from '../api/schema.ts'
import type { Definition } from '../registry/definition.ts'

/** Texts by definition name; '' is the type's own, other keys are its fields'. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
const named: Partial<Record<ScalarFormat, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity', 'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: `${meta}Time`, 'micro-time': `${meta}MicroTime`, duration: `${meta}Duration`,
}
const plain: Partial<Record<ScalarFormat, JsonObject>> = {
  string: { type: 'string' }, boolean: { type: 'boolean' }, int32: { type: 'integer', format: 'int32' }, int64: { type: 'integer', format: 'int64' },
  uint32: { type: 'integer', format: 'int64' }, uint64: { type: 'integer', format: 'int64' }, double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}
const leaves: Readonly<Record<2 | 3, Readonly<Record<string, JsonObject>>>> = {
  2: {
    [named.quantity ?? '']: { type: 'string' }, [named['int-or-string'] ?? '']: { type: 'string', format: 'int-or-string' },
    [named.time ?? '']: { type: 'string', format: 'date-time' }, [named['micro-time'] ?? '']: { type: 'string', format: 'date-time' }, [named.duration ?? '']: { type: 'string' },
  },
  3: {
    [named.quantity ?? '']: { oneOf: [{ type: 'string' }, { type: 'number' }] }, [named['int-or-string'] ?? '']: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
    [named.time ?? '']: { type: 'string', format: 'date-time' }, [named['micro-time'] ?? '']: { type: 'string', format: 'date-time' }, [named.duration ?? '']: { type: 'string' },
  },
}

export const patchName = `${meta}Patch`
export const deleteOptionsName = `${meta}DeleteOptions`
export const statusName = `${meta}Status`

/** The name of a kind's definition: the table's own, or a custom resource's, `com.example.v1.Foo`. */
export function definitionName({ resource: { group, version, kind }, schema }: Definition): string {
  return schema.name ?? `${group.split('.').reverse().join('.')}.${version}.${kind}`
}

/** Collects the definitions of one document: what is referred to is worked out when it is taken, one definition a time. */
export class SchemaCollector {
  readonly #known = new Set<string>()
  readonly #waiting = new Map<string, () => JsonObject>()
  readonly #dialect: 2 | 3
  readonly #descriptions: Descriptions

  constructor(dialect: 2 | 3, descriptions: Descriptions = {}) {
    this.#dialect = dialect
    this.#descriptions = descriptions
  }

  ref(name: string): JsonObject {
    return { $ref: `#/${this.#dialect === 2 ? 'definitions' : 'components/schemas'}/${name}` }
  }

  /** A kind and its list. */
  addKind(definition: Definition): void {
    const name = definitionName(definition)
    const { group, version, kind } = definition.resource
    const { published } = definition
    if (published) this.#await(name, () => this.#custom(definition, published))
    else this.#add(name, definition.schema, { group, version, kind })
    if (definition.verbs.includes('list')) this.#await(`${name}List`, () => this.#list(name, { group, version, kind: definition.listKind }))
  }

  /** The next definition that nobody has taken yet; taking it may bring more. */
  take(): readonly [name: string, definition: JsonObject] | undefined {
    for (const [name, make] of this.#waiting) {
      this.#waiting.delete(name)
      return [name, make()]
    }
    return undefined
  }

  #await(name: string, make: () => JsonObject): void {
    this.#known.add(name)
    this.#waiting.set(name, make)
  }

  /** A type of the built-in table, such as the body of a subresource. */
  addNamed(name: string, kind?: Kind): JsonObject {
    const schema = definitionNamed(name)
    if (schema) this.#add(name, schema, kind)
    else if (name === patchName && !this.#known.has(name)) this.#await(name, () => ({ type: 'object', description: 'Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.' }))
    return this.ref(name)
  }

  #add(name: string, schema: ObjectSchema, kind?: Kind): void {
    if (this.#known.has(name) && !(kind && this.#waiting.has(name))) return
    const texts = this.#descriptions[name] ?? {}
    this.#await(name, () => ({
      ...this.#described(texts['']), type: 'object', ...this.#members(schema, texts),
      ...(kind ? { 'x-kubernetes-group-version-kind': [{ group: kind.group, kind: kind.kind, version: kind.version }] } : {}),
    }))
  }

  #described(text: string | undefined): JsonObject {
    return text === undefined ? {} : { description: text }
  }

  /** For a field without a text of its own: what its type says of itself. */
  #typeText(schema: Schema): string | undefined {
    return schema.type === 'object' && schema.name !== undefined ? this.#descriptions[schema.name]?.[''] : undefined
  }

  #members(schema: ObjectSchema, texts: Readonly<Record<string, string>>): JsonObject {
    const fields = [...schema.fields.values()]
    const required = fields.filter((field) => field.required).map((field) => field.name)
    return {
      ...(required.length > 0 ? { required } : {}),
      ...(fields.length > 0 ? { properties: Object.fromEntries(fields.map((field) => [field.name, this.#property(field, texts[field.name])])) } : {}),
      ...(schema.preserveUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
      ...(schema.mapType ? { 'x-kubernetes-map-type': schema.mapType } : {}),
    }
  }

  #property(field: Field, text: string | undefined): JsonObject {
    const body = this.schema(field.schema)
    const extras: JsonObject = {
      ...this.#described(text ?? field.schema.description ?? this.#typeText(field.schema)),
      ...(field.default !== undefined ? { default: field.default } : {}),
      ...(field.patchStrategy ? { 'x-kubernetes-patch-strategy': field.patchStrategy } : {}),
      ...(field.schema.type === 'object' && field.schema.mapType === 'granular' ? { 'x-kubernetes-map-type': 'granular' } : {}),
    }
    // Version 3 ignores what stands beside a $ref.
    if (this.#dialect === 3 && '$ref' in body && Object.keys(extras).length > 0) return { ...extras, allOf: [body] }
    return { ...body, ...extras }
  }

  schema(schema: Schema): JsonObject {
    switch (schema.type) {
      case 'scalar': return this.#scalar(schema.format, schema.enum)
      case 'any': return this.#any(schema)
      case 'list': return this.#listOf(schema)
      case 'map': return { type: 'object', additionalProperties: this.schema(schema.values), ...(schema.mapType ? { 'x-kubernetes-map-type': schema.mapType } : {}) }
      case 'object': return this.#object(schema)
    }
  }

  #object(schema: ObjectSchema): JsonObject {
    if (schema.name === undefined) return { ...this.#described(schema.description), type: 'object', ...this.#members(schema, {}) }
    this.#add(schema.name, schema)
    return this.ref(schema.name)
  }

  #scalar(format: ScalarFormat, values?: readonly string[]): JsonObject {
    const name = named[format]
    if (!name) return { ...plain[format], ...(values ? { enum: values } : {}) }
    if (!this.#known.has(name)) this.#await(name, () => ({ ...this.#described(this.#descriptions[name]?.['']), ...leaves[this.#dialect][name] }))
    return this.ref(name)
  }

  #any(schema: AnySchema): JsonObject {
    return schema.wire === 'raw' ? { type: 'object' } : {}
  }

  #listOf(schema: ListSchema): JsonObject {
    return {
      type: 'array', items: this.schema(schema.items), 'x-kubernetes-list-type': schema.listType ?? 'atomic',
      ...(schema.listMapKeys ? { 'x-kubernetes-list-map-keys': schema.listMapKeys } : {}),
      ...(schema.patchMergeKey ? { 'x-kubernetes-patch-merge-key': schema.patchMergeKey } : {}),
      ...(schema.patchStrategy ? { 'x-kubernetes-patch-strategy': schema.patchStrategy } : {}),
    }
  }

  #list(name: string, { group, version, kind }: Kind): JsonObject {
    return {
      type: 'object', description: `${kind} is a list of ${kind.replace(/List$/, '')}`, required: ['items'],
      properties: {
        ...this.#typeMeta(),
        items: { type: 'array', items: this.ref(name) },
        metadata: this.addNamed(`${meta}ListMeta`),
      },
      'x-kubernetes-group-version-kind': [{ group, kind, version }],
    }
  }

  #typeMeta(): JsonObject {
    const texts = this.#descriptions[deleteOptionsName] ?? {}
    return { apiVersion: { ...this.#described(texts['apiVersion']), type: 'string' }, kind: { ...this.#described(texts['kind']), type: 'string' } }
  }

  /** A custom resource as its CRD states it, with what every object has. */
  #custom({ resource: { group, version, kind } }: Definition, published: JsonObject): JsonObject {
    const ofKind = { 'x-kubernetes-group-version-kind': [{ group, kind, version }] }
    // In version 2 a schema that states any field forbids all others, whatever else it says.
    if (this.#dialect === 2 && published['x-kubernetes-preserve-unknown-fields'] === true) return { type: 'object', ...ofKind }
    const schema = this.#dialect === 2 ? forVersion2(published) : this.#embedded(published)
    const properties = isJsonObject(schema['properties']) ? schema['properties'] : {}
    this.#add(`${meta}ObjectMeta`, objectMetaSchema())
    const metadata = this.#dialect === 3 ? { allOf: [this.ref(`${meta}ObjectMeta`)] } : this.ref(`${meta}ObjectMeta`)
    return {
      ...schema, type: 'object',
      properties: { ...this.#typeMeta(), ...properties, metadata: { description: `Standard object's metadata of ${apiVersionOf({ group, version })} ${kind}.`, ...metadata } },
      ...ofKind,
    }
  }

  /** Objects embedded in custom resources have type and metadata. */
  #embedded(schema: JsonObject): JsonObject {
    return mapSchema(schema, (part) => {
      if (part['x-kubernetes-embedded-resource'] !== true) return part
      const properties = isJsonObject(part['properties']) ? part['properties'] : {}
      return { ...part, properties: { ...properties, ...this.#typeMeta(), metadata: { allOf: [this.ref(`${meta}ObjectMeta`)] } } }
    })
  }
}

/** What version 2 has no words for is left out, so that old clients do not refuse what the server would take. */
function forVersion2(published: JsonObject): JsonObject {
  return mapSchema(published, (part, original) => {
    const { oneOf: _oneOf, anyOf: _anyOf, allOf: _allOf, not: _not, nullable, ...rest } = part
    const open = nullable === true || rest['x-kubernetes-preserve-unknown-fields'] === true || rest['x-kubernetes-int-or-string'] === true
    if (!open) return withoutNullable(rest, original)
    const { type: _type, properties: _properties, items: _items, additionalProperties: _additional, ...shell } = rest
    return shell
  })
}

/** Required, but null is a value: version 2 cannot say it. */
function withoutNullable({ required, ...part }: JsonObject, { properties }: JsonObject): JsonObject {
  if (!Array.isArray(required)) return part
  const left = required.filter((name: string) => !(isJsonObject(properties) && isJsonObject(properties[name]) && properties[name]['nullable'] === true))
  return left.length > 0 ? { ...part, required: left } : part
}

/** Innermost first; `original` is the part before its own parts were changed. */
function mapSchema(schema: JsonObject, change: (part: JsonObject, original: JsonObject) => JsonObject): JsonObject {
  const result: JsonObject = { ...schema }
  const child = (value: unknown): unknown => (isJsonObject(value) ? mapSchema(value, change) : value)
  if (isJsonObject(result['properties'])) result['properties'] = Object.fromEntries(Object.entries(result['properties']).map(([name, value]) => [name, child(value)]))
  if (result['items'] !== undefined) result['items'] = child(result['items'])
  if (result['additionalProperties'] !== undefined) result['additionalProperties'] = child(result['additionalProperties'])
  return change(result, schema)
}
