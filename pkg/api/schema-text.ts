// Reads the text notation of built-in types into blocks; schema-table.ts links them.
//
//   Deployment kind                     a type; `kind` adds apiVersion and kind, `atomic` gives the whole object one owner in apply
//     1 metadata? meta.ObjectMeta       protobuf number, JSON name, type; `?` drops the zero value (Go's omitempty)
//     2 replicas? *int32                `*` is a pointer: a zero that was sent is kept
//     3 template PodTemplateSpec required
//     4 ...VolumeSource                 the child's fields are fields of this object in JSON, a message on the wire
//     5 args? []string                  an atomic list
//     6 finalizers? [set]string         a set
//     7 ports? [port,protocol]Port      a map keyed by those fields
//     8 labels? {}string                a JSON object; `{atomic}string` has one owner
//     9 claimRef? *ObjectReference@granular    the type, but with owners by field
//   Words behind the type: `required` (OpenAPI's word), `default=JSON`, and the strategic merge as
//   `merge`, `merge=key`, `replace`, `retainKeys` or `merge,retainKeys=key`.
//   A type of another group is written `core.PodSpec`, `autoscalingv2.X`; scalars and JSON values start in lower case.

export interface TypeText {
  readonly name: string
  readonly kind: boolean
  readonly atomic: boolean
  readonly fields: readonly FieldText[]
}

export interface FieldText {
  readonly number: number
  /** Empty for an inline field. */
  readonly name: string
  readonly omitEmpty: boolean
  readonly type: TypeReference
  readonly required: boolean
  readonly default?: unknown
  readonly patchStrategy?: string
  readonly patchMergeKey?: string
}

export interface TypeReference {
  readonly pointer: boolean
  /** What stands between [] or {}, outermost first. */
  readonly containers: readonly { readonly kind: 'list' | 'map'; readonly mark: string }[]
  readonly base: string
  /** What stands behind @. */
  readonly mapType?: 'atomic' | 'granular'
}

/** One block a type, blocks apart by an empty line. */
export function readTypes(text: string): TypeText[] {
  return text.trim().split('\n\n').map(readType)
}

function readType(block: string): TypeText {
  const [head = '', ...lines] = block.split('\n')
  const [name = '', ...words] = head.split(' ')
  return { name, kind: words.includes('kind'), atomic: words.includes('atomic'), fields: lines.map(readField) }
}

function readField(line: string): FieldText {
  const [number = '', second = '', ...rest] = line.trim().split(' ')
  if (second.startsWith('...')) {
    return { number: Number(number), name: '', omitEmpty: false, type: readReference(second.slice(3)), required: false }
  }
  const [type = '', ...words] = rest
  const omitEmpty = second.endsWith('?')
  let field: FieldText = {
    number: Number(number), name: omitEmpty ? second.slice(0, -1) : second, omitEmpty,
    type: readReference(type), required: words.includes('required'),
  }
  for (const word of words) {
    const [key = '', value] = splitOnce(word, '=')
    if (key === 'default') field = { ...field, default: JSON.parse(value ?? 'null') as unknown }
    else if (key !== 'required') field = { ...field, patchStrategy: key, ...(value ? { patchMergeKey: value } : {}) }
  }
  return field
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function readReference(text: string): TypeReference {
  const pointer = text.startsWith('*')
  let rest = pointer ? text.slice(1) : text
  const containers: { kind: 'list' | 'map'; mark: string }[] = []
  for (;;) {
    const match = /^(?:\[([^\]]*)\]|\{([^}]*)\})/.exec(rest)
    if (!match) break
    containers.push(match[1] !== undefined ? { kind: 'list', mark: match[1] } : { kind: 'map', mark: match[2] ?? '' })
    rest = rest.slice(match[0].length)
  }
  const [base, mapType] = splitOnce(rest, '@')
  return { pointer, containers, base, ...(mapType === 'atomic' || mapType === 'granular' ? { mapType } : {}) }
}
