// What type a body says that it is, against the type that its URL takes; with the words of Kubernetes' decoders.
import { invalid, invalidObject, type FieldError } from './field-error.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { apiVersionOf, splitApiVersion } from './object.ts'
import { schemaOf } from './schema-table.ts'
import type { ObjectSchema } from './schema.ts'
import { badRequest, type StatusError } from './status-error.ts'
import { isUnserved } from './unserved-kinds.ts'

/** Group, version and kind that a URL takes. */
export interface TargetType {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface StatedType {
  readonly apiVersion: string
  readonly kind: string
}

/** The line at which Kubernetes makes the list of its own types: it tells clients. */
const scheme = '"pkg/api/legacyscheme/scheme.go:30"'

export const notRegistered = (kind: string, apiVersion: string, inScheme = scheme): string =>
  `no kind "${kind}" is registered for version "${apiVersion}" in scheme ${inScheme}`

/** A body without a type that could be told. */
export const unrecognized = (reason: string, bytes: Uint8Array, kind = 'Object'): StatusError =>
  badRequest(`the object provided is unrecognized (must be of type ${kind}): ${reason} (${summary(bytes)})`)

/** The start of a body for an error message. */
function summary(bytes: Uint8Array): string {
  const max = 30
  if (bytes.length === 0) return '<empty>'
  const readable = bytes[0] === 0x7b
  const start = Buffer.from(bytes.subarray(0, max)).toString(readable ? 'utf8' : 'hex')
  return bytes.length > max ? `${start} ...` : start
}

/** Of a body of another type, or one that says what it is but not as its type has it. */
export const unhandled = ({ kind }: TargetType, stated: StatedType, reason: string): StatusError =>
  badRequest(`${stated.kind} in version "${splitApiVersion(stated.apiVersion)[1]}" cannot be handled as a ${kind}: ${reason}`)

const goNames: Readonly<Record<string, string>> = { boolean: 'bool', bigint: 'number' }

/** What Go's decoder calls a value that is no object. */
export const goNameOf = (value: unknown): string => (Array.isArray(value) ? 'array' : goNames[typeof value] ?? typeof value)

/** Where Go keeps what it looks for first. */
const typeStruct = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** Why the type of a body can't be told; undefined when it can. */
export function typeFault(value: unknown): string | undefined {
  const fault = 'couldn\'t get version/kind; json parse error: json: cannot unmarshal'
  if (value === null) return undefined
  if (!isJsonObject(value)) return `${fault} ${goNameOf(value)} into Go value of type ${typeStruct}`
  const { apiVersion, kind } = value
  const stated = { apiVersion, kind }
  for (const key of Object.keys(value)) {
    if (key !== 'apiVersion' && key !== 'kind') continue
    const said = stated[key]
    if (said !== null && typeof said !== 'string') return `${fault} ${goNameOf(said)} into Go struct field .${key} of type string`
  }
  return typeof apiVersion === 'string' && apiVersion.split('/').length > 2 ? `unexpected GroupVersion string: ${apiVersion}` : undefined
}

/** The type of a body whose type can be told. What it does not say is the target's. */
export function statedType(value: unknown, target: TargetType): StatedType {
  const said = isJsonObject(value) ? value : {}
  const [group, version] = splitApiVersion(textOf(said, 'apiVersion'))
  const isSilent = version === '' && (group === '' || group === target.group)
  return { kind: textOf(said, 'kind') || target.kind, apiVersion: isSilent ? apiVersionOf(target) : apiVersionOf({ group, version }) }
}

/** Kinds that every version has. */
const everywhere = new Set(['DeleteOptions', 'ListOptions', 'GetOptions', 'CreateOptions', 'UpdateOptions', 'PatchOptions', 'WatchEvent'])

const isObjectKind = (group: string, version: string, kind: string): boolean => schemaOf(group, version, kind) !== undefined || isUnserved(apiVersionOf({ group, version }), kind)

function isKnown(group: string, version: string, kind: string): boolean {
  if (isObjectKind(group, version, kind) || everywhere.has(kind)) return true
  return kind.endsWith('List') && (kind === 'List' ? group === '' && version === 'v1' : isObjectKind(group, version, kind.slice(0, -4)))
}

/** Where Kubernetes has a group's kinds without a version. */
const internalPackage = (group: string): string => (group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]!)

interface TypeChecks {
  readonly bytes: Uint8Array
  readonly fieldValidation?: string
}

/** Fails with 400 where the type is not the target's, and with 422 for custom resources of another kind. */
export function checkType(value: unknown, target: TargetType & { readonly schema: ObjectSchema }, checks: TypeChecks): void {
  const fault = typeFault(value)
  if (fault !== undefined) throw unrecognized(fault, checks.bytes, target.kind)
  if (target.schema.goName === undefined) checkCustomType(value, target, checks)
  else checkBuiltinType(statedType(value, target), target)
}

const otherVersion = (sent: string, target: TargetType): StatusError =>
  badRequest(`the API version in the data (${sent}) does not match the expected API version (${apiVersionOf(target)})`)

/** Old programs still drain nodes with old evictions, which look the same. */
const alsoTaken: Readonly<Record<string, string>> = { 'policy/v1 Eviction': 'policy/v1beta1' }

export function isTaken(apiVersion: string, target: TargetType): boolean {
  const wanted = apiVersionOf(target)
  return apiVersion === wanted || alsoTaken[`${wanted} ${target.kind}`] === apiVersion
}

function checkBuiltinType(stated: StatedType, target: TargetType): void {
  const { apiVersion, kind } = stated
  if (kind === target.kind && isTaken(apiVersion, target)) return
  const reason = strangeKind(stated, target)
  if (reason !== undefined) throw unhandled(target, stated, reason)
  throw otherVersion(apiVersion, target)
}

/** Why an object of a type can't be made one of the target's; undefined for one of another version. */
function strangeKind({ apiVersion, kind }: StatedType, target: TargetType): string | undefined {
  const [group, version] = splitApiVersion(apiVersion)
  if (!isKnown(group, version, kind)) return notRegistered(kind, apiVersion)
  return kind === target.kind ? undefined : `converting (${version}.${kind}) to (${internalPackage(target.group)}.${target.kind}): unknown conversion`
}

/** What custom resources are they say themselves, not their URL. */
function checkCustomType(value: unknown, target: TargetType, { bytes, fieldValidation }: TypeChecks): void {
  const said = isJsonObject(value) ? value : {}
  const [apiVersion, kind] = [textOf(said, 'apiVersion'), textOf(said, 'kind')]
  if (kind === '') {
    const reason = kindMissing(Buffer.from(bytes).toString())
    // Where nothing is validated, another decoder has the word.
    throw fieldValidation === 'Ignore' ? unhandled(target, statedType(value, target), reason) : unrecognized(reason, bytes, target.kind)
  }
  if (apiVersion !== apiVersionOf(target)) throw otherVersion(apiVersion, target)
  if (kind === target.kind) return
  throw invalidObject({ group: target.group, kind }, nameOf(said), [otherKind(kind, target)])
}

const textOf = (object: JsonObject, key: string): string => (typeof object[key] === 'string' ? object[key] : '')

const nameOf = ({ metadata }: JsonObject): string => (isJsonObject(metadata) ? textOf(metadata, 'name') : '')

const kindMissing = (body: string): string => `Object 'Kind' is missing in '${body}'`

const otherKind = (kind: string, target: TargetType): FieldError => invalid('kind', kind, `must be ${target.kind}`)

/** What a patch has made of an object's type: why it can't be decoded. Fails with 422 for custom resources of another kind or version, and with 400 for other versions. */
export function patchedTypeFault(patched: JsonObject, target: TargetType & { readonly schema: ObjectSchema }): string | undefined {
  if (patched['kind'] === target.kind && patched['apiVersion'] === apiVersionOf(target)) return undefined
  if (target.schema.goName !== undefined) {
    const stated = statedType(patched, target)
    return stated.kind === target.kind && stated.apiVersion === apiVersionOf(target) ? undefined : strangeKind(stated, target) ?? fail(otherVersion(stated.apiVersion, target))
  }
  const [apiVersion, kind] = [textOf(patched, 'apiVersion'), textOf(patched, 'kind')]
  if (kind === '') return kindMissing(JSON.stringify(patched))
  throw invalidObject({ group: splitApiVersion(apiVersion)[0], kind }, nameOf(patched), [
    ...(kind === target.kind ? [] : [otherKind(kind, target)]),
    ...(apiVersion === apiVersionOf(target) ? [] : [invalid('apiVersion', apiVersion, `must be ${apiVersionOf(target)}`)]),
  ])
}

function fail(error: Error): never {
  throw error
}
