// JSON merge patches (RFC 7386), and the status of a patch that does not fit.
import { kindOf } from './conform-scalar.ts'
import { isJsonObject, setKey } from './json.ts'
import type { JsonObject } from './json.ts'
import { StatusError, badRequest } from './status-error.ts'

/** A patch that is well formed and cannot be applied to this object. The server does not say why. */
export class RejectedPatch extends StatusError {
  readonly why: string

  constructor(why: string) {
    super(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
    this.why = why
  }
}

export const rejectedPatch = (why: string): RejectedPatch => new RejectedPatch(why)

/** The patched object. Neither argument is changed. Fails with 400. */
export function mergePatch(original: JsonObject, patch: unknown): JsonObject {
  if (!isJsonObject(patch)) throw badRequest(`error decoding patch: json: cannot unmarshal ${kindOf(patch)} into Go value of type map[string]interface {}`)
  return mergeInto(original, patch)
}

function mergeInto(original: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...original }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else setKey(result, name, merged(Object.hasOwn(result, name) ? result[name] : undefined, value))
  }
  return result
}

function merged(original: unknown, patch: unknown): unknown {
  return isJsonObject(patch) ? mergeInto(isJsonObject(original) ? original : {}, patch) : patch
}
