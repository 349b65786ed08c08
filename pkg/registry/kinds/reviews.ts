// Kinds that are only answered, never stored: access and token reviews, and bindings. The API server gives their `create`.
import { localSubjectAccessReviews, selfSubjectAccessReviews, selfSubjectReviews, selfSubjectRulesReviews, subjectAccessReviews, tokenReviews } from '../../api/types-auth.ts'
import { bindings } from '../../api/types-pod.ts'
import type { Definition } from '../definition.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid, required } from './rules.ts'

interface Access {
  readonly resourceAttributes?: object
  readonly nonResourceAttributes?: object
}

// A review asks about a resource or about a path.
function checkAccess(out: Errors, spec: Access | undefined): void {
  if (spec?.resourceAttributes && spec.nonResourceAttributes) {
    out.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, 'cannot be specified in combination with resourceAttributes'))
  }
  if (!spec?.resourceAttributes && !spec?.nonResourceAttributes) {
    out.push(invalid('spec.resourceAttributes', spec?.nonResourceAttributes, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'))
  }
}

function checkSubject(out: Errors, spec: { user?: string; groups?: string[] } | undefined): void {
  if (!spec?.user && !spec?.groups?.length) out.push(invalid('spec.user', spec?.user ?? '', 'at least one of user or group must be specified'))
}

const reviews: readonly Definition[] = [
  define(bindings),
  define(selfSubjectReviews),
  define(tokenReviews, {
    validate: ({ spec }) => (spec?.token ? [] : [required('spec.token')]),
  }),
  define(localSubjectAccessReviews, {
    validate({ spec, metadata }) {
      const out: Errors = []
      checkAccess(out, spec)
      checkSubject(out, spec)
      if (spec?.nonResourceAttributes) out.push(forbiddenField('spec.nonResourceAttributes', 'disallowed on this kind of request'))
      if (spec?.resourceAttributes && (spec.resourceAttributes.namespace ?? '') !== (metadata.namespace ?? '')) {
        out.push(invalid('spec.resourceAttributes.namespace', spec.resourceAttributes.namespace ?? '', `must match metadata.namespace`))
      }
      return out
    },
  }),
  define(selfSubjectAccessReviews, {
    validate({ spec }) {
      const out: Errors = []
      checkAccess(out, spec)
      return out
    },
  }),
  define(selfSubjectRulesReviews),
  define(subjectAccessReviews, {
    validate({ spec }) {
      const out: Errors = []
      checkAccess(out, spec)
      checkSubject(out, spec)
      return out
    },
  }),
]

export default reviews
