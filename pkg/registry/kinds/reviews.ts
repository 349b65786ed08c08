// Kinds that are only answered, never stored: access and token reviews, and bindings. The API server gives their `create`.
import { localSubjectAccessReviews, selfSubjectAccessReviews, selfSubjectReviews, selfSubjectRulesReviews, subjectAccessReviews, tokenReviews } from '../../api/types-auth.ts'
import { bindings } from '../../api/types-pod.ts'
import { labelValueFaults, qualifiedNameFaults } from '../../api/names.ts'
import type { KubeObject, ObjectMeta } from '../../api/object.ts'
import type { FieldSelectorAttributes, LabelSelectorAttributes, NonResourceAttributes, ResourceAttributes } from '../../api/types-auth.ts'
import type { Definition } from '../definition.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkLabelKey, checkLabelValue, forbiddenField, invalid, required } from './rules.ts'

interface Access {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: NonResourceAttributes
}

/** As the API's own form of it is shown. */
const shownPath = (path: NonResourceAttributes | undefined): object | null => (path ? { Path: path.path ?? '', Verb: path.verb ?? '' } : null)

// A review asks about a resource or about a path.
function checkAccess(out: Errors, { resourceAttributes: resource, nonResourceAttributes: path }: Access): void {
  if (resource && path) out.push(invalid('spec.nonResourceAttributes', shownPath(path), 'cannot be specified in combination with resourceAttributes'))
  if (!resource && !path) out.push(invalid('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'))
}

function checkSubject(out: Errors, { user = '', groups = [] }: { user?: string; groups?: string[] }): void {
  if (user === '' && groups.length === 0) out.push(invalid('spec.user', user, 'at least one of user or group must be specified'))
}

/** Operators that this server does not know are let in: a newer client may. */
function checkValues(out: Errors, path: () => string, { operator, values = [] }: { operator?: string; values?: readonly string[] }): void {
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) out.push(required(`${path()}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) out.push(forbiddenField(`${path()}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
}

function checkSelector(out: Errors, path: string, { rawSelector = '', requirements = [] }: FieldSelectorAttributes | LabelSelectorAttributes): void {
  if (rawSelector !== '' && requirements.length > 0) out.push(invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'))
  if (rawSelector === '' && requirements.length === 0) out.push(required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`))
}

function checkSelectors(out: Errors, resource: ResourceAttributes | undefined): void {
  const fields = resource?.fieldSelector
  const fieldPath = 'spec.resourceAttributes.fieldSelector'
  if (fields) checkSelector(out, fieldPath, fields)
  for (const [index, requirement] of (fields?.requirements ?? []).entries()) {
    const at = (): string => `${fieldPath}.requirements[${index}]`
    if (!requirement.key) out.push(required(`${at()}.key`, 'must be specified'))
    checkValues(out, at, requirement)
  }
  const labels = resource?.labelSelector
  const labelPath = 'spec.resourceAttributes.labelSelector'
  if (labels) checkSelector(out, labelPath, labels)
  for (const [index, requirement] of (labels?.requirements ?? []).entries()) {
    // There may be very many: what is right needs no path.
    const at = (): string => `${labelPath}.requirements[${index}]`
    const { key = '', values = [] } = requirement
    checkValues(out, at, requirement)
    if (qualifiedNameFaults(key).length > 0) checkLabelKey(out, `${at()}.key`, key)
    for (const [position, value] of values.entries()) if (labelValueFaults(value).length > 0) checkLabelValue(out, `${at()}.values[${position}]`, value)
  }
}

/** A review is about nothing but its spec. */
function checkMetadata(out: Errors, metadata: ObjectMeta | undefined, text: string): void {
  const { managedFields: _owners, ...rest } = metadata ?? {}
  const stated = Object.entries(rest).filter(([, value]) => Boolean(value) && (typeof value !== 'object' || Object.keys(value).length > 0))
  if (stated.length > 0) out.push(invalid('metadata', Object.fromEntries(stated), text))
}

function reviewErrors({ spec = {}, metadata }: KubeObject & { spec?: Access & { user?: string; groups?: string[] } }, { ofOthers, emptyText }: { ofOthers: boolean; emptyText: string }): Errors {
  const out: Errors = []
  checkAccess(out, spec)
  if (ofOthers) checkSubject(out, spec)
  checkSelectors(out, spec.resourceAttributes)
  checkMetadata(out, metadata, emptyText)
  return out
}

const emptyText = 'must be empty'

const reviews: readonly Definition[] = [
  define(bindings),
  define(selfSubjectReviews),
  define(tokenReviews),
  define(localSubjectAccessReviews, {
    validate({ spec, metadata }) {
      const { namespace = '', ...rest } = metadata
      const out = reviewErrors({ spec, metadata: rest }, { ofOthers: true, emptyText: 'must be empty except for namespace' })
      const asked = spec?.resourceAttributes
      if (asked && (asked.namespace ?? '') !== namespace) out.push(invalid('spec.resourceAttributes.namespace', asked.namespace ?? '', 'must match metadata.namespace'))
      if (spec?.nonResourceAttributes) out.push(invalid('spec.nonResourceAttributes', shownPath(spec.nonResourceAttributes), 'disallowed on this kind of request'))
      return out
    },
  }),
  define(selfSubjectAccessReviews, { validate: (review) => reviewErrors(review, { ofOthers: false, emptyText }) }),
  define(selfSubjectRulesReviews),
  define(subjectAccessReviews, { validate: (review) => reviewErrors(review, { ofOthers: true, emptyText }) }),
]

export default reviews
