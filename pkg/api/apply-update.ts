// Who owns what after a write that is not an apply: the writer takes what it changes, the others lose that and what is gone.
import type { OwnedType } from './apply-type.ts'
import { emptyObject } from './apply-type.ts'
import type { Owner, OwnerName } from './apply-owners.ts'
import { capped, isSameOwner, isShared, lastSet, listOfOne, sharedEntry, sorted, unownedMetadata, unownedRoot } from './apply-owners.ts'
import type { FieldSet } from './field-set.ts'
import { difference, union } from './field-set.ts'
import { equalJson } from './json.ts'
import type { JsonObject } from './json.ts'
import type { Comparison } from './typed-compare.ts'
import { compareFields } from './typed-compare.ts'
import { setsExactly } from './typed-match.ts'
import { asFields, childSchema, rootSchema } from './typed-shape.ts'

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
  const { before, owners } = writing
  if (before !== undefined && owners.length === 0) return owners
  const self: OwnerName = {
    manager: writing.manager, operation: 'Update', apiVersion: type.apiVersion, ...(writing.subresource ? { subresource: writing.subresource } : {}),
  }
  const comparison = compareWritten(type, writing, owners.some((owner) => isSameOwner(owner, self)) ? undefined : lastSet(type.schema, self))
  if (!comparison) return owners
  const { changed, removed } = comparison
  if (!changed) return withoutChanges(type, owners, comparison, writing)
  const others = withoutChanges(type, owners, comparison, writing, self)
  const former = others.find((owner) => isSameOwner(owner, self))
  // What it has changed stays its own, so only what is gone leaves its set.
  const fields = joined(difference(former?.fieldsV1, removed), changed)
  if (former && fields === former.fieldsV1 && former.time === writing.time) return others === owners ? owners : sorted(capped(others))
  const mine = sharedEntry(type.schema, self, fields, writing.time)
  if (others.length === 0 || (former && others.length === 1)) return listOfOne(mine)
  return sorted(capped(former ? others.map((owner) => (owner === former ? mine : owner)) : [...others, mine]))
}

/** What was made of a set that many objects share: they get the same again, one after the other. */
const unions = new WeakMap<FieldSet, { readonly changed: FieldSet; readonly made: FieldSet }>()

function joined(kept: FieldSet | undefined, changed: FieldSet): FieldSet {
  if (kept === undefined || !isShared(kept)) return union(kept, changed) ?? changed
  const known = unions.get(kept)
  if (known && equalJson(known.changed, changed)) return known.made
  const made = union(kept, changed) ?? changed
  // One that has it all already is found quickly.
  if (made !== kept) unions.set(kept, { changed, made })
  return made
}

/** `like` is what the writer's first write to another object has set: most often it is the same again. */
function compareWritten(type: OwnedType, { before = emptyObject(type.schema), after }: Writing, like: FieldSet | undefined): Comparison | undefined {
  const except = { root: exceptAtRoot(type.ignored), metadata: unownedMetadata }
  return like && setsExactly(rootSchema(type.schema), { before, after }, like, except) ? { changed: like } : compareOwned(type, before, after)
}

const exceptions = new WeakMap<readonly string[], ReadonlySet<string>>()

/** Root fields that are not compared as they are. */
function exceptAtRoot(ignored: readonly string[]): ReadonlySet<string> {
  let known = exceptions.get(ignored)
  if (!known) exceptions.set(ignored, known = new Set([...unownedRoot, 'metadata', ...ignored]))
  return known
}

/** What differs, less what cannot be owned. */
export function compareOwned(type: Pick<OwnedType, 'schema' | 'ignored'>, before: JsonObject, after: JsonObject): Comparison | undefined {
  const schema = rootSchema(type.schema)
  const root = compareFields(schema, before, after, exceptAtRoot(type.ignored))
  const metadata = compareFields(asFields(childSchema(schema, 'metadata')), (before.metadata ?? {}) as JsonObject, (after.metadata ?? {}) as JsonObject, unownedMetadata)
  if (!metadata) return root
  const changed = metadata.changed ? { 'f:metadata': metadata.changed, ...root?.changed } : root?.changed
  const removed = metadata.removed ? { 'f:metadata': metadata.removed, ...root?.removed } : root?.removed
  return { ...(changed ? { changed } : {}), ...(removed ? { removed } : {}) }
}

/** The owners without what has changed or is gone. Owners in another version lose what differs in that version. */
export function withoutChanges(
  type: OwnedType, owners: readonly Owner[], comparison: Comparison, objects: { readonly before?: JsonObject; readonly after: JsonObject }, except?: OwnerName,
): readonly Owner[] {
  if (owners.length === 0 || (owners.length === 1 && except && isSameOwner(owners[0] as Owner, except))) return owners
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
