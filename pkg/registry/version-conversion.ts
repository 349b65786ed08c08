// An object in one served version as the same object in another one.
import type { AnyObject } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { thaw } from '../api/json.ts'
import type { Conversions } from './conversions.ts'
import type { Definition } from './definition.ts'

/** `made` is what the write has had converted by other programs. */
export function converted(object: AnyObject, from: Definition, to: Definition, made: Conversions): AnyObject {
  if (from === to) return object
  const value = from.convert?.toVersion ? from.convert.toVersion(object, apiVersionOf(to.resource), made) : throughStored(object, from, to)
  return { ...thaw(value) as AnyObject, kind: to.resource.kind, apiVersion: apiVersionOf(to.resource) }
}

function throughStored(object: AnyObject, from: Definition, to: Definition): AnyObject {
  const stored = from.convert ? from.convert.toStored(object) : object
  return to.convert ? to.convert.fromStored(stored) : stored
}
