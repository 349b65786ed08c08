// Who owns what after a write that is not an apply: the writer takes what it changes, the others lose that and what is gone.
import type { OwnedType } from './apply-type.ts'
import { emptyObject } from './apply-type.ts'
import type { Owner, OwnerName } from './apply-owners.ts'
import { capped, isSameOwner, isOwnable, lastSet, ownable, ownerEntry, sharedSet, sorted } from './apply-owners.ts'
import type { FieldSet } from './field-set.ts'
import { difference, union } from './field-set.ts'
import type { JsonObject } from './json.ts'
import type { Comparison } from './typed-compare.ts'
import { compareTyped } from './typed-compare.ts'
import { setsExactly } from './typed-match.ts'
import { rootSchema } from './typed-shape.ts'

export interface Writing {
  /** The state before; undefined on create. Without managedFields that count. */
  readonly before?: JsonObject
  readonly after: JsonObject
  readonly owners: readonly Owner[]
  readonly manager: string
  readonly subresource?: string
  /** RFC 3339, in seconds. */
  readonly time: string
}

/**
 * The owners after the write. An object that nobody owns anything of stays so, until it is applied: whoever resets the
 * owners would otherwise get them back with the next status.
 */
export function ownersAfterUpdate(type: OwnedType, writing: Writing): readonly Owner[] {
  const { before, after, owners } = writing
  if (before !== undefined && owners.length === 0) return owners
  const self: OwnerName = {
    manager: writing.manager, operation: 'Update', apiVersion: type.apiVersion, ...(writing.subresource ? { subresource: writing.subresource } : {}),
  }
  if (before === undefined && owners.length === 0) {
    const like = lastSet(type.schema, self)
    if (like && isCreatedAs(type, after, like)) return [ownerEntry(self, sharedSet(type.schema, self, like), writing.time)]
  }
  const comparison = compareOwned(type, before ?? emptyObject(type.schema), after)
  if (!comparison) return owners
  const kept = withoutChanges(type, owners, comparison, writing)
  const { changed } = comparison
  if (!changed) return kept === owners ? owners : sorted(capped(kept))
  const former = kept.find((owner) => isSameOwner(owner, self))
  const mine = ownerEntry(self, sharedSet(type.schema, self, union(former?.fieldsV1, changed) ?? changed), writing.time)
  return sorted(capped([...kept.filter((owner) => owner !== former), mine]))
}

const isCreatedAs = (type: OwnedType, after: JsonObject, set: FieldSet): boolean =>
  setsExactly(rootSchema(type.schema), { before: emptyObject(type.schema), after }, set, (name, inMetadata) =>
    isOwnable(name, inMetadata) && (inMetadata || !type.ignored.includes(name)))

/** What differs, less what cannot be owned. */
export function compareOwned(type: Pick<OwnedType, 'schema' | 'ignored'>, before: JsonObject, after: JsonObject): Comparison | undefined {
  const comparison = compareTyped(rootSchema(type.schema), withoutIdentity(before), withoutIdentity(after))
  if (!comparison) return undefined
  const changed = ownable(comparison.changed, type.ignored)
  const removed = ownable(comparison.removed, type.ignored)
  return changed || removed ? { ...(changed ? { changed } : {}), ...(removed ? { removed } : {}) } : undefined
}

// Never owned, and apt to differ: spared the comparison.
const serverSet = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp'] as const

function withoutIdentity(object: JsonObject): JsonObject {
  const metadata = object.metadata as JsonObject | undefined
  if (!metadata || !serverSet.some((name) => metadata[name] !== undefined)) return object
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, uid: _uid, creationTimestamp: _time, ...rest } = metadata
  return { ...object, metadata: rest }
}

/** The owners without what has changed or is gone. Owners in another version lose what differs in that version. */
export function withoutChanges(
  type: OwnedType, owners: readonly Owner[], comparison: Comparison, objects: { readonly before?: JsonObject; readonly after: JsonObject }, except?: OwnerName,
): readonly Owner[] {
  const lost = union(comparison.changed, comparison.removed)
  let same = true
  const result: Owner[] = []
  for (const owner of owners) {
    if (except && isSameOwner(owner, except)) {
      result.push(owner)
      continue
    }
    const there = owner.apiVersion === type.apiVersion ? lost : lostIn(type, owner.apiVersion, objects)
    const fieldsV1 = there === 'everything' ? undefined : difference(owner.fieldsV1, there)
    if (fieldsV1 === owner.fieldsV1) result.push(owner)
    else {
      same = false
      if (fieldsV1) result.push({ ...owner, fieldsV1 })
    }
  }
  return same ? owners : result
}

function lostIn(type: OwnedType, apiVersion: string, objects: { readonly before?: JsonObject; readonly after: JsonObject }) {
  const comparison = compareIn(type, apiVersion, objects)
  return comparison === 'unknown' ? 'everything' : union(comparison?.changed, comparison?.removed)
}

/** The comparison in another version; `unknown` when that version is not served. */
export function compareIn(type: OwnedType, apiVersion: string, { before, after }: { readonly before?: JsonObject; readonly after: JsonObject }): Comparison | 'unknown' | undefined {
  const other = type.other?.(apiVersion)
  if (!other) return 'unknown'
  return compareOwned({ schema: other.schema, ignored: type.ignored }, before ? other.from(before) : emptyObject(other.schema), other.from(after))
}
