// Applies a patch of any kind but server-side apply to an object.
import { thaw } from './json.ts'
import type { JsonObject } from './json.ts'
import { jsonPatch } from './patch-json.ts'
import { mergePatch } from './patch-merge.ts'
import { strategicMerge } from './patch-strategic.ts'
import type { PatchType } from './request.ts'
import type { ObjectSchema } from './schema.ts'
import { StatusError } from './status-error.ts'

export interface PlainPatch {
  readonly type: Exclude<PatchType, 'apply'>
  readonly body: unknown
}

/** The patched object, which the caller may change: it shares nothing with the (frozen) original. Fails with 400, 413, 415 or 422. */
export function applyPatch(original: JsonObject, patch: PlainPatch, schema: ObjectSchema): JsonObject {
  switch (patch.type) {
    case 'json': return jsonPatch(original, patch.body)
    case 'merge': return thaw(mergePatch(original, patch.body)) as JsonObject
    case 'strategic':
      if (schema.goName === undefined) throw noStrategicMerge()
      return thaw(strategicMerge(original, patch.body, schema)) as JsonObject
  }
}

/** Custom resources know no merge keys. */
const noStrategicMerge = (): StatusError => new StatusError(415, 'UnsupportedMediaType',
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml')
