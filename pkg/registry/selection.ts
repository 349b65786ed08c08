// Which objects of a kind a list or watch is about: namespace, label selector and field selector as one test.
import { parseFieldSelector } from '../api/field-selector.ts'
import { parseLabelSelector } from '../api/label-selector.ts'
import type { AnyObject } from '../api/object.ts'
import type { RequestOptions } from '../api/request.ts'
import { badRequest } from '../api/status-error.ts'
import type { Definition } from './definition.ts'
import { prefixOf } from './object-view.ts'

export interface Selection {
  /** All keys of interest start with it. */
  readonly prefix: string
  /** False: everything under the prefix matches. */
  readonly selective: boolean
  matches(object: AnyObject): boolean
}

type FieldTest = (object: AnyObject) => boolean

const metadataFields: Readonly<Record<string, (object: AnyObject) => string>> = {
  'metadata.name': (object) => object.metadata.name ?? '',
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
}

export function selectionOf(definition: Definition, about: { namespace?: string; name?: string }, options: RequestOptions): Selection {
  const tests: FieldTest[] = []
  let { namespace, name } = about
  if (name !== undefined) {
    const only = name
    tests.push((object) => object.metadata.name === only)
  }
  if (options.labelSelector) {
    const selector = parseLabelSelector(options.labelSelector)
    tests.push((object) => selector.matches(object.metadata.labels ?? {}))
  }
  for (const { field, operator, value } of options.fieldSelector ? parseFieldSelector(options.fieldSelector) : []) {
    // Only what the tables state: every object has a `constructor`.
    const fields = Object.hasOwn(metadataFields, field) ? metadataFields : definition.fields ?? {}
    const read = Object.hasOwn(fields, field) ? fields[field] as (object: AnyObject) => string : undefined
    if (!read) throw badRequest(`field label not supported: ${field}`)
    const equal = operator !== '!='
    tests.push((object) => (read(object) === value) === equal)
    if (equal && field === 'metadata.namespace') namespace ??= value || undefined
    if (equal && field === 'metadata.name') name ??= value || undefined
  }
  const within = definition.resource.namespaced ? namespace : undefined
  // A name narrows the scan to the keys that start with it; the tests do the rest.
  const exact = name !== undefined && (!definition.resource.namespaced || within !== undefined)
  return {
    prefix: prefixOf(definition, within) + (exact ? name : ''),
    selective: tests.length > 0,
    matches: (object) => tests.every((test) => test(object)),
  }
}
