// The status and scale subresources of custom resources.
import type { FieldError } from '../api/field-error.ts'
import { invalid } from '../api/field-error.ts'
import { isJsonObject, thaw } from '../api/json.ts'
import { fieldsOfPath } from '../api/json-path.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { StatusError, badRequest } from '../api/status-error.ts'
import type { CustomScale } from '../api/types-custom.ts'
import type { Subresource } from './definition.ts'

const verbs = ['get', 'patch', 'update'] as const

type Validate = NonNullable<Subresource['validate']>

/** Only the status is written, whatever else the body says. */
export function statusSubresource(validate: Validate): Subresource {
  return {
    name: 'status', verbs, validate,
    merge(stored, body) {
      const { status: _status, ...rest } = stored
      const { status } = body as AnyObject
      const { managedFields } = body.metadata
      return { ...rest, metadata: managedFields ? { ...stored.metadata, managedFields } : stored.metadata, ...(status === undefined ? {} : { status }) }
    },
  }
}

interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status: { replicas: number; selector?: string }
}

/** Where no replicas are stated: a patch has to state them. */
const unstated = -(2 ** 31)

export function customScaleSubresource(scale: CustomScale, validate: Validate): Subresource {
  const specPath = fieldsOfPath(scale.specReplicasPath) ?? []
  const found = (object: AnyObject, path: string | undefined, isFit: (value: unknown) => boolean, wanted: string): unknown => {
    const { value, wrong } = path ? nested(object, path) : {}
    const fault = wrong ?? (path && value !== undefined && !isFit(value) ? accessorError(path, value, wanted) : undefined)
    if (fault !== undefined) throw badRequest(fault)
    return value
  }
  const replicas = (object: AnyObject, path: string): number | undefined => asInt32(found(object, path, isWhole, 'int64') as number | bigint | undefined)
  return {
    name: 'scale', verbs, kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, validate, invalidAsWhole: true,
    checkView(object) {
      if (replicas(object, scale.specReplicasPath) === undefined) throw internal(`the spec replicas field ${JSON.stringify(scale.specReplicasPath)} does not exist`)
    },
    view(object): Scale {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
      const selector = found(object, scale.labelSelectorPath, (value) => typeof value === 'string', 'string')
      return {
        apiVersion: 'autoscaling/v1', kind: 'Scale',
        metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp },
        spec: { replicas: replicas(object, scale.specReplicasPath) ?? unstated },
        status: { replicas: replicas(object, scale.statusReplicasPath) ?? 0, ...(selector ? { selector: selector as string } : {}) },
      }
    },
    merge(stored, body) {
      const wanted = (body as Scale).spec?.replicas ?? 0
      if (wanted === unstated) throw badRequest(`the spec replicas field ${JSON.stringify(scale.specReplicasPath)} cannot be empty`)
      const draft = thaw(stored) as AnyObject
      setAt(draft, specPath, wanted)
      return draft
    },
  }
}

function internal(text: string): StatusError {
  const message = `Internal error occurred: ${text}`
  return new StatusError(500, 'InternalError', message, { causes: [{ message: text }] })
}

function setAt(target: AnyObject, path: readonly string[], value: number): void {
  let holder: Record<string, unknown> = target
  for (const name of path.slice(0, -1)) {
    const next = holder[name]
    holder = isJsonObject(next) ? next : (holder[name] = {})
  }
  const last = path.at(-1)
  if (last !== undefined) holder[last] = value
}

/** What the scale's fields must be, if they are there. */
export const scaleErrors = (scale: CustomScale, object: AnyObject): FieldError[] => [...replicaErrors(scale.specReplicasPath, object), ...scaleStatusErrors(scale, object)]

/** Of those in the status. */
export function scaleStatusErrors({ statusReplicasPath, labelSelectorPath }: CustomScale, object: AnyObject): FieldError[] {
  const errors = replicaErrors(statusReplicasPath, object)
  const found = labelSelectorPath ? nested(object, labelSelectorPath) : undefined
  if (labelSelectorPath && found?.wrong !== undefined) errors.push(invalid(labelSelectorPath, '', found.wrong))
  else if (labelSelectorPath && found?.value !== undefined && typeof found.value !== 'string') errors.push(invalid(labelSelectorPath, '', accessorError(labelSelectorPath, found.value, 'string')))
  return errors
}

function replicaErrors(path: string, object: AnyObject): FieldError[] {
  const { value, wrong } = nested(object, path)
  if (wrong !== undefined) return [invalid(path, 0, wrong)]
  if (value === undefined) return []
  if (!isWhole(value)) return [invalid(path, 0, accessorError(path, value, 'int64'))]
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')]
  return value > mostReplicas ? [invalid(path, value, `should be less than or equal to ${mostReplicas}`)] : []
}

const mostReplicas = 2 ** 31 - 1

/** As Go makes an int32 of an int64: objects may be older than the rule for their replicas. */
const asInt32 = (value: number | bigint | undefined): number | undefined => (value === undefined ? undefined : Number(BigInt.asIntN(32, BigInt(value))))

const isWhole = (value: unknown): value is number | bigint => typeof value === 'bigint' || Number.isInteger(value)

/** A field that is not there is fine; one below what is no object is not. */
function nested(object: AnyObject, path: string): { readonly value?: unknown; readonly wrong?: string } {
  const names = path.replace(/^\./, '').split('.')
  let value: unknown = object
  for (const [index, name] of names.entries()) {
    if (value === null) return {}
    if (!isJsonObject(value) || Array.isArray(value)) return { wrong: accessorError(names.slice(0, index + 1).join('.'), value, 'map[string]interface{}') }
    if (!Object.hasOwn(value, name) || value[name] === undefined) return {}
    value = value[name]
  }
  return { value }
}

/** As Go tells of values and their types. */
const accessorError = (path: string, value: unknown, wanted: string): string => `.${path.replace(/^\./, '')} accessor error: ${goValue(value)} is of the type ${goType(value)}, expected ${wanted}`

function goValue(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`
  return isJsonObject(value) ? `map[${Object.keys(value).sort().map((key) => `${key}:${goValue(value[key])}`).join(' ')}]` : String(value)
}

function goType(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  switch (typeof value) {
    case 'object': return 'map[string]interface {}'
    case 'boolean': return 'bool'
    case 'number': return Number.isInteger(value) ? 'int64' : 'float64'
    case 'bigint': return 'int64'
    default: return typeof value
  }
}
