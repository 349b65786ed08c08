// The schema of a type: one value that drives decoding, defaults, pruning, merges, apply, OpenAPI and explain. Built-in kinds and CRDs make the same value.

export type Schema = ObjectSchema | MapSchema | ListSchema | ScalarSchema | AnySchema

interface Described {
  readonly description?: string
  readonly nullable?: boolean
}

/** An object with known fields. */
export interface ObjectSchema extends Described {
  readonly type: 'object'
  /** Definition name as OpenAPI v3 has it, such as `io.k8s.api.core.v1.PodSpec`; undefined inside a CRD. */
  readonly name?: string
  /** The Go type's short name (`PodSpec`), for decoding errors. */
  readonly goName?: string
  readonly fields: ReadonlyMap<string, Field>
  /** Unknown fields are kept (x-kubernetes-preserve-unknown-fields). */
  readonly preserveUnknown?: boolean
  /** `atomic`: one owner for the whole object in server-side apply. */
  readonly mapType?: 'atomic' | 'granular'
  /** Messages on the wire whose fields are fields of this object in JSON (Go's inline). */
  readonly inlines?: readonly { readonly number: number; readonly schema: ObjectSchema }[]
}

/** A JSON object with free keys and values of one schema. */
export interface MapSchema extends Described {
  readonly type: 'map'
  readonly values: Schema
  readonly mapType?: 'atomic' | 'granular'
}

export interface ListSchema extends Described {
  readonly type: 'list'
  readonly items: Schema
  /** Server-side apply: undefined means atomic. */
  readonly listType?: 'atomic' | 'set' | 'map'
  readonly listMapKeys?: readonly string[]
  /** Strategic merge: `merge`, `replace`, `retainKeys` or both, comma-separated. */
  readonly patchStrategy?: string
  readonly patchMergeKey?: string
}

export type ScalarFormat =
  | 'string' | 'boolean' | 'int32' | 'int64' | 'uint32' | 'uint64' | 'double' | 'bytes'
  | 'quantity' | 'int-or-string' | 'time' | 'micro-time' | 'duration'

export interface ScalarSchema extends Described {
  readonly type: 'scalar'
  readonly format: ScalarFormat
  readonly enum?: readonly string[]
}

/** Any JSON: RawExtension, FieldsV1, JSON, JSONSchemaPropsOrBool … */
export interface AnySchema extends Described {
  readonly type: 'any'
  /** How protobuf carries it: embedded JSON bytes in field 1 (RawExtension, FieldsV1), or a union message. */
  readonly wire?: 'raw' | 'json' | 'props-or-bool' | 'props-or-array' | 'props-or-strings'
}

export interface Field {
  readonly name: string
  /** Protobuf number; 0 in a CRD. */
  readonly number: number
  readonly schema: Schema
  /** Must be present (OpenAPI's `required`). */
  readonly required?: boolean
  /** A pointer in Go: a zero on the wire is kept. */
  readonly pointer?: boolean
  /** A zero value is dropped. */
  readonly omitEmpty?: boolean
  /** Default that the type itself declares, as JSON. */
  readonly default?: unknown
  /** Strategic merge of an object: `retainKeys`. Lists carry theirs in the schema. */
  readonly patchStrategy?: string
}
