// The status and scale subresources of custom resources.
import type { FieldError } from '../api/field-error.ts'
import { invalid } from '../api/field-error.ts'
import { isJsonObject, thaw, valueAt } from '../api/json.ts'
import { fieldsOfPath } from '../api/json-path.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
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

export function customScaleSubresource(scale: CustomScale, validate: Validate): Subresource {
  const paths = { spec: fieldsOfPath(scale.specReplicasPath) ?? [], status: fieldsOfPath(scale.statusReplicasPath) ?? [], selector: fieldsOfPath(scale.labelSelectorPath ?? '') }
  return {
    name: 'scale', verbs, kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, validate,
    view(object): Scale {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
      const replicas = valueAt(object, paths.spec)
      if (typeof replicas !== 'number') throw internal(`the spec replicas field ${JSON.stringify(scale.specReplicasPath)} does not exist`)
      const selector = paths.selector && valueAt(object, paths.selector)
      return {
        apiVersion: 'autoscaling/v1', kind: 'Scale',
        metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp },
        spec: { replicas },
        status: { replicas: numberAt(object, paths.status), ...(typeof selector === 'string' && selector !== '' ? { selector } : {}) },
      }
    },
    merge(stored, body) {
      const draft = thaw(stored) as AnyObject
      setAt(draft, paths.spec, (body as Scale).spec?.replicas ?? 0)
      return draft
    },
  }
}

function numberAt(object: AnyObject, path: readonly string[]): number {
  const value = valueAt(object, path)
  return typeof value === 'number' ? value : 0
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
export function scaleErrors({ specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomScale, object: AnyObject): FieldError[] {
  const errors: FieldError[] = []
  for (const path of [specReplicasPath, statusReplicasPath]) {
    const value = valueAt(object, fieldsOfPath(path) ?? [])
    const field = path.replace(/^\./, '')
    if (value === undefined || value === null) continue
    if (typeof value !== 'number' || !Number.isInteger(value)) errors.push(invalid(field, value, `${path} accessor error: ${JSON.stringify(value)} is of the type ${typeof value}, expected int64`))
    else if (value < 0) errors.push(invalid(field, value, 'should be a non-negative integer'))
    else if (value > 2 ** 31 - 1) errors.push(invalid(field, value, `should be less than or equal to ${2 ** 31 - 1}`))
  }
  const selector = labelSelectorPath && valueAt(object, fieldsOfPath(labelSelectorPath) ?? [])
  if (labelSelectorPath && selector !== undefined && selector !== null && typeof selector !== 'string') {
    errors.push(invalid(labelSelectorPath.replace(/^\./, ''), selector, `${labelSelectorPath} accessor error: ${JSON.stringify(selector)} is of the type ${typeof selector}, expected string`))
  }
  return errors
}
