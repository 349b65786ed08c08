// Takes out of a merged object what its applier applied last time, does not apply now, and no other applier wants.
import type { Owner } from './apply-owners.ts'
import type { OwnedType } from './apply-type.ts'
import type { FieldSet } from './field-set.ts'
import { covers, difference, intersection, union } from './field-set.ts'
import type { JsonObject } from './json.ts'
import type { Schema } from './schema.ts'
import { claimedFields } from './typed-compare.ts'
import { removeFields, withStructs } from './typed-merge.ts'
import { rootSchema } from './typed-shape.ts'

export interface Pruning {
  readonly merged: JsonObject
  readonly last: Owner
  /** What the applier claims now. */
  readonly claimed: FieldSet | undefined
  readonly others: readonly Owner[]
}

export function prune(type: OwnedType, { merged, last, claimed, others }: Pruning): JsonObject {
  if (last.apiVersion === type.apiVersion) {
    // The usual case: all that was applied last time is applied again.
    if (claimed && covers(claimed, last.fieldsV1)) return merged
    const wanted = others.reduce<FieldSet | undefined>((all, owner) => union(all, wantedBy(owner, type.apiVersion)), claimed)
    return pruned(rootSchema(type.schema), merged, last.fieldsV1, wanted) as JsonObject
  }
  const there = type.other?.(last.apiVersion)
  // A version that is gone says nothing about fields of today.
  if (!there) return merged
  const schema = rootSchema(there.schema)
  const object = there.from(merged)
  // What this version's owners want is everything that the configuration has, seen in the other version.
  const mine = intersection(claimedFields(schema, there.from(keptOf(type, merged, claimed))), claimedFields(schema, object))
  const wanted = others.reduce<FieldSet | undefined>((all, owner) => union(all, wantedBy(owner, last.apiVersion)), mine)
  return there.to(pruned(schema, object, last.fieldsV1, wanted) as JsonObject)
}

/** The merged object with nothing but the claimed fields and its identity. */
function keptOf(type: OwnedType, merged: JsonObject, claimed: FieldSet | undefined): JsonObject {
  const schema = rootSchema(type.schema)
  const { apiVersion, kind, metadata } = merged
  const rest = removeFields(schema, merged, difference(claimedFields(schema, merged), claimed)) as JsonObject | undefined
  return { ...rest, apiVersion, kind, metadata }
}

const wantedBy = (owner: Owner, apiVersion: string): FieldSet | undefined =>
  owner.operation === 'Apply' && owner.apiVersion === apiVersion ? owner.fieldsV1 : undefined

/** Removes the last set, brings back what is wanted, and leaves alone what was never in the last set. */
function pruned(schema: Schema, merged: unknown, last: FieldSet, wanted: FieldSet | undefined): unknown {
  const full = (set: FieldSet | undefined): FieldSet | undefined => withStructs(schema, set)
  const everything = full(claimedFields(schema, merged))
  const lastFull = full(last)
  const without = removeFields(schema, merged, lastFull)
  const kept = union(full(claimedFields(schema, without)), full(wanted))
  const back = removeFields(schema, merged, difference(everything, kept), wanted)
  const keptNow = full(claimedFields(schema, back))
  return removeFields(schema, merged, intersection(difference(everything, keptNow), lastFull), wanted)
}
