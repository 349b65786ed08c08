// An object in one served version as the same object in another one.
import type { AnyObject } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { thaw } from '../api/json.ts'
import type { Definition } from './definition.ts'

export function converted(object: AnyObject, from: Definition, to: Definition): AnyObject {
  if (from === to) return object
  const stored = from.convert ? from.convert.toStored(object) : object
  const value = to.convert ? to.convert.fromStored(stored) : stored
  return { ...thaw(value) as AnyObject, kind: to.resource.kind, apiVersion: apiVersionOf(to.resource) }
}
