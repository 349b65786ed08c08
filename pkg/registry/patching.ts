// Patches: the current object and a patch body to the wanted object, checked against the schema.
import { DecodingError } from '../api/conform.ts'
import { conformParts } from '../api/conform-parts.ts'
import type { FieldValidation } from '../api/decode.ts'
import { fieldValidationOf, unsupportedMediaType } from '../api/decode.ts'
import { patchedTypeFault } from '../api/decode-type.ts'
import { invalid, invalidObject } from '../api/field-error.ts'
import { goPrint } from '../api/go-print.ts'
import { isJsonObject } from '../api/json.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { apiVersionOf, splitApiVersion } from '../api/object.ts'
import { applyPatch } from '../api/patch.ts'
import type { ObjectSchema } from '../api/schema.ts'
import { schemaOf } from '../api/schema-table.ts'
import { badRequest } from '../api/status-error.ts'
import { atOnce, type Parts } from '../util/slices.ts'
import { patchedAside } from './aside.ts'
import type { Definition, Subresource } from './definition.ts'
import { checkGrowth, type WriteParts } from './patient-write.ts'
import type { PatchRequest } from './requests.ts'
import type { Step } from './transaction-step.ts'

export type Patched = (current: AnyObject, subresource: Subresource | undefined, step: Step) => WriteParts<KubeObject>

const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']

/** What a subresource's body is: another kind's, or the object itself. */
function schemaFor(definition: Definition, subresource: Subresource | undefined): ObjectSchema {
  const { kind } = subresource ?? {}
  return (subresource?.view && kind ? schemaOf(kind.group, kind.version, kind.kind) : undefined) ?? definition.schema
}

function refuse({ type, body }: PatchRequest['patch'], patched: unknown, reason: string): never {
  throw invalidObject({ group: '', kind: '' }, '', [invalid('patch', type === 'strategic' ? goPrint(body) : JSON.stringify(patched), reason)])
}

/** All patches but server-side apply. */
export function preparePatch(definition: Definition, request: PatchRequest): Patched {
  const { type, body } = request.patch
  if (type === 'apply') throw new Error('an apply is no patch of what stands')
  if (type === 'strategic' && definition.schema.goName === undefined) throw unsupportedMediaType(patchTypes)
  const validation: FieldValidation = fieldValidationOf(request.options.fieldValidation, 'PatchOptions')
  return function* (current, subresource, step) {
    const schema = schemaFor(definition, subresource)
    const whole = touchesOwners(body) ? current : withoutOwners(current)
    const made = step.outsideTransaction && isObject(body) ? yield* patchedAside(step, schema, whole, { type, body }) : applyPatch(whole, { type, body }, schema)
    checkType(current, made, { patch: request.patch, schema })
    const patched = made.metadata ? made : { ...made, metadata: {} }
    if (type === 'json') checkGrowth(step, patched)
    yield
    try {
      const { object, unknown } = yield* conformParts(patched, schema)
      const faults = unknown.map((path) => `unknown field ${JSON.stringify(path)}`)
      if (faults.length > 0 && validation === 'Strict') refuse(request.patch, patched, `strict decoding error: ${faults.join(', ')}`)
      if (validation === 'Warn') faults.forEach((text) => step.warn(text))
      return object as unknown as KubeObject
    } catch (error) {
      if (error instanceof DecodingError) refuse(request.patch, patched, type === 'strategic' ? error.converted : error.message)
      throw error
    }
  }
}

const isObject = (body: unknown): boolean => typeof body === 'object' && body !== null

/** What says who owns which field is large and seldom meant by a patch; then it is not copied, and stays as it stands. */
function withoutOwners(current: AnyObject): AnyObject {
  if (!current.metadata.managedFields) return current
  const { managedFields: _owners, ...metadata } = current.metadata
  return { ...current, metadata }
}

function touchesOwners(body: unknown): boolean {
  if (Array.isArray(body)) return body.some((operation: unknown) => isJsonObject(operation) && [operation.path, operation.from].some(reachesOwners))
  const metadata = isJsonObject(body) ? body.metadata : undefined
  return metadata !== undefined && (!isJsonObject(metadata) || Object.keys(metadata).some((key) => key === 'managedFields' || key.startsWith('$')))
}

const reachesOwners = (pointer: unknown): boolean =>
  typeof pointer === 'string' && (pointer === '' || pointer === '/metadata' || pointer.startsWith('/metadata/managedFields'))

/** A strategic patch leaves the type as it is, whatever it says of it. */
function checkType(current: AnyObject, patched: Record<string, unknown>, { patch, schema }: { patch: PatchRequest['patch']; schema: ObjectSchema }): void {
  if (patch.type === 'strategic') return
  const { apiVersion, kind } = current
  const [group, version] = splitApiVersion(apiVersion ?? '')
  const fault = patchedTypeFault(patched, { group, version, kind: kind ?? '', schema })
  if (fault !== undefined) refuse(patch, patched, fault)
}

/** A draft of an object from anywhere: its own copy, in canonical form, so that equal objects are equal JSON. */
export function draftOf(definition: Definition, object: KubeObject): AnyObject {
  return atOnce(draftInParts(definition, object))
}

export function* draftInParts(definition: Definition, object: KubeObject): Parts<AnyObject> {
  const typed = { ...object, kind: definition.resource.kind, apiVersion: apiVersionOf(definition.resource), metadata: object.metadata ?? {} }
  try {
    return (yield* conformParts(typed, definition.schema)).object as unknown as AnyObject
  } catch (error) {
    if (error instanceof DecodingError) throw badRequest(`${definition.resource.kind} in version "${definition.resource.version}" cannot be handled as a ${definition.resource.kind}: ${error.message}`)
    throw error
  }
}
