// What type a body says that it is, against the type that its URL takes; with the words of Kubernetes' decoders.
import { invalid, invalidObject } from './field-error.ts'
import { isJsonObject } from './json.ts'
import { apiVersionOf, splitApiVersion } from './object.ts'
import { schemaOf } from './schema-table.ts'
import type { ObjectSchema } from './schema.ts'
import { badRequest, type StatusError } from './status-error.ts'

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

const goNameOf = (value: unknown): string => (Array.isArray(value) ? 'array' : goNames[typeof value] ?? typeof value)

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
  const text = (key: string): string => (typeof said[key] === 'string' ? said[key] : '')
  const [group, version] = splitApiVersion(text('apiVersion'))
  const isSilent = version === '' && (group === '' || group === target.group)
  return { kind: text('kind') || target.kind, apiVersion: isSilent ? apiVersionOf(target) : apiVersionOf({ group, version }) }
}

/** Versions of the past that Kubernetes still knows, but does not serve. */
const unserved = new Set([
  'extensions/v1beta1', 'apps/v1beta1', 'apps/v1beta2', 'autoscaling/v2beta1', 'autoscaling/v2beta2', 'batch/v1beta1', 'policy/v1beta1', 'networking.k8s.io/v1beta1',
  'rbac.authorization.k8s.io/v1beta1', 'rbac.authorization.k8s.io/v1alpha1', 'coordination.k8s.io/v1beta1', 'events.k8s.io/v1beta1', 'discovery.k8s.io/v1beta1',
  'scheduling.k8s.io/v1beta1', 'storage.k8s.io/v1beta1', 'admissionregistration.k8s.io/v1beta1', 'node.k8s.io/v1beta1', 'certificates.k8s.io/v1beta1',
  'authentication.k8s.io/v1beta1', 'authorization.k8s.io/v1beta1', 'flowcontrol.apiserver.k8s.io/v1beta1', 'flowcontrol.apiserver.k8s.io/v1beta2', 'flowcontrol.apiserver.k8s.io/v1beta3',
])

/** Kinds that every version has. */
const everywhere = new Set(['DeleteOptions', 'ListOptions', 'GetOptions', 'CreateOptions', 'UpdateOptions', 'PatchOptions', 'WatchEvent'])

function isKnown(group: string, version: string, kind: string): boolean {
  if (schemaOf(group, version, kind) || everywhere.has(kind)) return true
  return kind.endsWith('List') && (kind === 'List' ? group === '' && version === 'v1' : schemaOf(group, version, kind.slice(0, -4)) !== undefined)
}

/** Where Kubernetes has a group's kinds without a version. */
const internalPackage = (group: string): string => (group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]!)

/** Fails with 400 where the type is not the target's, and with 422 for custom resources of another kind. */
export function checkType(value: unknown, target: TargetType & { readonly schema: ObjectSchema }, bytes: Uint8Array): void {
  const fault = typeFault(value)
  if (fault !== undefined) throw unrecognized(fault, bytes, target.kind)
  if (target.schema.goName === undefined) checkCustomType(value, target)
  else checkBuiltinType(statedType(value, target), target)
}

const otherVersion = (sent: string, target: TargetType): StatusError =>
  badRequest(`the API version in the data (${sent}) does not match the expected API version (${apiVersionOf(target)})`)

function checkBuiltinType(stated: StatedType, target: TargetType): void {
  const { apiVersion, kind } = stated
  const isExpected = apiVersion === apiVersionOf(target)
  if (kind === target.kind && isExpected) return
  const [group, version] = splitApiVersion(apiVersion)
  const isOld = kind === target.kind && unserved.has(apiVersion) && (group === target.group || group === 'extensions')
  if (!isOld && !isKnown(group, version, kind)) throw unhandled(target, stated, notRegistered(kind, apiVersion))
  if (kind !== target.kind) throw unhandled(target, stated, `converting (${version}.${kind}) to (${internalPackage(target.group)}.${target.kind}): unknown conversion`)
  throw otherVersion(apiVersion, target)
}

/** Kubernetes wants custom resources to say what they are; here those that say nothing are what the URL takes. */
function checkCustomType(value: unknown, target: TargetType): void {
  const { apiVersion, kind } = statedType(value, target)
  if (apiVersion !== apiVersionOf(target)) throw otherVersion(apiVersion, target)
  if (kind === target.kind) return
  const metadata = isJsonObject(value) ? value['metadata'] : undefined
  const name = isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : ''
  throw invalidObject({ group: target.group, kind }, name, [invalid('kind', kind, `must be ${target.kind}`)])
}
