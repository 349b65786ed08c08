// Keeps metadata.managedFields with every write: what the kind's definition says to the owners of fields.
import type { OwnedType } from '../api/apply-type.ts'
import type { Owner } from '../api/apply-owners.ts'
import { ownersFrom, sameOwnership, startingOwners } from '../api/apply-owners.ts'
import { ownersAfterUpdate } from '../api/apply-update.ts'
import { equalJson } from '../api/json.ts'
import { equalParts } from '../api/json-parts.ts'
import type { AnyObject, ManagedFieldsEntry, ObjectMeta } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { inOneVersion, ownersAside } from './aside.ts'
import type { Parts } from '../util/slices.ts'
import type { Definition } from './definition.ts'
import { timestamp } from './object-metadata.ts'
import type { WriteParts } from './patient-write.ts'
import type { Step } from './transaction-step.ts'
import { converted } from './version-conversion.ts'
import type { Target } from './writing.ts'

/** The definition as owners see it, for writes to one of its subresources. */
export function ownedType(step: Step, definition: Definition, subresource?: string): OwnedType {
  const { resource, schema } = definition
  return {
    apiVersion: apiVersionOf(resource), kind: resource.kind, schema, ignored: ignoredFields(definition, subresource),
    other: (apiVersion) => otherVersion(step, definition, apiVersion),
  }
}

const nothing: readonly string[] = []
const onlyStatus: readonly string[] = ['status']
const allButStatus = new WeakMap<Definition, readonly string[]>()

/** Root fields that a write cannot reach: status apart from the rest, and the rest apart from status. */
function ignoredFields(definition: Definition, subresource: string | undefined): readonly string[] {
  if (subresource === undefined) return definition.subresources.some(({ name }) => name === 'status') ? onlyStatus : nothing
  if (subresource !== 'status') return nothing
  let known = allButStatus.get(definition)
  if (!known) allButStatus.set(definition, known = [...definition.schema.fields.keys()].filter((name) => name !== 'metadata' && name !== 'status'))
  return known
}

function otherVersion({ context, conversions }: Step, definition: Definition, apiVersion: string): ReturnType<NonNullable<OwnedType['other']>> {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const other = context.version(definition, { group, version })
  if (!other) return undefined
  return {
    schema: other.schema,
    from: (object) => converted(object as AnyObject, definition, other, conversions),
    to: (object) => converted(object as AnyObject, other, definition, conversions),
  }
}

const unknownManager = 'unknown'

export const nowText = (step: Step): string => timestamp(step.context.clock.now())

function setOwners(metadata: ObjectMeta, owners: readonly ManagedFieldsEntry[]): void {
  if (owners.length > 0) metadata.managedFields = owners as ManagedFieldsEntry[]
  else delete metadata.managedFields
}

/** A new object, before admission: what others add to it is nobody's. `sent` is what the client says of owners. */
export function* trackCreate(step: Step, definition: Definition, draft: AnyObject, sent: readonly ManagedFieldsEntry[] | undefined): WriteParts<void> {
  const manager = step.asking.options.fieldManager
  // The server's own first objects have no manager.
  if (manager === undefined) return
  if (step.outsideTransaction) {
    const type = ownedType(step, definition)
    if (inOneVersion(type, sent)) return setOwners(draft.metadata, yield* ownersAside(step, type, { after: draft, sent, manager, time: nowText(step) }))
  }
  setOwners(draft.metadata, ownersAfterUpdate(ownedType(step, definition), {
    after: draft, owners: startingOwners(sent, undefined), manager, time: nowText(step),
  }))
}

/** A changed object, before admission. Only the main resource may be sent with owners. */
export function* trackUpdate(step: Step, target: Target, change: { old: AnyObject; draft: AnyObject; sent: readonly ManagedFieldsEntry[] | undefined }): WriteParts<void> {
  const { old, draft, sent } = change
  const { subresource } = target
  const standing = old.metadata.managedFields
  if (!standing && !sent) return
  const manager = step.asking.options.fieldManager ?? unknownManager
  if (step.outsideTransaction) {
    const type = ownedType(step, target.definition, subresource)
    if (inOneVersion(type, sent, standing)) {
      return setOwners(draft.metadata, yield* ownersAside(step, type, { before: old, after: draft, sent: sent ?? [], manager, time: nowText(step), ...(subresource ? { subresource } : {}) }))
    }
  }
  const starting = subresource ? ownersFrom(standing) ?? [] : startingOwners(sent, standing)
  setOwners(draft.metadata, ownersAfterUpdate(ownedType(step, target.definition, subresource), {
    before: old, after: draft, owners: starting, manager, time: nowText(step),
    ...(subresource ? { subresource } : {}),
  }))
}

export function setTracked(draft: AnyObject, owners: readonly Owner[]): void {
  setOwners(draft.metadata, owners)
}

/** Whether two stored forms differ in nothing but when their owners wrote. */
export function* sameButTimes({ isLarge }: Step, a: AnyObject, b: AnyObject): Parts<boolean> {
  const { metadata: one, ...restA } = a
  const { metadata: two, ...restB } = b
  // The generation tells most changes of a spec without a look at it.
  if (one.generation !== two.generation || !(isLarge ? yield* equalParts(restA.status, restB.status) : equalJson(restA.status, restB.status))) return false
  const { managedFields: ownersA, ...metaA } = one
  const { managedFields: ownersB, ...metaB } = two
  if (!isLarge) return equalJson(metaA, metaB) && equalJson(restA, restB) && sameOwnership(ownersA, ownersB)
  return (yield* equalParts(metaA, metaB)) && (yield* equalParts(restA, restB)) && sameOwnership(ownersA, ownersB)
}
