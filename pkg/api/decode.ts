// Request bodies to objects: JSON, YAML or protobuf by content type, then checked against the kind that the URL names.
import { DecodingError } from './conform.ts'
import { conformParts } from './conform-parts.ts'
import { decodeMessage, decodeMessageParts, readEnvelope, type Envelope } from './decode-protobuf.ts'
import { readJsonParts } from './json-reader.ts'
import { hasDuplicateKeys, JsonSyntaxError, keysInParts, keysOf, parseJson } from './json-text.ts'
import type { KeyOccurrence } from './json-text.ts'
import { checkType, isTaken, notRegistered, statedType, typeFault, unhandled, unrecognized, type StatedType, type TargetType } from './decode-type.ts'
import { apiVersionOf, splitApiVersion } from './object.ts'
import type { KubeObject } from './object.ts'
import { ProtobufError } from './protobuf-wire.ts'
import type { DeleteOptions } from './request.ts'
import { deleteOptionsSchema, schemaOf } from './schema-table.ts'
import type { ObjectSchema } from './schema.ts'
import { StatusError, badRequest } from './status-error.ts'
import { YamlSyntaxError, readYaml } from './yaml-text.ts'
import { atOnce, type Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'

export type BodyFormat = 'json' | 'yaml' | 'protobuf'
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface DecodedBody {
  readonly format: BodyFormat
  /** As it came. */
  readonly bytes: Uint8Array
  /** Plain JSON, not shared with anyone. */
  readonly value: unknown
  /** JSON only, and only where a key stands twice: every key in the order of the text. */
  readonly keys: readonly KeyOccurrence[]
  /** YAML only: `line 11: key "foo" already set in map`. */
  readonly duplicateLines: readonly string[]
}

const formats: Readonly<Record<string, BodyFormat>> = {
  'application/json': 'json', 'application/yaml': 'yaml', 'application/vnd.kubernetes.protobuf': 'protobuf',
}

export const unsupportedMediaType = (accepted: readonly string[] = Object.keys(formats)): StatusError =>
  new StatusError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`)

/** What may follow a media type: `; charset=utf-8`. */
const parametersPattern = /^[^;]*(?:;\s*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\]|\\.)*")\s*)*(?:;\s*)?$/

/** The format that a Content-Type names; JSON if there is none. Fails with 415. */
export function bodyFormat(contentType: string | undefined): BodyFormat {
  if (!contentType || contentType === 'application/json') return 'json'
  const type = contentType.split(';')[0]!.trim().toLowerCase()
  const format = Object.hasOwn(formats, type) && parametersPattern.test(contentType) ? formats[type] : undefined
  if (!format) throw unsupportedMediaType()
  return format
}

/** What the schema of a protobuf body is; the built-in table unless the caller knows more. */
export type SchemaLookup = (apiVersion: string, kind: string) => ObjectSchema | undefined

const builtin: SchemaLookup = (apiVersion, kind) => {
  if (kind === 'DeleteOptions') return deleteOptionsSchema()
  const [group, version] = splitApiVersion(apiVersion)
  return schemaOf(group, version, kind)
}

/** YAML that somebody else has read: a value or its JSON text, or why it is no YAML. */
export type YamlText = { readonly value: string; readonly duplicates: readonly string[] } | { readonly read: unknown } | YamlSyntaxError

/** YAML that is JSON as well, as most programs send it; undefined for what has to be read as YAML. */
export function* jsonInYaml(text: string): Parts<{ readonly read: unknown } | undefined> {
  if (!text.startsWith('{')) return undefined
  try {
    const { value, hasDuplicates } = yield* readJsonParts(text)
    return hasDuplicates ? undefined : { read: value }
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined
    throw error
  }
}

interface BodyOptions {
  /** What the URL takes. */
  readonly target?: TargetType & { readonly schema?: ObjectSchema }
  /** What a long YAML body says. */
  readonly yaml?: YamlText
  readonly schemas?: SchemaLookup
}

/** Fails with 415 or 400. */
export function decodeBody(bytes: Uint8Array, contentType: string | undefined, options: BodyOptions = {}): DecodedBody {
  return atOnce(decodeBodyParts(bytes, contentType, options))
}

/** Bodies up to this length are decoded in one go. */
const shortBytes = 64 * 1024

export function* decodeBodyParts(bytes: Uint8Array, contentType: string | undefined, options: BodyOptions = {}): Parts<DecodedBody> {
  try {
    return yield* decodeText(bytes, contentType, options)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw unrecognized(jsonFaultText(error), bytes, options.target?.kind)
    if (error instanceof YamlSyntaxError || error instanceof ProtobufError) throw unrecognized(error.message, bytes, options.target?.kind)
    throw error
  }
}

const jsonFaultText = ({ message }: JsonSyntaxError): string => `couldn't get version/kind; json parse error: ${message}`

function* decodeText(bytes: Uint8Array, contentType: string | undefined, options: BodyOptions): Parts<DecodedBody> {
  const format = bodyFormat(contentType)
  if (bytes.length <= shortBytes && !options.yaml) return decodeAs(format, bytes, options)
  return yield* decodeLong(format, bytes, options)
}

function decodeAs(format: BodyFormat, bytes: Uint8Array, options: BodyOptions): DecodedBody {
  if (format === 'protobuf') return { format, bytes, value: decodeProtobuf(bytes, options), keys: [], duplicateLines: [] }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (format === 'yaml') {
    const { value, duplicates } = readYaml(text)
    return { format, bytes, value, keys: [], duplicateLines: duplicates }
  }
  const value = parseJson(text)
  return { format, bytes, value, keys: hasDuplicateKeys(text, value) ? keysOf(text) : [], duplicateLines: [] }
}

/** Slower, and with places to pause. */
function* decodeLong(format: BodyFormat, bytes: Uint8Array, options: BodyOptions): Parts<DecodedBody> {
  const { yaml } = options
  if (format === 'yaml' && yaml) return { format, bytes, value: yield* yamlValue(yaml), keys: [], duplicateLines: 'duplicates' in yaml ? yaml.duplicates : [] }
  if (format === 'protobuf') return { format, bytes, value: yield* protobufParts(bytes, options), keys: [], duplicateLines: [] }
  if (format !== 'json') return decodeAs(format, bytes, options)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  yield
  const { value, hasDuplicates } = yield* readJsonParts(text)
  return { format, bytes, value, keys: hasDuplicates ? yield* keysInParts(text) : [], duplicateLines: [] }
}

/** Fails with YamlSyntaxError. */
export function* yamlValue(yaml: YamlText): Parts<unknown> {
  if (yaml instanceof YamlSyntaxError) throw yaml
  if ('read' in yaml) return yaml.read
  return (yield* readJsonParts(yaml.value)).value
}

function decodeProtobuf(bytes: Uint8Array, options: BodyOptions): unknown {
  const { apiVersion, kind, message, schema } = envelope(bytes, options)
  try {
    return { apiVersion, kind, ...decodeMessage(message, schema) }
  } catch (error) {
    throw unreadable(error, { apiVersion, kind }, options)
  }
}

function* protobufParts(bytes: Uint8Array, options: BodyOptions): Parts<unknown> {
  const { apiVersion, kind, message, schema } = envelope(bytes, options)
  try {
    return { apiVersion, kind, ...yield* decodeMessageParts(message, schema) }
  } catch (error) {
    throw unreadable(error, { apiVersion, kind }, options)
  }
}

/** Of a message whose type is known. */
const unreadable = (error: unknown, stated: StatedType, { target }: BodyOptions): unknown =>
  (target && error instanceof ProtobufError ? unhandled(target, stated, error.message) : error)

function envelope(bytes: Uint8Array, { schemas = builtin, target }: BodyOptions): Envelope & { readonly schema: ObjectSchema } {
  const found = readEnvelope(bytes)
  const stated = target ? statedType(found, target) : found
  const schema = schemas(stated.apiVersion, stated.kind) ?? (target && stated.kind === target.kind && isTaken(stated.apiVersion, target) ? target.schema : undefined)
  if (schema) return { ...found, ...stated, schema }
  if (!target) throw new ProtobufError(notRegistered(stated.kind, stated.apiVersion))
  throw unhandled(target, stated, target.schema?.goName === undefined ? 'Object \'Kind\' is missing in \'object has no kind field \'' : notRegistered(stated.kind, stated.apiVersion))
}

export interface DecodeTarget extends TargetType {
  readonly schema: ObjectSchema
}

export interface DecodeOptions {
  readonly fieldValidation?: FieldValidation
  readonly warn?: (text: string) => void
}

/** The object that a create or update sends. Fails with 400. */
export function decodeObject(body: DecodedBody, target: DecodeTarget, options: DecodeOptions = {}): KubeObject {
  return atOnce(decodeObjectParts(body, target, options))
}

export function* decodeObjectParts(body: DecodedBody, target: DecodeTarget, options: DecodeOptions = {}): Parts<KubeObject> {
  const { value } = body
  const apiVersion = apiVersionOf(target)
  checkType(value, target, { bytes: body.bytes, ...options })
  try {
    // A body is nobody else's, and to copy one with very many members takes long.
    const typed = isHeavy(value) ? Object.assign(value as object, { apiVersion, kind: target.kind }) : { ...value as object | null, apiVersion, kind: target.kind }
    const { object, unknown } = yield* conformParts(typed, target.schema)
    report(yield* strictFaultsParts(body, unknown), target, options)
    return object as unknown as KubeObject
  } catch (error) {
    if (error instanceof DecodingError) throw unhandled(target, { kind: target.kind, apiVersion }, error.message)
    throw error
  }
}

/** Upstream stops at as many. */
const maxFaults = 100

type FaultSource = Pick<DecodedBody, 'format' | 'keys' | 'duplicateLines'>

/** What strict validation finds, in the order of the body: `unknown field "spec.foo"`, `duplicate field "spec.replicas"`. */
export function strictFaults(body: FaultSource, unknown: readonly string[]): string[] {
  return atOnce(strictFaultsParts(body, unknown))
}

const keysAtOnce = 4096

export function* strictFaultsParts(body: FaultSource, unknown: readonly string[]): Parts<string[]> {
  if (body.format === 'protobuf') return []
  const faults = new Set<string>()
  if (body.duplicateLines.length > 0) faults.add(`${yamlFaults}  ${body.duplicateLines.slice(0, maxFaults).join('\n  ')}`)
  if (body.format === 'yaml' || !body.keys.some((key) => key.duplicate)) {
    for (const path of unknown.slice(0, maxFaults)) faults.add(`unknown field ${JSON.stringify(path)}`)
    return [...faults].slice(0, maxFaults)
  }
  const pending = new Set(unknown)
  const isBelow = below(pending)
  let last = ''
  let count = 0
  for (const { path, duplicate } of body.keys) {
    if (faults.size >= maxFaults) break
    if (++count % keysAtOnce === 0) yield
    if (path === last) continue
    if (pending.has(path)) faults.add(`unknown field ${JSON.stringify(path)}`)
    else if (duplicate && !isBelow(path)) faults.add(`duplicate field ${JSON.stringify(path)}`)
    else continue
    last = path
  }
  return [...faults]
}

const mostKnown = 1000

/** Whether a path leads below one of others. */
function below(parents: ReadonlySet<string>): (path: string) => boolean {
  const known = new Map<string, boolean>()
  const isBelow = (path: string): boolean => {
    const end = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))
    if (end <= 0) return false
    const head = path.slice(0, end)
    let answer = known.get(head)
    if (answer === undefined) {
      answer = parents.has(head) || isBelow(head)
      if (known.size === mostKnown) known.clear()
      known.set(head, answer)
    }
    return answer
  }
  return parents.size === 0 ? () => false : isBelow
}

/** Warns of the faults, or fails with 400 under Strict. */
function report(faults: readonly string[], target: DecodeTarget, { fieldValidation = 'Warn', warn }: DecodeOptions): void {
  if (faults.length === 0 || fieldValidation === 'Ignore') return
  if (fieldValidation === 'Strict') throw unhandled(target, { kind: target.kind, apiVersion: apiVersionOf(target) }, `strict decoding error: ${faults.join(', ')}`)
  for (const text of warningsOf(faults)) warn?.(text)
}

const yamlFaults = 'yaml: unmarshal errors:\n'

/** The lines of what is wrong with YAML are told one by one. */
export const warningsOf = (faults: readonly string[]): string[] =>
  faults.flatMap((fault) => (fault.startsWith(yamlFaults) ? fault.slice(yamlFaults.length).split('\n').map((line) => line.trim()) : [fault])).slice(0, maxFaults)

/** Checks the query parameter. Fails with 422. */
export function fieldValidationOf(text: string | undefined, optionsKind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'): FieldValidation {
  if (text === undefined || text === '') return 'Warn'
  if (text === 'Ignore' || text === 'Warn' || text === 'Strict') return text
  const fault = `Unsupported value: ${JSON.stringify(text)}: supported values: "", "Ignore", "Strict", "Warn"`
  throw new StatusError(422, 'Invalid', `${optionsKind}.meta.k8s.io "" is invalid: fieldValidation: ${fault}`, {
    group: 'meta.k8s.io', kind: optionsKind, causes: [{ reason: 'FieldValueNotSupported', message: fault, field: 'fieldValidation' }],
  })
}

/** The body of a DELETE; an empty one is no options. Fails with 400 or 415. */
export function* decodeDeleteOptions(bytes: Uint8Array, contentType: string | undefined, yaml?: YamlText): Parts<DeleteOptions & { readonly dryRun?: readonly string[] }> {
  if (bytes.length === 0) return {}
  const { value } = yield* deletionBody(bytes, contentType, yaml)
  const fault = typeFault(value)
  if (fault !== undefined) throw badRequest(fault)
  const { kind, apiVersion } = statedType(value, deletion)
  if (kind !== deletion.kind) throw badRequest(notRegistered(kind, apiVersion, optionsScheme))
  if (value === null) return {}
  try {
    const { apiVersion: _apiVersion, kind: _kind, ...options } = (yield* conformParts(value, deleteOptionsSchema())).object
    return options as DeleteOptions & { dryRun?: string[] }
  } catch (error) {
    if (error instanceof DecodingError) throw badRequest(error.message)
    throw error
  }
}

/** Of any version. */
const deletion = { group: '', version: 'v1', kind: 'DeleteOptions' }
const optionsScheme = '"pkg/apis/meta/internalversion/scheme/register.go:27"'

/** What is no JSON or protobuf is told without a word of what was expected. */
function* deletionBody(bytes: Uint8Array, contentType: string | undefined, yaml: YamlText | undefined): Parts<DecodedBody> {
  try {
    return yield* decodeText(bytes, contentType, yaml ? { yaml } : {})
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badRequest(jsonFaultText(error))
    if (error instanceof YamlSyntaxError || error instanceof ProtobufError) throw badRequest(error.message)
    throw error
  }
}
