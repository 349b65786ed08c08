// Update and patch of an object or one of its subresources, inside one transaction.
import type { Owner } from '../api/apply-owners.ts'
import type { FieldError } from '../api/field-error.ts'
import { invalid, invalidObject } from '../api/field-error.ts'
import { thaw } from '../api/json.ts'
import { thawParts } from '../api/json-parts.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { badRequest, conflict, methodNotAllowed, notFound, StatusError, unknownPath } from '../api/status-error.ts'
import { goQuoted } from '../util/go-text.ts'
import type { Parts } from '../util/slices.ts'
import { createIn } from './create.ts'
import type { Definition, Subresource } from './definition.ts'
import { setTracked, trackUpdate } from './managed-fields.ts'
import { finalizerErrors, metadataErrors } from './metadata-errors.ts'
import { dropDuplicateOwners, keepMetadata } from './object-metadata.ts'
import type { StoredEntry } from './object-view.ts'
import { viewOf } from './object-view.ts'
import { draftInParts } from './patching.ts'
import { settle, type WriteParts } from './patient-write.ts'
import type { Step } from './transaction-step.ts'
import type { Target, Written } from './writing.ts'
import { admissionRequest, allocate, checkDraft, completeParts, judged, keyOfTarget, mutate, putInParts, raiseGeneration, refuseInvalid, remove, reviewParts, ruleContext } from './writing.ts'

export function subresourceOf(definition: Definition, name: string): Subresource {
  const subresource = definition.subresources.find((candidate) => candidate.name === name)
  if (!subresource) throw unknownPath()
  return subresource
}

/** Status may be written alone; labels, annotations and finalizers come from the request like in a whole update. */
const mergeStatus = (stored: AnyObject, body: KubeObject): AnyObject =>
  ({ ...stored, metadata: body.metadata, status: (body as AnyObject).status })

function mergeOf(definition: Definition, subresource: Subresource): (stored: AnyObject, body: KubeObject) => AnyObject {
  if (subresource.merge) return (stored, body) => subresource.merge?.(stored, body) ?? stored
  if (subresource.name === 'status') return mergeStatus
  throw methodNotAllowed()
}

/** PUT: the body is the wanted state. */
export function* updateIn(step: Step, target: Target, body: KubeObject): WriteParts<Written> {
  const { definition, subresource } = target
  checkIdentity(target, body)
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) {
    if (subresource || !definition.allowCreateOnUpdate) throw notFound(definition.resource, target.name)
    return yield* createMissing(step, target, body)
  }
  if (definition.requireVersionOnUpdate && (!subresource || subresource === 'status') && !body.metadata.resourceVersion) {
    const { group, plural } = definition.resource
    throw invalidObject({ group, kind: plural }, target.name, [versionRequired])
  }
  return yield* change(step, target, stored, { body })
}

const versionRequired: FieldError = invalid('metadata.resourceVersion', 0, 'must be specified for an update')

function createMissing(step: Step, target: Target, body: KubeObject): WriteParts<Written> {
  checkIdentity(target, body)
  const { resourceVersion: _resourceVersion, ...metadata } = body.metadata
  if (metadata.uid) throw otherObject(target, 'UID', metadata.uid, '')
  return createIn(step, target.definition, {
    object: { ...body, metadata: { ...metadata, name: target.name } },
    ...(target.namespace ? { namespace: target.namespace } : {}),
  })
}

export function checkIdentity(target: Target, body: KubeObject): void {
  const { name, namespace } = body.metadata ?? {}
  if (target.definition.resource.namespaced && namespace && namespace !== target.namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (name !== target.name && !(target.subresource && !name)) {
    throw badRequest(name ? `the name of the object (${name}) does not match the name on the URL (${target.name})` : `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`)
  }
}

/** PATCH: `patched` makes the wanted state of what stands. */
export function* patchIn(step: Step, target: Target, patched: (current: AnyObject, subresource?: Subresource) => WriteParts<KubeObject>): WriteParts<Written> {
  const { definition } = target
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) throw notFound(definition.resource, target.name)
  const subresource = target.subresource ? subresourceOf(definition, target.subresource) : undefined
  const current = viewOf(definition, stored)
  const body = yield* patched(subresource?.view ? subresource.view(current) as AnyObject : current, subresource)
  yield
  checkIdentity(target, body)
  const own = subresource ? yield* ownStatus(step, target.definition, { subresource, current, body }) : body as AnyObject
  return yield* change(step, target, stored, own ? { body, own } : { body })
}

/** What stands, with the patched status; undefined where more is to be done. Of custom resources, what stands may have fields that are none any more. */
function* ownStatus({ isLarge }: Step, { schema }: Definition, { subresource: { name, kind, merge, view }, current, body }: { subresource: Subresource; current: AnyObject; body: KubeObject }): Parts<AnyObject | undefined> {
  if (name !== 'status' || kind || merge || view || schema.goName === undefined) return undefined
  const { kind: ofKind, apiVersion, metadata: _metadata, status: _status, ...rest } = current
  const { status } = body as AnyObject
  return { kind: ofKind, apiVersion, metadata: body.metadata, ...(isLarge ? yield* thawParts(rest) : thaw(rest)) as object, ...(status === undefined ? {} : { status }) } as AnyObject
}

/** What the store says where another object stands than the one that was meant. */
export const otherObject = (target: Target, what: 'UID' | 'ResourceVersion', asked: string, found: string): StatusError =>
  conflict(target.definition.resource, target.name, `StorageError: invalid object, Code: 4, Key: ${keyOfTarget(target)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${found}`)

function checkVersion(target: Target, stored: StoredEntry, body: KubeObject): void {
  const { resource } = target.definition
  const { uid, resourceVersion } = body.metadata
  const storedUid = stored.value.metadata.uid ?? ''
  if (uid && uid !== storedUid) throw otherObject(target, 'UID', uid, storedUid)
  if (!resourceVersion || resourceVersion === '0' || resourceVersion === String(stored.revision)) return
  if (!/^\d+$/.test(resourceVersion)) throw new StatusError(500, '', `strconv.ParseUint: parsing ${goQuoted(resourceVersion)}: invalid syntax`)
  throw conflict(resource, target.name)
}

export interface Change {
  readonly body: KubeObject
  /** The wanted object where it may be changed and is in canonical form already; otherwise it is made of the body. */
  readonly own?: AnyObject
  /** Given by an apply, which has worked them out. */
  readonly owners?: readonly Owner[]
}

export function* change(step: Step, target: Target, stored: StoredEntry, { body, own, owners }: Change): WriteParts<Written> {
  const { definition } = target
  checkVersion(target, stored, body)
  const old = viewOf(definition, stored)
  const subresource = target.subresource ? subresourceOf(definition, target.subresource) : undefined
  const draft = own ?? (yield* draftInParts(definition, subresource ? mergeOf(definition, subresource)(old, body) : body))
  yield
  if (!own && !owners && draft.metadata.ownerReferences) yield* dropDuplicateOwners(draft.metadata, (text) => step.warn(text))
  const sent = draft.metadata.managedFields
  const { metadata, errors: kept } = keepMetadata(draft.metadata, old.metadata)
  draft.metadata = metadata
  if (!subresource && definition.subresources.some(({ name }) => name === 'status')) yield* keepStatus(step, draft, old)
  if (step.isLarge) yield* checkDraft(definition, draft)
  yield* completeParts(step, definition, draft)
  if (owners) setTracked(draft, owners)
  else yield* trackUpdate(step, target, { old, draft, sent })
  yield
  const admission = admissionRequest(step, 'UPDATE', target, old)
  yield* mutate(step, draft, admission)
  yield
  if (step.isLarge) yield* checkDraft(definition, draft)
  if (draft.metadata.ownerReferences) yield* dropDuplicateOwners(draft.metadata, (text) => step.warn(text), true)
  const { prepareUpdate } = subresource ?? definition
  if (prepareUpdate) prepareUpdate(draft, old, ruleContext(step))
  yield
  yield* raiseGeneration(step, definition, draft, old)
  yield
  const errors = [...yield* metadataErrors(definition, draft), ...finalizerErrors(draft.metadata, old.metadata), ...kept]
  yield
  const { errors: found, warnings } = yield* judged(step, target, draft, old)
  errors.push(...found)
  yield
  refuseInvalid(subresource?.kind && !subresource.invalidAsWhole ? { resource: subresource.kind } : definition, target.name, errors)
  yield
  yield* reviewParts(step, draft, admission)
  for (const text of warnings()) step.warn(text)
  if (isReleased(draft, old)) {
    yield settle
    return remove(step, target, stored, draft)
  }
  if (!subresource) allocate(step, definition, draft, old)
  yield
  return yield* putInParts(step, target, draft, stored)
}

function* keepStatus({ isLarge }: Step, draft: AnyObject, old: AnyObject): Parts<void> {
  if (old.status === undefined) delete draft.status
  else draft.status = isLarge ? yield* thawParts(old.status) : thaw(old.status)
}

/** What a deletion waits for. A namespace has its own list beside the common one. */
export function finalizersOf(object: AnyObject): readonly string[] {
  const own = object.kind === 'Namespace' && object.apiVersion === 'v1' ? (object.spec as { finalizers?: string[] } | undefined)?.finalizers : undefined
  return [...object.metadata.finalizers ?? [], ...own ?? []]
}

/** The last finalizer of an object in deletion is gone, and no grace period runs. */
function isReleased(draft: AnyObject, old: AnyObject): boolean {
  return old.metadata.deletionTimestamp !== undefined && !draft.metadata.deletionGracePeriodSeconds && finalizersOf(draft).length === 0
}
