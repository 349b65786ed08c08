// What ownership needs to know of the kind that is written.
import type { JsonObject } from './json.ts'
import type { ObjectSchema } from './schema.ts'
import { conform } from './conform.ts'

/** A kind in the version of a request. */
export interface OwnedType {
  readonly apiVersion: string
  readonly kind: string
  readonly schema: ObjectSchema
  /** Root fields that this request cannot write, and so cannot own: `status` on the main resource. */
  readonly ignored: readonly string[]
  /** The same kind in another version; undefined when that is not served (any more). */
  readonly other?: (apiVersion: string) => OtherVersion | undefined
}

export interface OtherVersion {
  readonly schema: ObjectSchema
  from(object: JsonObject): JsonObject
  to(object: JsonObject): JsonObject
}

const empties = new WeakMap<ObjectSchema, JsonObject>()

/** What an object is before anything is written: structs that are always there are nobody's. */
export function emptyObject(schema: ObjectSchema): JsonObject {
  let known = empties.get(schema)
  if (!known) {
    const { object } = conform({ metadata: {} }, schema)
    empties.set(schema, known = object)
  }
  return known
}

