// Request bodies to objects: JSON, YAML or protobuf by content type, then checked against the kind that the URL names.
import { DecodingError } from './conform.ts'
import { conformParts } from './conform-parts.ts'
import { decodeMessage, decodeMessageParts, readEnvelope, type Envelope } from './decode-protobuf.ts'
import { readJsonParts } from './json-reader.ts'
import { hasDuplicateKeys, JsonSyntaxError, keysInParts, keysOf, parseJson } from './json-text.ts'
import type { KeyOccurrence } from './json-text.ts'
import { isJsonObject } from './json.ts'
import { apiVersionOf } from './object.ts'
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

/** The format that a Content-Type names; JSON if there is none. Fails with 415. */
export function bodyFormat(contentType: string | undefined): BodyFormat {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === '') return 'json'
  const format = Object.hasOwn(formats, type) ? formats[type] : undefined
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

export function splitApiVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)]
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
  readonly kind?: string
  /** What a long YAML body says. */
  readonly yaml?: YamlText
  readonly schemas?: SchemaLookup
}

/** Fails with 415 or 400. `kind` is what the URL expects, for the text of errors. */
export function decodeBody(bytes: Uint8Array, contentType: string | undefined, options: BodyOptions = {}): DecodedBody {
  return atOnce(decodeBodyParts(bytes, contentType, options))
}

/** Bodies up to this length are decoded in one go. */
const shortBytes = 64 * 1024

export function* decodeBodyParts(bytes: Uint8Array, contentType: string | undefined, options: BodyOptions = {}): Parts<DecodedBody> {
  const format = bodyFormat(contentType)
  try {
    if (bytes.length <= shortBytes && !options.yaml) return decodeAs(format, bytes, options.schemas ?? builtin)
    return yield* decodeLong(format, bytes, options)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw unrecognized(`couldn't get version/kind; json parse error: ${error.message}`, bytes, options.kind)
    if (error instanceof YamlSyntaxError || error instanceof ProtobufError) throw unrecognized(error.message, bytes, options.kind)
    throw error
  }
}

function decodeAs(format: BodyFormat, bytes: Uint8Array, schemas: SchemaLookup): DecodedBody {
  if (format === 'protobuf') return { format, value: decodeProtobuf(bytes, schemas), keys: [], duplicateLines: [] }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (format === 'yaml') {
    const { value, duplicates } = readYaml(text)
    return { format, value, keys: [], duplicateLines: duplicates }
  }
  const value = parseJson(text)
  return { format, value, keys: hasDuplicateKeys(text, value) ? keysOf(text) : [], duplicateLines: [] }
}

/** Slower, and with places to pause. */
function* decodeLong(format: BodyFormat, bytes: Uint8Array, { schemas = builtin, yaml }: BodyOptions): Parts<DecodedBody> {
  if (format === 'yaml' && yaml) return { format, value: yield* yamlValue(yaml), keys: [], duplicateLines: 'duplicates' in yaml ? yaml.duplicates : [] }
  if (format === 'protobuf') return { format, value: yield* protobufParts(bytes, schemas), keys: [], duplicateLines: [] }
  if (format !== 'json') return decodeAs(format, bytes, schemas)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  yield
  const { value, hasDuplicates } = yield* readJsonParts(text)
  return { format, value, keys: hasDuplicates ? yield* keysInParts(text) : [], duplicateLines: [] }
}

/** Fails with YamlSyntaxError. */
export function* yamlValue(yaml: YamlText): Parts<unknown> {
  if (yaml instanceof YamlSyntaxError) throw yaml
  if ('read' in yaml) return yaml.read
  return (yield* readJsonParts(yaml.value)).value
}

function decodeProtobuf(bytes: Uint8Array, schemas: SchemaLookup): unknown {
  const { apiVersion, kind, message, schema } = envelope(bytes, schemas)
  return { apiVersion, kind, ...decodeMessage(message, schema) }
}

function* protobufParts(bytes: Uint8Array, schemas: SchemaLookup): Parts<unknown> {
  const { apiVersion, kind, message, schema } = envelope(bytes, schemas)
  return { apiVersion, kind, ...yield* decodeMessageParts(message, schema) }
}

function envelope(bytes: Uint8Array, schemas: SchemaLookup): Envelope & { readonly schema: ObjectSchema } {
  const found = readEnvelope(bytes)
  const schema = schemas(found.apiVersion, found.kind)
  if (!schema) throw new ProtobufError(`no kind "${found.kind}" is registered for version "${found.apiVersion}"`)
  return { ...found, schema }
}

function unrecognized(reason: string, bytes: Uint8Array, kind: string | undefined): StatusError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind ?? 'Object'}): ${reason} (${summary(bytes)})`)
}

/** The start of a body for an error message. */
function summary(bytes: Uint8Array): string {
  const max = 30
  if (bytes.length === 0) return '<empty>'
  const readable = bytes[0] === 0x7b
  const start = Buffer.from(bytes.subarray(0, max)).toString(readable ? 'utf8' : 'hex')
  return bytes.length > max ? `${start} ...` : start
}

export interface DecodeTarget {
  readonly group: string
  readonly version: string
  readonly kind: string
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
  if (!isJsonObject(value)) throw badRequest(`the object provided is unrecognized (must be of type ${target.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`)
  checkType(value, target, apiVersion)
  try {
    // A body is nobody else's, and to copy one with very many members takes long.
    const typed = isHeavy(value) ? Object.assign(value, { apiVersion, kind: target.kind }) : { ...value, apiVersion, kind: target.kind }
    const { object, unknown } = yield* conformParts(typed, target.schema)
    report(yield* strictFaultsParts(body, unknown), target, options)
    return object as unknown as KubeObject
  } catch (error) {
    if (error instanceof DecodingError) throw badRequest(`${handled(target)}: ${error.message}`)
    throw error
  }
}

const handled = ({ kind, version }: DecodeTarget, sent = kind, sentVersion = version): string =>
  `${sent} in version "${sentVersion}" cannot be handled as a ${kind}`

/** Where Kubernetes has a group's kinds without a version. */
const internalPackage = (group: string): string => (group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]!)

function checkType(value: Record<string, unknown>, target: DecodeTarget, apiVersion: string): void {
  const sentVersion = typeof value['apiVersion'] === 'string' && value['apiVersion'] !== '' ? value['apiVersion'] : apiVersion
  const sentKind = typeof value['kind'] === 'string' && value['kind'] !== '' ? value['kind'] : target.kind
  const [group, version] = splitApiVersion(sentVersion)
  if (sentKind !== target.kind) {
    const reason = schemaOf(group, version, sentKind)
      ? `converting (${version}.${sentKind}) to (${internalPackage(target.group)}.${target.kind}): unknown conversion`
      : `no kind "${sentKind}" is registered for version "${sentVersion}" in scheme "kinglet"`
    throw badRequest(`${handled(target, sentKind, version)}: ${reason}`)
  }
  if (sentVersion === apiVersion) return
  if (group === target.group || schemaOf(group, version, sentKind)) {
    throw badRequest(`the API version in the data (${sentVersion}) does not match the expected API version (${apiVersion})`)
  }
  throw badRequest(`${handled(target, sentKind, version)}: no kind "${sentKind}" is registered for version "${sentVersion}" in scheme "kinglet"`)
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
  if (body.duplicateLines.length > 0) faults.add(`yaml: unmarshal errors:\n  ${body.duplicateLines.slice(0, maxFaults).join('\n  ')}`)
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
  if (fieldValidation === 'Strict') throw badRequest(`${handled(target)}: strict decoding error: ${faults.join(', ')}`)
  for (const fault of faults) warn?.(fault)
}

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
  const body = yield* decodeBodyParts(bytes, contentType, { kind: 'DeleteOptions', ...(yaml ? { yaml } : {}) })
  if (body.value === null) return {}
  if (isJsonObject(body.value) && typeof body.value['kind'] === 'string' && !['', 'DeleteOptions'].includes(body.value['kind'])) {
    throw badRequest(`${body.value['kind']} in version "${String(body.value['apiVersion'] ?? 'v1')}" cannot be handled as a DeleteOptions`)
  }
  try {
    const { apiVersion: _apiVersion, kind: _kind, ...options } = (yield* conformParts(body.value, deleteOptionsSchema())).object
    return options as DeleteOptions & { dryRun?: string[] }
  } catch (error) {
    if (error instanceof DecodingError) throw badRequest(`DeleteOptions in version "v1" cannot be handled as a DeleteOptions: ${error.message}`)
    throw error
  }
}
