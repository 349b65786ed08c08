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

/** Kinds with fields of their own know no namespace when they have none; the others let it be asked for. */
const isForeign = ({ fields, resource }: Definition, field: string): boolean => field === 'metadata.namespace' && fields !== undefined && !resource.namespaced

/** Each conversion of Kubernetes' has words of its own. */
function unknownField({ fields, resource: { group, version, kind } }: Definition, field: string): string {
  if (!fields) return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
  if (group === 'batch' && kind === 'Job') return `field label ${JSON.stringify(field)} not supported for batchv1.Job`
  if (group === 'resource.k8s.io') return `field label not supported for ${group}/${version}, Kind=${kind}: ${field}`
  return `field label not supported: ${field}`
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
  let selected: string | undefined
  for (const { field, operator, value } of options.fieldSelector ? parseFieldSelector(options.fieldSelector) : []) {
    // Only what the tables state: every object has a `constructor`.
    const fields = Object.hasOwn(metadataFields, field) ? metadataFields : definition.fields ?? {}
    const read = Object.hasOwn(fields, field) && !isForeign(definition, field) ? fields[field] as (object: AnyObject) => string : undefined
    if (!read) throw badRequest(unknownField(definition, field))
    const equal = operator !== '!='
    tests.push((object) => (read(object) === value) === equal)
    if (equal && field === 'metadata.namespace') namespace ??= value || undefined
    if (equal && field === 'metadata.name') selected ??= value
  }
  if (name !== undefined && options.fieldSelector && selected !== name) throw badRequest('fieldSelector metadata.name doesn\'t match requested name')
  name ??= selected || undefined
  const within = definition.resource.namespaced ? namespace : undefined
  // A name narrows the scan to the keys that start with it; the tests do the rest.
  const exact = name !== undefined && (!definition.resource.namespaced || within !== undefined)
  return {
    prefix: prefixOf(definition, within) + (exact ? name : ''),
    selective: tests.length > 0,
    matches: (object) => tests.every((test) => test(object)),
  }
}
