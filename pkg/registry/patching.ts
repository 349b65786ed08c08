// Patches: the current object and a patch body to the wanted object.
import { isJsonObject, setKey } from '../api/json.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { Definition, Subresource } from './definition.ts'
import type { PatchRequest } from './requests.ts'
import type { Step } from './transaction-step.ts'

export type Patched = (current: AnyObject, subresource: Subresource | undefined, step: Step) => KubeObject

export function applyPatch(_definition: Definition, { patch }: PatchRequest): Patched {
  if (patch.type === 'merge') return (current) => merge(current, patch.body) as KubeObject
  throw new StatusError(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format - accepted media types include: application/merge-patch+json')
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const result: Record<string, unknown> = isJsonObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else setKey(result, key, merge(result[key], value))
  }
  return result
}
